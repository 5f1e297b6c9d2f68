"""Login by a hospital's identity provider: OpenID Connect, code flow with PKCE.

Source: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE); RFC 9207 (issuer of an answer); RFC 9700 (best practice).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from limner.errors import LimnerError, MissingExtraError
from limner.serve.safety.bind import is_loopback
from limner.serve.safety.secrets import fingerprint, new_secret, same_secret
from limner.serve.settings import Oidc

COOKIE = "__Host-limner-oidc"
"""Binds the answer of the provider to the browser that asked; SameSite=Lax, since it comes from another site."""
PATIENCE_S = 600.0
MOST_PENDING = 1000
DISCOVERED_FOR_S = 600.0
TIMEOUT_S = 10.0
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512"]
"""With a key pair each; neither ``none`` nor one whose key is the client's secret (RFC 8725 3.1)."""
LEEWAY_S = 60


class OidcError(LimnerError):
    """The provider's answer cannot be used. ``code`` is what the login page is told."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Pending:
    """A login that was sent to the provider."""

    state: str
    nonce: str
    verifier: str
    back: str
    until: float


@dataclass(frozen=True)
class Person:
    """Who came back: ``subject`` is the same for ever, the rest is what the provider says today."""

    subject: str
    name: str
    display: str
    email: str | None
    """Only where the provider says that it verified it."""


class Provider:
    """The identity provider, as one server asks it.

    Args:
        settings: its address, and who we are there.

    Raises:
        MissingExtraError: authlib is not installed.
    """

    def __init__(self, settings: Oidc) -> None:
        try:
            from authlib.integrations.httpx_client import OAuth2Client
        except ImportError:
            raise MissingExtraError("authlib", "oidc", "Login by an identity provider") from None
        self._settings = settings
        self._client_of = OAuth2Client
        self._pending: OrderedDict[str, Pending] = OrderedDict()
        self._lock = threading.Lock()
        self._discovered: tuple[float, dict[str, Any]] | None = None

    @property
    def role(self) -> Literal["reader", "planner"] | None:
        """What a person becomes who comes for the first time; None where nobody is let in unasked."""
        return None if self._settings.role == "none" else self._settings.role

    def begin(self, redirect_uri: str, back: str) -> tuple[str, str]:
        """The provider's address to go to, and the secret that stays with the browser.

        Raises:
            OidcError: the provider does not answer, or with what cannot be used.
        """
        pending = Pending(new_secret(), new_secret(), new_secret(), back, time.monotonic() + PATIENCE_S)
        where = self._discover()["authorization_endpoint"]
        with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                where, state=pending.state, nonce=pending.nonce, code_verifier=pending.verifier
            )
        secret = new_secret()
        with self._lock:
            self._pending[fingerprint(secret)] = pending
            while len(self._pending) > MOST_PENDING:
                self._pending.popitem(last=False)
        return url, secret

    def finish(self, redirect_uri: str, secret: str, answer: dict[str, str]) -> tuple[Person, str]:
        """Who came back, and where they wanted to go.

        Args:
            redirect_uri: the same as at the beginning.
            secret: the browser's.
            answer: the query of the address to which the provider sent the browser.

        Raises:
            OidcError: it is not the answer to what this browser asked, or not one of this provider.
        """
        with self._lock:
            pending = self._pending.pop(fingerprint(secret), None)  # each is used once
        if pending is None or pending.until < time.monotonic():
            raise OidcError("expired", "This login took too long, or was begun in another browser.")
        if not same_secret(answer.get("state", ""), pending.state):
            raise OidcError("refused", "The provider's answer is not to what was asked here.")
        if answer.get("iss", self._settings.issuer) != self._settings.issuer:
            raise OidcError("refused", "The answer is of another provider.")
        if "code" not in answer:
            raise OidcError("refused", "The provider did not let the person in.")
        return self._ask_who(redirect_uri, answer["code"], pending), pending.back

    def _ask_who(self, redirect_uri: str, code: str, pending: Pending) -> Person:
        found = self._discover()
        with self._client(redirect_uri) as client:
            try:
                token = client.fetch_token(found["token_endpoint"], code=code, code_verifier=pending.verifier)
                claims = self._check(
                    token, pending.nonce, client.request("GET", found["jwks_uri"], withhold_token=True).json()
                )
                if not (claims.get("preferred_username") or claims.get("email")) and found.get("userinfo_endpoint"):
                    more = client.get(found["userinfo_endpoint"]).json()
                    claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims  # Core 5.3.2
            except OidcError:
                raise
            except Exception as error:  # of the network, of JSON, of authlib: each has a tree of its own
                raise OidcError("refused", f"The provider's answer cannot be used ({type(error).__name__}).") from error
        return self._person(claims)

    def _check(self, token: dict[str, Any], nonce: str, keys: Any) -> dict[str, Any]:
        """The claims of the ID token, once signature, issuer, audience, times and nonce are right (Core 3.1.3.7)."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.jwk import KeySet

        decoded = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": self._settings.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY_S)
        return dict(claims)

    def _person(self, claims: dict[str, Any]) -> Person:
        email = str(claims.get("email") or "")
        name = str(claims.get("preferred_username") or email or claims["sub"])
        return Person(
            subject=f"{self._settings.issuer} {claims['sub']}",
            name=name,
            display=str(claims.get("name") or name),
            email=email.casefold() if email and claims.get("email_verified") is True else None,
        )

    def _discover(self) -> dict[str, Any]:
        """The provider's own description (OpenID Connect Discovery 1.0, 4)."""
        if self._discovered and self._discovered[0] > time.monotonic():
            return self._discovered[1]
        address = self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        _check_address(address)
        try:
            with self._client("") as client:
                answer = client.request("GET", address, withhold_token=True)
                answer.raise_for_status()
                found = dict(answer.json())
        except Exception as error:
            raise OidcError("unavailable", f"{address} does not answer ({type(error).__name__}).") from error
        if found.get("issuer") != self._settings.issuer:
            raise OidcError("unavailable", f"{address} says that its issuer is {found.get('issuer')!r}.")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            if name in found or name != "userinfo_endpoint":
                _check_address(str(found.get(name)))
        self._discovered = (time.monotonic() + DISCOVERED_FOR_S, found)
        return found

    def _client(self, redirect_uri: str) -> Any:
        methods = (self._discovered[1] if self._discovered else {}).get("token_endpoint_auth_methods_supported")
        basic = methods is None or "client_secret_basic" in methods
        return self._client_of(
            self._settings.client_id,
            self._settings.client_secret,
            token_endpoint_auth_method="client_secret_basic" if basic else "client_secret_post",
            scope="openid profile email",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
            follow_redirects=False,  # a redirect could lead into the hospital's network
            trust_env=not is_loopback(urlsplit(self._settings.issuer).hostname or ""),
        )


def _check_address(address: str) -> None:
    """TLS, or this machine."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise OidcError("unavailable", f"The provider names {address!r}, which is not https.")


def local_path(back: str) -> str:
    """Where to go after a login: a path of ours, or the start page (OWASP: unvalidated redirects)."""
    plain = back.isascii() and back.isprintable() and " " not in back and "\\" not in back and len(back) < 2000
    parts = urlsplit(back) if plain and back.startswith("/") and not back.startswith("//") else None
    return back if parts is not None and not parts.scheme and not parts.netloc else "/"
