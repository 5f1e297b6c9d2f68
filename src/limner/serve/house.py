"""What all requests share: the settings, the database, and the folders in which things are kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from limner.errors import OutputError
from limner.serve.database import Database
from limner.serve.desk import Desk
from limner.serve.settings import ServeSettings
from limner.serve.store.blobs import Blobs
from limner.serve.store.turns import Turns
from limner.serve.store.volumes import Volumes

if TYPE_CHECKING:
    from limner.serve.jobs.feed import Feed
    from limner.serve.jobs.queue import Queue
    from limner.serve.safety.oidc import Provider

FOLDERS = ("blobs", "volumes", "results", "uploads", "jobs", "scratch")


@dataclass(frozen=True, eq=False)
class House:
    """One running server.

    Args:
        settings: what the operator chose.
        database: what is remembered.
        closing: is set when the server is told to stop; long answers end then.
        verifying: is held by the one who reads the whole audit log.
    """

    settings: ServeSettings
    database: Database
    closing: threading.Event = field(default_factory=threading.Event)
    verifying: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, settings: ServeSettings) -> House:
        """Makes the data folder, readable by its owner alone, and opens the database.

        Raises:
            OutputError: the folder cannot be made or written.
            InputError: the database cannot be opened.
        """
        try:
            settings.data.mkdir(parents=True, exist_ok=True)
            settings.data.chmod(0o700)
            for name in FOLDERS:
                (settings.data / name).mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"The data folder {settings.data} cannot be used: {error.strerror}.") from None
        return cls(settings, Database(settings.database_url))

    def folder(self, name: str) -> Path:
        """One of :data:`FOLDERS`, below the data folder."""
        assert name in FOLDERS
        return self.settings.data / name

    def result_folder(self, result_id: str) -> Path:
        """Where a result's files lie."""
        return self.folder("results") / result_id

    @property
    def blobs(self) -> Blobs:
        """The files of all studies, by hash."""
        return Blobs(self.folder("blobs"))

    @cached_property
    def desk(self) -> Desk:
        """The side process that answers what-ifs; it starts with the first question."""
        return Desk()

    @cached_property
    def turns(self) -> Turns:
        """Turns at reading what came."""
        return Turns()

    @cached_property
    def queue(self) -> Queue:
        """Work for the workers."""
        from limner.serve.jobs.queue import Queue

        return Queue(self)

    @cached_property
    def feed(self) -> Feed:
        """What changes, for those who watch."""
        from limner.serve.jobs.feed import Feed

        return Feed(self)

    @cached_property
    def volumes(self) -> Volumes:
        """The turned volumes of series."""
        return Volumes(self)

    @cached_property
    def provider(self) -> Provider | None:
        """The identity provider; None where people log in with passwords only."""
        from limner.serve.safety.oidc import Provider

        return Provider(self.settings.oidc) if self.settings.oidc else None

    def close(self) -> None:
        """Ends what runs, and lets go of the database."""
        if "desk" in self.__dict__:
            self.desk.close()
        if "volumes" in self.__dict__:
            self.volumes.close()
        self.database.close()


def _house(request: Request) -> Any:
    return request.app.state.house


AHouse = Annotated[House, Depends(_house)]
"""For a handler's argument: the house that serves it."""
