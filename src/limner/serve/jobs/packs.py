"""Packs by name: the shipped ones, and those that the site put into ``packs`` of the data folder."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from limner.errors import PackError
from limner.packs import Pack, list_packs, load_pack, shipped_pack
from limner.serve.house import House

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def pack_folder(house: House, name: str) -> Path:
    """The folder of a pack. A name is never a path: nobody reaches another folder of this machine by it.

    Raises:
        PackError: no pack has that name.
    """
    if not _NAME.fullmatch(name):
        raise PackError(f"{name!r} is no name of a pack; GET /api/packs lists them.")
    own = _place(house) / name
    return own if (own / "pack.json").is_file() else shipped_pack(name).folder


def find_pack(house: House, name: str) -> Pack:
    """The pack of that name.

    Raises:
        PackError: there is none, or it cannot be read.
    """
    return _loaded(pack_folder(house, name))


def all_packs(house: House) -> list[Pack]:
    """The shipped packs and the site's, by name; the site's stands for a shipped one of the same name."""
    packs = {one.name: one for one in list_packs()} | {one.name: one for one in _own(house)}
    return [packs[name] for name in sorted(packs)]


def _own(house: House) -> list[Pack]:
    found = []
    for path in sorted(_place(house).glob("*/pack.json")):
        try:
            found.append(_loaded(path.parent))
        except PackError:  # `limner packs verify` says what is wrong with it
            continue
    return found


def _place(house: House) -> Path:
    return house.settings.data.resolve() / "packs"


def _loaded(folder: Path) -> Pack:
    return _cached(folder, (folder / "pack.json").stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _cached(folder: Path, changed: int) -> Pack:
    del changed  # a pack that was replaced is read again
    return load_pack(folder)
