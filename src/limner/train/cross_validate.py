"""Cross-validation: as many runs as folds, each judged on patients that it neither learned from nor chose by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limner.errors import OutputExistsError, RecipeError
from limner.train.folds import Fold, deal, rows_of, write_fold
from limner.train.recipe import Recipe, read_recipe
from limner.train.recipe_data import CohortSource, PictureSource
from limner.train.run import run, say
from limner.train.splits import splits_of

Judge = Callable[[Path, Sequence[Path], Recipe], Mapping[str, float]]
"""``(pack, cohorts whose split test is held out, recipe)`` to figures by name."""


@dataclass(frozen=True)
class Folds:
    """What came out.

    Args:
        folder: of the runs, one sub-folder a fold.
        patients: dealt into folds.
        per_fold: figures on the held-out patients of each fold.
        mean, sd: over the folds; the standard deviation is that of a sample.
    """

    folder: Path
    patients: int
    per_fold: tuple[dict[str, float], ...]
    mean: dict[str, float]
    sd: dict[str, float]


def cross_validate(
    recipe_path: Path, overrides: Sequence[str], folds: int, out: Path | None, judge: Judge, resume: bool = False
) -> Folds:
    """Trains once per fold and judges each net on the patients that were held out.

    The splits that the recipe learns from and checks on are dealt anew by patient; a test split is never touched. Where
    the recipe checks (early stopping, choice of the best weights), the next fold serves for it, so that no figure is
    of a fold that chose anything.

    Args:
        recipe_path, overrides: as :func:`limner.train.train`.
        folds: at least 2; at least 3 where the recipe checks.
        out: folder; ``runs/<recipe>-folds`` where None.
        judge: makes the figures.
        resume: folds that are done are kept.

    Raises:
        CohortError: fewer patients than folds; RecipeError: a recipe without a cohort; OutputExistsError: there
            already, and ``resume`` is false.
    """
    recipe = read_recipe(recipe_path, list(overrides))
    folder = Path(out) if out else Path("runs") / f"{Path(recipe_path).stem}-folds"
    if folder.exists() and any(folder.glob("fold-*")) and not resume:
        raise OutputExistsError(f"Folds are already in {str(folder)!r}. Go on with --resume, or choose another -o.")
    sources = [(k, s) for k, s in enumerate(recipe.data.sources) if isinstance(s, (CohortSource, PictureSource))]
    if not sources:
        raise RecipeError("--folds needs a source with a cohort: label maps without images have nothing to judge by.")
    checks = any(s.check for _, s in sources)
    if checks and folds < 3:
        raise RecipeError(
            "--folds is 3 or more here: one fold is held out, one is checked on, the others are learned from. For two, "
            "set data.sources.0.check=null."
        )
    rows = [row for _, s in sources for row in rows_of(Path(s.cohort), _splits(s), _column(recipe, s))]
    dealt = deal(rows, folds, recipe.seed)
    found = []
    for number in range(folds):
        fold = _fold(dealt, number, folds, checks)
        found.append(_one(recipe_path, overrides, folder / f"fold-{number + 1}", fold, sources, judge))
        told = ", ".join(f"{name} {value:.3f}" for name, value in found[-1].items())
        say([f"Fold {number + 1} of {folds}: {told}."])
    result = _together(folder, len(dealt), found)
    held = {**asdict(result), "folder": folder.name, "folds": folds}
    (folder / "folds.json").write_text(json.dumps(held, indent=1) + "\n")
    return result


def _one(
    recipe_path: Path,
    overrides: Sequence[str],
    folder: Path,
    fold: Fold,
    sources: Sequence[tuple[int, CohortSource | PictureSource]],
    judge: Judge,
) -> dict[str, float]:
    """Figures of one fold; read where they are already there."""
    done = folder / "figures.json"
    if done.is_file():
        return dict(json.loads(done.read_text()))
    cohorts, more = [], ["expect=[]"]
    for number, source in sources:
        cohorts.append(write_fold(Path(source.cohort), _splits(source), fold, folder / f"cohort-{number}"))
        place = f"data.sources.{number}"
        more += [f"{place}.cohort={cohorts[-1]}", f"{place}.split=train"]
        if source.check:
            more.append(f"{place}.check=val")
    result = run(recipe_path, [*overrides, *more], folder, (folder / "checkpoint.pt").exists())
    recipe = read_recipe(recipe_path, [*overrides, *more])
    figures = {name: float(value) for name, value in judge(result.pack, cohorts, recipe).items()}
    partial = done.with_suffix(".partial")
    partial.write_text(json.dumps(figures, indent=1) + "\n")
    partial.replace(done)
    for path in folder.glob("cohort-*/*.npz"):  # a copy of the pictures, made again when it is needed
        shutil.rmtree(path.parent)
    return figures


def _fold(dealt: Mapping[str, int], number: int, folds: int, checks: bool) -> Fold:
    held = frozenset(p for p, f in dealt.items() if f == number)
    check = frozenset(p for p, f in dealt.items() if f == (number + 1) % folds) if checks else frozenset()
    return Fold(held, check)


def _splits(source: CohortSource | PictureSource) -> list[str] | None:
    """Whose rows are dealt: all that the recipe learns from or checks on; None for all of a cohort without splits."""
    path = Path(source.cohort)
    if source.split is None or (path.is_file() and not splits_of(path)):
        return None
    return [source.split, *([source.check] if source.check else [])]


def _column(recipe: Recipe, source: CohortSource | PictureSource) -> str | None:
    """The column whose values every fold should hold alike."""
    column = getattr(recipe.data, "column", None)
    return (column or "label") if recipe.task == "classify" and isinstance(source, PictureSource) else None


def _together(folder: Path, patients: int, found: Sequence[Mapping[str, float]]) -> Folds:
    names = [name for name in found[0] if all(name in one for one in found)]
    values: dict[str, Any] = {name: np.array([one[name] for one in found]) for name in names}
    return Folds(
        folder,
        patients,
        tuple(dict(one) for one in found),
        {name: float(np.nanmean(v)) for name, v in values.items() if np.isfinite(v).any()},
        {name: float(np.nanstd(v, ddof=1)) for name, v in values.items() if np.isfinite(v).sum() > 1},
    )
