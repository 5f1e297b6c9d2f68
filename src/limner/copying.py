"""The end of a training run that makes a generator: a pack that copies what it learned from is not kept as one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.errors import CohortError
from limner.packs import load_pack

if TYPE_CHECKING:
    from limner.data.examples import Examples
    from limner.train.recipe import Recipe

Progress = Callable[[str, float], None]
PAIRS, FOUND, ASIDE = "copies.png", "copies.json", "pack-that-copies"


def refuse_copies(folder: Path, progress: Progress | None = None) -> None:
    """Looks for training pictures among those that a run's pack makes, where it generates pictures.

    The closest pairs are drawn in ``copies.png``, figures are in ``copies.json``. Pictures that were held out say how
    near strangers come: those of the check split, or of ``test`` where they are too few.

    Args:
        folder: of the run.
        progress: is told the step and its share.

    Raises:
        PackError: it copies; the pack is set aside as ``pack-that-copies``.
    """
    import yaml

    from limner.infer.copies import LEAST_HELD
    from limner.train.pictures import load_pictures
    from limner.train.recipe import Recipe
    from limner.train.recipe_data import PictureData
    from limner.train.run import say

    recipe = Recipe.model_validate(yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8")))
    if recipe.task != "generate" or not isinstance(recipe.data, PictureData) or len(recipe.data.size) != 2:
        return
    from limner.infer.shippable import look_for_copies

    learned, pack = load_pictures(recipe, recipe.data, progress), load_pack(folder / "pack")
    held = learned.check if len(learned.check.rows) >= LEAST_HELD else _tested(recipe)
    if held is None:
        say([f"Whether the pack copies what it learned from cannot be told: fewer than {LEAST_HELD} are held out."])
        return
    found = look_for_copies(pack, learned.train.stack(), held.stack(), folder / PAIRS, progress=progress)
    (folder / FOUND).write_text(json.dumps(found.as_dict(), indent=1) + "\n", encoding="utf-8")
    if found.copied:
        shutil.rmtree(folder / ASIDE, ignore_errors=True)
        (folder / "pack").rename(folder / ASIDE)
    found.refuse(pack.name, f"The pairs are drawn in {str(folder / PAIRS)!r}; the pack is set aside as {ASIDE!r}.")


def _tested(recipe: Recipe) -> Examples | None:
    """Pictures of the sources' split ``test``, where there are enough."""
    from limner.infer.copies import LEAST_HELD
    from limner.train.pictures import read_sources, view_for

    data: Any = recipe.data
    sources = [one.model_copy(update={"check": "test"}) for one in data.sources]
    try:
        found = read_sources(sources, view_for(data, recipe.task), strict=data.strict_patients).check
    except CohortError:
        return None
    return found if len(found.rows) >= LEAST_HELD else None
