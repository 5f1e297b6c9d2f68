"""A run: recipe in, folder out with curve, checkpoint, provenance and pack."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn

from limner import nets
from limner.data.patches import PatchSampler
from limner.errors import OutputExistsError
from limner.nets.losses import deeply_supervised
from limner.train.loop import fit
from limner.train.recipe import Recipe, read_recipe
from limner.train.sources import load_sources

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
        net = _train(recipe, folder, resume, progress)
    from limner.train.export import write_pack

    return RunResult(folder, write_pack(net, recipe, folder))


def _train(recipe: Recipe, folder: Path, resume: bool, progress: Progress) -> nn.Module:
    cache = folder.parent / "cache"
    data = recipe.data
    index = {name: number for number, name in enumerate(data.classes)}
    sampler = PatchSampler(
        load_sources(data, cache, progress),
        data.patch,
        data.window_hu,
        {index[name]: weight for name, weight in data.class_weights.items()},
        recipe.augment,
        recipe.seed,
        data.focus.around_hu if data.focus else None,
        [index[name] for name in data.focus.organ] if data.focus else (),
    )
    torch.manual_seed(recipe.seed)  # initial weights only; every draw after has its own generator
    net = nets.build(recipe.net.name, recipe.channels, len(data.classes), **recipe.net.options)
    if recipe.train.start_from:
        from safetensors.torch import load_file

        net.load_state_dict(load_file(recipe.train.start_from))

    costs = torch.tensor([recipe.train.class_costs.get(name, 1.0) for name in data.classes])

    def loss(logits: tuple[Tensor, ...], target: Tensor, merge: Tensor) -> Tensor:
        return deeply_supervised(logits, target, merge, costs.to(target.device))

    return fit(net, loss, sampler, recipe.train, folder, resume=resume, progress=progress)


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
