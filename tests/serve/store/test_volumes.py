"""Volumes are made by few processes at once, and who waits for them never takes all threads of the server."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from limner.serve.tables import Series, Study

PLACES, AT_ONCE = 4, 2


@pytest.fixture
def series(make_server, monkeypatch):
    """A server, and the ids of series that nobody opened yet."""
    monkeypatch.setattr("limner.serve.store.volumes.PLACES", PLACES)
    monkeypatch.setattr("limner.serve.store.volumes.AT_ONCE", AT_ONCE)
    server = make_server()
    reader = server.person("reader", "ann")
    with server.house.database.session() as db:
        study = Study(uid="1.2", owner_id=reader.get("/api/session").json()["user"]["id"])
        db.add(study)
        db.flush()
        made = [Series(study_id=study.id, uid=f"1.2.{k}") for k in range(PLACES + 1)]
        db.add_all(made)
        db.flush()
        return server, reader, [one.id for one in made]


def test_waiting_for_volumes_is_bounded_and_told(series, monkeypatch):
    server, reader, ids = series
    go_on, lock, now, most = threading.Event(), threading.Lock(), [], []

    def make(order):
        with lock:
            now.append(order)
            most.append(len(now))
        assert go_on.wait(20)
        with lock:
            now.remove(order)
        return {"problems": [], "drawable": False}

    volumes = server.house.volumes
    monkeypatch.setattr(volumes, "_ask", make)
    with ThreadPoolExecutor(PLACES + 1) as pool:
        asked = [pool.submit(volumes.geometry, one) for one in ids[:PLACES]]
        while volumes._places._value or len(now) < AT_ONCE:
            time.sleep(0.002)
        refused = reader.get(f"/api/series/{ids[-1]}")
        later = volumes.prepare(ids[-1])  # in the background it waits, and takes nobody's thread
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        patient = pool.submit(volumes.geometry, ids[-1], patient=True)
        go_on.set()
        assert patient.result() == {"problems": [], "drawable": False}
        assert [one.result() for one in asked] == [{"problems": [], "drawable": False}] * PLACES
        later.result()
    assert max(most) == AT_ONCE
    assert volumes._places._value == PLACES
    assert volumes.geometry(ids[-1]) == {"problems": [], "drawable": False}
