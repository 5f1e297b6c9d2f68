"""What the runs in a folder were made with, so that none is taken for another's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from limner.errors import OutputExistsError

FILE = "bench.json"


def settings_of(recipe: Path, **settings: Any) -> dict[str, Any]:
    """A bench's settings: what is given, and a hash of the recipe's text."""
    return {"recipe": hashlib.sha256(recipe.read_bytes()).hexdigest(), **settings}


def keep_settings(out: Path, settings: dict[str, Any], *, resume: bool) -> None:
    """Writes ``out/bench.json``, or holds the one that is there to be the same.

    Args:
        out: folder of the runs.
        settings: all that changes a run; not the number of seeds, which may grow.
        resume: go on with runs that are there.

    Raises:
        OutputExistsError: runs are there, and ``resume`` is false; or they have other settings (says which).
    """
    else_where = "or choose another -o."
    if not out.exists():
        out.mkdir(parents=True)
        (out / FILE).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        return
    if not resume:
        raise OutputExistsError(f"Runs are already in {str(out)!r}. Go on with --resume, {else_where}")
    if not (out / FILE).is_file():
        raise OutputExistsError(
            f"--resume: nothing in {str(out)!r} says what its runs were made with (no {FILE!r}): they may be of "
            f"another recipe or other settings. Remove that folder, {else_where}"
        )
    kept, now = json.loads((out / FILE).read_text(encoding="utf-8")), json.loads(json.dumps(settings))
    other = [name for name in {**kept, **now} if kept.get(name) != now.get(name)]
    if other:
        told = ", ".join(
            "the recipe's text" if name == "recipe" else f"{name} {kept.get(name)!r} (now {now.get(name)!r})"
            for name in other
        )
        raise OutputExistsError(
            f"--resume: the runs in {str(out)!r} were made with other settings: {told}. Ask for the same, {else_where}"
        )
