"""One loop from recipe to pack. Regimes wrap its movable parts; tasks say what is learned.

May import torch. Nothing here is needed to draw a study.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from limner.train.run import RunResult


def train(recipe: Path, overrides: list[str] | None = None, out: Path | None = None, resume: bool = False) -> RunResult:
    """Trains from a recipe and writes a run folder that holds a pack.

    Args:
        recipe: a YAML file, see ``recipes/``.
        overrides: ``key.sub=value``.
        out: run folder; ``runs/<recipe name>`` where None.
        resume: go on from the last checkpoint in that folder.

    Raises:
        RecipeError: the recipe does not fit; OutputExistsError: a run is there and ``resume`` is false.
    """
    check_installed()
    from limner.train.run import run

    return run(recipe, overrides or [], out, resume)


def check_installed() -> None:
    """Refuses, with the line to type, where the extra ``train`` is not installed.

    Raises:
        MissingExtraError: names the package.
    """
    from limner.errors import MissingExtraError

    try:
        import lightning.fabric  # noqa: F401
        import torch  # noqa: F401
        import yaml  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(error.name or "torch", "train", "Training") from error
