"""What drafts in a browser are sealed with, and which of them still belong to something."""

from __future__ import annotations

import base64
import stat

import pytest

from limner.errors import OutputError
from limner.serve.safety.drafts import FILE, key_of
from limner.serve.safety.sessions import CSRF_HEADER
from limner.serve.tables import AuditEntry, Result, Study


def key(client) -> str | None:
    return client.get("/api/session").json()["drafts_key"]


def test_a_key_is_a_users_own_and_comes_with_a_login_alone(server):
    ann, bob = server.person("reader", "ann"), server.person("reader", "bob")
    assert len(base64.b64decode(key(ann))) == 32
    assert key(ann) == key(server.log_in("ann")) != key(bob)
    assert key(server.anyone()) is None
    token = ann.post("/api/tokens", json={"name": "program", "scopes": ["read"]}).json()["secret"]
    program = server.anyone()
    program.headers["Authorization"] = f"Bearer {token}"
    told = program.get("/api/session").json()
    assert told["user"]["name"] == "ann"
    assert told["drafts_key"] is None
    told = key(ann)
    ann.delete("/api/session")
    assert key(ann) is None
    secret = server.house.settings.data / FILE
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert told not in secret.read_bytes().hex()


def test_a_secret_that_was_cut_off_is_not_replaced(tmp_path):
    first = key_of(tmp_path, "a")
    assert key_of(tmp_path, "a") == first
    (tmp_path / FILE).write_bytes(b"short")
    with pytest.raises(OutputError, match="backup"):
        key_of(tmp_path, "a")


def test_only_what_one_sees_is_there_and_asking_opens_nothing(server):
    ann, bob = server.person("reader", "ann"), server.person("reader", "bob")
    with server.house.database.session() as db:
        studies = {name: Study(uid=name, owner_id=_id(client)) for name, client in (("a", ann), ("b", bob))}
        db.add_all(studies.values())
        db.flush()
        results = {
            name: Result(kind="drawing", owner_id=one.owner_id, study_id=one.id, title=name)
            for name, one in studies.items()
        }
        db.add_all(results.values())
        db.flush()
        asked = {
            "studies": [one.id for one in studies.values()] + ["none"],
            "results": [one.id for one in results.values()] + ["none"],
        }
        mine = {"studies": [studies["a"].id], "results": [results["a"].id]}
        before = db.query(AuditEntry).count()
    assert ann.post("/api/drafts/there", json=asked).json() == mine
    with server.house.database.reading() as db:
        assert db.query(AuditEntry).count() == before


def _id(client) -> str:
    assert client.headers[CSRF_HEADER]
    return client.get("/api/session").json()["user"]["id"]
