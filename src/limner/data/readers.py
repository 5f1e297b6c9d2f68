"""Crops that several readers marked: a table of patients with an archive each, images and votes.

As LIDC-IDRI's nodules lie in ``index.csv`` (``patient, file, split``): each file holds ``image`` and ``votes``
``(n, Y, X)``, how many readers marked a pixel, and ``nodule`` and ``slice`` ``(n,)``.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.cohort import read_cohort
from limner.errors import CohortError

READERS = 4
"""Readers of LIDC-IDRI. Source: Armato et al., Med. Phys. 38:915, 2011."""
MAJORITY = 2
"""Votes at which a pixel counts as marked: half of the readers, as is usual for LIDC-IDRI's consensus."""


@dataclass(frozen=True)
class Crop:
    """One slice of one nodule, or with ``stacked`` reading all of its slices.

    Args:
        id: unique in the table.
        image, votes: ``(Y, X)`` or ``(Z, Y, X)``.
    """

    id: str
    patient: str
    split: str | None
    image: NDArray[np.uint8]
    votes: NDArray[np.uint8]

    @property
    def mask(self) -> NDArray[np.uint8]:
        """1 where at least half of the readers marked."""
        return (self.votes >= MAJORITY).astype(np.uint8)


def is_reader_table(path: Path) -> bool:
    """Whether a CSV lists such archives instead of images."""
    path = Path(path)
    if path.suffix != ".csv" or not path.is_file():
        return False
    with path.open(encoding="utf-8-sig") as opened:
        header = next(csv.reader(opened), [])
    return {"patient", "file"} <= set(header) and "image" not in header


def read_crops(path: Path, split: str | None = None, *, stacked: bool = False) -> Iterator[Crop]:
    """Every crop of a table.

    Args:
        path: of the table.
        split: only this one; all of them for None.
        stacked: a crop per nodule, its slices in order, in place of a crop per slice.

    Raises:
        CohortError: as :func:`limner.data.cohort.read_cohort`; an archive is damaged or lacks an array.
    """
    cases = read_cohort(Path(path)).split(split).cases
    if not cases:
        raise CohortError(f"{Path(path).name!r} has no patients in split {split!r}.")
    for case in cases:
        yield from _crops(case.image, case.patient, case.split, stacked)


def _crops(path: Path, patient: str, split: str | None, stacked: bool) -> Iterator[Crop]:
    try:
        with np.load(path, allow_pickle=False) as held:
            image, votes, nodule, number = (held[name] for name in ("image", "votes", "nodule", "slice"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise CohortError(
            f"{path.name!r} is missing, damaged, or lacks one of image, votes, nodule, slice ({error})."
        ) from error
    if image.shape != votes.shape or image.ndim != 3:
        raise CohortError(f"{path.name!r}: image is {image.shape} and votes {votes.shape}; expected (n, Y, X) of both.")
    if votes.max(initial=0) > READERS:
        raise CohortError(f"{path.name!r} has {votes.max()} votes on a pixel; there are {READERS} readers.")
    if not stacked:
        for k in range(len(image)):
            yield Crop(f"{patient}-{nodule[k]}-{number[k]}", patient, split, image[k], votes[k])
        return
    for one in np.unique(nodule):
        inside = np.flatnonzero(nodule == one)
        order = inside[np.argsort(number[inside], kind="stable")]
        yield Crop(f"{patient}-{one}", patient, split, image[order], votes[order])
