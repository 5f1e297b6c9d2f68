"""What many readers at once wait for, on a server of their own on this machine, while a study is drawn."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limner.errors import InputError
from limner.serve.load import Client, LoadError, Reading, Waits, read

MOST_READERS = 100
MOST_SECONDS = 600.0
PASSWORD = "seven quiet herons walk"
"""Of users who live as long as the measurement, on loopback."""
PATIENCE_S = 180.0


@dataclass(frozen=True)
class ServeBench:
    """What was measured.

    ``waits`` is in milliseconds by what was asked; ``job`` tells how the drawing that ran meanwhile began and ended.
    """

    readers: int
    seconds: float
    cores: int
    requests: int
    errors: list[str]
    waits: dict[str, dict[str, float]]
    job: dict[str, Any] | None


def bench_serve(*, readers: int = 20, seconds: float = 30.0, draw: bool = True, seed: int = 1) -> ServeBench:
    """Starts a server in a temporary folder, lets readers work on the built-in study, and ends it.

    Args:
        readers: at once, each with a login and a connection of their own.
        seconds: how long they read.
        draw: whether the study is drawn meanwhile.
        seed: of what they do when.

    Raises:
        InputError: more readers or seconds than this is meant for.
    """
    if not (1 <= readers <= MOST_READERS and 1 <= seconds <= MOST_SECONDS):
        raise InputError(f"Between 1 and {MOST_READERS} readers, for 1 to {MOST_SECONDS:g} seconds.")
    with tempfile.TemporaryDirectory(prefix="limner-bench-") as folder, _server(Path(folder)) as opening:
        return asyncio.run(_measure(opening, readers, seconds, draw, seed))


@contextmanager
def _server(folder: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "limner", "serve", "--port", "0", "--data", str(folder / "data"), "--json"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        told = process.stdout.readline()
        if not told:
            raise LoadError(f"The server did not start: {(folder / 'log').read_text()[-500:]}")
        yield json.loads(told)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def _measure(opening: dict[str, Any], readers: int, seconds: float, draw: bool, seed: int) -> ServeBench:
    port = int(opening["port"])
    admin = Client(port)
    await _accept(admin, opening["admin_link"])
    made = await admin.tell("POST", "/api/uploads/sample")
    study_id = made["studies"][0]
    await admin.ask("PATCH", f"/api/studies/{study_id}", {"shared": True})
    series = await _drawable(admin, study_id)
    clients = []
    for number in range(readers):
        user = {"name": f"reader{number}", "display": f"Reader {number}", "role": "reader"}
        invited = await admin.tell("POST", "/api/users", user)
        clients.append(Client(port))
        await _accept(clients[-1], invited["invite"]["link"])
    job = await admin.tell("POST", "/api/jobs", {"kind": "draw", "study_id": study_id}) if draw else None
    if job is not None:
        await _running(admin, job["id"])
    reading = Reading(study_id, series["id"], series["shape"][0], seconds)
    waits = Waits()
    before = await _state(admin, job)
    await asyncio.gather(*(read(one, reading, waits, seed * 1000 + k) for k, one in enumerate(clients)))
    after = await _state(admin, job)
    for one in (*clients, admin):
        one.close()
    summary = waits.summary()
    told = {"before": before, "after": after} if job is not None else None
    cores = len(os.sched_getaffinity(0))
    return ServeBench(readers, seconds, cores, int(summary["all"]["n"]), waits.errors, summary, told)


async def _accept(client: Client, link: str) -> None:
    secret = link.partition("#")[2]
    body = {"name": "bench", "display": "Bench", "password": PASSWORD}
    await client.tell("POST", f"/api/invites/{secret}", body)


async def _drawable(client: Client, study_id: str) -> dict[str, Any]:
    """The series that readers scroll through, once its volume stands."""
    study = await client.tell("GET", f"/api/studies/{study_id}")
    series: dict[str, Any] = max(study["series"], key=lambda one: int(one["instances"]))
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        told: dict[str, Any] = await client.tell("GET", f"/api/series/{series['id']}")
        if told.get("shape"):
            return told
        await asyncio.sleep(0.2)
    raise LoadError("The built-in study's volume was not made in time.")


async def _running(client: Client, job_id: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if (await client.tell("GET", f"/api/jobs/{job_id}"))["state"] != "queued":
            return
        await asyncio.sleep(0.1)
    raise LoadError("The drawing was not begun in time.")


async def _state(client: Client, job: dict[str, Any] | None) -> dict[str, Any] | None:
    if job is None:
        return None
    told = await client.tell("GET", f"/api/jobs/{job['id']}")
    return {name: told[name] for name in ("state", "step", "fraction")}
