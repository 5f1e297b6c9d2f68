"""Turns at reading uploads: who waits holds no thread, one person does not hold up others, an upload is read once."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager

import anyio.to_thread
import httpx
import pytest

from limner.serve.refusals import BusyError
from limner.serve.safety.sessions import CSRF_HEADER
from limner.serve.store import uploads
from limner.serve.store.turns import Turns
from tests.serve.made_dicom import made_dicom
from tests.serve.store.test_uploads import begin, put

PATIENCE_S = 20.0
THREADS = 3


@pytest.fixture(autouse=True)
def no_volumes(monkeypatch):
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)


@asynccontextmanager
async def as_one_process(server, client):
    """The client's login in one event loop, whose pool has few threads."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    transport = httpx.ASGITransport(app=server.app)
    headers = {CSRF_HEADER: client.headers[CSRF_HEADER]}
    cookies = dict(client.cookies.items())
    async with httpx.AsyncClient(
        transport=transport, base_url="https://localhost", headers=headers, cookies=cookies
    ) as asked:
        async with asyncio.timeout(PATIENCE_S):
            yield asked


async def until(true):
    while not true():
        await asyncio.sleep(0.005)


@pytest.fixture
def held(monkeypatch):
    """Reading that begins and goes on when it is let."""
    begun, go_on, read, real = threading.Event(), threading.Event(), [], uploads.finish

    def finish(house, sender, folder, rules=None):
        read.append(folder.name)
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return real(house, sender, folder, rules)

    monkeypatch.setattr(uploads, "finish", finish)
    yield begun, go_on, read
    go_on.set()


def test_more_waiting_uploads_than_threads_leave_the_server_alive(server, held):
    client = server.person("reader")
    ids = [begin(client) for _ in range(3 * THREADS)]
    begun, go_on, read = held

    async def ask() -> list[int]:
        async with as_one_process(server, client) as asked:
            asks = [asyncio.create_task(asked.post(f"/api/uploads/{one}/finish")) for one in ids]
            await until(begun.is_set)
            await until(lambda: len(server.house.turns._waiting) == len(ids) - 1)
            seen = await asked.post("/api/studies/search", json={})
            go_on.set()
            return [seen.status_code, *(one.status_code for one in await asyncio.gather(*asks))]

    assert asyncio.run(ask()) == [200] * (1 + len(ids))
    assert sorted(read) == sorted(ids)


def test_an_upload_that_is_finished_twice_at_once_is_read_once(server, held):
    client = server.person("reader")
    upload = begin(client)
    put(client, upload, "1", made_dicom(1))
    begun, go_on, read = held

    async def ask() -> list[dict]:
        async with as_one_process(server, client) as asked:
            asks = [asyncio.create_task(asked.post(f"/api/uploads/{upload}/finish")) for _ in range(2)]
            await until(begun.is_set)
            await until(lambda: len(server.house.turns._waiting) == 1)
            go_on.set()
            return [one.json() for one in await asyncio.gather(*asks)]

    first, second = asyncio.run(ask())
    assert first == second and len(first["studies"]) == 1
    assert read == [upload]


def test_a_file_that_comes_while_others_are_read_is_kept(server, monkeypatch):
    client = server.person("reader")
    upload = begin(client)
    put(client, upload, "1", made_dicom(1))
    real, late = uploads.finish, []

    def finish(*arguments):
        outcome = real(*arguments)
        if not late:
            late.append(put(client, upload, "2", made_dicom(2)).status_code)
        return outcome

    monkeypatch.setattr(uploads, "finish", finish)
    (study,) = client.post(f"/api/uploads/{upload}/finish").json()["studies"]
    assert late == [200]
    assert client.get(f"/api/studies/{study}").json()["instances"] == 2


def test_an_upload_into_which_files_never_stop_coming_is_told_so(server, monkeypatch):
    client = server.person("reader")
    upload = begin(client)
    real = uploads.finish
    monkeypatch.setattr(uploads, "finish", lambda *all_: put(client, upload, "1", made_dicom(1)) and real(*all_))
    assert client.post(f"/api/uploads/{upload}/finish").status_code == 409


def test_an_upload_that_is_given_up_while_it_is_read_is_not_there(server, monkeypatch):
    client = server.person("reader")
    upload = begin(client)
    put(client, upload, "1", made_dicom(1))
    real = uploads.finish
    monkeypatch.setattr(uploads, "finish", lambda *all_: client.delete(f"/api/uploads/{upload}") and real(*all_))
    assert client.post(f"/api/uploads/{upload}/finish").status_code == 404


def test_one_person_never_holds_up_another_nor_fills_the_line():
    turns, go_on = Turns(at_once=2, most_each=3), threading.Event()

    async def ask() -> None:
        async with asyncio.timeout(PATIENCE_S):
            long = [asyncio.create_task(turns.take("ann", go_on.wait)) for _ in range(4)]
            await until(lambda: len(turns._waiting) == 3)
            assert await turns.take("bob", lambda: "read") == "read"
            with pytest.raises(BusyError, match="too many uploads"):
                await turns.take("ann", lambda: "read")
            go_on.set()
            assert await asyncio.gather(*long) == [True] * 4

    asyncio.run(ask())
    assert turns._waiting == [] and turns._read == set()


def test_who_waits_too_long_is_asked_to_come_again_and_nothing_was_done():
    turns, go_on, done = Turns(at_once=1, patience_s=0.0), threading.Event(), []

    async def ask() -> None:
        async with asyncio.timeout(PATIENCE_S):
            long = asyncio.create_task(turns.take("ann", go_on.wait))
            await until(lambda: turns._read == {"ann"})
            with pytest.raises(BusyError, match="ask again"):
                await turns.take("bob", lambda: done.append("bob"))
            go_on.set()
            assert await long is True
            turns.patience_s = PATIENCE_S
            with pytest.raises(ZeroDivisionError):
                await turns.take("bob", lambda: 1 / 0)
            assert await turns.take("bob", lambda: "read") == "read"

    asyncio.run(ask())
    assert done == [] and turns._waiting == [] and turns._read == set()


def test_a_wait_that_is_too_long_is_told_with_when_to_come_again(server, held):
    client = server.person("reader")
    ids = [begin(client) for _ in range(2)]
    begun, go_on, read = held

    async def ask() -> httpx.Response:
        async with as_one_process(server, client) as asked:
            long = asyncio.create_task(asked.post(f"/api/uploads/{ids[0]}/finish"))
            await until(begun.is_set)
            server.house.turns.patience_s = 0.0
            refused = await asked.post(f"/api/uploads/{ids[1]}/finish")
            go_on.set()
            await long
            return refused

    refused = asyncio.run(ask())
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert read == ids[:1]
