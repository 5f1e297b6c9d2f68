"""Logging in, staying in, and logging out."""

from __future__ import annotations

from limner.serve.safety.sessions import COOKIE, CSRF_HEADER
from tests.serve.conftest import PASSWORD


def test_nobody_is_logged_in_at_first(server):
    answer = server.anyone().get("/api/session").json()
    assert answer["user"] is None
    assert answer["first_start"]


def test_a_login_gives_a_host_cookie(server):
    server.add_user("ann", "reader")
    client = server.anyone()
    answer = client.post("/api/session", json={"name": "ann", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=strict"} <= {one.strip() for one in cookie.split(";")}
    assert client.get("/api/session").json()["user"]["name"] == "ann"


def test_wrong_name_and_wrong_password_are_told_alike(server):
    server.add_user("ann", "reader")
    client = server.anyone()
    answers = [
        client.post("/api/session", json={"name": name, "password": "not the one"}) for name in ("ann", "nobody")
    ]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_a_logout_ends_the_session_on_the_server(server):
    client = server.person("reader")
    cookie = client.cookies[COOKIE]
    assert client.delete("/api/session").status_code == 204
    other = server.anyone()
    other.cookies.set(COOKIE, cookie)
    assert other.get("/api/session").json()["user"] is None


def test_a_change_by_cookie_needs_the_csrf_header(server):
    client = server.person("reader")
    del client.headers[CSRF_HEADER]
    assert client.delete("/api/session").status_code == 403
