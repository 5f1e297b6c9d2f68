"""A job runs in a process of its own, which ends when it must and tells what became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from limner.serve.jobs.kinds import KINDS
from limner.serve.jobs.queue import Request
from limner.serve.jobs.scratch import Scratch
from limner.serve.jobs.sweep import sweep
from limner.serve.jobs.worker import Worker
from limner.serve.tables import Job, Result
from tests.serve.jobs.probe import KIND, NAME, STEPS

RUN = "tests.serve.jobs.probe"
PATIENCE_S = 20.0


@pytest.fixture
def house(server, monkeypatch):
    monkeypatch.setitem(KINDS, NAME, KIND)
    return server.house


@pytest.fixture
def client(server, house):
    return server.person("reader", "ann")


@pytest.fixture
def ask(house, client):
    user_id = client.get("/api/session").json()["user"]["id"]
    return lambda **options: house.queue.submit(Request(NAME, user_id, options=options)).id


def row(house, job_id) -> Job:
    with house.database.reading() as db:
        return db.get_one(Job, job_id)


def wait_for(condition) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def pids(house, job_id) -> list[int]:
    path = Scratch.of(house, job_id).folder / "pids"
    wait_for(lambda: path.is_file() and path.read_text())
    return [int(one) for one in path.read_text().split()]


def test_a_job_that_is_done_is_a_result(house, client, ask):
    job_id = ask()
    Worker(house, RUN).run(job_id)
    told = client.get(f"/api/jobs/{job_id}").json()
    assert (told["state"], told["fraction"], told["made_id"]) == ("done", 1.0, job_id)
    result = client.get(f"/api/results/{job_id}").json()
    assert (result["title"], result["files"], result["mine"]) == ("probe", ["told.txt"], True)
    assert not Scratch.of(house, job_id).folder.exists()
    nice, cores, threads = client.get(f"/api/results/{job_id}/files/told.txt").text.split()
    spare = max(1, len(os.sched_getaffinity(0)) - 1)
    assert (int(nice) >= 10, int(cores), int(threads)) == (True, spare, max(1, os.cpu_count() - 1))


def test_an_error_of_ours_is_told_as_such_and_a_users_as_it_stands(house, client, ask, capfd):
    broken, refused = ask(breaks=True), ask(refuses=True)
    for one in (broken, refused):
        Worker(house, RUN).run(one)
    told = client.get(f"/api/jobs/{broken}").json()
    assert told["state"] == "failed"
    assert "fault of ours" in told["message"] and "Jane" not in told["message"]
    assert client.get(f"/api/jobs/{refused}").json()["message"] == "No slices in 'out': give some."
    assert "RuntimeError" in capfd.readouterr().err
    again = client.post(f"/api/jobs/{refused}/again").json()
    assert (again["state"], again["kind"]) == ("queued", NAME)


def test_a_process_that_dies_is_started_once_more(house, ask):
    once, always = ask(dies_until=1), ask(dies_until=9)
    worker = Worker(house, RUN)
    for job_id in (once, once, always, always, always):
        worker.run(job_id)
    assert (row(house, once).state, row(house, once).attempt) == ("done", 2)
    assert (row(house, always).state, row(house, always).attempt) == ("failed", 2)
    with house.database.reading() as db:
        assert db.get(Result, always) is None


def test_a_cancelled_job_ends_with_all_that_it_started(house, client, ask):
    job_id = ask(seconds=60, starts=True)
    working = threading.Thread(target=Worker(house, RUN).run, args=(job_id,))
    working.start()
    started = pids(house, job_id)
    wait_for(lambda: client.get(f"/api/jobs/{job_id}").json()["step"] == "stand")
    fraction = client.get(f"/api/jobs/{job_id}").json()["fraction"]
    assert fraction == (STEPS["sit"] + 0.5 * STEPS["stand"]) / 4
    assert client.post(f"/api/jobs/{job_id}/cancel").json()["state"] == "cancelled"
    working.join(PATIENCE_S)
    assert not any(alive(one) for one in started)
    assert row(house, job_id).state == "cancelled"
    assert client.post(f"/api/jobs/{job_id}/cancel").status_code == 409
    assert not house.result_folder(job_id).exists()


def start_worker_process(house) -> subprocess.Popen[bytes]:
    code = (
        f"from limner.serve.jobs import worker as w; from tests.serve.jobs.probe import *; KINDS[NAME] = KIND; "
        f"w.TIDY_EVERY_S = 0.2; w.Worker.__init__.__defaults__ = ({RUN!r},); w.main()"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=env)
    process.stdin.write(house.settings.model_dump_json().encode() + b"\n")
    process.stdin.flush()
    return process


def test_killed_with_its_worker_a_job_leaves_no_orphan_and_is_done_by_the_next(house, ask):
    job_id = ask(seconds=1.0)
    worker = start_worker_process(house)
    [running] = pids(house, job_id)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdin.close()
    wait_for(lambda: not alive(running))
    assert row(house, job_id).state == "running"  # as nobody is there to say otherwise
    second = start_worker_process(house)
    wait_for(lambda: row(house, job_id).state == "done")
    assert row(house, job_id).attempt == 2
    second.stdin.close()  # the server is gone: so is the worker
    assert second.wait(PATIENCE_S) == 1


def test_a_stop_gives_running_jobs_back(house, ask):
    job_id = ask(seconds=60)
    worker = start_worker_process(house)
    [running] = pids(house, job_id)
    worker.terminate()
    assert worker.wait(PATIENCE_S) == 0
    worker.stdin.close()
    assert not alive(running)
    assert (row(house, job_id).state, row(house, job_id).attempt) == ("queued", 0)


def test_folders_that_no_row_names_are_swept_and_others_stay(house, ask):
    done, running = ask(), ask()
    Worker(house, RUN).run(done)
    with house.database.session() as db:
        db.get_one(Job, running).state = "running"
    for name in (running, "f" * 24):
        house.result_folder(name).mkdir()
    assert sweep(house) == 1
    assert {one.name for one in house.folder("results").iterdir()} == {done, running}
