"""What the desk keeps at hand: the objects asked for last, as many as memory allows."""

from __future__ import annotations

import gc
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
MIB = 1024 * 1024


class Shelf:
    """Heavy objects by key; the one not asked for longest goes first.

    Args:
        most: objects.
        most_bytes: resident memory of the process above which objects go.
        resident: how many bytes the process holds; measured where not given.

    >>> shelf = Shelf(most=2)
    >>> [shelf.get((name,), lambda: name.upper()) for name in "aba"]
    ['A', 'B', 'A']
    >>> shelf.get(("c",), lambda: "C"), shelf.keys()
    ('C', [('a',), ('c',)])
    """

    def __init__(self, most: int = 12, most_bytes: int = 3072 * MIB, resident: Callable[[], int] | None = None) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._resident = resident or resident_bytes
        self._kept: OrderedDict[tuple[str, ...], Any] = OrderedDict()

    def get(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """The object of a key, made now if it is not there.

        Args:
            key: what kind of object, and of what: ``("planner", folder)``. Folders of results never change.
            make: makes it. Where it raises, nothing is kept.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = make()
        self._kept[key] = made
        self._make_room()
        return made

    def keys(self) -> list[tuple[str, ...]]:
        """What is kept, the one asked for last at the end."""
        return list(self._kept)

    def _make_room(self) -> None:
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        while len(self._kept) > 1 and self._resident() > self._most_bytes:
            self._kept.popitem(last=False)
            gc.collect()


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system has no /proc."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
