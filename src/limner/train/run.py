"""A run: recipe in, folder out with curve, checkpoint, provenance and pack."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from limner.errors import OutputExistsError
from limner.train.devices import leads
from limner.train.loop import Parts, fit
from limner.train.pictures import picture_parts
from limner.train.plan import Plan, plan, with_plan
from limner.train.recipe import Recipe, read_recipe
from limner.train.recipe_data import VolumeData
from limner.train.recipe_patches import PatchData
from limner.train.recipe_thin import ThinData
from limner.train.recipe_translate import TranslateData
from limner.train.soup import averaged, refuse_what_cannot_be_averaged, weights_for
from limner.train.splits import with_splits
from limner.train.volumes import volume_parts

if TYPE_CHECKING:
    from limner.train.find_rate import RateSearch

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class RunResult:
    """Where the run lies and where its pack is."""

    folder: Path
    pack: Path


def run(recipe_path: Path, overrides: list[str], out: Path | None, resume: bool) -> RunResult:
    """See :func:`limner.train.train`."""
    recipe, notes = with_splits(read_recipe(recipe_path, overrides))
    folder = Path(out) if out else Path("runs") / Path(recipe_path).stem
    if (folder / "checkpoint.pt").exists() and not resume:
        raise OutputExistsError(f"A run is already in {str(folder)!r}. Go on with --resume, or choose another -o.")
    recipe, chosen = planned(recipe, folder if resume else None)
    folder.mkdir(parents=True, exist_ok=True)
    with _bar() as progress:
        parts = make_parts(recipe, folder.parent / "cache", progress)
        _report_left_out(parts, folder)
        said = [chosen.why, *notes, *parts.notes]
        if recipe.train.batch == "auto":
            from limner.train.batch_size import choose_batch

            batch = choose_batch(parts, recipe.train)
            recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update={"batch": batch.size})})
            said.append(batch.why)
        if leads():
            _write_what_shapes_it(recipe, chosen, folder)
            say(said)
        refuse_what_cannot_be_averaged(parts.net, recipe.train.average_with)
        if recipe.train.start_from:
            parts.net.load_state_dict(weights_for(parts.net, recipe.train.start_from, "train.start_from"))
        net = fit(parts, recipe.train, folder, resume=resume, progress=progress, note=" ".join(said))
    if not leads():
        return RunResult(folder, folder / "pack")
    from limner.train.export import write_pack

    net = averaged(net, recipe.train.average_with)
    calibration = parts.calibrate(net) if parts.calibrate else None
    return RunResult(folder, write_pack(net, recipe, folder, calibration))


def run_find_rate(recipe_path: Path, overrides: list[str], out: Path | None) -> tuple[RateSearch, Path]:
    """Looks for a learning rate; trains nothing that is kept.

    Returns:
        What was found, and its picture in the run's folder.
    """
    from limner.train.batch_size import choose_batch
    from limner.train.find_rate import find_rate

    recipe, chosen = planned(with_splits(read_recipe(recipe_path, overrides))[0])
    folder = Path(out) if out else Path("runs") / Path(recipe_path).stem
    with _bar() as progress:
        parts = make_parts(recipe, folder.parent / "cache", progress)
        size = choose_batch(parts, recipe.train).size if recipe.train.batch == "auto" else recipe.train.batch
        found = find_rate(parts, recipe.train.model_copy(update={"batch": size}), progress=progress)
    say([chosen.why])
    return found, found.write(folder)


def planned(recipe: Recipe, resumed: Path | None = None) -> tuple[Recipe, Plan]:
    """The recipe with a net and, where a run is resumed, with what that run had chosen: batch, grid and net.

    Raises:
        RecipeError: the net does not take the options.
    """
    before = resumed / "recipe.yaml" if resumed else None
    if before and before.is_file():
        kept = Recipe.model_validate(yaml.safe_load(before.read_text()))
        if recipe.net.name == "auto":
            recipe = recipe.model_copy(update={"net": kept.net})
        if recipe.train.batch == "auto":
            recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update={"batch": kept.train.batch})})
    chosen = plan(recipe)
    return with_plan(recipe, chosen), chosen


def _write_what_shapes_it(recipe: Recipe, chosen: Plan, folder: Path) -> None:
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False))
    (folder / "versions.json").write_text(json.dumps(versions(), indent=1))
    if not (folder / "checkpoint.pt").exists() or not (folder / "plan.json").exists():
        chosen.write(folder)


def _report_left_out(parts: Parts, folder: Path) -> None:
    """``left_out.csv``: what was left out and why; nothing is written where all was read."""
    path = folder / "left_out.csv"
    if not leads():
        return
    if not parts.left_out:
        path.unlink(missing_ok=True)
        return
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "why"), *parts.left_out])
    say([f"{len(parts.left_out)} inputs are left out; {path} says which and why."])


def say(sentences: list[str]) -> None:
    """To the person at the terminal, beside the progress bar; results go to standard output, this does not."""
    from rich.console import Console

    for one in sentences:
        Console(stderr=True).print(one, highlight=False, markup=False)


def make_parts(recipe: Recipe, cache: Path, progress: Progress | None = None) -> Parts:
    """Net, sampler, loss and check of a recipe."""
    if recipe.net.name == "auto":
        recipe = planned(recipe)[0]
    if isinstance(recipe.data, VolumeData) and recipe.task == "detect":
        from limner.train.nodules import nodule_parts

        return nodule_parts(recipe, recipe.data, cache, progress)
    if isinstance(recipe.data, PatchData):
        from limner.train.generate_patches import patch_parts

        return patch_parts(recipe, recipe.data, cache, progress)
    if isinstance(recipe.data, VolumeData):
        return volume_parts(recipe, recipe.data, cache, progress)
    if isinstance(recipe.data, ThinData):
        from limner.train.superresolve import superresolve_parts

        return superresolve_parts(recipe, recipe.data, progress)
    if isinstance(recipe.data, TranslateData):
        from limner.train.translate import translate_parts

        return translate_parts(recipe, recipe.data, progress)
    return picture_parts(recipe, recipe.data, progress)


def versions() -> dict[str, str]:
    """Versions of what shapes a result."""
    names = ("limner", "torch", "lightning", "monai", "numpy", "scipy", "SimpleITK")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _bar():  # type: ignore[no-untyped-def]
    """On standard error: what is printed as JSON stays JSON."""
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    @contextmanager
    def bar():  # type: ignore[no-untyped-def]
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as shown:
            task = shown.add_task("starting", total=1.0)
            yield lambda text, done: shown.update(task, description=text, completed=done)

    return bar()
