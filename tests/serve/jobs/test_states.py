"""A job's row changes by one winner at a time, and an old claim changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from limner.serve.jobs import states
from limner.serve.tables import Job


@pytest.fixture
def house(server):
    server.add_user("ann", "reader")
    return server.house


@pytest.fixture
def job(house) -> str:
    from sqlalchemy import select

    from limner.serve.tables import User

    with house.database.session() as db:
        row = Job(kind="draw", owner_id=db.scalars(select(User.id)).one())
        db.add(row)
        db.flush()
        return row.id


def now_of(house, job_id) -> Job:
    with house.database.reading() as db:
        return db.get_one(Job, job_id)


def change(house, what, *arguments):
    with house.database.session() as db:
        return what(db, *arguments)


def test_of_many_who_claim_one_wins(house, job):
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: change(house, states.claim, job), range(8)))
    assert [one for one in claims if one] == [states.Claim(job, 1)]
    assert now_of(house, job).state == "running"


def test_a_job_that_was_stopped_runs_once_more_and_then_fails(house, job):
    first = change(house, states.claim, job)
    assert change(house, states.recover, first) == "queued"
    second = change(house, states.claim, job)
    assert second.attempt == 2
    assert change(house, states.recover, second) == "failed"
    assert now_of(house, job).message == states.STOPPED_TWICE
    assert change(house, states.claim, job) is None


def test_an_end_in_good_order_is_no_attempt(house, job):
    for _ in range(5):
        mine = change(house, states.claim, job)
        assert mine.attempt == 1
        assert change(house, states.give_back, mine)
    assert now_of(house, job).state == "queued"


def test_an_old_claim_changes_nothing(house, job):
    old = change(house, states.claim, job)
    change(house, states.recover, old)
    new = change(house, states.claim, job)
    assert not change(house, states.tell, old, "predict", 0.5)
    assert not change(house, states.complete, old, job)
    assert not change(house, states.fail, old, "it went wrong")
    assert change(house, states.recover, old) is None
    assert change(house, states.complete, new, job)
    assert now_of(house, job).state == "done"


def test_what_was_cancelled_cannot_be_done(house, job):
    mine = change(house, states.claim, job)
    assert change(house, states.cancel, job)
    assert not change(house, states.complete, mine, job)
    assert not change(house, states.cancel, job)
    assert now_of(house, job).state == "cancelled"
