"""What stands before every route and around every answer."""

from __future__ import annotations

import logging

import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from limner.serve.app import create_app
from limner.serve.safety.access import Reader
from limner.serve.safety.limits import MOST_KEPT, Buckets
from limner.serve.safety.sessions import COOKIE
from limner.serve.settings import Limits

SECURE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "no-store",
}


@pytest.fixture
def odd(server):
    """The server with routes that fail and stream; and what it pulled from the stream."""
    router = APIRouter()
    pulled: list[int] = []

    @router.get("/api/odd/fault")
    def fault(actor: Reader) -> None:
        raise RuntimeError("Jane Doe 1970-01-01")

    @router.get("/api/odd/stream")
    def stream() -> StreamingResponse:
        def pieces():
            for n in range(3):
                pulled.append(n)
                yield b"x" * 10

        return StreamingResponse(pieces(), headers={"Content-Security-Policy": "sandbox"})

    server.app = create_app(house=server.house)
    server.app.router.routes.insert(0, server.app.router.routes.pop())  # the pages' route stays last
    pages = server.app.router.routes.pop(0)
    server.app.include_router(router)
    server.app.router.routes.append(pages)
    server.pulled = pulled
    return server


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/health", 200),
        ("GET", "/api/people", 401),
        ("GET", "/api/nothing", 404),
        ("POST", "/api/session", 422),
        ("PUT", "/api/health", 405),
        ("GET", "/..%2f..%2fetc/passwd", 404),
        ("GET", "/api/openapi.json", 200),
    ],
)
def test_every_answer_says_what_a_browser_may_do_with_it(server, method, path, status):
    answer = server.anyone().request(method, path)
    if path.startswith("/.."):
        assert "root:" not in answer.text
    else:
        assert answer.status_code == status
    for name, value in SECURE.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "server" not in answer.headers


def test_a_fault_has_the_headers_too_and_does_not_tell(odd, caplog):
    odd.person("reader", "ann")
    client = TestClient(odd.app, base_url="https://localhost", raise_server_exceptions=False)
    client.cookies.update(odd.clients[-1].cookies)
    answer = client.get("/api/odd/fault")
    assert answer.status_code == 500
    assert "Jane" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    client.close()


def test_a_route_may_set_its_own_policy(odd):
    answer = odd.anyone().get("/api/odd/stream")
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.content == b"x" * 30


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "169.254.169.254", "localhost@evil.example"]
)
def test_another_name_is_refused(server, host):
    assert server.anyone().get("/api/health", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://localhost:4444"},  # another server of this machine: the same site, and cookies go there
        {"origin": "null"},
        {"origin": "https://localhost.evil.example"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_a_change_asked_for_by_another_page_is_refused(server, headers):
    client = server.person("reader")
    assert client.patch("/api/session", json={"lang": "zh"}, headers=headers).status_code == 403
    good = {"origin": "https://localhost", "sec-fetch-site": "same-origin"}
    assert client.patch("/api/session", json={"lang": "zh"}, headers=good).status_code == 200


def test_no_other_origin_is_let_in(server):
    asked = {"origin": "https://evil.example", "access-control-request-method": "GET"}
    answer = server.anyone().options("/api/people", headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_bodies_are_bounded_by_header_and_by_what_comes(make_server):
    server = make_server(limits=Limits(body_bytes=2000))
    client = server.anyone()
    long = b'{"name": "' + b"a" * 3000 + b'"}'
    json = {"content-type": "application/json"}
    assert client.post("/api/session", content=long, headers=json).status_code == 413
    assert client.post("/api/session", content=iter([long[:1500], long[1500:]]), headers=json).status_code == 413
    lied = {**json, "content-length": "5"}
    assert client.post("/api/session", content=iter([long]), headers=lied).status_code == 413
    assert client.post("/api/session", content=b'{"name": "a"}', headers=json).status_code == 422


def test_one_login_asks_only_so_often(make_server):
    server = make_server(limits=Limits(requests_per_minute=30))
    client, other = server.person("reader"), server.person("reader")
    codes = [client.get("/api/people").status_code for _ in range(40)]
    assert codes[0] == 200
    assert codes[-1] == 429
    refused = client.get("/api/people")
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert other.get("/api/people").status_code == 200


def test_logins_from_one_address_are_few(make_server):
    server = make_server(limits=Limits(logins_per_minute=5))
    codes = [server.anyone().post("/api/session", json={"name": f"n{n}", "password": "x"}) for n in range(7)]
    assert [one.status_code for one in codes] == [401] * 5 + [429] * 2


def _scope(address: str = "1", cookie: str = "", method: str = "GET", path: str = "/api/people"):
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else []
    return {"type": "http", "method": method, "path": path, "headers": headers, "client": (address, 1)}


def test_a_bucket_fills_again():
    clock = [0.0]
    buckets = Buckets(Limits(requests_per_minute=60), lambda: clock[0])
    assert [buckets.take(_scope(cookie="a")) for _ in range(60)] == [0] * 60
    assert buckets.take(_scope(cookie="a")) == 1
    clock[0] += 2
    assert [buckets.take(_scope(cookie="a")) for _ in range(3)] == [0, 0, 1]


def test_new_cookies_do_not_open_new_buckets_for_ever():
    buckets = Buckets(Limits(requests_per_minute=10), lambda: 0.0)
    taken = [buckets.take(_scope(cookie=f"made-up-{n}")) for n in range(201)]
    assert taken[:200] == [0] * 200
    assert taken[200] > 0, "the address has a bucket of its own"


def test_clients_that_are_remembered_are_bounded():
    buckets = Buckets(Limits(), lambda: 0.0)
    for n in range(MOST_KEPT + 50):
        buckets.take(_scope(address=str(n)))
    assert len(buckets._kept) == MOST_KEPT


def test_the_log_has_patterns_not_addresses(server, caplog):
    client = server.person("reader")
    with caplog.at_level(logging.INFO, "limner.serve.requests"):
        client.get("/api/studies/ABCDEF?patient=Jane")
        client.get("/read/Jane-Doe")
        server.anyone().get("/api/people", headers={"host": "jane.example"})
    text = caplog.text
    assert "GET /api/studies/{study_id} 404" in text
    assert "ABCDEF" not in text
    assert "jane" not in text.lower()
