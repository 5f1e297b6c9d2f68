"""What the desk answers when it cannot answer."""

from __future__ import annotations

from limner import errors
from limner.errors import LimnerError


class DeskError(LimnerError):
    """The desk failed, or ended while it worked. ``status`` is what HTTP says."""

    status = 503


class DeskBusyError(DeskError):
    """Too many questions wait already."""


class DeskTimeoutError(DeskError):
    """A question took longer than its limit, and was given up."""

    status = 504


def error_as_plain(error: LimnerError) -> dict[str, str]:
    """An error for the pipe."""
    return {"type": type(error).__name__, "text": str(error)}


def error_from_plain(told: dict[str, str]) -> LimnerError:
    """The error that was put into the pipe: of its own class where ``limner.errors`` has it."""
    ours = {one.__name__: one for one in (DeskBusyError, DeskTimeoutError)}
    kind = ours.get(told["type"]) or getattr(errors, told["type"], None)
    if not (isinstance(kind, type) and issubclass(kind, LimnerError)):
        return DeskError(told["text"])
    error = kind.__new__(kind)
    Exception.__init__(error, told["text"])
    return error
