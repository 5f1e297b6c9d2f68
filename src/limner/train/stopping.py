"""Ctrl-C and SIGTERM end a run between two steps, so that what is kept is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether a signal has come.

    Args:
        number: of the signal, None while there is none.
    """

    def __init__(self) -> None:
        self.number: int | None = None

    def leave(self) -> None:
        """Leaves as the signal would have.

        Raises:
            KeyboardInterrupt: for Ctrl-C; SystemExit: for SIGTERM, with the code that a shell expects.
        """
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + int(self.number or 0))


@contextmanager
def stoppable(here: bool = True) -> Iterator[Stop]:
    """Holds the first signal back until :meth:`Stop.leave`; a second one acts at once.

    Args:
        here: False leaves signals alone, as processes that wait for each other must.
    """
    stop = Stop()
    if not here or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def come(number: int, frame: FrameType | None) -> None:
        del frame
        stop.number = number
        for one, handler in former.items():
            signal.signal(one, handler)

    for number in former:
        signal.signal(number, come)
    try:
        yield stop
    finally:
        for one, handler in former.items():
            signal.signal(one, handler)
