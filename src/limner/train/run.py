"""A run: recipe in, folder out with curve, checkpoint, provenance and pack."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from limner.errors import OutputExistsError
from limner.train.loop import Parts, fit
from limner.train.pictures import picture_parts
from limner.train.recipe import Recipe, VolumeData, read_recipe
from limner.train.volumes import volume_parts

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class RunResult:
    """Where the run lies and where its pack is."""

    folder: Path
    pack: Path


def run(recipe_path: Path, overrides: list[str], out: Path | None, resume: bool) -> RunResult:
    """See :func:`limner.train.train`."""
    recipe = read_recipe(recipe_path, overrides)
    folder = Path(out) if out else Path("runs") / Path(recipe_path).stem
    if (folder / "checkpoint.pt").exists() and not resume:
        raise OutputExistsError(f"A run is already in {str(folder)!r}. Go on with --resume, or choose another -o.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False))
    (folder / "versions.json").write_text(json.dumps(versions(), indent=1))
    with _bar() as progress:
        parts = make_parts(recipe, folder.parent / "cache", progress)
        if recipe.train.start_from:
            from safetensors.torch import load_file

            parts.net.load_state_dict(load_file(recipe.train.start_from))
        net = fit(parts, recipe.train, folder, resume=resume, progress=progress)
    from limner.train.export import write_pack

    calibration = parts.calibrate(net) if parts.calibrate else None
    return RunResult(folder, write_pack(net, recipe, folder, calibration))


def make_parts(recipe: Recipe, cache: Path, progress: Progress | None = None) -> Parts:
    """Net, sampler, loss and check of a recipe."""
    if isinstance(recipe.data, VolumeData):
        return volume_parts(recipe, recipe.data, cache, progress)
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
    from contextlib import contextmanager

    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    @contextmanager
    def bar():  # type: ignore[no-untyped-def]
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns) as shown:
            task = shown.add_task("starting", total=1.0)
            yield lambda text, done: shown.update(task, description=text, completed=done)

    return bar()
