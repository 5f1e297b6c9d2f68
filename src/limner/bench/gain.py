"""What a section of a recipe gains: trained with it and without it, over several seeds, figures side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from limner.bench.settings import keep_settings, settings_of
from limner.errors import RecipeError
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
        return spread(apart)

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        ways = {name: dict(zip(("mean", "sd"), spread(np.array(getattr(self, name))), strict=True)) for name in _WAYS}
        gain, apart = self.gain
        return {**asdict(self), **{f"{k}_over_seeds": v for k, v in ways.items()}, "gain": gain, "gain_sd": apart}


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


def told_of(one: Expectation) -> tuple[str, str]:
    """The data of a figure that is expected, and its name."""
    return f"{Path(one.cohort).stem} {one.split or ''}".strip(), f"{one.region or ''} {one.metric}".strip()


def expected_by(recipe: Path, overrides: list[str]) -> list[Expectation]:
    """The figures that are compared.

    Raises:
        RecipeError: the recipe expects none.
    """
    from limner.train import check_installed

    check_installed()
    from limner.train.recipe import read_recipe

    expected = read_recipe(recipe, overrides).expect
    if not expected:
        raise RecipeError(f"The recipe {recipe.name!r} expects no figure: add `expect` with cohort, split, metric.")
    return list(expected)


def bench_gain(bench: GainBench, progress: Progress | None = None) -> GainResult:
    """Trains ``2 × seeds`` packs and evaluates each on what the recipe expects figures of.

    Raises:
        RecipeError: the recipe expects nothing, or asks for a figure that there is not.
        OutputExistsError: runs are there, and ``resume`` is false, or they have other settings.
    """
    expected = expected_by(bench.recipe, [*bench.overrides, bench.without])
    out = bench.out or Path("runs") / f"{bench.recipe.stem}-gain"
    settings = settings_of(bench.recipe, bench="gain", overrides=bench.overrides, without=bench.without)
    keep_settings(out, settings, resume=bench.resume)
    jobs = [(seed, way) for seed in range(bench.seeds) for way in _WAYS]
    figures: dict[str, list[list[float]]] = {way: [] for way in _WAYS}
    counts: list[int] = []
    for number, (seed, way) in enumerate(jobs):
        if progress:
            progress(f"{way}, seed {seed}", number / len(jobs))
        overrides = [*bench.overrides, f"seed={seed}", *([bench.without] if way == "lacking" else [])]
        pack = trained(bench.recipe, overrides, out / f"{way}-{seed}")
        values, counts = figures_of(pack, expected)
        figures[way].append(values)
    rows = tuple(
        GainRow(
            data=told_of(one)[0],
            figure=told_of(one)[1],
            n=counts[k],
            having=tuple(values[k] for values in figures["having"]),
            lacking=tuple(values[k] for values in figures["lacking"]),
        )
        for k, one in enumerate(expected)
    )
    return GainResult(f"{bench.recipe.stem}, without: {bench.without}, {bench.seeds} seeds", out, rows)


def trained(recipe: Path, overrides: list[str], folder: Path) -> Path:
    """The pack of a run: the one that is there, a killed run gone on with, or a new one."""
    from limner.train import train

    if (folder / "pack" / "pack.json").is_file():
        return folder / "pack"
    return train(recipe, overrides, folder, resume=(folder / "checkpoint.pt").exists()).pack


def figures_of(folder: Path, expected: list[Expectation]) -> tuple[list[float], list[int]]:
    """The figures of a pack that a recipe expects, and of how many cases each is."""
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


def spread(values: Any) -> tuple[float, float]:
    """Mean and standard deviation of a sample, to four digits."""
    apart = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    return digits(float(np.mean(values))), digits(apart)


def digits(value: float) -> float:
    """To four digits; distances may be far below 1.

    >>> digits(0.000123456), digits(0.85)
    (0.0001235, 0.85)
    """
    return float(f"{value:.4g}")
