"""A pack with another calibration, as a new folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from limner.errors import OutputExistsError
from limner.packs.card import card
from limner.packs.pack import Pack
from limner.packs.shelf import load_pack
from limner.packs.spec import Calibration


def refuse_existing(out: Path, force: bool) -> None:
    """Refuses a folder that is no pack, and a pack where ``force`` is false.

    Raises:
        OutputExistsError: something is there.
    """
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        if not (out / "pack.json").is_file():
            raise OutputExistsError(f"{out.name!r} is there and is no pack. Choose another -o.")
        if not force:
            raise OutputExistsError(f"A pack is already in {out.name!r}; give --force or another -o.")


def write_calibrated(pack: Pack, found: Calibration, out: Path) -> Path:
    """The pack with another calibration and without its figures, made aside and renamed."""
    aside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(pack.folder, aside)
    spec = json.loads((aside / "pack.json").read_text())
    spec |= {"calibration": found.model_dump(mode="json"), "figures": []}
    (aside / "pack.json").write_text(json.dumps(spec, indent=1, ensure_ascii=False) + "\n")
    (aside / "CARD.md").write_text(card(load_pack(aside)))
    if out.exists():
        shutil.rmtree(out)
    aside.rename(out)
    return out
