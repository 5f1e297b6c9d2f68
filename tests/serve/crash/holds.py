"""What must hold of a data folder, however the server ended."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import func, select

from limner.serve import audit
from limner.serve.audit.chain import START
from limner.serve.store.blobs import Blobs
from limner.serve.tables import AuditEntry, Instance, Series, Study


def check_chain(entries: list[AuditEntry]) -> None:
    """Every entry has its number, the hash of the one before, and its own."""
    assert [one.n for one in entries] == list(range(1, len(entries) + 1))
    assert [one.previous for one in entries] == [START, *(one.hash for one in entries)][: len(entries)]
    assert all(audit.entry_hash(one) == one.hash for one in entries)


def check_studies(db: Any, blobs: Blobs, sizes: tuple[int, ...]) -> None:
    """Every instance that is listed has its bytes, and a study's sums are of all that is listed.

    Args:
        db: a transaction.
        blobs: the store's files.
        sizes: how many slices a study may have: what was sent together is there together.
    """
    for sha256, ending in db.execute(select(Instance.sha256, Instance.ending).distinct()):
        assert hashlib.sha256(blobs.path(sha256, ending).read_bytes()).hexdigest() == sha256
    of_all = select(Series.study_id, func.count(Instance.id)).join(Instance).group_by(Series.study_id)
    counts, slices = dict(db.execute(of_all).all()), dict(db.execute(of_all.where(Series.modality == "CT")).all())
    for study in db.scalars(select(Study)):
        assert study.instance_count == counts[study.id]
        assert slices[study.id] in sizes, f"study {study.id} is half there"
