"""Batches made ahead of the training step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any

from torch import Tensor


def prefetch(batch: Callable[[int, int], Any], size: int, first: int) -> Generator[Sequence[Tensor]]:
    """Batches made by a thread beside the training step; numpy and torch release the interpreter while they compute."""
    ready: queue.Queue[Any] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def work() -> None:
        step = first
        while not stop.is_set():
            try:
                item: Any = batch(step, size)
            except Exception as error:  # handed to the loop, which raises it
                item = error
            while not stop.is_set():
                try:
                    ready.put(item, timeout=0.2)
                    break
                except queue.Full:
                    continue
            step += 1

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stop.set()
        thread.join(timeout=5)
