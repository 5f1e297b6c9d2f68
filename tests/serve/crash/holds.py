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


def check_studies(db: Any, blobs: Blobs) -> None:
    """Every instance that is listed has its bytes, and a study's sums are of all that is listed."""
    for sha256, ending in db.execute(select(Instance.sha256, Instance.ending).distinct()):
        assert hashlib.sha256(blobs.path(sha256, ending).read_bytes()).hexdigest() == sha256
    counts = dict(
        db.execute(select(Series.study_id, func.count(Instance.id)).join(Instance).group_by(Series.study_id)).all()
    )
    for study in db.scalars(select(Study)):
        assert study.instance_count == counts[study.id] >= 32, f"study {study.id} is half there"
