"""Headers that every answer carries: what a browser may do with it (OWASP Secure Headers)."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope

from limner.serve.settings import ServeSettings

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
"""No inline script, no inline style, nothing from elsewhere (CSP 3)."""
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), "
        "xr-spatial-tracking=(self), fullscreen=(self)"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""A route that needs another value sets it, and it stays."""
STRICT_TRANSPORT = "max-age=31536000"
HASHED = re.compile(r"/assets/[\w./-]*-[\w-]{8,}\.\w+")
"""A file of the front end whose name holds a hash of its content (Vite)."""
FOREVER = "public, max-age=31536000, immutable"


def add_headers(scope: Scope, message: Message, settings: ServeSettings) -> None:
    """Adds what the route did not set itself."""
    headers = MutableHeaders(scope=message)
    if message["status"] == 200 and HASHED.fullmatch(scope["path"]):
        headers.setdefault("Cache-Control", FOREVER)
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https" or (settings.public_url or "").startswith("https:"):
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
