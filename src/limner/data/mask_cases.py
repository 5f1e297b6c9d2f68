"""Pictures with masks as they came, not yet at a net's size: what a segmentation is held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.cohort import Case, read_cohort
from limner.data.examples import Examples, View, check_files, read_examples
from limner.data.fitted import read_for
from limner.data.masks import by_value, class_mask, marked_or_not, read_mask, unnamed
from limner.data.readers import is_reader_table, read_crops
from limner.errors import CohortError, NotAnImageError
from limner.image import Picture


@dataclass(frozen=True)
class MaskCase:
    """One picture and its truth on the picture's own grid.

    Args:
        truth: ``(*size)`` class indices; the mask's own values where no classes were asked for.
        votes: ``(*size)`` how many readers marked a pixel, None where there is one mask.
    """

    id: str
    patient: str
    site: str | None
    picture: Picture
    truth: NDArray[np.uint8]
    label: str | None = None
    votes: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class MaskCases:
    """Cases that are read one by one.

    ``left_out`` fills while they are (id and reason), and ``as_marked`` with the cases whose mask has values that the
    two classes do not name, so that it was taken as marked or not.
    """

    path: Path
    view: View
    split: str | None
    classes: Mapping[str, str] | None
    left_out: list[tuple[str, str]]
    as_marked: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[MaskCase]:
        if is_reader_table(self.path):
            return self._crops()
        return self._arrays() if self.path.suffix == ".npz" else self._files()

    def _crops(self) -> Iterator[MaskCase]:
        for crop in read_crops(self.path, self.split, stacked=len(self.view.size) == 3):
            truth = self._truth(crop.mask, None, crop.id)
            yield MaskCase(crop.id, crop.patient, None, Picture(crop.image[None]), truth, None, crop.votes)

    def _arrays(self) -> Iterator[MaskCase]:
        for row in read_examples(self.path, self.view, self.split).rows:
            truth = self._truth(row.mask, row.label, row.id)
            yield MaskCase(row.id, row.patient, row.site, Picture(row.image), truth, row.label)

    def _files(self) -> Iterator[MaskCase]:
        for case in read_cohort(self.path, files=False).split(self.split).cases:
            try:
                found = self._file(case)
            except NotAnImageError as error:
                if not self.view.skip_damaged:
                    raise CohortError(
                        f"Case {case.id!r} cannot be read: {error} Mend it, or leave it out with --skip-damaged."
                    ) from error
                self.left_out.append((case.id, str(error)))
                continue
            if found is not None:
                yield found

    def _file(self, case: Case) -> MaskCase | None:
        check_files(case, self.view.mask or "mask")
        path = case.path(self.view.mask or "mask")
        if path is None:
            self.left_out.append((case.id, "it has no mask"))
            return None
        picture = read_for(case.image, self.view)
        label = case.columns.get(self.view.label or "label") or None
        truth = self._truth(read_mask(path, picture, case.id), label, case.id)
        return MaskCase(case.id, case.patient, case.site, picture, truth, label)

    def _truth(self, mask: NDArray[np.uint8] | None, label: str | None, who: str) -> NDArray[np.uint8]:
        if self.classes is None and mask is not None:
            return mask
        classes = self.classes or {}
        if mask is not None and by_value(classes) and unnamed(mask, classes) and marked_or_not(classes):
            self.as_marked.append(who)
        return class_mask(mask, label, classes, who, as_marked=True)


def read_mask_cases(path: Path, view: View, split: str | None, classes: Mapping[str, str] | None) -> MaskCases:
    """The cases of a cohort, archive or table of readers' crops; see :func:`limner.data.examples.read_examples`.

    Args:
        path: of the cohort.
        view: columns, and whether damaged pictures are left out.
        split: only these; all where None.
        classes: value or label → name; None for the values as the masks hold them.
    """
    return MaskCases(Path(path), view, split, classes, [])


def class_masks(examples: Examples, classes: Mapping[str, str]) -> NDArray[np.uint8]:
    """Class indices ``(N, *size)`` of the masks of examples; :func:`other_values` are taken as marked.

    Raises:
        CohortError: masks are missing, values or labels unknown (every case that is wrong), or nothing is marked.
    """
    found, wrong = [], []
    as_marked = bool(other_values(examples, classes))
    for row in examples.rows:
        try:
            found.append(class_mask(row.mask, row.label, classes, row.id, as_marked))
        except CohortError as error:
            wrong.append(str(error))
    if wrong:
        more = f"\n… and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise CohortError("Masks do not fit:\n" + "\n".join(wrong[:10]) + more)
    if not any(one.any() for one in found):
        raise CohortError(f"Nothing is marked in any of the {len(found)} masks: a net would learn to find nothing.")
    return np.stack(found)


def other_values(examples: Examples, classes: Mapping[str, str]) -> tuple[int, ...]:
    """Values of masks that the two classes do not name and that can only mean the one thing there is.

    Masks of 0 and 255 are written where others write 0 and 1. None where the class has a number of its own choice
    (7 is no way of saying "marked"), or where masks hold its value beside others, which then mean something else.
    """
    if not marked_or_not(classes) or list(classes)[1] not in MARKED:
        return ()
    values = {v for row in examples.rows if row.mask is not None for v in np.unique(row.mask).tolist()}
    return () if int(list(classes)[1]) in values else tuple(sorted(values - {0}))


MARKED = ("1", "255")
"""How masks usually say that a pixel is marked."""
