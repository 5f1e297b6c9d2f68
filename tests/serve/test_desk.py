"""The desk: plain answers, quickly, again and again; it dies and comes back, and never outlives the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from limner.errors import GeometryError, MissingExtraError
from limner.serve import desk as served
from limner.serve.desk import Desk, DeskBusyError, DeskError, DeskTimeoutError, Shelf
from limner.serve.desk.process import load

NAMES = ("echo", "kept", "sleep", "stubborn", "refuse", "die", "wrong", "chatter")
VERBS = {name: f"tests.serve.desk_verbs:{name}" for name in NAMES}


@pytest.fixture
def desk():
    desk = Desk(VERBS, places=4)
    yield desk
    desk.close()


def test_plain_values_and_bytes_come_through(desk):
    sent = {"n": 3, "mask": b"\0\xff" * 5000, "deep": [{"more": b"x"}, None, 1.5, "ü"], "none": b""}
    assert desk.ask("echo", "drawing", **sent) == {"key": "drawing", **sent}


def test_what_was_made_for_the_first_question_answers_the_next(desk):
    first, again, other = (desk.ask("kept", key) for key in ("a", "a", "b"))
    assert first == again
    assert other["pid"] == first["pid"] == desk.pid != os.getpid()
    assert other["made"] != first["made"]


def test_it_steps_back_behind_the_server(desk):
    told = desk.ask("kept", "a")
    assert told["nice"] == min(os.nice(0) + 5, 19)
    assert told["threads"] == "1"


def test_errors_come_as_themselves(desk):
    with pytest.raises(GeometryError, match=r"gap after slice 7\.$"):
        desk.ask("refuse", "a", kind="geometry")
    with pytest.raises(MissingExtraError, match="pip install 'limner"):
        desk.ask("refuse", "a", kind="extra")
    with pytest.raises(DeskError) as told:
        desk.ask("refuse", "a", kind="other")
    assert "secret" not in str(told.value)


def test_an_array_is_no_plain_answer_and_prints_are_none(desk):
    with pytest.raises(DeskError, match="cannot be sent"):
        desk.ask("wrong", "a")
    assert desk.ask("chatter", "a") == "answer"


def test_an_unknown_verb_names_the_nearest(desk):
    with pytest.raises(KeyError, match="Did you mean 'sleep'"):
        desk.ask("sleeep", "a")


def test_it_dies_and_comes_back(desk):
    before = desk.ask("kept", "a")["pid"]
    with pytest.raises(DeskError, match="starts anew"):
        desk.ask("die", "a")
    after = desk.ask("kept", "a")["pid"]
    os.kill(after, signal.SIGKILL)  # while nobody asks
    third = desk.ask("kept", "a")["pid"]
    assert len({before, after, third}) == 3


def test_a_question_over_its_limit_is_given_up_and_the_rest_is_kept(desk):
    before = desk.ask("kept", "a")
    start = time.monotonic()
    with pytest.raises(DeskTimeoutError):
        desk.ask("sleep", "a", limit_s=0.2, seconds=60)
    assert time.monotonic() - start < 2
    assert desk.ask("kept", "a") == before


def test_what_cannot_be_interrupted_is_ended(desk, monkeypatch):
    monkeypatch.setattr("limner.serve.desk.desk.GRACE_S", 0.1)
    before = desk.ask("kept", "a")["pid"]
    with pytest.raises(DeskTimeoutError, match="started anew"):
        desk.ask("stubborn", "a", limit_s=1.0)
    assert desk.ask("kept", "a")["pid"] != before


def test_the_line_is_bounded_and_a_drag_asks_only_its_last(desk):
    desk.ask("kept", "a")
    told: list[object] = []

    def ask(verb, **arguments):
        try:
            told.append(desk.ask(verb, "a", **arguments))
        except DeskError as error:
            told.append(type(error))

    def stand(verb, **arguments):
        length = len(desk._line)
        thread = threading.Thread(target=ask, args=(verb,), kwargs=arguments)
        thread.start()
        while len(desk._line) == length and thread.is_alive() and "instead_of" not in arguments:
            time.sleep(0.002)
        return thread

    threads = [stand("sleep", seconds=0.6)]
    threads += [stand("echo", n=n, instead_of=None) for n in range(2)]
    while len(desk._line) < 3:
        time.sleep(0.002)
    dragged = stand("echo", n=7, instead_of="drag")
    while len(desk._line) < 4:
        time.sleep(0.002)
    threads.append(stand("echo", n=8, instead_of="drag"))
    dragged.join(5)
    assert told == [DeskBusyError]
    while not any(one.stream == "drag" for one in desk._line):
        time.sleep(0.002)
    with pytest.raises(DeskBusyError, match="Too many"):
        desk.ask("echo", "a")
    for thread in threads:
        thread.join(5)
    assert told[1:] == ["slept", {"key": "a", "n": 0}, {"key": "a", "n": 1}, {"key": "a", "n": 8}]


def test_one_person_does_not_fill_the_line_and_is_answered_in_turns(monkeypatch):
    monkeypatch.setattr("limner.serve.desk.desk.PLACES_EACH", 3)
    desk, go_on, order = Desk(VERBS, places=6), threading.Event(), []

    def answer(question, until):
        assert go_on.wait(20)
        order.append(question["arguments"]["who"])

    monkeypatch.setattr(desk, "_exchange", answer)
    threads = []
    for who in ("ann", "ann", "ann", "bob"):
        threads.append(threading.Thread(target=desk.ask, args=("echo", "a"), kwargs={"asker": who, "who": who}))
        threads[-1].start()
        while len(desk._line) < len(threads):
            time.sleep(0.002)
        if len(threads) == 3:
            with pytest.raises(DeskBusyError, match="You ask too much"):
                desk.ask("echo", "a", asker="ann", who="ann")
    go_on.set()
    for thread in threads:
        thread.join()
    assert order == ["ann", "bob", "ann", "ann"]
    assert not desk._line


def test_it_ends_with_the_server_even_in_the_middle_of_work(tmp_path):
    code = """if True:
        import sys, threading, time
        from limner.serve.desk import Desk
        desk = Desk({"kept": "tests.serve.desk_verbs:kept", "sleep": "tests.serve.desk_verbs:sleep"})
        print(desk.ask("kept", "a")["pid"], flush=True)
        threading.Thread(target=lambda: desk.ask("sleep", "a", seconds=60), daemon=True).start()
        sys.stdin.read()
    """
    paths = os.pathsep.join(["src", ".", os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )
    with parent:
        pid = int(parent.stdout.readline())
        time.sleep(0.1)  # the second question is under way, or not: both must end
        parent.kill()
    until = time.monotonic() + 5
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_closed_desk_refuses(desk):
    pid = desk.ask("kept", "a")["pid"]
    desk.close()
    assert not alive(pid)
    with pytest.raises(DeskError, match="ending"):
        desk.ask("kept", "a")


def test_memory_decides_what_stays():
    held = {"bytes": 0}
    shelf = Shelf(most=10, most_bytes=100, resident=lambda: held["bytes"])
    for name in "abc":
        shelf.get((name,), list)
    held["bytes"] = 101
    shelf.get(("d",), list)
    assert shelf.keys() == [("d",)]  # the newest stays, whatever it weighs


def test_every_verb_of_the_server_is_there():
    assert all(callable(load(path)) for path in served.VERBS.values())


def test_the_server_answers_busy_and_too_long_as_problems(server):
    from limner.serve.problems import Problem

    desk = Desk(VERBS)
    object.__setattr__(server.house, "desk", desk)

    @server.app.get("/api/slow-trial", include_in_schema=False)
    def slow():
        return server.house.desk.ask("sleep", "a", limit_s=0.1, seconds=9)

    server.app.router.routes.insert(0, server.app.router.routes.pop())  # before the pages' catch-all
    answer = server.anyone().get("/api/slow-trial")
    assert answer.status_code == 504
    assert answer.headers["Retry-After"] == "1"
    assert Problem.model_validate(answer.json()).status == 504
