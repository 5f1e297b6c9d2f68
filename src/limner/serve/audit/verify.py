"""Whether the audit log is whole: each entry as it was written, each after the one before, and none cut off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel
from sqlalchemy import String, cast, select

from limner.serve.audit.anchor import Anchor
from limner.serve.audit.chain import START, hash_fields
from limner.serve.database import Database
from limner.serve.tables import AuditEntry

BATCH = 500
"""Entries that are read at once: ten milliseconds, and no transaction that keeps SQLite's log from being folded in."""
MOST_TOLD = 20


class Break(BaseModel):
    """A place where the chain does not hold. ``n`` is the first entry that is wrong, or missing."""

    n: int
    what: str


class Verdict(BaseModel):
    """What was found. ``hash`` is the last entry's: noted elsewhere, it proves the log up to here."""

    whole: bool
    entries: int
    hash: str
    anchor: int | None
    breaks: list[Break]


def verify(database: Database, anchor: Anchor | None = None, between: Callable[[], None] = lambda: None) -> Verdict:
    """Reads the whole log, entry by entry.

    Args:
        database: whose log; what is added meanwhile is read, too.
        anchor: the mark outside the database; without one, entries cut off at the end cannot be noticed.
        between: is called after each batch of entries; a server lets others go first there.
    """
    breaks: list[Break] = []
    expected, previous, at_anchor = 1, START, None
    for n, fields, told in _rows(database, between):
        if n < expected:
            breaks.append(Break(n=n, what="no entry has this number"))
        elif n > expected:
            breaks.append(Break(n=expected, what=f"entries {expected} to {n - 1} are missing"))
        elif fields is None:
            breaks.append(Break(n=n, what="the entry cannot be read"))
        elif fields[-1] != previous:
            breaks.append(Break(n=n, what="the entry does not follow the one before it"))
        if fields is not None and hash_fields(fields) != told:
            breaks.append(Break(n=n, what="the entry is not as it was written"))
        if anchor is not None and n == anchor.n:
            at_anchor = told
        expected, previous = n + 1, told
    if anchor is not None and at_anchor is None:
        breaks.append(Break(n=expected, what=f"the log reached entry {anchor.n} once, and was cut off"))
    elif anchor is not None and at_anchor != anchor.hash:
        breaks.append(Break(n=anchor.n, what="the entry is not the one that the mark outside the database saw"))
    return Verdict(
        whole=not breaks,
        entries=expected - 1,
        hash=previous,
        anchor=anchor.n if anchor else None,
        breaks=breaks[:MOST_TOLD],
    )


def _rows(database: Database, between: Callable[[], None]) -> Iterator[tuple[int, list[Any] | None, str]]:
    """Number, the fields that the hash is made of (None where they are not even JSON), and the hash that stands there.

    Details are read as text: what somebody broke must be found, not be stumbled over.
    """
    entry = AuditEntry
    columns = (entry.n, entry.at, entry.actor, entry.action, entry.object_id, entry.previous, entry.hash)
    query = select(*columns, cast(entry.details, String).label("told")).order_by(entry.n).limit(BATCH)
    following = query
    while True:
        with database.reading() as db:
            rows = db.execute(following).all()
        for n, at, actor, action, object_id, previous, found, told in rows:
            try:
                details = json.loads(told)
            except (TypeError, ValueError):
                yield n, None, str(found)
                continue
            yield n, [n, at, actor, action, object_id, details, previous], str(found)
        if len(rows) < BATCH:
            return
        following = query.where(entry.n > rows[-1].n)
        between()
