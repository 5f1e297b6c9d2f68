"""Writing to the audit log."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from limner.serve.tables import AuditEntry

START = "0" * 64
"""What stands before the first entry."""
TURN = 0x11413E
"""Name of PostgreSQL's lock, which ends with the transaction."""


def append(db: Session, actor: str, action: str, object_id: str = "", **details: Any) -> AuditEntry:
    """Adds an entry within the caller's transaction: what happened and its entry are committed together, or not at all.

    Args:
        db: a transaction that may write.
        actor: a user's id, or ``""`` where nobody is logged in.
        action: what was done, as ``subject.verb``.
        object_id: to what.
        details: more, as JSON; never a name, a patient's id or a date of birth.
    """
    _take_turn(db)
    last = db.scalars(select(AuditEntry).order_by(AuditEntry.n.desc()).limit(1)).first()
    entry = AuditEntry(
        n=last.n + 1 if last else 1,
        at=datetime.now(UTC).isoformat(timespec="microseconds"),
        actor=actor,
        action=action,
        object_id=object_id,
        details=details,
        previous=last.hash if last else START,
    )
    entry.hash = entry_hash(entry)
    db.add(entry)
    db.flush()
    return entry


def _take_turn(db: Session) -> None:
    """Two writers never follow the same entry: SQLite has one writer anyhow, PostgreSQL is told to wait."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TURN})


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the entry's fields and the hash of the one before."""
    return hash_fields([entry.n, entry.at, entry.actor, entry.action, entry.object_id, entry.details, entry.previous])


def hash_fields(fields: list[Any]) -> str:
    """SHA-256 of a list as canonical JSON: sorted keys, no spaces, ASCII."""
    told = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()
