"""Nobody is learned from who is held out: within a cohort the table says so, between cohorts this does."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from limner.data.cohort import read_cohort
from limner.data.examples import Examples
from limner.errors import CohortError
from limner.train.recipe_data import PictureSource


def with_patients(examples: Examples, source: PictureSource) -> Examples:
    """Examples of an archive under the patients that a table beside it names.

    Who is not in the table is left out: it may be one of those who are held out, photographed twice.
    """
    if source.patients is None:
        return examples
    known = _table(source)
    rows = tuple(replace(row, patient=known[row.id]) for row in examples.rows if row.id in known)
    unknown = [
        (row.id, "its patient is not known, and may be held out") for row in examples.rows if row.id not in known
    ]
    return Examples(rows, (*examples.left_out, *unknown))


def held_out(sources: Sequence[PictureSource]) -> dict[str, str]:
    """Patients of the splits that no source learns from, with the set that holds them out."""
    found: dict[str, str] = {}
    for source in sources:
        path = Path(source.cohort)
        if path.suffix == ".npz":
            rows = [(id.rsplit("-", 1)[0], patient) for id, patient in _table(source).items()]
        else:
            rows = [(case.split or "", case.patient) for case in read_cohort(path, files=False).cases]
        if source.split is not None:
            found |= {patient: path.parent.name for split, patient in rows if split != source.split}
    return found


def without(examples: Examples, patients: Mapping[str, str]) -> Examples:
    """Examples of everybody else; who is left out is named with the set that holds them out."""
    rows, left = [], list(examples.left_out)
    for row in examples.rows:
        if row.patient in patients:
            left.append((row.id, f"its patient is held out in {patients[row.patient]}"))
        else:
            rows.append(row)
    return Examples(tuple(rows), tuple(left))


def drawn(examples: Examples, count: int, seed: int) -> Examples:
    """Examples of so many patients, drawn from each label in turn, the rarest first; all of them where they are fewer.

    A patient with several labels counts as the first of them.
    """
    labels: dict[str, str] = {}
    for row in examples.rows:
        labels.setdefault(row.patient, row.label or "")
    rng = np.random.default_rng([seed, 5])
    of_label: dict[str, list[str]] = {}
    for patient in rng.permutation(sorted(labels)).tolist():
        of_label.setdefault(labels[patient], []).append(patient)
    rarest_first = sorted(of_label.values(), key=len)
    turns = [one for turn in zip_longest(*rarest_first) for one in turn if one is not None]
    kept = {*turns[:count]}
    return Examples(tuple(row for row in examples.rows if row.patient in kept), examples.left_out)


def _table(source: PictureSource) -> dict[str, str]:
    """``{split}-{row}`` of an archive → patient, where the table knows it."""
    if source.patients is None:
        return {}
    path = Path(source.cohort).parent / source.patients.file
    if not path.is_file():
        raise CohortError(f"{source.cohort!r} names its patients in {source.patients.file!r}, which is not beside it.")
    column = source.patients.column
    with path.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    missing = {"split", "row", column} - set(rows[0] if rows else {})
    if missing:
        raise CohortError(f"{path.name!r} lacks the column(s) {sorted(missing)}, which name an archive's patients.")
    return {f"{row['split']}-{row['row']}": row[column] for row in rows if row[column]}
