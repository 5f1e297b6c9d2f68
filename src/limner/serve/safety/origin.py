"""Whose page asks: a request that was made by another site's page is refused before any route sees it."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from limner.serve.safety.bind import is_our_name
from limner.serve.settings import ServeSettings

SAFE = ("GET", "HEAD", "OPTIONS")


def refusal(scope: Scope, settings: ServeSettings) -> tuple[int, str] | None:
    """Status and reason, or None where the request may go on.

    The Host header must name this server, against DNS rebinding. A change that a browser sends says by Origin which
    page asks; that must be a page of ours, port included: cookies do not tell one port of a host from another.

    Source: OWASP Cross-Site Request Forgery Prevention, "Verifying Origin With Standard Headers"; Fetch 3.2.
    """
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not is_our_name(settings, host):
        return 400, "This server is not known by that name. Set public_url to the address that people type."
    if scope["method"] in SAFE:
        return None
    origin = headers.get("origin")
    if headers.get("sec-fetch-site") == "cross-site" or (origin is not None and not _is_ours(origin, host, settings)):
        return 403, "A page of another site asked for this change. Open Limner itself and try again."
    return None


def _is_ours(origin: str, host: str, settings: ServeSettings) -> bool:
    if settings.public_url and origin == "{0.scheme}://{0.netloc}".format(urlsplit(settings.public_url)):
        return True
    try:
        asked = urlsplit(origin)
    except ValueError:
        return False
    return asked.scheme in ("http", "https") and asked.netloc.lower() == host.lower()
