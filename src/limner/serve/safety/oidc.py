"""Login by a hospital's identity provider: OpenID Connect, code flow with PKCE.

Source: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE); RFC 9207 (issuer of an answer); RFC 9700 (best practice).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from limner.errors import LimnerError, MissingExtraError
from limner.serve.safety.bind import is_loopback
from limner.serve.safety.secrets import new_secret, same_secret
from limner.serve.settings import Oidc

COOKIE = "__Host-limner-oidc"
"""Binds the answer of the provider to the browser that asked; SameSite=Lax, since it comes from another site."""
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
class Asked:
    """What a login was sent to the provider with: each is made from the browser's secret, and tells nothing of it.

    So the database keeps no secret of a login in flight, and any server process on it can take the answer.
    """

    state: str
    nonce: str
    verifier: str

    @classmethod
    def by(cls, secret: str) -> Asked:
        """What belongs to a browser's secret."""
        return cls(*(_derived(secret, use) for use in ("state", "nonce", "verifier")))


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
        self._discovered: tuple[float, dict[str, Any]] | None = None

    @property
    def role(self) -> Literal["reader", "planner"] | None:
        """What a person becomes who comes for the first time; None where nobody is let in unasked."""
        return None if self._settings.role == "none" else self._settings.role

    def begin(self, redirect_uri: str) -> tuple[str, str]:
        """The provider's address to go to, and the secret that stays with the browser.

        Raises:
            OidcError: the provider does not answer, or with what cannot be used.
        """
        secret = new_secret()
        asked = Asked.by(secret)
        where = self._discover()["authorization_endpoint"]
        with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                where, state=asked.state, nonce=asked.nonce, code_verifier=asked.verifier
            )
        return url, secret

    def finish(self, redirect_uri: str, secret: str, answer: dict[str, str]) -> Person:
        """Who came back.

        Args:
            redirect_uri: the same as at the beginning.
            secret: the browser's; :func:`limner.serve.safety.begun.take_begun` said that it is of a login in flight.
            answer: the query of the address to which the provider sent the browser.

        Raises:
            OidcError: it is not the answer to what this browser asked, or not one of this provider.
        """
        asked = Asked.by(secret)
        if not same_secret(answer.get("state", ""), asked.state):
            raise OidcError("refused", "The provider's answer is not to what was asked here.")
        if answer.get("iss", self._settings.issuer) != self._settings.issuer:
            raise OidcError("refused", "The answer is of another provider.")
        if "code" not in answer:
            raise OidcError("refused", "The provider did not let the person in.")
        return self._ask_who(redirect_uri, answer["code"], asked)

    def _ask_who(self, redirect_uri: str, code: str, asked: Asked) -> Person:
        found = self._discover()
        with self._client(redirect_uri) as client:
            try:
                token = client.fetch_token(found["token_endpoint"], code=code, code_verifier=asked.verifier)
                claims = self._check(
                    token, asked.nonce, client.request("GET", found["jwks_uri"], withhold_token=True).json()
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


def _derived(secret: str, use: str) -> str:
    """256 bits for one use, 43 letters as RFC 7636 4.1 wants a verifier."""
    made = hmac.digest(secret.encode(), f"limner oidc {use}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


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
