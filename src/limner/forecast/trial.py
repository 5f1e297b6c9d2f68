"""Series of a trial, whole: what priors are learned from, and what forecasts are held against."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from limner.errors import InputError
from limner.forecast.series import Series

LALEH = "Laleh et al., PLoS Comput Biol 18:e1009822, 2022 (github.com/ablaom/TumorGrowth.jl, MIT)"
LEAST_READINGS = 3
"""One is hidden, and two are the least that a curve is fitted to."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Lesions with all their readings, the study arm of each (empty where the table has none), and their source."""

    series: tuple[Series, ...]
    arms: tuple[str, ...]
    source: str


def read_trial(path: Path, split: str | None = None) -> Trial:
    """Reads a table with a row per reading, every one with a volume; lesions of fewer than three readings are left out.

    Two forms are known: the columns ``patient, day, volume_ml`` and perhaps ``split`` and ``arm``; and the table of
    Laleh et al. (``Pt_hashID, T_days, Lesion_vol`` in mm³, ``Study_Arm``). ``splits.csv`` beside the table (``id,
    split``) says the split where the table does not. A folder stands for its ``flat_patient_data.csv``.

    Args:
        path: of the table.
        split: only the lesions of this split, or of several joined by a comma; all where None.

    Raises:
        InputError: no table, a column is missing, a volume is none, the split has no lesion.

    Source: Laleh et al., PLoS Comput Biol 18:e1009822, 2022.
    """
    path = path / "flat_patient_data.csv" if path.is_dir() else path
    if not path.is_file():
        raise InputError(f"There is no table at {path.name!r}: expected a CSV with a row per reading.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = set(rows[0]) if rows else set()
    if {"Pt_hashID", "T_days", "Lesion_vol"} <= columns:
        names, per_ml = ("Pt_hashID", "T_days", "Lesion_vol", "Study_Arm"), 1000.0
    elif {"patient", "day", "volume_ml"} <= columns:
        names, per_ml = ("patient", "day", "volume_ml", "arm"), 1.0
    else:
        raise InputError(
            f"The table {path.name!r} has the columns {', '.join(sorted(columns)) or 'none'}: expected patient, day, "
            "volume_ml (perhaps split, arm), or Pt_hashID, T_days, Lesion_vol as published by Laleh et al., 2022."
        )
    splits = _splits(path, rows, names[0]) if split is not None else {}
    readings: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    arms: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        patient = row[names[0]]
        if split is not None and splits.get(patient) not in split.split(","):
            continue
        try:
            readings[patient][float(row[names[1]])].append(float(row[names[2]]) / per_ml)
        except ValueError as error:
            raise InputError(f"The table {path.name!r}, line {line}: expected numbers, got {error}.") from error
        arms[patient] = row.get(names[3]) or ""
    series = [_series(patient, own) for patient, own in readings.items()]
    kept = tuple(one for one in series if len(one.days) >= LEAST_READINGS)
    if not kept:
        of_split = f" in the split {split!r} (known: {', '.join(sorted(set(splits.values())))})" if split else ""
        raise InputError(
            f"The table {path.name!r} has no lesion with {LEAST_READINGS} readings{of_split}: one is hidden, and two "
            "are the least that a curve is fitted to."
        )
    return Trial(kept, tuple(arms[one.patient] for one in kept), LALEH if per_ml == 1000 else path.name)


def _splits(path: Path, rows: Iterable[dict[str, str]], patient: str) -> dict[str, str]:
    beside = path.parent / "splits.csv"
    if beside.is_file():
        with beside.open(encoding="utf-8-sig", newline="") as file:
            return {row["id"]: row["split"] for row in csv.DictReader(file)}
    return {row[patient]: row["split"] for row in rows if row.get("split")}


def _series(patient: str, readings: dict[float, list[float]]) -> Series:
    """In the order of time; two readings of a day become their mean."""
    days = sorted(readings)
    volumes = [float(np.mean(readings[day])) for day in days]
    return Series(patient, np.array(days), np.array(volumes))
