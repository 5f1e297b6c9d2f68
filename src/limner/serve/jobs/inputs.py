"""What a job reads: links to the files of a study, under names that tell nothing but their format."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sqlalchemy import select

from limner.errors import InputError
from limner.serve.house import House
from limner.serve.store.series import NO_IMAGES
from limner.serve.tables import Instance, Result, Series

_GONE = "{} was deleted while this waited."


def link_study(house: House, folder: Path, study_id: str, series_id: str | None = None) -> Path:
    """Makes a folder of links to a study's image files, or to one series'.

    Raises:
        InputError: there is none (any more).
    """
    if folder.is_dir():
        return folder
    query = select(Instance).join(Series).where(Series.study_id == study_id)
    query = query.where(Series.id == series_id) if series_id else query.where(Series.modality.not_in(NO_IMAGES))
    with house.database.reading() as db:
        rows = list(db.scalars(query.order_by(Instance.series_id, Instance.number, Instance.uid)))
    if not rows:
        raise InputError("The study holds no image that could be drawn, or was deleted while this waited.")
    folder.mkdir(parents=True)
    for number, row in enumerate(rows, start=1):
        _link(house.blobs.open_or_refuse(row.sha256, row.ending), folder / f"{number:06d}{row.ending}")
    return folder


def only_file(folder: Path) -> Path:
    """The one file of a picture.

    Raises:
        InputError: there are several.
    """
    files = sorted(folder.iterdir())
    if len(files) != 1:
        raise InputError(f"A picture is one file; this study has {len(files)}.")
    return files[0]


def folder_of(house: House, result_id: str) -> Path:
    """A result's folder, while the result is there.

    Raises:
        InputError: it has gone.
    """
    with house.database.reading() as db:
        there = db.get(Result, result_id) is not None
    folder = house.result_folder(result_id)
    if not there or not folder.is_dir():
        raise InputError(_GONE.format("The drawing that this works on"))
    return folder


def _link(source: Path, target: Path) -> None:
    """A second name for the same bytes, which outlives the first; where the disk has no such names, a pointer."""
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    target.symlink_to(source.resolve())
