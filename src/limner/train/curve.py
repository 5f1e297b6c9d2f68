"""The curve of a run: a CSV that is readable while the run goes on."""

from __future__ import annotations

import csv
import math
from pathlib import Path


class Curve:
    """``curve.csv``: step, loss, learning rate, seconds. Rows past a resumed step are cut off first."""

    def __init__(self, path: Path, step: int, columns: tuple[str, ...] = ("step", "loss", "rate", "seconds")) -> None:
        kept: list[list[str]] = []
        if step and path.exists():
            rows = csv.reader(path.read_text().splitlines())
            kept = [row for row in rows if row and row[0].isdigit() and int(row[0]) <= step]
        self._file = path.open("w", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)
        self._writer.writerows(kept)
        self.smooth = float(kept[-1][1]) if kept else math.nan

    def add(self, step: int, value: float, rate: float | None = None, seconds: float | None = None) -> None:
        """A row; ``smooth`` follows its value."""
        self.smooth = value if math.isnan(self.smooth) else 0.95 * self.smooth + 0.05 * value
        more = [f"{rate:.6f}", f"{seconds:.1f}"] if rate is not None and seconds is not None else []
        self._writer.writerow([step, f"{value:.5f}", *more])
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
