"""Packs by name, for jobs: the shipped ones, and those that the site put into ``packs`` of the data folder."""

from __future__ import annotations

import re
from pathlib import Path

from limner.errors import PackError
from limner.packs import load_pack
from limner.serve.house import House

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def pack_folder(house: House, name: str) -> Path:
    """The folder of a pack. A name is never a path: nobody reaches another folder of this machine by it.

    Raises:
        PackError: no pack has that name.
    """
    if not _NAME.fullmatch(name):
        raise PackError(f"{name!r} is no name of a pack; GET /api/packs lists them.")
    own = house.settings.data.resolve() / "packs" / name
    return own if (own / "pack.json").is_file() else load_pack(name).folder
