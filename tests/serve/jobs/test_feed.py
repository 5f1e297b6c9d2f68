"""Those who watch are told of their own jobs and of studies that they may see, and of nothing else."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field

import pytest

from limner.serve import audit
from limner.serve.house import House
from limner.serve.jobs import feed as feeds
from limner.serve.jobs import states
from limner.serve.jobs.feed import Feed, Watcher, as_event
from limner.serve.safety.secrets import fingerprint
from limner.serve.safety.sessions import COOKIE
from limner.serve.settings import ServeSettings
from limner.serve.tables import Grant, Job, Session, Study, User
from tests.serve.conftest import HASH
from tests.serve.live import live_server


@dataclass
class Listener:
    """A watcher whose events are kept."""

    watcher: Watcher
    told: list[tuple[str, dict]] = field(default_factory=list)
    ended: bool = False

    def pull(self) -> None:
        while not self.watcher.events.empty():
            event = self.watcher.events.get_nowait()
            if event is None:
                self.ended = True
                continue
            name, data = event.strip().split("\n")
            self.told.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def feed(server, monkeypatch):
    monkeypatch.setattr(feeds, "LOOK_EVERY_S", 0.05)
    yield Feed(server.house)
    server.house.closing.set()


@pytest.fixture
def listen(server, feed, loop):
    def begin(name: str, role: str = "reader", most: int = 9) -> Listener:
        client = server.person(role, name)
        user_id = client.get("/api/session").json()["user"]["id"]
        listener = Listener(Watcher(user_id, fingerprint(client.cookies[COOKIE]), loop))
        assert feed.add(listener.watcher, most)
        while feed._entry is None:  # what was before is no news
            time.sleep(0.005)
        return listener

    return begin


def wait_for(listeners, condition) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, [one.told for one in listeners]
        for one in listeners:
            one.pull()
        time.sleep(0.01)


def test_a_job_is_told_to_its_owner_as_it_changes(server, listen):
    ann, bob = listen("ann"), listen("bob", "admin")
    with server.house.database.session() as db:
        job = Job(kind="draw", owner_id=ann.watcher.user_id)
        db.add(job)
    wait_for([ann, bob], lambda: len(ann.told) == 1)
    with server.house.database.session() as db:
        mine = states.claim(db, job.id)
        states.complete(db, mine, None)
    wait_for([ann, bob], lambda: len(ann.told) == 2)
    assert [(name, told["state"]) for name, told in ann.told] == [("job", "queued"), ("job", "done")]
    assert bob.told == []


def test_a_study_is_told_to_those_who_may_see_it(server, listen):
    ann, bob, cy = listen("ann"), listen("bob"), listen("cy", "admin")
    with server.house.database.session() as db:
        study = Study(uid="1.2.3", owner_id=ann.watcher.user_id)
        db.add(study)
        db.flush()
        db.add(Grant(study_id=study.id, user_id=bob.watcher.user_id))
        audit.append(db, ann.watcher.user_id, "study.receive", study.id)
    wait_for([ann, bob, cy], lambda: bob.told and ann.told)
    assert ann.told == bob.told == [("study", {"id": study.id})]
    assert cy.told == []
    with server.house.database.session() as db:
        audit.append(db, ann.watcher.user_id, "study.open", study.id)  # to read is no change
        db.get_one(Study, study.id).shared = True
        audit.append(db, ann.watcher.user_id, "study.share", study.id)
    wait_for([ann, bob, cy], lambda: cy.told and len(ann.told) == len(bob.told) == 2)
    assert ann.told == bob.told == 2 * cy.told


def test_what_is_gone_is_told_to_the_one_who_took_it_away(server, listen):
    ann, bob = listen("ann"), listen("bob")
    with server.house.database.session() as db:
        study = Study(uid="1.2.3", owner_id=ann.watcher.user_id)
        db.add(study)
        db.flush()
        audit.append(db, ann.watcher.user_id, "result.delete", "0" * 24, study=study.id)
    wait_for([ann, bob], lambda: len(ann.told) == 1)
    with server.house.database.session() as db:
        db.delete(db.get_one(Study, study.id))
        audit.append(db, ann.watcher.user_id, "study.delete", study.id)
    wait_for([ann, bob], lambda: len(ann.told) == 2)
    assert ann.told == [("study", {"id": study.id})] * 2
    assert bob.told == []


def test_a_database_that_is_away_for_a_moment_silences_nobody(server, listen, monkeypatch):
    away = {"_last_entry": 1, "_changed_studies": 1}

    def failing(name):
        real = getattr(feeds, name)

        def read(*arguments):
            if away[name]:
                away[name] -= 1
                raise OSError("the database is away")
            return real(*arguments)

        monkeypatch.setattr(feeds, name, read)

    failing("_last_entry")
    ann = listen("ann")
    with server.house.database.session() as db:
        job = Job(kind="draw", owner_id=ann.watcher.user_id)
        db.add(job)
    wait_for([ann], lambda: len(ann.told) == 1)
    failing("_changed_studies")
    with server.house.database.session() as db:
        states.cancel(db, job.id)
    wait_for([ann], lambda: len(ann.told) == 2)
    assert away == {"_last_entry": 0, "_changed_studies": 0}
    assert [told["state"] for _, told in ann.told] == ["queued", "cancelled"]


def test_the_stream_ends_with_the_login(server, listen):
    ann, bob = listen("ann"), listen("bob")
    with server.house.database.session() as db:
        db.delete(db.get_one(Session, ann.watcher.login))
    wait_for([ann, bob], lambda: ann.ended)
    assert not bob.ended
    server.house.closing.set()
    wait_for([bob], lambda: bob.ended)


def test_one_user_has_so_many_pages_and_a_slow_one_is_let_go(server, feed, listen, loop):
    ann = listen("ann", most=1)
    assert not feed.add(Watcher(ann.watcher.user_id, ann.watcher.login, loop), 1)
    feed.remove(ann.watcher)
    assert feed.add(Watcher(ann.watcher.user_id, ann.watcher.login, loop), 1)
    for _ in range(feeds.HELD + 1):
        ann.watcher.tell(as_event("job", {}))
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
    wait_for([ann], lambda: ann.ended)
    assert len(ann.told) <= feeds.HELD


def test_nobody_watches_without_a_login(server):
    assert server.anyone().get("/api/events").status_code == 401


def test_a_page_listens_over_http(tmp_path):
    data = tmp_path / "data"
    house = House.open(ServeSettings(data=data))
    with house.database.session() as db:
        db.add(User(name="ann", role="reader", password=HASH))
    house.close()
    with live_server(data) as live:
        ann, again = live.log_in("ann"), live.log_in("ann")
        with ann.stream("GET", "/api/events") as stream:
            assert stream.status_code == 200, stream.read()
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            assert next(lines) == ": open"
            study = again.post("/api/uploads/sample").json()["studies"][0]
            told = next(line for line in lines if line.startswith("data:"))
            assert json.loads(told.removeprefix("data:")) == {"id": study}
            again.delete("/api/session")
            assert again.get("/api/events").status_code == 401
            live.process.terminate()
            assert not [line for line in lines if line and not line.startswith(("event", "data", ":"))]
        assert live.stop() == 0
