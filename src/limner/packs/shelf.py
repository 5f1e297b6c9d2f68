"""Where packs are found: the shipped ones by name, others by folder."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

from pydantic import ValidationError

from limner.errors import PackError
from limner.packs.pack import Pack
from limner.packs.spec import PackSpec

SHIPPED = Path(__file__).resolve().parent


def load_pack(name_or_path: str | Path) -> Pack:
    """A pack by name (shipped) or folder.

    Raises:
        PackError: not there (with the names that are), or ``pack.json`` does not fit its schema.
    """
    folder = Path(name_or_path)
    if not (folder / "pack.json").is_file():
        folder = SHIPPED / str(name_or_path)
    if not (folder / "pack.json").is_file():
        known = sorted(path.parent.name for path in SHIPPED.glob("*/pack.json"))
        near = difflib.get_close_matches(str(name_or_path), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PackError(
            f"No pack {str(name_or_path)!r}: expected a shipped name ({', '.join(known) or 'none'}) or a folder with "
            f"pack.json.{hint}"
        )
    try:
        spec = PackSpec.model_validate(json.loads((folder / "pack.json").read_text()))
    except (json.JSONDecodeError, ValidationError) as error:
        raise PackError(f"{folder.name!r} is no pack that this version reads: {error}") from error
    if not (folder / "model.onnx").is_file():
        raise PackError(f"Pack {spec.name!r} lacks its file 'model.onnx'; fetch the pack again.")
    return Pack(folder, spec)


def shipped_pack(name: str) -> Pack:
    """A shipped pack by its name alone: for names that come from outside, and must not be read as paths.

    Raises:
        PackError: no pack has this name.
    """
    known = sorted(path.parent.name for path in SHIPPED.glob("*/pack.json"))
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PackError(f"No pack {name!r}; there are {', '.join(known) or 'none'}.{hint}")
    return load_pack(SHIPPED / name)


def list_packs() -> tuple[Pack, ...]:
    """The shipped packs, by name."""
    return tuple(load_pack(path.parent) for path in sorted(SHIPPED.glob("*/pack.json")))
