"""The splits that a recipe on pictures asks for, held against those of its cohorts before any picture is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from limner.data.cohort import read_cohort
from limner.errors import CohortError
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData, PictureSource
from limner.train.recipe_translate import TranslateData

COST = (
    "the last weights are kept instead of the best, train.patience never ends the run, and the probabilities are not "
    "calibrated"
)
"""What a run without a check split goes without."""


def with_splits(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """The recipe with splits that are there, and what the person who trains should know of it.

    A ``check`` that the recipe leaves at its default becomes None where the cohort has no such split; a ``split`` too
    where the cohort has none at all. What a recipe names itself must be there.

    Raises:
        CohortError: a split that the recipe names is not there.
    """
    if not isinstance(recipe.data, (PictureData, TranslateData)):
        return recipe, []
    notes: list[str] = []
    sources = [_with_splits(number, one, notes) for number, one in enumerate(recipe.data.sources)]
    if not notes:
        return recipe, []
    if not any(one.check for one in sources):
        notes.append(f"Nothing is checked in this run: {COST}.")
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"sources": sources})}), notes


def _with_splits(number: int, source: PictureSource, notes: list[str]) -> PictureSource:
    path, place = Path(source.cohort), f"data.sources.{number}"
    if not path.is_file():
        return source  # the reader refuses it by name
    have = splits_of(path)
    told = ", ".join(map(repr, sorted(have))) or "none"
    changes: dict[str, Any] = {}
    if source.split is not None and source.split not in have:
        if have or "split" in source.model_fields_set:
            raise CohortError(
                f"The cohort {path.name!r} has no cases in split {source.split!r} to learn from; its splits are "
                f"{told}. Name one of them with {place}.split, or learn from all cases with {place}.split=null."
            )
        changes["split"] = None
        notes.append(f"The cohort {path.name!r} names no splits (column split): all of its cases are learned from.")
    if source.check is not None and source.check not in have:
        if "check" in source.model_fields_set:
            raise CohortError(
                f"The cohort {path.name!r} has no cases in split {source.check!r} to check on; its splits are {told}. "
                f"Name one of them with {place}.check, or train without with {place}.check=null. Then {COST}."
            )
        changes["check"] = None
        if have:
            notes.append(f"The cohort {path.name!r} has no split {source.check!r} to check on; its splits are {told}.")
    return source.model_copy(update=changes)


def splits_of(path: Path) -> set[str]:
    """The splits of a cohort or a MedMNIST archive."""
    if path.suffix != ".npz":
        return {case.split for case in read_cohort(path, files=False).cases if case.split}
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name.removesuffix("_labels") for name in held.files if name.endswith("_labels")}
    except (OSError, ValueError) as error:
        raise CohortError(f"{path.name!r} is damaged or no archive of numpy arrays ({error}).") from error
