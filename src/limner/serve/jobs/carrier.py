"""What carries the ids of jobs to the workers: huey on SQLite in the data folder, or on Redis."""

from __future__ import annotations

import json
from typing import Any

from huey import Huey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from limner.errors import MissingExtraError
from limner.serve.settings import ServeSettings

NAME = "limner"


class _Plain(Serializer):  # type: ignore[misc]  # huey has no types
    """Messages as JSON. Huey's own way is pickle, which runs what it reads."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: Any) -> Any:
        return Message(*json.loads(bytes(data)))


def open_carrier(settings: ServeSettings) -> Huey:
    """The carrier that the settings name.

    Raises:
        MissingExtraError: Redis is asked for and its package is not installed.
    """
    if not settings.queue:
        path = str(settings.data / "queue.sqlite")
        return SqliteHuey(NAME, filename=path, fsync=True, results=False, serializer=_Plain())
    try:
        from huey import PriorityRedisHuey

        return PriorityRedisHuey(NAME, url=settings.queue, results=False, serializer=_Plain())
    except ImportError:
        raise MissingExtraError("redis", "redis", "A job queue on Redis") from None
