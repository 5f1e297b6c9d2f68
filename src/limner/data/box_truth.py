"""What boxes and labels say is in an example: which classes, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.data.boxes import LABELS
from limner.data.examples import Example, Examples
from limner.errors import CohortError


@dataclass(frozen=True)
class Truth:
    """What is in each of M examples, of K classes without the background.

    Args:
        boxes: per example ``(N, 2 × axes)`` pixel edges of the fitted picture.
        kinds: per example ``(N,)`` the class of each box, from 0.
        there: ``(M, K)`` whether a class is there.
        left_out: classes of boxes that are not asked for, and how many boxes; those boxes are in no other field.
    """

    boxes: tuple[NDArray[np.float32], ...]
    kinds: tuple[NDArray[np.int64], ...]
    there: NDArray[np.bool_]
    left_out: dict[str, int]

    @property
    def unplaced(self) -> NDArray[np.bool_]:
        """``(M, K)`` the class is there and no box says where."""
        placed = np.zeros_like(self.there)
        for row, kinds in zip(placed, self.kinds, strict=True):
            row[kinds] = True
        return self.there & ~placed

    @property
    def known(self) -> NDArray[np.bool_]:
        """``(M,)`` whether every class that is there has its boxes."""
        return np.asarray(~self.unplaced.any(1), np.bool_)


def truth_of(examples: Examples, classes: Mapping[str, str], *, strict: bool = True) -> Truth:
    """What examples hold, from their boxes and labels.

    A box is of its own class where the cohort says one, of its picture's label otherwise, of the only class where there
    is but one. What is in a picture is what its boxes and its label say. Where a cohort has no labels, its boxes alone
    say it. A box whose own class is the background is left out: so a cohort's other findings are.

    Args:
        classes: cohort value → name, the background first; both are known, capitals or not.
        strict: a class of a box that is unknown is refused; it is left out and counted otherwise.

    Raises:
        CohortError: a label is missing or unknown, a box has no class that is known, or a picture of the background
            has boxes.
    """
    reader = _Reader(classes, strict)
    for row in examples.rows:
        reader.read(row)
    reader.refuse()
    there = np.zeros((len(examples.rows), len(classes) - 1), bool)
    for place, one in zip(there, reader.present, strict=True):
        place[list(one)] = True
    return Truth(tuple(reader.boxes), tuple(reader.kinds), there, dict(reader.left_out))


class _Reader:
    """Gathers every problem, so that one run tells all."""

    def __init__(self, classes: Mapping[str, str], strict: bool) -> None:
        self.classes, self.strict = classes, strict
        self.index: dict[str, int] = {}
        for some in (classes, classes.values(), map(str.casefold, classes), map(str.casefold, classes.values())):
            for number, name in enumerate(some):
                self.index.setdefault(name, number)
        self.boxes: list[NDArray[np.float32]] = []
        self.kinds: list[NDArray[np.int64]] = []
        self.present: list[set[int]] = []
        self.left_out: Counter[str] = Counter()
        self.unlabelled: list[str] = []
        self.unclassed: list[str] = []
        self.background: list[str] = []
        self.unknown: Counter[str] = Counter()
        self.unknown_boxes: Counter[str] = Counter()

    def _class(self, label: str) -> int | None:
        return self.index.get(label, self.index.get(label.casefold()))

    def read(self, row: Example) -> None:
        """One example."""
        axes = row.image.ndim - 1
        boxes = np.zeros((0, 2 * axes), np.float32) if row.boxes is None else row.boxes
        own = row.box_labels if len(row.box_labels) == len(boxes) else (None,) * len(boxes)
        said = self._said(row, len(boxes))
        kinds = [self._kind(row, label, said) for label in own]
        keep = [k for k, kind in enumerate(kinds) if kind is not None]
        found = np.array([kinds[k] for k in keep], np.int64)
        if said == {0} and len(keep):
            self.background.append(row.id)
        self.boxes.append(boxes[keep])
        self.kinds.append(found - 1)
        self.present.append({k - 1 for k in (said | set(found.tolist())) if k})

    def _said(self, row: Example, boxes: int) -> set[int]:
        """The classes that the picture's label says; nothing where its boxes alone tell."""
        if row.label is None:
            if not row.boxes_tell and not boxes:
                self.unlabelled.append(row.id)
            return set()
        found = set()
        for part in [row.label] if row.label in self.classes else row.label.split("|"):
            index = self._class(part.strip())
            if index is None:
                self.unknown[part.strip()] += 1
            else:
                found.add(index)
        return found if found == {0} else found - {0}

    def _kind(self, row: Example, own: str | None, said: set[int]) -> int | None:
        """The class of a box, None where it is left out."""
        if own is not None:
            index = self._class(own)
            if index is None:
                (self.unknown_boxes if self.strict else self.left_out)[own] += 1
            elif index == 0:
                self.left_out[own] += 1
            return index or None
        if len(said) == 1:
            [one] = said
            return one
        if len(self.classes) == 2:
            return 1
        self.unclassed.append(row.id)
        return None

    def refuse(self) -> None:
        """Raises what was gathered."""
        names = list(self.classes)
        told = []
        if self.unlabelled:
            told.append(f"{len(self.unlabelled)} without a label ({', '.join(self.unlabelled[:5])})")
        if self.unknown:
            told.append(f"unknown labels {', '.join(map(repr, sorted(self.unknown)[:5]))}")
        if told:
            raise CohortError(f"Labels do not fit: {'; '.join(told)}. Known are {', '.join(map(repr, names))}.")
        if self.unknown_boxes:
            some = ", ".join(f"{name!r} ({count})" for name, count in sorted(self.unknown_boxes.items())[:8])
            raise CohortError(
                f"Boxes have classes that are not known: {some}. Known are {', '.join(map(repr, names))}. Name them in "
                "data.classes, or say with the source's 'values' which class each is, e.g. "
                f"values: {{{sorted(self.unknown_boxes)[0]}: {names[-1]}}}; what leads to {names[0]!r} is left out."
            )
        if self.unclassed:
            raise CohortError(
                f"{len(self.unclassed)} example(s) have boxes and no class of them: {', '.join(self.unclassed[:5])}. "
                f"There are several classes ({', '.join(map(repr, names[1:]))}): give each box its own in the column "
                f"{LABELS!r} (a JSON list as long as the boxes), or each picture a label."
            )
        if self.background:
            raise CohortError(
                f"{len(self.background)} example(s) of class {self.classes[names[0]]!r}, which is the background, have "
                f"boxes: {', '.join(self.background[:5])}. The first of data.classes is what has none."
            )
