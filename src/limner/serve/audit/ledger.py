"""The audit log of a data folder, read from beside the server."""

from __future__ import annotations

from pathlib import Path

from limner.errors import InputError
from limner.serve.audit.anchor import read_anchor
from limner.serve.audit.listing import Entries, entries
from limner.serve.audit.verify import Verdict, verify
from limner.serve.database import Database
from limner.serve.settings import ServeSettings


class Ledger:
    """A context in which the log is open; a running server is not disturbed.

    Args:
        data: the server's data folder.
        database: its database, where it is not the SQLite file in the folder.

    Raises:
        InputError: there is no database.
    """

    def __init__(self, data: Path, database: str | None = None) -> None:
        url = ServeSettings(data=data, database=database).database_url
        if database is None and not (data / "limner.sqlite").is_file():
            raise InputError(f"There is no limner.sqlite in {data}. Give --data the folder of `limner serve`.")
        self._data = data
        self._database = Database(url)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def verify(self) -> Verdict:
        """Reads and checks the whole log."""
        anchor = read_anchor(self._data)  # before the log: it is never ahead of it
        return verify(self._database, anchor)

    def entries(self, last: int, action: str = "") -> Entries:
        """The newest, oldest first."""
        with self._database.reading() as db:
            found = entries(db, limit=last, newest=True, action=action)
        return Entries(items=found.items[::-1], total=found.total)
