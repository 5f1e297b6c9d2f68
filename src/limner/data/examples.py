"""Pictures with what is known of them, in memory: for tasks on photographs, stills, radiographs and small volumes."""

from __future__ import annotations

import io as bytesio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.boxes import read_boxes
from limner.data.cohort import Case, read_cohort
from limner.data.fitted import fit_for, read_for
from limner.data.masks import read_mask
from limner.data.readers import is_reader_table, read_crops
from limner.errors import CohortError, NotAnImageError
from limner.image import Fit, Picture, fit_picture

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Example:
    """One picture at the net's size.

    Args:
        id: unique in its set.
        image: ``(C, *size)`` uint8.
        patient: no patient stands in two splits.
        site: scanner or hospital, None where unknown.
        split: ``train``, ``val``, ``test`` or None.
        label: what the cohort says it is, as text; several are joined by ``|``; None where it says nothing, which
            is "none of them" where several may be true.
        mask: ``(*size)`` uint8 values, None where there is none.
        boxes: ``(N, 2 × axes)`` low corner then high corner as ``(z,) y, x`` pixel edges of the fitted picture.
        votes: ``(*size)`` how many readers marked a pixel, None where there is one mask.
        box_labels: the class of each box as the cohort says it, None where it says nothing.
        boxes_tell: its cohort has no labels: what is in it follows from its boxes alone.
    """

    id: str
    image: NDArray[np.uint8]
    patient: str
    site: str | None = None
    split: str | None = None
    label: str | None = None
    mask: NDArray[np.uint8] | None = None
    boxes: NDArray[np.float32] | None = None
    votes: NDArray[np.uint8] | None = None
    box_labels: tuple[str | None, ...] = ()
    boxes_tell: bool = False


@dataclass(frozen=True)
class View:
    """How pictures are read: size along the axes of space, channels, the columns that are wanted.

    ``color_constancy`` takes the light's colour out (:func:`limner.data.augment.color.white_light`). ``skip_damaged``
    leaves out what cannot be read and counts it; it is refused otherwise. ``window_hu`` is what becomes black and white
    in volumes of files (:func:`limner.io.read_input`); archives hold eight bits already. ``multi_label``: a row of an
    archive's labels has a column per class, 1 where it is there, rather than one class.
    """

    size: tuple[int, ...]
    channels: int = 1
    label: str | None = "label"
    mask: str | None = None
    boxes: str | None = None
    skip_damaged: bool = False
    color_constancy: bool = False
    window_hu: tuple[float, float] | None = None
    multi_label: bool = False


@dataclass(frozen=True)
class Examples:
    """What was read, and what was left out (id and reason)."""

    rows: tuple[Example, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    def split(self, *names: str | None) -> Examples:
        """The examples of some splits; all of them for None."""
        if None in names:
            return self
        return replace(self, rows=tuple(row for row in self.rows if row.split in names))

    def stack(self) -> NDArray[np.uint8]:
        """All images, ``(N, C, *size)``."""
        return np.stack([row.image for row in self.rows])


def read_examples(path: Path, view: View, split: str | None = None, progress: Progress | None = None) -> Examples:
    """Reads a cohort of pictures, or a MedMNIST archive.

    Args:
        path: CSV or JSONL (see :func:`limner.data.cohort.read_cohort`), or ``.npz`` with the keys
            ``{split}_images`` (or ``{split}_jpeg`` and ``{split}_offsets``), ``{split}_labels`` and, where there
            are some, ``{split}_masks``; or a table of
            crops with readers' votes (see :mod:`limner.data.readers`).
        view: size, channels, columns.
        split: only this one; all of them for None.
        progress: called with an id and the share done.

    Raises:
        CohortError: missing files, columns, or damaged pictures (each by name) without ``skip_damaged``.
    """
    path = Path(path)
    if is_reader_table(path):
        return _crops(path, view, split)
    return _archive(path, view, split) if path.suffix == ".npz" else _table(path, view, split, progress)


def _table(path: Path, view: View, split: str | None, progress: Progress | None) -> Examples:
    cohort = read_cohort(path, files=False)
    cases = cohort.split(split).cases
    if not cases:
        raise CohortError(f"The cohort {path.name!r} has no cases in split {split!r}.")
    boxes_tell = bool(view.boxes) and not any(case.columns.get(view.label or "") for case in cohort.cases)
    for column in (view.label, view.mask, view.boxes):
        if column and column not in cases[0].columns and not (boxes_tell and column == "label"):
            have = ", ".join(cases[0].columns)
            raise CohortError(f"The cohort {path.name!r} lacks the column {column!r}; it has {have}.")
    rows: list[Example] = []
    bad: list[tuple[str, str]] = []
    for number, case in enumerate(cases):
        if progress:
            progress(case.id, number / len(cases))
        try:
            rows.append(replace(_example(case, view), boxes_tell=boxes_tell))
        except NotAnImageError as error:
            bad.append((case.id, str(error)))
    if bad and (not view.skip_damaged or not rows):
        listed = "\n".join(f"  {id}: {why}" for id, why in bad[:20])
        raise CohortError(
            f"{len(bad)} of {len(cases)} pictures of {path.name!r} cannot be read:\n{listed}\n"
            "Mend them, or leave them out with data.skip_damaged=true (evaluate: --skip-damaged)."
        )
    return Examples(tuple(rows), tuple(bad))


def _example(case: Case, view: View) -> Example:
    check_files(case, view.mask)
    picture = read_for(case.image, view)
    image, fit = fit_for(picture, view)
    mask = boxes = None
    labels: tuple[str | None, ...] = ()
    if view.mask and (mask_path := case.path(view.mask)):
        values = read_mask(mask_path, picture, case.id)
        mask = fit_picture(values[None], view.size, nearest=True)[0][0]
    if view.boxes:
        boxes, labels = _boxes(case, view.boxes, picture, fit)
    label = case.columns.get(view.label, "") if view.label else ""
    return Example(case.id, image, case.patient, case.site, case.split, label or None, mask, boxes, None, labels)


def check_files(case: Case, mask: str | None = None) -> None:
    """Holds the files of a case to be there: its image, and its mask where it names one.

    A missing file is damage like any other: :class:`View` says whether such cases are left out.

    Raises:
        NotAnImageError: names the file that is missing.
    """
    named = [case.columns.get("image", case.image.name), case.columns.get(mask, "") if mask else ""]
    for name in named:
        if name and not (case.folder / name).exists():
            raise NotAnImageError(f"there is no file {name!r} beside the cohort.")


def _crops(path: Path, view: View, split: str | None) -> Examples:
    rows = []
    for crop in read_crops(path, split, stacked=len(view.size) == 3):
        image = fit_for(Picture(crop.image[None]), view)[0]
        votes = fit_picture(crop.votes[None], view.size, nearest=True)[0][0]
        mask = fit_picture(crop.mask[None], view.size, nearest=True)[0][0]
        rows.append(Example(crop.id, image, crop.patient, None, crop.split, None, mask, None, votes))
    return Examples(tuple(rows))


def _boxes(case: Case, column: str, picture: Picture, fit: Fit) -> tuple[NDArray[np.float32], tuple[str | None, ...]]:
    """Boxes of the source as ``(z0,) y0, x0, (z1,) y1, x1`` of the fitted picture, and their classes."""
    axes = len(picture.size)
    written = read_boxes(case, column, axes)
    corners = written.boxes.reshape(-1, axes)
    if picture.turn is not None:
        corners = picture.turn.forth(corners)
    ends = fit.forth(corners).reshape(-1, 2, axes)
    low, high = ends.min(1), ends.max(1)  # a turned axis swaps the ends
    return np.concatenate([low, high], 1).astype(np.float32), written.labels


def _archive(path: Path, view: View, split: str | None) -> Examples:
    if not path.is_file():
        raise CohortError(f"No archive at {path.name!r}.")
    try:
        held = np.load(path, allow_pickle=False)
        splits = [name.removesuffix("_labels") for name in held.files if name.endswith("_labels")]
    except (OSError, ValueError) as error:
        raise CohortError(f"{path.name!r} is damaged or no archive of numpy arrays ({error}).") from error
    chosen = [name for name in splits if split is None or name == split]
    if not chosen:
        raise CohortError(f"The archive {path.name!r} has no split {split!r}; it has {', '.join(splits) or 'none'}.")
    rows = []
    for name in chosen:
        labels = held[f"{name}_labels"]
        for number, (array, label) in enumerate(zip(_images(held, name), labels, strict=True)):
            image = fit_for(_as_picture(array, len(view.size)), view)[0]
            id = f"{name}-{number}"
            text = _archived(label, id, view.multi_label)
            mask = None
            if view.mask and f"{name}_masks" in held.files:
                mask = fit_picture(held[f"{name}_masks"][number][None], view.size, nearest=True)[0][0]
            rows.append(Example(id, image, id, None, name, text or None, mask))
    return Examples(tuple(rows))


def _archived(label: Any, id: str, multi_label: bool) -> str:
    """An archive's label as text; of a row with a column per class the numbers of those that are there."""
    values = np.atleast_1d(label).tolist()
    if not multi_label or len(values) == 1:
        return "|".join(map(str, values))
    if not set(values) <= {0, 1}:
        raise CohortError(f"{id!r}: a label with a column per class holds 0 and 1; got {values}.")
    return "|".join(str(k) for k, there in enumerate(values) if there)


def _images(held: Any, split: str) -> Sequence[NDArray[np.uint8]]:
    if f"{split}_jpeg" not in held.files:
        images: NDArray[np.uint8] = held[f"{split}_images"]
        return list(images)
    from limner import io

    data, at = held[f"{split}_jpeg"].tobytes(), held[f"{split}_offsets"]
    pictures = (io.read_picture(bytesio.BytesIO(data[a:b])) for a, b in pairwise(at))
    return [np.moveaxis(one.array, 0, -1) for one in pictures]


def _as_picture(array: NDArray[np.uint8], axes: int) -> Picture:
    if array.ndim == axes:
        return Picture(array[None])
    return Picture(np.ascontiguousarray(np.moveaxis(array, -1, 0)))


def class_indices(examples: Examples, classes: dict[str, str]) -> NDArray[np.int64]:
    """The class of each example, as an index into ``classes`` (cohort value → name).

    Raises:
        CohortError: a label is missing or unknown (with the first that are).
    """
    values = list(classes)
    missing = [row.id for row in examples.rows if row.label is None]
    unknown = sorted({row.label for row in examples.rows if row.label is not None and row.label not in classes})
    if missing or unknown:
        told = [f"{len(missing)} without a label ({', '.join(missing[:5])})"] if missing else []
        told += [f"unknown labels {', '.join(map(repr, unknown[:5]))}"] if unknown else []
        several = any(set(labels_of(one)) <= set(classes) for one in unknown)
        hint = " Where several classes may be there at once, or none, set data.multi_label: true." if several else ""
        raise CohortError(f"Labels do not fit: {'; '.join(told)}. Known are {', '.join(map(repr, values))}.{hint}")
    return np.array([values.index(row.label or "") for row in examples.rows], np.int64)


def labels_of(label: str | None) -> tuple[str, ...]:
    """The labels of an example that may have several, ``a|b``; none for None or an empty text.

    >>> labels_of("mass | nodule"), labels_of("")
    (('mass', 'nodule'), ())
    """
    return tuple(part for one in (label or "").split("|") if (part := one.strip()))


def class_truths(examples: Examples, classes: dict[str, str], none: Collection[str] = ()) -> NDArray[np.bool_]:
    """Which classes are there in each example ``(N, K)``; an example without a label has none of them.

    Args:
        examples: whose labels are joined by ``|``.
        classes: cohort value → name, K of them.
        none: labels that say, as an empty one does, that no class is there.

    Raises:
        CohortError: a label is unknown (with the first that are).
    """
    values = list(classes)
    found = [labels_of(row.label) for row in examples.rows]
    unknown = sorted({one for some in found for one in some if one not in classes and one not in none})
    if unknown:
        raise CohortError(
            f"Labels do not fit: unknown labels {', '.join(map(repr, unknown[:5]))}. Known are "
            f"{', '.join(map(repr, values))}, several joined by '|'. An empty label is none of them; a cohort's own "
            "word for that can be led to it in a recipe, e.g. data.sources.0.values: {No finding: ''}. Are the labels "
            "in another column? Name it with data.column (evaluate, explain: --label)."
        )
    return np.array([[value in some for value in values] for some in found], bool).reshape(len(found), len(values))
