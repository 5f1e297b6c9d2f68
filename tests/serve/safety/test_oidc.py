"""Login by an identity provider, a real one on loopback, and what happens when it or somebody between lies."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from limner.errors import MissingExtraError
from limner.serve.safety.oidc import COOKIE, OidcError, Provider, local_path
from limner.serve.safety.secrets import fingerprint
from limner.serve.safety.sessions import COOKIE as SESSION
from limner.serve.settings import Oidc
from limner.serve.tables import LoginBegun, User, now
from tests.serve.safety.identity_provider import IdentityProvider


@pytest.fixture
def idp() -> Iterator[IdentityProvider]:
    provider = IdentityProvider()
    server = provider.start()
    yield provider
    server.should_exit = True


@pytest.fixture
def at(make_server, idp):
    """Makes a server that trusts the provider; keywords are settings of the provider's."""

    def make(**settings):
        return make_server(oidc=Oidc(issuer=idp.issuer, client_id="limner", client_secret="s3", **settings))

    return make


def _go(client, back="/studies"):
    """Through the provider and back; the last answer of ours."""
    begun = client.get("/api/session/oidc", params={"back": back}, follow_redirects=False)
    assert begun.status_code == 303, begun.text
    came = httpx.get(begun.headers["location"], trust_env=False)
    return client.get(came.headers["location"], follow_redirects=False)


def test_a_person_comes_for_the_first_time_and_again(at, idp):
    server = at()
    client = server.anyone()
    assert client.get("/api/session").json()["oidc"] == "Hospital login"
    begun = client.get("/api/session/oidc", follow_redirects=False)
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["https://localhost/api/session/oidc/callback"]
    assert {"state", "nonce"} <= set(asked)
    flags = {one.strip().lower() for one in begun.headers["set-cookie"].split(";")}
    assert {"httponly", "secure", "path=/", "samesite=lax"} <= flags
    came = _go(client)
    assert (came.status_code, came.headers["location"]) == (303, "/studies")
    assert any("samesite=strict" in one.lower() for one in came.headers.get_list("set-cookie") if SESSION + "=" in one)
    me = client.get("/api/session").json()["user"]
    assert (me["name"], me["display"], me["role"]) == ("ann", "Ann C.", "reader")
    idp.claims["preferred_username"] = "renamed"
    again = server.anyone()
    _go(again)
    assert again.get("/api/session").json()["user"]["id"] == me["id"], (
        "a person is known by the subject, not by the name"
    )


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"aud": ["limner", "other"]},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(at, idp, lie):
    client = at().anyone()
    idp.lies = lie
    assert _go(client).headers["location"] == "/login?oidc=refused"
    assert client.get("/api/session").json()["user"] is None


@pytest.mark.parametrize("how", ["another key", "no signature", "the client's secret"])
def test_a_token_with_a_wrong_signature_is_refused(at, idp, how):
    client = at().anyone()
    if how == "another key":
        idp.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    elif how == "no signature":
        idp.algorithm = "none"
    else:
        idp.algorithm, idp.signs_with = "HS256", OctKey.import_key("s3" * 20, {"kid": "k1"})
    assert _go(client).headers["location"] == "/login?oidc=refused"
    assert client.get("/api/session").json()["user"] is None


@pytest.mark.parametrize("change", [{"state": "another"}, {"code": None}, {"iss": "https://evil.example"}], ids=str)
def test_an_answer_that_was_changed_on_its_way_is_refused(at, change):
    client = at().anyone()
    begun = client.get("/api/session/oidc", follow_redirects=False)
    location = urlsplit(httpx.get(begun.headers["location"], trust_env=False).headers["location"])
    query = {name: values[0] for name, values in parse_qs(location.query).items()} | change
    query = {name: value for name, value in query.items() if value}
    came = client.get(location.path, params=query, follow_redirects=False)
    assert came.headers["location"] == "/login?oidc=refused"


def test_an_answer_opens_only_the_browser_that_asked_and_once(at):
    server = at()
    client, other = server.anyone(), server.anyone()
    begun = client.get("/api/session/oidc", follow_redirects=False)
    location = httpx.get(begun.headers["location"], trust_env=False).headers["location"]
    assert other.get(location, follow_redirects=False).headers["location"] == "/login?oidc=expired"
    kept = client.cookies[COOKIE]
    assert client.get(location, follow_redirects=False).headers["location"] == "/"
    client.cookies.set(COOKIE, kept)
    assert client.get(location, follow_redirects=False).headers["location"] == "/login?oidc=expired"


def test_the_answer_may_come_to_another_process_and_the_database_keeps_no_secret(make_server, idp, tmp_path):
    both = {
        "database": f"sqlite:///{tmp_path / 'both.sqlite'}",
        "oidc": Oidc(issuer=idp.issuer, client_id="limner", client_secret="s3"),
    }
    first, second = make_server(**both), make_server(**both)
    begun = first.anyone().get("/api/session/oidc", params={"back": "/packs"}, follow_redirects=False)
    secret = begun.cookies[COOKIE]
    with first.house.database.reading() as db:
        kept = db.scalars(select(LoginBegun)).one()
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    told = f"{kept.hash} {kept.back}"
    assert not [one for one in (secret, asked["state"][0], asked["nonce"][0]) if one in told]
    came = httpx.get(begun.headers["location"], trust_env=False)
    client = second.anyone()
    client.cookies.set(COOKIE, secret)
    assert client.get(came.headers["location"], follow_redirects=False).headers["location"] == "/packs"
    assert client.get("/api/session").json()["user"]["name"] == "ann"
    with second.house.database.reading() as db:
        assert db.scalars(select(LoginBegun)).all() == []


def test_logins_that_never_come_back_are_forgotten(at, monkeypatch):
    monkeypatch.setattr("limner.serve.safety.begun.MOST_PENDING", 3)
    server = at()
    begun = [server.anyone().get("/api/session/oidc", follow_redirects=False) for _ in range(5)]
    newest = [fingerprint(one.cookies[COOKIE]) for one in begun[2:]]
    with server.house.database.session() as db:
        rows = db.scalars(select(LoginBegun).order_by(LoginBegun.until)).all()
        assert [one.hash for one in rows] == newest
        for one in rows:
            one.until = now() - timedelta(seconds=1)
    client = server.anyone()
    client.cookies.set(COOKIE, begun[4].cookies[COOKIE])
    location = httpx.get(begun[4].headers["location"], trust_env=False).headers["location"]
    assert client.get(location, follow_redirects=False).headers["location"] == "/login?oidc=expired"
    server.anyone().get("/api/session/oidc", follow_redirects=False)
    with server.house.database.reading() as db:
        assert len(db.scalars(select(LoginBegun)).all()) == 1


def test_nobody_who_has_a_password_is_taken_over(at, idp):
    server = at()
    server.add_user("ann@hospital.example", "admin")
    idp.claims |= {
        "email": "ann@hospital.example",
        "email_verified": True,
        "preferred_username": "ann@hospital.example",
    }
    client = server.anyone()
    _go(client)
    assert client.get("/api/session").json()["user"]["name"] == "ann@hospital.example-2"
    assert client.get("/api/session").json()["user"]["role"] == "reader"


@pytest.mark.parametrize("verified", [True, False, "true"])
def test_whom_an_admin_made_comes_in_by_a_verified_address(at, idp, verified):
    server = at(role="none")
    with server.house.database.session() as db:
        db.add(User(name="ann@hospital.example", display="Ann", role="planner"))
    idp.claims |= {"email": "Ann@Hospital.example", "email_verified": verified}
    client = server.anyone()
    came = _go(client)
    assert came.headers["location"] == ("/studies" if verified is True else "/login?oidc=unknown")
    assert (client.get("/api/session").json()["user"] is not None) == (verified is True)


def test_a_user_who_was_shut_out_stays_out(at):
    server = at()
    client = server.anyone()
    _go(client)
    with server.house.database.session() as db:
        db.query(User).one().active = False
    assert _go(server.anyone()).headers["location"] == "/login?oidc=unknown"


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\tx",
        "/\r\nX: y", "",
    ],
)  # fmt: skip
def test_a_return_address_leads_nowhere_else(at, back):
    assert local_path(back) == "/"
    assert _go(at().anyone(), back).headers["location"] == "/"


@pytest.mark.parametrize("back", ["/", "/studies", "/read/abc?series=1&k=3#x"])
def test_a_return_address_of_ours_is_kept(back):
    assert local_path(back) == back


@pytest.mark.parametrize(
    "found",
    [
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "http://evil.example/"},
        {"issuer": "https://evil.example"},
    ],
    ids=str,
)
def test_a_provider_that_leads_into_the_network_is_not_asked(at, idp, found):
    idp.discovery = found
    came = at().anyone().get("/api/session/oidc", follow_redirects=False)
    assert came.headers["location"] == "/login?oidc=unavailable"


def test_a_provider_that_is_away_is_told(make_server):
    settings = Oidc(issuer="http://127.0.0.1:9", client_id="limner", client_secret="s3")
    came = make_server(oidc=settings).anyone().get("/api/session/oidc", follow_redirects=False)
    assert came.headers["location"] == "/login?oidc=unavailable"


def test_an_address_without_tls_is_refused():
    with pytest.raises(OidcError, match="https"):
        Provider(Oidc(issuer="http://idp.example", client_id="x", client_secret="s3")).begin("https://localhost")


def test_without_authlib_the_extra_is_told(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("authlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"limner\[oidc\]"):
        Provider(Oidc(issuer="https://idp.example", client_id="x", client_secret="s3"))


def test_without_a_provider_there_is_no_such_login(server):
    assert server.anyone().get("/api/session/oidc", follow_redirects=False).status_code == 404
    assert "s3" not in repr(Oidc(issuer="https://idp.example", client_id="x", client_secret="s3"))
