"""No entry is changed, moved, removed, put in or cut off without being noticed."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from limner.errors import InputError
from limner.serve import audit
from limner.serve.audit.anchor import FILE, Anchor, AnchorKeeper, last_entry, read_anchor, write_anchor
from limner.serve.audit.chain import START
from limner.serve.audit.ledger import Ledger
from limner.serve.database import Database
from limner.serve.tables import AuditEntry, User
from tests.serve.live import live_server

COUNT = 6
FIELDS = ("at", "actor", "action", "object_id", "details", "previous", "hash")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('audit') / 'limner.sqlite'}")
    yield database
    database.close()


def _fill(database, count=COUNT):
    """A fresh log; its mark."""
    with database.session() as db:
        db.execute(delete(AuditEntry))
        for k in range(count):
            audit.append(
                db, f"user-{k % 2}", "test.write", f"object-{k}", k=k, text="é 漢", half=0.5, deep={"b": 1, "a": [None]}
            )
        return last_entry(db)


def _verdict(database, anchor=None):
    return audit.verify(database, anchor)


def test_a_log_as_it_was_written_is_whole(database):
    anchor = _fill(database)
    verdict = _verdict(database, anchor)
    assert verdict.whole
    assert (verdict.entries, verdict.hash, verdict.anchor) == (COUNT, anchor.hash, COUNT)
    with database.session() as db:
        audit.append(db, "", "test.later")
    assert _verdict(database, anchor).whole, "a mark may lie behind"


def test_an_empty_log_is_whole_and_one_that_was_emptied_is_not(database):
    anchor = _fill(database, 0)
    assert anchor is None
    assert _verdict(database).whole
    assert not _verdict(database, Anchor(1, START)).whole


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n=st.integers(1, COUNT), field=st.sampled_from(FIELDS), value=st.text(max_size=5))  # no field is as short
def test_a_changed_entry_is_found(database, n, field, value):
    _fill(database)
    new = {"new": value} if field == "details" else value
    with database.session() as db:
        db.execute(update(AuditEntry).where(AuditEntry.n == n).values({field: new}))
    verdict = _verdict(database)
    assert not verdict.whole
    assert verdict.breaks[0].n == n


@pytest.mark.parametrize("details", ["not json", "", "{}", '{"k": 0}', "[]"])
def test_details_that_were_broken_are_found_not_stumbled_over(database, details):
    _fill(database)
    with database.session() as db:
        db.execute(text("UPDATE audit SET details = :told WHERE n = 2"), {"told": details})
    assert _verdict(database).breaks[0].n == 2


@settings(max_examples=20, deadline=None)
@given(gone=st.sets(st.integers(1, COUNT), min_size=1))
def test_removed_entries_are_found(database, gone):
    anchor = _fill(database)
    with database.session() as db:
        db.execute(delete(AuditEntry).where(AuditEntry.n.in_(gone)))
    assert not _verdict(database, anchor).whole
    cut = gone == set(range(min(gone), COUNT + 1))
    assert _verdict(database).whole == cut, "only what was cut off at the end needs the mark"


@settings(max_examples=20, deadline=None)
@given(pair=st.lists(st.integers(1, COUNT), min_size=2, max_size=2, unique=True))
def test_entries_that_changed_places_are_found(database, pair):
    _fill(database)
    one, other = pair
    with database.session() as db:
        for old, new in ((one, 100), (other, one), (100, other)):
            db.execute(update(AuditEntry).where(AuditEntry.n == old).values(n=new))
    assert _verdict(database).breaks[0].n == min(pair)


@settings(max_examples=20, deadline=None)
@given(at=st.integers(-1, COUNT + 1), link=st.booleans())
def test_an_entry_that_was_put_in_is_found(database, at, link):
    """Even one with a right hash of its own, linked to the entry before it."""
    anchor = _fill(database)
    with database.session() as db:
        for n in range(COUNT, at - 1, -1):
            db.execute(update(AuditEntry).where(AuditEntry.n == n).values(n=n + 1))
        before = db.get(AuditEntry, at - 1)
        entry = AuditEntry(n=at, at="2026", actor="", action="forged", object_id="", details={}, hash="")
        entry.previous = before.hash if before and link else START
        entry.hash = audit.entry_hash(entry)
        db.add(entry)
    forged_at_end = at == COUNT + 1 and link
    assert _verdict(database, anchor).whole == forged_at_end, "an entry at the end is an entry like any other"


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, COUNT))
def test_a_log_that_was_written_anew_does_not_fit_the_mark(database, n):
    """Who can compute hashes can forge a whole chain: the mark outside the database is what tells."""
    anchor = _fill(database)
    with database.session() as db:
        previous = START
        for entry in db.scalars(select(AuditEntry).order_by(AuditEntry.n)).all():
            entry.actor = "someone else" if entry.n == n else entry.actor
            entry.previous = previous
            previous = entry.hash = audit.entry_hash(entry)
    assert _verdict(database).whole
    assert _verdict(database, anchor).breaks[-1].n == COUNT


def test_the_mark_follows_what_was_committed_and_is_never_ahead(database, tmp_path):
    _fill(database)
    keeper = AnchorKeeper(database, tmp_path)
    try:
        keeper.write()
        assert read_anchor(tmp_path).n == COUNT
        with database.session() as db:
            audit.append(db, "", "test.later")
            keeper.write()  # not committed yet
            assert read_anchor(tmp_path).n == COUNT
        with pytest.raises(RuntimeError), database.session() as db:
            audit.append(db, "", "test.undone")
            raise RuntimeError
    finally:
        keeper.stop()
    with database.reading() as db:
        assert read_anchor(tmp_path) == last_entry(db)
        assert last_entry(db).n == COUNT + 1


def test_a_mark_that_does_not_fit_is_kept_as_proof(database, tmp_path, caplog):
    anchor = _fill(database)
    write_anchor(tmp_path, anchor)
    with database.session() as db:
        db.execute(delete(AuditEntry).where(AuditEntry.n > 2))
    keeper = AnchorKeeper(database, tmp_path)
    with database.session() as db:
        for _ in range(COUNT):
            audit.append(db, "", "test.later")
    keeper.stop()
    assert read_anchor(tmp_path) == anchor
    assert "limner audit verify" in caplog.text
    assert not _verdict(database, anchor).whole


@pytest.mark.parametrize("told", ["", "{}", '{"n": "x", "hash": 1}', "[]"])
def test_a_mark_that_was_broken_is_told(tmp_path, told):
    (tmp_path / FILE).write_text(told)
    with pytest.raises(InputError, match=FILE):
        read_anchor(tmp_path)


WRITER = """
import sys
from limner.serve import audit
from limner.serve.database import Database
database = Database(sys.argv[1])
for k in range(40):
    with database.session() as db:
        audit.append(db, "", "test.process", sys.argv[2], k=k)
"""


def test_threads_and_two_processes_make_one_chain(tmp_path):
    url = f"sqlite:///{tmp_path / 'limner.sqlite'}"
    database = Database(url)
    others = [subprocess.Popen([sys.executable, "-c", WRITER, url, name], env=dict(os.environ)) for name in "ab"]

    def write(k: int) -> None:
        for _ in range(20):
            with database.session() as db:
                audit.append(db, "", "test.thread", str(k))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert [one.wait(60) for one in others] == [0, 0]
    verdict = _verdict(database)
    database.close()
    assert verdict.whole
    assert verdict.entries == 2 * 40 + 4 * 20


def test_admins_read_and_check_the_log(server):
    admin = server.person("admin", "root")
    reader = server.person("reader", "ann")
    assert reader.get("/api/audit").status_code == 403
    found = admin.get("/api/audit", params={"newest": True, "limit": 1, "action": "session."}).json()
    assert found["items"][0]["actor_name"] == "ann"
    assert found["total"] == 2
    after = admin.get("/api/audit", params={"after": 1}).json()
    assert [one["n"] for one in after["items"]] == [2]
    assert admin.get("/api/audit/verify").json()["whole"]


def test_the_log_is_read_in_batches_by_one_at_a_time_and_rests_between_them(server, monkeypatch):
    admin, refused = server.person("admin", "root"), []
    _fill(server.house.database)
    monkeypatch.setattr(importlib.import_module("limner.serve.audit.verify"), "BATCH", 3)

    def rest(_):
        refused.append(admin.get("/api/audit/verify"))
        with server.house.database.session() as db:  # and nothing is held open that a writer would wait for
            db.execute(update(User).values(lang="zh"))

    monkeypatch.setattr("limner.serve.routes.audit.sleep", rest)
    verdict = admin.get("/api/audit/verify").json()
    assert (verdict["whole"], verdict["entries"]) == (True, COUNT)
    assert len(refused) == COUNT // 3
    assert {(one.status_code, one.headers["Retry-After"]) for one in refused} == {(503, "60")}
    assert admin.get("/api/audit", params={"limit": 1}).status_code == 200
    monkeypatch.setattr("limner.serve.routes.audit.sleep", lambda _: None)
    assert admin.get("/api/audit/verify").json()["whole"]


def _run(*arguments):
    return subprocess.run([sys.executable, "-m", "limner", "audit", *arguments], capture_output=True, text=True)


def test_the_command_checks_a_server_that_runs_and_one_that_was_tampered_with(tmp_path):
    data = tmp_path / "data"
    with live_server(data) as server:
        server.admin("root")
        with Ledger(data) as ledger:
            assert ledger.verify().whole
    anchor = read_anchor(data)
    with Ledger(data) as ledger:
        listed = ledger.entries(5)
        assert ledger.entries(1, "session.").items[0].action == "session.start"
    assert anchor.n == listed.total == listed.items[-1].n, "the mark has the last entry once the server ended"
    ran = _run("list", "--data", str(data), "--last", "1", "--json")
    assert json.loads(ran.stdout)["items"][0]["actor_name"] == "root"
    database = Database(f"sqlite:///{data / 'limner.sqlite'}")
    with database.session() as db:
        db.execute(delete(AuditEntry).where(AuditEntry.n == anchor.n))
    database.close()
    ran = _run("verify", "--data", str(data))
    assert ran.returncode == 1
    assert "cut off" in ran.stdout
    with pytest.raises(InputError, match="--data"):
        Ledger(tmp_path)
