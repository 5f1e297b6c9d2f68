"""What ``limner inspect`` looks at: studies and pictures under some paths, and whether they are synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limner.errors import GeometryError, NotAnImageError
from limner.image import Problem, Series
from limner.io.picture import ENDINGS, read_picture
from limner.io.sources import open_studies
from limner.io.summary import summarize
from limner.io.synthetic import Marks, read_marks

_ASKED = 3
"""Slices of a series whose pixels are asked for the watermark; each slice carries it."""


def look(paths: Path | str | Sequence[Path | str]) -> dict[str, Any]:
    """Studies and pictures as JSON-able data.

    Args:
        paths: as for :func:`limner.io.open_studies`, and pictures (PNG, JPEG and the like), alone or in folders.

    Returns:
        As :func:`limner.io.summarize`, each series with ``"marks"`` (see :meth:`limner.io.synthetic.Marks.as_dict`),
        and ``"pictures": [{"file", "size", "channels", "marks", "problems"}]``; ``size`` runs ``(Y, X)``. What is
        marked has the problem ``synthetic-input``.

    Raises:
        InputError, NotAnImageError: as :func:`limner.io.open_studies`; a picture is damaged.
    """
    asked = [Path(one) for one in ([paths] if isinstance(paths, (str, Path)) else paths)]
    pictures = [file for path in asked for file in _pictures(path)]
    scans = [path for path in asked if path not in pictures]
    found: dict[str, Any] = {"patients": 0, "studies": []}
    if scans or not pictures:
        try:
            studies = open_studies(scans)
        except NotAnImageError:
            if not pictures:
                raise
        else:
            found = summarize(studies)
            for study, told in zip(studies, found["studies"], strict=True):
                for series, row in zip(study.series, told["series"], strict=True):
                    marks, problems = _marks(series)
                    row["marks"] = marks.as_dict()
                    row["marks"]["told"] = marks.told()
                    row["problems"] += [vars(one) for one in (*_synthetic(marks), *problems)]
    return {**found, "pictures": [_picture(file) for file in pictures]}


def _pictures(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(one for one in path.rglob("*") if one.suffix.lower() in ENDINGS and not one.name.startswith("."))
    return [path] if path.suffix.lower() in ENDINGS else []


def _picture(file: Path) -> dict[str, Any]:
    picture, marks = read_picture(file), read_marks(file)
    return {
        "file": file.name,
        "size": list(picture.size),
        "channels": picture.array.shape[0],
        "marks": {**marks.as_dict(), "told": marks.told()},
        "problems": [vars(one) for one in _synthetic(marks)],
    }


def _synthetic(marks: Marks) -> list[Problem]:
    """What a reader must know of an image that a net made."""
    return [Problem("synthetic-input", "warning", marks.told())] if marks.synthetic else []


def _marks(series: Series) -> tuple[Marks, list[Problem]]:
    """The marks of a series: its metadata, and the pixels of some slices from its middle."""
    middle = len(series.files) // 2
    files = series.files[max(0, middle - _ASKED // 2) :][:_ASKED]
    explicit, mark = None, None
    for file in files:
        try:
            found = read_marks(file)
        except (NotAnImageError, GeometryError) as error:
            return read_marks(files[0], pixels=False), [Problem("watermark-unread", "warning", str(error))]
        explicit = explicit or found.explicit
        if mark is None or (found.invisible and found.invisible.false_alarm < mark.false_alarm):
            mark = found.invisible
    return Marks(explicit, mark), []
