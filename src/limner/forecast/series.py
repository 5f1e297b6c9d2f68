"""A table of volumes over time: read, checked, and one series per patient; an empty volume is what is asked."""

from __future__ import annotations

import csv
import difflib
import io
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError

COLUMNS = ("patient", "day", "volume_ml")
LEAST_ML = 0.00052
"""A ball of 1 mm: what is smaller is not read in any scan, and counts as not seen."""
SLIPS = 0.1
"""Where the time of more patients than this share is not in order, a table is refused; of fewer, it is set in order."""
LARGEST_ML = 100_000.0
"""More than a person: such a table is in mm³."""
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Series:
    """Readings of one patient in the order of time, and the days to forecast.

    Args:
        patient: as the table names it.
        days: (n,), ascending, each once.
        volumes_ml: (n,), 0 where the lesion was not seen.
        asked: days to forecast, in the order of the table.
    """

    patient: str
    days: NDArray[np.float64]
    volumes_ml: NDArray[np.float64]
    asked: tuple[float, ...] = ()

    def until(self, day: float) -> Series:
        """What was known before a day; of a day before all readings, the first of them."""
        known = max(int(np.searchsorted(self.days, day)), 1)
        return Series(self.patient, self.days[:known], self.volumes_ml[:known], (day,))


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """Patients in the order of the table, the asked rows as ``(patient, day)`` in theirs, and what was set in order."""

    series: dict[str, Series]
    asked: tuple[tuple[str, float], ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    line: int
    patient: str
    day: float
    volume_ml: float | None
    faint: bool = False


def read_series(path: Path) -> SeriesTable:
    """Reads a CSV with the columns ``patient, day, volume_ml`` (comma, semicolon or tab; UTF-8).

    Patients may stand in any order. A row whose ``volume_ml`` is empty asks for a forecast of that day. Of a patient
    days ascend, a day has one reading, and what is asked lies after the last reading. A table in which more than
    ``SLIPS`` of the patients break this is refused; in a larger one the few are set in order, and it is said: rows are
    sorted, two readings of a day become their mean, and a day that is already past is forecast from what lay before.

    Raises:
        InputError: no such file, not text, a column is missing, a value is no number, negative or not finite, a patient
            has no reading, nothing is asked, or time is not in order.
    """
    rows = _rows(Path(path))
    if not any(row.volume_ml is None for row in rows):
        raise InputError(
            f"The table {path.name!r} asks for nothing: expected at least one row whose volume_ml is empty (patient "
            f"and day filled), got {len(rows)} rows that all have a volume. Add a row per day to forecast."
        )
    patients: dict[str, list[_Row]] = {}
    for row in rows:
        patients.setdefault(row.patient, []).append(row)
    blind = [own[0].line for own in patients.values() if all(row.volume_ml is None for row in own)]
    if blind:
        raise InputError(
            f"The table {path.name!r} asks for patients of whom nothing is known (line {_listed(blind)}): expected at "
            "least one row with a volume for each. Add a reading, or take these rows out."
        )
    slips = [slip for own in patients.values() if (slip := _slip(own))]
    if len(slips) > SLIPS * len(patients):
        raise InputError(
            f"In the table {path.name!r} time does not run forwards for {len(slips)} of {len(patients)} patient(s): "
            f"{_listed(slips, '; ')}. Expected ascending days, one reading a day, and empty volumes only after the "
            "last reading. Sort the rows by day, and check that the column day counts forwards."
        )
    faint = sum(row.faint for row in rows)
    notes = [f"{faint} reading(s) under {LEAST_ML:g} ml, a ball of 1 mm, count as not seen."] if faint else []
    return SeriesTable(
        {patient: _series(patient, own) for patient, own in patients.items()},
        tuple((row.patient, row.day) for row in rows if row.volume_ml is None),
        (*(f"Set in order: {slip}." for slip in slips), *notes),
    )


def _rows(path: Path) -> list[_Row]:
    text = _text(path)
    head = text.lstrip("\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    table = csv.reader(io.StringIO(text), delimiter=delimiter)
    places: list[int] | None = None
    rows: list[_Row] = []
    faults: list[str] = []
    for cells in table:
        if not any(cell.strip() for cell in cells):
            continue
        if places is None:
            places, width = _places(path, cells), len(cells)
            continue
        if len(cells) != width:
            faults.append(f"line {table.line_num} has {len(cells)} values under {width} columns")
            continue
        try:
            rows.append(_row(table.line_num, [cells[place].strip() for place in places], delimiter))
        except ValueError as error:
            faults.append(f"line {table.line_num}: {error}")
    if places is None or not (rows or faults):
        raise InputError(
            f"The table {path.name!r} has no rows: expected the columns {', '.join(COLUMNS)}, and readings."
        )
    if faults:
        raise InputError(f"The table {path.name!r} cannot be used: {_listed(faults, '; ')}. Correct it and run again.")
    return rows


def _text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"There is no table at {path.name!r}: expected a CSV with the columns {', '.join(COLUMNS)}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The table {path.name!r} is not text in UTF-8 (byte {error.start}). Save it as CSV UTF-8 and run again."
        ) from error
    if "\0" in text:
        raise InputError(
            f"The table {path.name!r} is no text: it holds zero bytes. Save it as CSV UTF-8 and run again."
        )
    if not text.strip():
        raise InputError(f"The table {path.name!r} is empty: expected the columns {', '.join(COLUMNS)}, and readings.")
    return text


def _places(path: Path, cells: Sequence[str]) -> list[int]:
    names = [cell.strip().lower() for cell in cells]
    for column in COLUMNS:
        if column not in names:
            near = difflib.get_close_matches(column, names, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]!r}? Rename it (volumes in ml: mm³ / 1000)." if near else ""
            raise InputError(
                f"The table {path.name!r} lacks the column {column!r}: expected {', '.join(COLUMNS)}, got "
                f"{', '.join(names)}.{hint}"
            )
        if names.count(column) > 1:
            raise InputError(f"The table {path.name!r} has the column {column!r} twice. Keep one.")
    return [names.index(column) for column in COLUMNS]


def _row(line: int, cells: Sequence[str], delimiter: str) -> _Row:
    patient, day, volume = cells
    if not patient:
        raise ValueError("patient is empty")
    if not day:
        raise ValueError("day is empty")
    read_day = _number("day", day, delimiter, "days as numbers, counted from any day")
    if not volume:
        return _Row(line, patient, read_day, None)
    read_volume = _number("volume_ml", volume, delimiter, "a volume in ml, or nothing where it is asked")
    if read_volume < 0:
        raise ValueError(f"volume_ml is {volume!r}, and a volume is not negative (0 where the lesion was not seen)")
    if read_volume > LARGEST_ML:
        raise ValueError(f"volume_ml is {volume!r}, more than a person; is it in mm³? Divide by 1000")
    faint = 0 < read_volume < LEAST_ML
    return _Row(line, patient, read_day, 0.0 if faint else read_volume, faint)


def _number(column: str, text: str, delimiter: str, expected: str) -> float:
    try:
        value = float(text.replace(",", ".") if delimiter != "," else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{column} is {text!r}; expected {expected}")
    return value


def _slip(rows: Sequence[_Row]) -> str | None:
    """Why the time of a patient is not in order; None where it is. A line, not a name, says where."""
    known = [row for row in rows if row.volume_ml is not None]
    for before, row in itertools.pairwise(known):
        if row.day < before.day:
            return f"line {row.line} goes back from day {before.day:g} to {row.day:g}"
    seen: dict[float, float | None] = {}
    for row in known:
        if seen.setdefault(row.day, row.volume_ml) != row.volume_ml:
            return f"line {row.line} gives day {row.day:g} a second reading that differs"
    last = max(row.day for row in known)
    for row in rows:
        if row.volume_ml is None and row.day <= last:
            return f"line {row.line} asks for day {row.day:g}, which is not after the last reading (day {last:g})"
    return None


def _series(patient: str, rows: Iterable[_Row]) -> Series:
    readings: dict[float, list[float]] = {}
    asked = []
    for row in rows:
        if row.volume_ml is None:
            asked.append(row.day)
        else:
            readings.setdefault(row.day, []).append(row.volume_ml)
    days = sorted(readings)
    volumes = [float(np.mean(readings[day])) for day in days]
    return Series(patient, np.array(days, dtype=np.float64), np.array(volumes), tuple(asked))


def _listed(many: Sequence[object], between: str = ", ") -> str:
    more = f"{between}and {len(many) - _SHOWN} more" if len(many) > _SHOWN else ""
    return between.join(map(str, many[:_SHOWN])) + more
