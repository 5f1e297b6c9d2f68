"""Readers who ask a server all at once, each on a connection of its own, and how long they wait."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from limner.errors import LimnerError
from limner.serve.safety.sessions import COOKIE, CSRF_HEADER


class LoadError(LimnerError):
    """The server under load answered with what the measurement cannot go on from."""


@dataclass
class Waits:
    """Seconds that were waited for answers, by what was asked; and answers that were errors."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def add(self, kind: str, seconds: float) -> None:
        """One answer."""
        self.seconds.setdefault(kind, []).append(seconds)

    def summary(self) -> dict[str, dict[str, float]]:
        """Count, median, 95th percentile and maximum in milliseconds, by kind and for all together."""
        every = [one for some in self.seconds.values() for one in some]
        return {kind: _quantiles(some) for kind, some in {**self.seconds, "all": every}.items() if some}


def _quantiles(seconds: list[float]) -> dict[str, float]:
    """By the nearest rank, so that each is a wait that somebody had."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {"n": len(ordered), "p50_ms": at(0.5), "p95_ms": at(0.95), "max_ms": at(1.0)}


class Client:
    """HTTP/1.1 on one connection that stays open, as a browser's does. The standard library's own has no asyncio.

    Args:
        port: on loopback.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._headers = {"Host": f"127.0.0.1:{port}", "User-Agent": "limner-bench"}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Status and body of one answer."""
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # it was idle for so long that the server let it go
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        content = b"" if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Content-Length": str(len(content))}
        if body is not None:
            headers["Content-Type"] = "application/json"
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        status = int((await reader.readline()).split()[1])
        told: dict[str, str] = {}
        while line := (await reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            told[name.lower()] = value.strip()
        if told.get("set-cookie", "").startswith(COOKIE):
            self._headers["Cookie"] = told["set-cookie"].partition(";")[0]
        return status, await reader.readexactly(int(told.get("content-length", 0)))

    async def tell(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer as JSON.

        Raises:
            LoadError: it is a refusal.
        """
        status, content = await self.ask(method, path, body)
        if status >= 400:
            raise LoadError(f"{method} {path} was answered with {status}: {content[:300].decode(errors='replace')}")
        told = json.loads(content) if content else None
        if isinstance(told, dict) and told.get("csrf"):
            self._headers[CSRF_HEADER] = told["csrf"]
        return told

    def close(self) -> None:
        """Ends the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass(frozen=True)
class Reading:
    """What each reader does until the time is over: looks at the work list, opens the study, scrolls through it."""

    study_id: str
    series_id: str
    slices: int
    seconds: float
    per_second: float = 8.0
    """Slices that a reader scrolls through in a second."""
    scroll: int = 40
    """Slices of one scroll."""


async def read(client: Client, reading: Reading, waits: Waits, seed: int) -> None:
    """One reader. Pauses come from the seed; an answer that takes long delays what follows it, as it does a person."""
    rng = random.Random(seed)
    until = time.monotonic() + reading.seconds
    await asyncio.sleep(rng.uniform(0, 2))
    while time.monotonic() < until:
        asked: list[tuple[str, Callable[[], Awaitable[tuple[int, bytes]]]]] = [
            ("work list", lambda: client.ask("POST", "/api/studies/search", {"text": "", "limit": 50})),
            ("study", lambda: client.ask("GET", f"/api/studies/{reading.study_id}")),
            ("series", lambda: client.ask("GET", f"/api/series/{reading.series_id}")),
        ]
        for kind, ask in asked:
            await _timed(kind, ask, waits)
            await asyncio.sleep(rng.uniform(0.1, 0.5))
        k = rng.randrange(reading.slices)
        for step in range(reading.scroll):
            if time.monotonic() > until:
                break
            path = f"/api/series/{reading.series_id}/slices/{(k + step) % reading.slices}"
            waited = await _timed("slice", lambda path=path: client.ask("GET", path), waits)  # type: ignore[misc]
            await asyncio.sleep(max(0.0, rng.uniform(0.5, 1.5) / reading.per_second - waited))


async def _timed(kind: str, ask: Callable[[], Awaitable[tuple[int, bytes]]], waits: Waits) -> float:
    start = time.perf_counter()
    try:
        status, content = await ask()
        if status != 200 or not content:
            waits.errors.append(f"{kind}: {status}")
    except (OSError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
        waits.errors.append(f"{kind}: {type(error).__name__}")
    waited = time.perf_counter() - start
    waits.add(kind, waited)
    return waited
