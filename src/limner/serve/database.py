"""The database: what was committed is on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from limner.errors import InputError
from limner.serve.tables import Table

PATIENCE_S = 20.0


class Database:
    """SQLite by default, PostgreSQL by its URL.

    Args:
        url: as SQLAlchemy reads it.

    Raises:
        InputError: an address of no database that is installed here, or one that cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        try:
            Table.metadata.create_all(self.engine)
        except OperationalError as error:
            place = self.engine.url.render_as_string(hide_password=True)
            raise InputError(
                f"The database at {place} cannot be opened: {error.orig}. Check the folder or the address."
            ) from None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction that may write: committed at the end, rolled back on an error.

        On SQLite it takes the lock for writing at once, so that two writers wait and neither fails half way.
        """
        with self._sessions() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads: it waits for no writer."""
        with self._sessions() as session:
            session.connection(execution_options={"limner_reads": True})
            yield session

    def close(self) -> None:
        """Lets go of all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        if not url.startswith("sqlite"):
            return create_engine(url, pool_pre_ping=True, pool_size=20, max_overflow=20, hide_parameters=True)
        engine = create_engine(
            url,
            connect_args={"timeout": PATIENCE_S, "check_same_thread": False},
            pool_size=20,
            max_overflow=40,
            hide_parameters=True,  # an error's text reaches the log, and a parameter may be a patient's name
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError(
            f"No database at {url.split('@')[-1]!r}: {error}. Use sqlite:////folder/file.sqlite, or "
            f"postgresql+psycopg://user@host/name with `pip install 'limner[postgresql]'`."
        ) from None
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    """Write-ahead log, so that readers don't wait; every commit reaches the disk before it returns."""
    del record
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    reads = connection.get_execution_options().get("limner_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
