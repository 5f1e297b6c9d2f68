"""Boxes as a cohort writes them: JSON in a column, with or without a class of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.cohort import Case
from limner.errors import CohortError

LABELS = "box_labels"
"""Column with the class of each box, a JSON list as long as the boxes."""

_FORMS = {
    2: "[x0, y0, x1, y1] in pixels",
    3: "[x0, y0, z0, x1, y1, z1], or a sphere [x, y, z, diameter], in voxels along the axes of the file",
}


@dataclass(frozen=True)
class Written:
    """Boxes of one case, on its source.

    Args:
        boxes: ``(N, 2 × axes)`` low corner then high corner as ``(z,) y, x`` pixel edges.
        labels: the class of each as the cohort says it, None where it says nothing.
    """

    boxes: NDArray[np.float64]
    labels: tuple[str | None, ...]


def read_boxes(case: Case, column: str, axes: int) -> Written:
    """The boxes of a case: a JSON list, empty where there is nothing to find.

    Each is ``[x0, y0, x1, y1]`` in pixels; of a volume ``[x0, y0, z0, x1, y1, z1]`` or a sphere ``[x, y, z, diameter]``
    in voxels along the axes of its file, which becomes the box around it; or ``{"box": […], "class": "…"}``. Classes
    may stand in the column :data:`LABELS` instead.

    Raises:
        CohortError: another form; a box that ends before it begins; as many classes as boxes are not there.
    """
    given = _list(case, column)
    if given and not isinstance(given[0], (list, dict)):
        given = [given]  # one box without the outer brackets
    labels = _labels(case, len(given))
    rows = []
    for number, one in enumerate(given):
        inner = one
        if isinstance(one, dict):
            if "box" not in one or not isinstance(one.get("class"), (str, int, type(None))):
                raise CohortError(f'{_where(case, column)}: expected {{"box": […], "class": "…"}}, got {one!r}.')
            inner, own = one["box"], one.get("class")
            if own is not None and labels[number] not in (None, str(own)):
                raise CohortError(
                    f"{_where(case, column)}: box {number + 1} is {own!r} there and {labels[number]!r} in {LABELS!r}."
                )
            labels[number] = labels[number] if own is None else str(own)
        rows.append(_corners(case, column, inner, axes))
    return Written(np.array(rows, float).reshape(-1, 2 * axes), tuple(labels))


def _corners(case: Case, column: str, one: Any, axes: int) -> list[float]:
    plain = isinstance(one, list) and all(isinstance(v, (int, float)) and np.isfinite(v) for v in one)
    if plain and len(one) == 4 and axes == 3:
        center, radius = np.array(one[:3], float)[::-1], float(one[3]) / 2
        low, high = center - radius, center + radius
    elif plain and len(one) == 2 * axes:
        low, high = np.array(one[:axes], float)[::-1], np.array(one[axes:], float)[::-1]
    else:
        raise CohortError(f"{_where(case, column)}: expected a list of {_FORMS[axes]}; got {one!r}.")
    if (high <= low).any():
        what = "a sphere has no diameter" if axes == 3 and len(one) == 4 else "a box ends before it begins"
        raise CohortError(f"{_where(case, column)}: {what} in {one!r}; expected {_FORMS[axes]}.")
    return [*low.tolist(), *high.tolist()]


def _labels(case: Case, count: int) -> list[str | None]:
    if not case.columns.get(LABELS, ""):
        return [None] * count
    found = _list(case, LABELS)
    if len(found) != count:
        raise CohortError(
            f"{_where(case, LABELS)}: {len(found)} classes for {count} boxes; expected a JSON list with one for each."
        )
    return [None if one is None else str(one) for one in found]


def _list(case: Case, column: str) -> list[Any]:
    text = case.columns.get(column, "").strip() or "[]"
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise CohortError(f"{_where(case, column)}: expected a JSON list, got {text!r}.") from error
    if found is None:
        return []
    if not isinstance(found, list):
        raise CohortError(f"{_where(case, column)}: expected a JSON list, got {text!r}.")
    return found


def _where(case: Case, column: str) -> str:
    return f"Case {case.id!r}, column {column!r}"
