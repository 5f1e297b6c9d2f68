"""The curve of a run: a CSV that is readable while the run goes on."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

COLUMNS = ("step", "loss", "rate", "seconds")
"""Of ``curve.csv``; what a rival tells stands behind them, and rows of older runs end here."""


class Curve:
    """``curve.csv``: step, loss, learning rate, seconds. Rows past a resumed step are cut off first.

    ``kept`` holds the rows before it, ``smooth`` the mean of the last values.
    """

    def __init__(self, path: Path, step: int, columns: tuple[str, ...] = COLUMNS) -> None:
        self.columns = columns
        kept: list[list[str]] = []
        if step and path.exists():
            rows = csv.reader(path.read_text().splitlines())
            kept = [row for row in rows if row and row[0].isdigit() and int(row[0]) <= step]
        if path.is_file() or not path.exists():  # written aside: a kill in this moment loses no row
            partial = path.with_suffix(".partial")
            with partial.open("w", newline="") as file:
                csv.writer(file).writerows([columns, *kept])
            partial.replace(path)
        self._file = path.open("a", newline="")
        self._writer = csv.writer(self._file)
        self.kept = [tuple(float(value) for value in row) for row in kept]
        self.smooth = math.nan
        for _, value, *_ in self.kept:
            self._follow(value)

    def add(
        self,
        step: int,
        value: float,
        rate: float | None = None,
        seconds: float | None = None,
        beside: Sequence[float] = (),
    ) -> None:
        """A row; ``smooth`` follows its value; ``beside`` are the values of further columns."""
        self._follow(value)
        more = [f"{rate:.6f}", f"{seconds:.1f}"] if rate is not None and seconds is not None else []
        self._writer.writerow([step, f"{value:.5f}", *more, *(f"{one:.5f}" for one in beside)])
        self._file.flush()

    def _follow(self, value: float) -> None:
        if math.isfinite(value):
            self.smooth = value if math.isnan(self.smooth) else 0.95 * self.smooth + 0.05 * value

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
