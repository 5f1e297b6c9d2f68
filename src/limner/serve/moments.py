"""Moments in answers: UTC, and said so."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer


def tell_moment(moment: datetime) -> str:
    """ISO 8601 with its zone. The tables keep UTC without one, which a browser would take for its own time.

    >>> tell_moment(datetime(2026, 1, 2, 3, 4, 5))
    '2026-01-02T03:04:05.000Z'
    """
    return f"{moment.isoformat(timespec='milliseconds')}Z"


Moment = Annotated[datetime, PlainSerializer(tell_moment, return_type=str, when_used="json")]
