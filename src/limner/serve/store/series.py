"""The files of a series, as the rooms below read them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from limner.serve.store.blobs import Blobs
from limner.serve.tables import Instance

NO_IMAGES = ("SEG", "SR", "DOC", "PR", "KO", "REG", "RWV", "RTSTRUCT", "RTPLAN", "AU", "PLAN")
"""Modalities of objects that say something about images and hold none (DICOM PS3.3 C.7.3.1.1.1)."""


def files_of(db: Session, series_id: str, blobs: Blobs) -> list[Path]:
    """The files of a series in the order of their instance numbers, for :func:`limner.io.open_studies`.

    Their names have the endings that readers go by; they are never written to.

    Raises:
        NotAnImageError: the disk lost one.
    """
    rows = db.execute(
        select(Instance.sha256, Instance.ending)
        .where(Instance.series_id == series_id)
        .order_by(Instance.number, Instance.uid)
    )
    return [blobs.open_or_refuse(sha256, ending) for sha256, ending in rows]
