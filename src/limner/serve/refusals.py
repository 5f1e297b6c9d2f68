"""What a part of the server answers when it cannot do something now."""

from __future__ import annotations

from limner.errors import LimnerError


class BusyError(LimnerError):
    """Too many ask at once. Nothing was done, and asking again may succeed.

    Args:
        text: what is the matter, and what to do.
        retry_s: when to ask again.
    """

    def __init__(self, text: str, retry_s: int = 1) -> None:
        super().__init__(text)
        self.retry_s = retry_s
