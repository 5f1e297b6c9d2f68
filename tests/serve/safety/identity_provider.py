"""A small identity provider on loopback, honest unless it is told how to lie."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route


@dataclass
class IdentityProvider:
    """Keeps one person, who is always logged in there."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "p1", "preferred_username": "Ann", "name": "Ann C."})
    lies: dict[str, Any] = field(default_factory=dict)
    """Claims of the ID token that are not as they should be."""
    signs_with: RSAKey | None = None
    algorithm: str = "RS256"
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    issuer: str = ""
    discovery: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1"})

    def _describe(self, request: Request) -> JSONResponse:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return JSONResponse({**found, **self.discovery})

    def _keys(self, request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def _authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        code = f"code{len(self.asked)}"
        self.asked[code] = asked
        answer = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    async def _token(self, request: Request) -> JSONResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.asked.pop(form["code"])
        challenge = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if asked["code_challenge_method"] != "S256" or challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if not request.headers.get("authorization", "").startswith("Basic "):
            return JSONResponse({"error": "invalid_client"}, 401)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": asked["client_id"], "iat": now, "exp": now + 60, "nonce": asked["nonce"],
            **self.claims, **self.lies,
        }  # fmt: skip
        if self.algorithm == "none":
            signed = ".".join((_b64(json.dumps({"alg": "none"})), _b64(json.dumps(claims)), ""))
        else:
            header = {"alg": self.algorithm, "kid": "k1"}
            signed = jwt.encode(header, claims, self.signs_with or self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})

    def start(self) -> uvicorn.Server:
        """Serves on a free port of loopback, in a thread."""
        routes = [
            Route("/.well-known/openid-configuration", self._describe),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_config=None, ws="none"))
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.01)
        self.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        return server


def _b64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")
