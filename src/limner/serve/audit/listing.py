"""Reading the audit log: entries as people are shown them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from limner.serve.tables import AuditEntry, User


class Entry(BaseModel):
    """An entry; ``actor_name`` is the user's login name today, which is no part of the chain."""

    n: int
    at: str
    actor: str
    actor_name: str | None
    action: str
    object_id: str
    details: dict[str, Any]
    hash: str


class Entries(BaseModel):
    """A page of the log, and how many entries it has that fit."""

    items: list[Entry]
    total: int


def entries(db: Session, *, after: int = 0, limit: int = 100, newest: bool = False, action: str = "") -> Entries:
    """A page of the log.

    Args:
        db: a transaction.
        after: entries with a greater number; with ``newest``, with a smaller one, 0 for the very newest.
        limit: at most so many.
        newest: newest first.
        action: only entries whose action begins so, such as ``session.``.
    """
    begins = AuditEntry.action.startswith(action, autoescape=True)
    query = select(AuditEntry, User.name).outerjoin(User, User.id == AuditEntry.actor).where(begins).limit(limit)
    if newest:
        query = query.order_by(AuditEntry.n.desc())
        query = query.where(AuditEntry.n < after) if after else query
    else:
        query = query.order_by(AuditEntry.n).where(AuditEntry.n > after)
    items = [
        Entry(
            n=one.n, at=one.at, actor=one.actor, actor_name=name, action=one.action, object_id=one.object_id,
            details=one.details, hash=one.hash,
        )
        for one, name in db.execute(query)
    ]  # fmt: skip
    total = db.scalar(select(func.count()).select_from(AuditEntry).where(begins)) or 0
    return Entries(items=items, total=total)
