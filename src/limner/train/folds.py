"""A cohort dealt into folds: no patient stands in two of them, and every fold holds its share of each class."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.cohort import read_cohort
from limner.errors import CohortError


@dataclass(frozen=True)
class Row:
    """What dealing needs of a case: its key, its patient, and the class that folds should hold alike."""

    key: str
    patient: str
    label: str


def deal(rows: Sequence[Row], folds: int, seed: int = 0) -> dict[str, int]:
    """The fold of each patient.

    Patients with the rarest classes are dealt first, each to the fold that then differs least from its share of every
    class, so that folds hold all classes alike.

    Args:
        rows: of all cohorts together: a patient who is in two of them comes into one fold.
        folds: at least 2.
        seed: of ties.

    Raises:
        CohortError: fewer patients than folds.
    """
    patients = sorted({row.patient for row in rows})
    if folds < 2 or len(patients) < folds:
        raise CohortError(f"--folds is 2 to the number of patients, {len(patients)}; got {folds}.")
    labels = sorted({row.label for row in rows})
    place, number = {p: k for k, p in enumerate(patients)}, {v: k for k, v in enumerate(labels)}
    counts: NDArray[np.float64] = np.zeros((len(patients), len(labels)))
    for row in rows:
        counts[place[row.patient], number[row.label]] += 1
    total = counts.sum(0)
    ties = np.random.default_rng(seed).permutation(len(patients))
    rarest = (counts / total).max(1)
    order = sorted(range(len(patients)), key=lambda k: (-rarest[k], -counts[k].sum(), int(ties[k])))
    held = np.zeros((folds, len(labels)))
    members = np.zeros(folds, int)
    dealt = {}
    for k in order:
        cost = [
            (float((((held[f] + counts[k]) / total) ** 2).sum() - ((held[f] / total) ** 2).sum()), int(members[f]))
            for f in range(folds)
        ]
        best = min(range(folds), key=lambda f: cost[f])
        held[best] += counts[k]
        members[best] += 1
        dealt[patients[k]] = best
    return dealt


def rows_of(path: Path, splits: Sequence[str] | None, column: str | None = None) -> list[Row]:
    """The cases of some splits of a cohort or MedMNIST archive; of all for None.

    An archive names no patients: each of its pictures counts as one.
    """
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as held:
            names = [n.removesuffix("_labels") for n in held.files if n.endswith("_labels")]
            chosen = [name for name in names if splits is None or name in splits]
            return [
                Row(f"{name}-{k}", f"{path.name}/{name}-{k}", str(np.atleast_1d(label).tolist()))
                for name in chosen
                for k, label in enumerate(held[f"{name}_labels"])
            ]
    cases = [case for case in read_cohort(path, files=False).cases if splits is None or (case.split or "") in splits]
    return [Row(case.id, case.patient, case.columns.get(column or "", "")) for case in cases]


@dataclass(frozen=True)
class Fold:
    """Which patients a fold holds out, and which it is checked on."""

    held_out: frozenset[str]
    check: frozenset[str] = frozenset()

    def split_of(self, patient: str) -> str:
        """``test`` where it is held out, ``val`` where it is checked on, else ``train``."""
        return "test" if patient in self.held_out else "val" if patient in self.check else "train"


def write_fold(path: Path, splits: Sequence[str] | None, fold: Fold, into: Path) -> Path:
    """A copy of a cohort whose column ``split`` says train, val and test as a fold does; files stay where they are.

    Rows of other splits (a test split above all) are left out.

    Args:
        path: CSV, JSONL or a MedMNIST archive.
        splits: whose rows are dealt.
        fold: see :class:`Fold`.
        into: folder to write into.

    Returns:
        The new cohort.
    """
    into.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npz":
        return _write_archive(path, rows_of(path, splits), fold, into / path.name)
    cohort = read_cohort(path, files=False)
    cases = [case for case in cohort.cases if splits is None or (case.split or "") in splits]
    columns = list(dict.fromkeys([*cases[0].columns, "split", "patient"]))
    target = into / f"{path.stem}.csv"
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for case in cases:
            row = {name: _there(value, case.folder) for name, value in case.columns.items()}
            writer.writerow({**row, "split": fold.split_of(case.patient), "patient": case.patient})
    if (path.parent / "regions.json").is_file():
        shutil.copyfile(path.parent / "regions.json", into / "regions.json")
    return target


def _there(value: str, folder: Path) -> str:
    """A path beside the cohort as an absolute one; other text as it is."""
    if not value or len(value) > 255 or "\n" in value:
        return value
    found = folder / value
    return str(found.resolve()) if found.exists() and found != folder else value


def _write_archive(path: Path, rows: Sequence[Row], fold: Fold, target: Path) -> Path:
    out: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as held:
        packed = any(name.endswith("_jpeg") for name in held.files)
        labels = {name: held[name] for name in held.files if name.endswith("_labels")}
        images = {
            name: _streams(held, name.removesuffix("_labels")) if packed else held[name.replace("labels", "images")]
            for name in labels
        }
    for split in ("train", "val", "test"):
        places = [row.key.rsplit("-", 1) for row in rows if fold.split_of(row.patient) == split]
        chosen = [(images[f"{name}_labels"][int(k)], labels[f"{name}_labels"][int(k)]) for name, k in places]
        if not chosen:
            continue
        out[f"{split}_labels"] = np.array([label for _, label in chosen])
        if packed:
            out[f"{split}_jpeg"] = np.frombuffer(b"".join(one for one, _ in chosen), np.uint8)
            out[f"{split}_offsets"] = np.cumsum([0, *(len(one) for one, _ in chosen)])
        else:
            out[f"{split}_images"] = np.stack([one for one, _ in chosen])
    np.savez(target, **out)
    return target


def _streams(held: Any, name: str) -> list[bytes]:
    data, offsets = held[f"{name}_jpeg"].tobytes(), held[f"{name}_offsets"]
    return [data[a:b] for a, b in pairwise(offsets)]
