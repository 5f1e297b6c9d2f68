"""Turns at reading what came: a few at once, one for each person, and who waits holds no thread of the server.

Reading files is Python and disk for seconds or minutes. In the pool that answers all requests, as many waiting uploads
as it has threads would be a dead server.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from limner.serve.refusals import BusyError

AT_ONCE = 2
"""Of different people: reading headers is Python, and others want to be answered too."""
MOST_EACH = 16
"""Requests of one person that may wait or be read; a DICOMweb client sends several at once."""
PATIENCE_S = 60.0
Made = TypeVar("Made")


class Turns:
    """Who is read next.

    Args:
        at_once: people who are read at the same time.
        most_each: requests of one person that may wait or be read.
        patience_s: how long a request may wait until its turn begins; it then lasts as long as it takes.
    """

    def __init__(self, at_once: int = AT_ONCE, most_each: int = MOST_EACH, patience_s: float = PATIENCE_S) -> None:
        self._at_once, self._most_each, self.patience_s = at_once, most_each, patience_s
        self._lock = threading.Lock()
        self._waiting: list[_Turn] = []
        self._read: set[str] = set()

    async def take(self, owner: str, work: Callable[[], Made]) -> Made:
        """Does the work when it is its turn. What one person asks for is done one after the other.

        Args:
            owner: the id of the user for whom it is done.
            work: what blocks.

        Raises:
            BusyError: the person has too many in line, or the wait was too long. Nothing was done.
        """
        turn = _Turn(owner, work)
        with self._lock:
            if sum(one.owner == owner for one in self._waiting) >= self._most_each:
                raise BusyError("You have too many uploads in line. Wait until some are read, then ask again.", 5)
            self._waiting.append(turn)
            self._begin()
        try:
            made = asyncio.wrap_future(turn.made)
            await asyncio.wait({made}, timeout=self.patience_s)
            if turn.made.cancel():
                raise BusyError("Others' uploads are being read. What was sent is kept; ask again in a moment.", 5)
            return await made
        finally:
            with self._lock:
                if turn in self._waiting:
                    turn.made.cancel()
                    self._waiting.remove(turn)

    def _begin(self) -> None:
        """Begins what may begin; the lock is held."""
        for turn in list(self._waiting):
            if len(self._read) < self._at_once and turn.owner not in self._read:
                self._waiting.remove(turn)
                if turn.made.set_running_or_notify_cancel():
                    self._read.add(turn.owner)
                    threading.Thread(target=self._do, args=(turn,), name="limner-turn", daemon=True).start()

    def _do(self, turn: _Turn) -> None:
        made, error = None, None
        try:
            made = turn.work()
        except BaseException as raised:  # it is told where it was asked for
            error = raised
        with self._lock:
            self._read.remove(turn.owner)
            self._begin()
        if error is None:
            turn.made.set_result(made)
        else:
            turn.made.set_exception(error)


@dataclass(eq=False)
class _Turn:
    """Work in the line."""

    owner: str
    work: Callable[[], Any]
    made: Future[Any] = field(default_factory=Future)
