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
    near strangers come: those of the check split, or of ``test`` where they are too few; never of patients that were
    learned from.

    Args:
        folder: of the run.
        progress: is told the step and its share.

    Raises:
        PackError: it copies; the pack is set aside as ``pack-that-copies``.
    """
    import yaml

    from limner.infer.copies import LEAST_HELD, too_few
    from limner.train.pictures import load_pictures
    from limner.train.recipe import Recipe
    from limner.train.recipe_data import PictureData
    from limner.train.recipe_patches import PatchData
    from limner.train.run import say

    recipe = Recipe.model_validate(yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8")))
    if recipe.task == "generate" and isinstance(recipe.data, PatchData):
        say(["Copies are looked for among pictures alone: hold volumes against the scans before you share them."])
    if recipe.task != "generate" or not isinstance(recipe.data, PictureData) or len(recipe.data.size) != 2:
        return
    from limner.infer.shippable import look_for_copies, strangers

    learned, pack = load_pictures(recipe, recipe.data, progress), load_pack(folder / "pack")
    held = strangers(learned.check, learned.train)
    if len(held.rows) < LEAST_HELD:
        held = strangers(_tested(recipe), learned.train)
    if few := too_few(len(learned.train.rows), len(held.rows)):
        say([f"Whether the pack copies what it learned from cannot be told. {few}"])
        return
    try:
        found = look_for_copies(pack, learned.train.stack(), held.stack(), folder / PAIRS, progress=progress)
    except CohortError as error:  # the run is finished, and its pack whole
        say([f"Whether the pack copies what it learned from cannot be told. {error}"])
        return
    (folder / FOUND).write_text(json.dumps(found.as_dict(), indent=1) + "\n", encoding="utf-8")
    if found.copied:
        shutil.rmtree(folder / ASIDE, ignore_errors=True)
        (folder / "pack").rename(folder / ASIDE)
    found.refuse(pack.name, f"The pairs are drawn in {str(folder / PAIRS)!r}; the pack is set aside as {ASIDE!r}.")


def _tested(recipe: Recipe) -> Examples:
    """Pictures of the sources' split ``test``; none where there is no such split."""
    from limner.data.examples import Examples
    from limner.train.pictures import read_sources, view_for

    data: Any = recipe.data
    sources = [one.model_copy(update={"check": "test"}) for one in data.sources]
    try:
        return read_sources(sources, view_for(data, recipe.task), strict=data.strict_patients).check
    except CohortError:
        return Examples(())
