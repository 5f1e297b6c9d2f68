"""Verbs of the desk about generator packs: a picture of nobody for each move of a slider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from limner.infer.generate import Studio, Wish, open_generator
from limner.packs import load_pack
from limner.serve.desk.shelf import Shelf


def image(shelf: Shelf, key: str, *, wish: dict[str, Any]) -> bytes:
    """One picture, or its label map, as a PNG that carries the synthetic marks.

    Args:
        shelf: holds the generators.
        key: the pack's folder.
        wish: fields of :class:`limner.infer.generate.Wish`.

    Raises:
        InputError: see :meth:`limner.infer.generate.Studio.png`.
    """
    between = wish.get("between")
    return _studio(shelf, key).png(Wish(**{**wish, "between": tuple(between) if between else None}))


def directions(shelf: Shelf, key: str) -> list[dict[str, Any]]:
    """What can be moved: the directions that the pack names, then the principal ones; each id goes into ``moves``."""
    studio = _studio(shelf, key)
    shares = {f"principal-{number}": round(one.share, 4) for number, one in enumerate(studio.principal, 1)}
    return [
        {
            "id": name,
            "name": one.name,
            "principal": name in shares,
            "correlation": round(one.correlation, 2) if name not in shares else None,
            "share": shares.get(name),
        }
        for name, one in studio.directions.items()
    ]


def _studio(shelf: Shelf, key: str) -> Studio:
    changed = (Path(key) / "pack.json").stat().st_mtime_ns  # a pack that was replaced is opened again
    return shelf.get(("generator", key, str(changed)), lambda: Studio(open_generator(load_pack(key))))
