"""The front end as files: the page for every address, packed where the client takes it, and never a file elsewhere."""

from __future__ import annotations

import gzip

import pytest

from limner.serve import pages

PAGE, SCRIPT = b"<!doctype html><p>Limner", b"console.log('limner')"


@pytest.fixture
def client(server, tmp_path, monkeypatch):
    """A client of a server with a front end of two files, one of them packed."""
    built = tmp_path / "web"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(PAGE)
    (built / "assets" / "main-abcdefgh.js").write_bytes(SCRIPT)
    (built / "assets" / "main-abcdefgh.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "secret.txt").write_text("not for you")
    monkeypatch.setattr(pages, "PAGES", built)
    return server.anyone()


@pytest.mark.parametrize("address", ["/", "/studies", "/read/0123", "/admin/audit", "/anything/else"])
def test_every_address_that_a_reader_may_reload_gives_the_page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200 and answer.content == PAGE
    assert answer.headers["content-type"].startswith("text/html")


def test_a_script_comes_packed_to_those_who_take_it_and_is_kept(client):
    packed = client.get("/assets/main-abcdefgh.js", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip" and packed.content == SCRIPT
    plain = client.get("/assets/main-abcdefgh.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.content == SCRIPT
    for answer in (packed, plain):
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["vary"] == "Accept-Encoding" and "immutable" in answer.headers["cache-control"]


def test_a_part_of_an_earlier_front_end_is_gone_not_a_page(client):
    answer = client.get("/assets/main-00000000.js")
    assert answer.status_code == 404 and "reload" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/%2e%2e/secret.txt"])
def test_no_path_leads_out_of_the_folder(client, address):
    answer = client.get(address)
    assert b"not for you" not in answer.content and answer.status_code in (200, 404)


def test_an_unknown_route_of_the_interface_is_a_problem_not_a_page(client):
    answer = client.get("/api/nonsense")
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
