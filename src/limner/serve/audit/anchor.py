"""A mark outside the database: how far the log had come. A log that was cut off, or written anew, does not fit it.

The file is written from what was committed, so it is never ahead of the database; a crash leaves it a moment behind.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from limner.errors import InputError
from limner.serve.database import Database
from limner.serve.tables import AuditEntry

FILE = "audit.anchor"
EVERY_S = 1.0
log = logging.getLogger("limner.serve.audit")


@dataclass(frozen=True)
class Anchor:
    """The last entry at some moment."""

    n: int
    hash: str


def read_anchor(folder: Path) -> Anchor | None:
    """The mark of a data folder; None where there is none yet.

    Raises:
        InputError: the file holds something else.
    """
    try:
        told = json.loads((folder / FILE).read_text())
        return Anchor(int(told["n"]), str(told["hash"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The mark {folder / FILE} cannot be read ({error}); somebody may have changed it.") from None


def write_anchor(folder: Path, anchor: Anchor) -> None:
    """Writes the mark whole or not at all, and waits until the disk has it."""
    aside = folder / f"{FILE}.partial"
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(asdict(anchor)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(folder / FILE)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def last_entry(db: Session) -> Anchor | None:
    """The last committed entry."""
    row = db.execute(select(AuditEntry.n, AuditEntry.hash).order_by(AuditEntry.n.desc()).limit(1)).first()
    return Anchor(row.n, row.hash) if row is not None else None


class AnchorKeeper:
    """Writes the mark while a server runs: at most once a second, and once more at the end.

    A mark is only ever moved on. Where the log does not reach the mark, or holds another entry there, the file stays
    as the proof of it, and the log of the server says so.

    Args:
        database: whose audit log.
        folder: where the mark lies.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="limner-anchor", daemon=True)
        self._written = read_anchor(folder)
        self._fits = self._still_there()
        self._thread.start()

    def stop(self) -> None:
        """Writes the last mark and ends."""
        self._stopping.set()
        self._thread.join()
        self.write()

    def write(self) -> None:
        """Moves the mark on, where there is something new."""
        with self._database.reading() as db:
            last = last_entry(db)
        if self._fits and last is not None and (self._written is None or last.n > self._written.n):
            write_anchor(self._folder, last)
            self._written = last

    def _still_there(self) -> bool:
        if self._written is None:
            return True
        with self._database.reading() as db:
            entry = db.get(AuditEntry, self._written.n)
        if entry is not None and entry.hash == self._written.hash:
            return True
        log.error(
            "the audit log does not fit %s: it was cut off or written anew; run `limner audit verify`",
            self._folder / FILE,
        )
        return False

    def _keep(self) -> None:
        while not self._stopping.wait(EVERY_S):
            try:
                self.write()
            except Exception:  # a full disk or a database that is away: the next round may do better
                log.exception("the audit log's mark could not be written")
