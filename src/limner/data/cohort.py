"""A cohort: a table with a row per case."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from limner.errors import CohortError


@dataclass(frozen=True)
class Case:
    """One row: paths are absolute, other columns are kept as text in ``columns``."""

    id: str
    image: Path
    split: str | None
    patient: str
    site: str | None
    columns: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()

    def path(self, column: str) -> Path | None:
        """The file that a column names, None where the row leaves it empty.

        Raises:
            CohortError: where the file is named and not there.
        """
        value = self.columns.get(column, "")
        if not value:
            return None
        found = self.folder / value
        if not found.exists():
            raise CohortError(f"Case {self.id!r}, column {column!r}: no file {value!r} beside the cohort.")
        return found

    @property
    def hu_window(self) -> tuple[float, float] | None:
        """``(low, high)`` where the column ``hu_window`` says that values are known only inside, e.g. ``-40..160``."""
        text = self.columns.get("hu_window", "").split(" ")[0]
        if ".." not in text:
            return None
        low, high = text.split("..")
        return float(low), float(high)


@dataclass(frozen=True)
class Cohort:
    """Cases of one table; no patient is in two splits."""

    path: Path
    cases: tuple[Case, ...]
    regions: dict[str, tuple[int, ...]] | None = None

    def split(self, name: str | None) -> Cohort:
        """The cases of one split; all of them for None."""
        return Cohort(self.path, tuple(c for c in self.cases if name is None or c.split == name), self.regions)


def data_root() -> Path:
    """Where shared data lie: the environment variable ``LIMNER_DATA``, else ``../shared/data``."""
    return Path(os.environ.get("LIMNER_DATA", "../shared/data")).expanduser()


def read_cohort(path: Path, *, files: bool = True) -> Cohort:
    """Reads a CSV or JSONL cohort and ``regions.json`` beside it.

    Images lie relative to the table, or below ``${LIMNER_DATA}`` (:func:`data_root`) where a row says so.

    Args:
        path: of the table.
        files: refuse a table that names an image which is not there; without, who reads the image finds out.

    Raises:
        CohortError: a missing file or column, a repeated id, a patient in two splits (with the list).
    """
    path = Path(path)
    if not path.is_file():
        raise CohortError(f"No cohort at {path.name!r}: expected a CSV or JSONL file with the columns id and image.")
    rows = _rows(path)
    if not rows:
        raise CohortError(f"The cohort {path.name!r} has no rows.")
    crops = {"patient", "file"} <= set(rows[0]) and "image" not in rows[0]  # see limner.data.readers
    missing = set() if crops else {"id", "image"} - set(rows[0])
    if missing:
        raise CohortError(f"The cohort {path.name!r} lacks the column(s) {sorted(missing)}; it has {sorted(rows[0])}.")
    cases = []
    for columns in rows:
        row = {"id": Path(columns["file"]).stem, "image": columns["file"], **columns} if crops else columns
        image = path.parent / row["image"].replace("${LIMNER_DATA}", str(data_root().absolute()))
        if files and not image.exists():
            raise CohortError(f"The cohort {path.name!r} names an image that is not there: {row['image']!r}.")
        cases.append(
            Case(
                id=row["id"],
                image=image.resolve(),
                split=row.get("split") or None,
                patient=row.get("patient") or row["id"],
                site=row.get("site") or None,
                columns=columns,
                folder=path.parent.resolve(),
            )
        )
    _refuse_shared_patients(path, cases)
    regions_file = path.parent / "regions.json"
    regions = None
    if regions_file.is_file():
        regions = {name: tuple(values) for name, values in json.loads(regions_file.read_text()).items()}
    return Cohort(path, tuple(cases), regions)


def _rows(path: Path) -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        try:
            loaded = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            raise CohortError(f"The cohort {path.name!r}: line {error.lineno} is not JSON ({error.msg}).") from error
        return [{k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()} for row in loaded]
    return [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(text.splitlines())]


def _refuse_shared_patients(path: Path, cases: list[Case]) -> None:
    seen: set[str] = set()
    splits: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        if case.id in seen:
            raise CohortError(f"The cohort {path.name!r} has the id {case.id!r} twice.")
        seen.add(case.id)
        if case.split:
            splits[case.patient].add(case.split)
    shared = sorted(patient for patient, names in splits.items() if len(names) > 1)
    if shared:
        raise CohortError(
            f"The cohort {path.name!r} has patients in more than one split: {', '.join(shared)}. "
            "Put each patient's cases into one split."
        )
