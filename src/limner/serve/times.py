"""Times in answers: ISO 8601 with their zone, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def in_utc(time: datetime) -> datetime:
    """The database keeps UTC without saying so; a browser would read that as its own local time."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


Utc = Annotated[datetime, AfterValidator(in_utc)]
"""For fields of answers."""
