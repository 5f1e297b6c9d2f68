"""Which packs can be asked why."""

from __future__ import annotations

from limner.packs import Pack, PictureSpec

TASKS = ("classify", "segment", "detect")
"""Of packs whose answers can be explained."""


def reads_pictures(pack: Pack) -> bool:
    """Whether a pack answers about flat pictures, so that it can be asked why."""
    kind = pack.spec.input
    return isinstance(kind, PictureSpec) and len(kind.size) == 2 and pack.spec.task in TASKS
