"""What a section of a recipe gains: trained with it and without it, over several seeds, figures side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from limner.errors import OutputExistsError, RecipeError
from limner.packs import load_pack

if TYPE_CHECKING:
    from limner.infer.evaluate import Evaluation
    from limner.train.recipe import Expectation

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class GainBench:
    """What is compared.

    Args:
        recipe: with ``expect``: the figures that are compared, on data that is not learned from.
        without: the setting that leaves the section out, ``key=value``.
        seeds: 0, 1, … for each way.
        overrides: of both ways.
        out: folder of the runs; ``runs/<recipe>-gain`` where None.
        resume: go on with runs that are there.
    """

    recipe: Path
    without: str = "augment={}"
    seeds: int = 3
    overrides: tuple[str, ...] = ()
    out: Path | None = None
    resume: bool = False


@dataclass(frozen=True)
class GainRow:
    """A figure over the seeds: of each run, means and standard deviations, and of the differences seed by seed."""

    data: str
    figure: str
    n: int
    having: tuple[float, ...]
    lacking: tuple[float, ...]

    @property
    def gain(self) -> tuple[float, float]:
        """Mean and standard deviation of the difference of runs with the same seed."""
        apart = np.array(self.having) - np.array(self.lacking)
        return _spread(apart)

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        ways = {name: dict(zip(("mean", "sd"), _spread(np.array(getattr(self, name))), strict=True)) for name in _WAYS}
        gain, spread = self.gain
        return {**asdict(self), **{f"{k}_over_seeds": v for k, v in ways.items()}, "gain": gain, "gain_sd": spread}


_WAYS = ("having", "lacking")


@dataclass(frozen=True)
class GainResult:
    """Rows, a figure each; where the runs lie."""

    title: str
    folder: Path
    rows: tuple[GainRow, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {"title": self.title, "folder": str(self.folder), "rows": [row.as_dict() for row in self.rows]}


def bench_gain(bench: GainBench, progress: Progress | None = None) -> GainResult:
    """Trains ``2 × seeds`` packs and evaluates each on what the recipe expects figures of.

    Raises:
        RecipeError: the recipe expects nothing, or asks for a figure that there is not.
        OutputExistsError: runs are there, and ``resume`` is false.
    """
    from limner.train import check_installed

    check_installed()
    from limner.train.recipe import read_recipe

    expected = read_recipe(bench.recipe, [*bench.overrides, bench.without]).expect
    if not expected:
        raise RecipeError(
            f"The recipe {bench.recipe.name!r} expects no figure: add `expect` with cohort, split, metric."
        )
    out = bench.out or Path("runs") / f"{bench.recipe.stem}-gain"
    if out.exists() and not bench.resume:
        raise OutputExistsError(f"Runs are already in {str(out)!r}. Go on with --resume, or choose another -o.")
    jobs = [(seed, way) for seed in range(bench.seeds) for way in _WAYS]
    figures: dict[str, list[list[float]]] = {way: [] for way in _WAYS}
    counts: list[int] = []
    for number, (seed, way) in enumerate(jobs):
        if progress:
            progress(f"{way}, seed {seed}", number / len(jobs))
        overrides = [*bench.overrides, f"seed={seed}", *([bench.without] if way == "lacking" else [])]
        pack = _trained(bench.recipe, overrides, out / f"{way}-{seed}")
        values, counts = _figures(pack, expected)
        figures[way].append(values)
    rows = tuple(
        GainRow(
            data=f"{Path(one.cohort).stem} {one.split or ''}".strip(),
            figure=f"{one.region} {one.metric}" if one.region else one.metric,
            n=counts[k],
            having=tuple(values[k] for values in figures["having"]),
            lacking=tuple(values[k] for values in figures["lacking"]),
        )
        for k, one in enumerate(expected)
    )
    return GainResult(f"{bench.recipe.stem}, without: {bench.without}, {bench.seeds} seeds", out, rows)


def _trained(recipe: Path, overrides: list[str], folder: Path) -> Path:
    from limner.train import train

    if (folder / "pack" / "pack.json").is_file():
        return folder / "pack"
    return train(recipe, overrides, folder, resume=(folder / "checkpoint.pt").exists()).pack


def _figures(folder: Path, expected: list[Expectation]) -> tuple[list[float], list[int]]:
    from limner.infer.evaluate import EvaluateOptions, evaluate

    pack = load_pack(folder)
    done: dict[tuple[str, str | None], Evaluation] = {}
    values, counts = [], []
    for one in expected:
        key = (one.cohort, one.split)
        if key not in done:
            options = EvaluateOptions(split=one.split, mask=one.mask, regions=one.regions, bootstrap=1)
            done[key] = evaluate(pack, Path(one.cohort), options)
        metrics = done[key].metrics if one.region is None else done[key].per_class.get(one.region, {})
        found = metrics.get(one.metric)
        if found is None or found.value is None:
            raise RecipeError(
                f"expect: no figure {one.metric!r} of {one.region or 'all'}; there are {', '.join(metrics)}."
            )
        values.append(float(found.value))
        counts.append(done[key].n)
    return values, counts


def _spread(values: Any) -> tuple[float, float]:
    """Mean and standard deviation of a sample."""
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    return round(float(np.mean(values)), 4), round(spread, 4)
