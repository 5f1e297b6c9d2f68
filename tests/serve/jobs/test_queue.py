"""An id is carried to a worker whatever breaks on the way; the row is what counts."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

import pytest
from fastapi import HTTPException

from limner.serve.jobs.queue import Queue, Request
from limner.serve.jobs.scratch import Scratch
from limner.serve.tables import Job


@pytest.fixture
def planner(server):
    client = server.person("planner", "plato")
    return client.get("/api/session").json()["user"]["id"]


@pytest.fixture(scope="module")
def redis_url():
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("No redis-server was found; `make test` installs it.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as there:
            if there.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"redis://127.0.0.1:{port}"
    process.terminate()
    process.wait()


@pytest.fixture(params=["sqlite", "redis"])
def house(request, make_server):
    queue = request.getfixturevalue("redis_url") if request.param == "redis" else None
    server = make_server(queue=queue)
    server.add_user("plato", "planner")
    return server.house


def owner(house) -> str:
    from sqlalchemy import select

    from limner.serve.tables import User

    with house.database.reading() as db:
        return db.scalars(select(User.id)).one()


def test_ids_are_carried_the_urgent_first(house):
    ran = []
    jobs = [house.queue.submit(Request(kind, owner(house))).id for kind in ("draw", "plan", "correct")]
    worker = Queue(house, ran.append)
    assert worker.task
    while (task := worker.huey.dequeue()) is not None:
        worker.huey.execute(task)
    assert sorted(ran) == sorted(jobs)
    assert ran[0] == jobs[2]


def test_an_id_that_was_lost_is_carried_again_once(house):
    with house.database.session() as db:
        lost = house.queue.add(db, Request("draw", owner(house)))  # and the server was killed here
    assert house.queue.reconcile() == 1
    assert house.queue.reconcile() == 0
    assert [task.args[0] for task in house.queue.huey.pending()] == [lost.id]
    house.queue.huey.flush()


def test_messages_are_json(server, planner):
    made = server.house.queue.submit(Request("draw", planner))
    [message] = server.house.queue.huey.storage.enqueued_items()
    assert made.id in json.dumps(json.loads(bytes(message)))


def test_a_queue_that_is_away_costs_no_job(make_server):
    server = make_server(queue="redis://127.0.0.1:1/0")
    server.add_user("plato", "planner")
    made = server.house.queue.submit(Request("draw", owner(server.house)))
    with server.house.database.reading() as db:
        assert db.get_one(Job, made.id).state == "queued"


def test_what_came_with_a_request_is_kept_until_it_is_done(server, planner):
    made = server.house.queue.submit(Request("correct", planner, given={"labels.nii.gz": b"labels"}))
    scratch = Scratch.of(server.house, made.id)
    scratch.begin()
    scratch.begin()
    assert server.house.queue.given_to(made.id) == {"labels.nii.gz": b"labels"}
    scratch.clear(given=True)
    assert server.house.queue.given_to(made.id) == {}


def test_more_than_ones_share_is_refused(make_server):
    server = make_server(limits={"jobs_per_user": 2})
    client = server.person("reader")
    study = {"kind": "draw", "study_id": _study(server, client)}
    codes = [client.post("/api/jobs", json=study).status_code for _ in range(3)]
    assert codes == [201, 201, 429]


def test_a_request_that_is_refused_leaves_no_copy(make_server):
    server = make_server(limits={"jobs_per_user": 1})
    user = server.add_user("plato", "planner")
    wanted = Request("correct", user, given={"labels.nii.gz": b"labels"})
    made = server.house.queue.submit(wanted)
    with pytest.raises(HTTPException, match="429"):
        server.house.queue.submit(wanted)
    assert [one.name for one in server.house.folder("jobs").iterdir()] == [made.id]


def _study(server, client) -> str:
    from limner.serve.tables import Study

    with server.house.database.session() as db:
        study = Study(uid="1.2.3", owner_id=client.get("/api/session").json()["user"]["id"])
        db.add(study)
        db.flush()
        return study.id
