"""What pictures of nobody add to few real cases: four ways of training beside one another, over draws of the cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from limner.bench.gain import digits, expected_by, figures_of, spread, told_of, trained
from limner.bench.settings import keep_settings, settings_of
from limner.errors import InputError
from limner.packs import Pack

Progress = Callable[[str, float], None]

WAYS = ("real", "augmented", "synthetic", "both")
"""The real cases as they are; changed as the recipe says; beside synthetic ones; changed, beside synthetic ones."""
GAINS = (("synthetic", "real"), ("synthetic", "augmented"), ("both", "augmented"))
"""What is held against what."""
PLAIN = "augment={}"


@dataclass(frozen=True)
class SyntheticBench:
    """What is compared.

    Args:
        recipe: for pictures, with ``expect``: the figures that are compared, on data that is not learned from.
        addition: as ``limner train --add`` takes it.
        cases: real patients that are learned from, drawn anew by each seed; nobody else's pictures choose weights.
        made: pictures of nobody.
        seeds: 0, 1, … of each way.
        overrides: of all ways; ``train.steps`` should be among them, so that all take as many steps.
        out: folder of the runs; ``runs/<recipe>-synthetic`` where None.
        resume: go on with runs that are there.
    """

    recipe: Path
    addition: str = "synthetic:0.5"
    cases: int = 10
    made: int = 1000
    seeds: int = 5
    overrides: tuple[str, ...] = ()
    out: Path | None = None
    resume: bool = False


@dataclass(frozen=True)
class SyntheticRow:
    """A figure, by way, of each seed."""

    data: str
    figure: str
    n: int
    values: Mapping[str, tuple[float, ...]]

    def gain(self, way: str, beside: str) -> tuple[float, float, float]:
        """Mean difference of runs with the same real cases, and its 95 % interval over draws of them (Student's t)."""
        from scipy.stats import t

        apart = np.array(self.values[way]) - np.array(self.values[beside])
        half = float(t.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / np.sqrt(len(apart)))
        middle = float(apart.mean())
        return digits(middle), digits(middle - half), digits(middle + half)

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        over = {
            way: dict(zip(("mean", "sd"), spread(np.array(some)), strict=True)) for way, some in self.values.items()
        }
        gains = {f"{a} - {b}": dict(zip(("value", "low", "high"), self.gain(a, b), strict=True)) for a, b in GAINS}
        return {**asdict(self), "over_seeds": over, "gains": gains}


@dataclass(frozen=True)
class SyntheticResult:
    """Rows, a figure each; where the runs lie; what the generator brings along."""

    title: str
    folder: Path
    rows: tuple[SyntheticRow, ...]
    generator: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "title": self.title,
            "folder": str(self.folder),
            "generator": self.generator,
            "rows": [row.as_dict() for row in self.rows],
        }


def bench_synthetic(bench: SyntheticBench, progress: Progress | None = None) -> SyntheticResult:
    """Trains ``4 × seeds`` packs and evaluates each on what the recipe expects figures of.

    The pictures are made once, and are the same in all runs; where a pack makes them from label maps, once for each
    seed, from the maps of that seed's patients.

    Raises:
        RecipeError: the recipe expects nothing, or no pack makes pictures for it.
        InputError: fewer than two seeds, of which no interval can be had.
        OutputExistsError: runs are there, and ``resume`` is false, or they have other settings.
    """
    if bench.seeds < 2:
        raise InputError(f"An interval over draws of the cases needs two seeds or more; got --seeds {bench.seeds}.")
    overrides = list(bench.overrides)
    expected = expected_by(bench.recipe, overrides)
    from limner.synthesize import fitting_pack, read_addition, with_synthetic
    from limner.train.recipe import read_recipe

    addition, read = replace(read_addition(bench.addition), count=bench.made), read_recipe(bench.recipe, overrides)
    pack, _ = fitting_pack(read, addition.pack)
    out = bench.out or Path("runs") / f"{bench.recipe.stem}-synthetic"
    asked = {name: getattr(bench, name) for name in ("overrides", "addition", "cases", "made")}
    keep_settings(out, settings_of(bench.recipe, bench="synthetic", **asked), resume=bench.resume)
    few = [*overrides]
    for number in range(len(read.data.sources)):
        few += [f"data.sources.{number}.cases={bench.cases}", f"data.sources.{number}.check=null"]

    def enlarged(seed: int) -> Path:
        """The recipe beside the pictures; maps are other patients' by seed, and must not reach another seed's runs."""
        if pack.generator.condition != "mask":
            return with_synthetic(bench.recipe, few, addition, out / "made", progress)
        return with_synthetic(bench.recipe, [*few, f"seed={seed}"], addition, out / f"made-{seed}", progress)

    jobs = [(seed, way) for seed in range(bench.seeds) for way in WAYS]
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    counts: list[int] = []
    for number, (seed, way) in enumerate(jobs):
        if progress:
            progress(f"{way}, seed {seed}", number / len(jobs))
        changes = [f"seed={seed}", *([PLAIN] if way in ("real", "synthetic") else [])]
        if way in ("synthetic", "both"):
            run = trained(enlarged(seed), changes, out / f"{way}-{seed}")
        else:
            run = trained(bench.recipe, [*few, *changes], out / f"{way}-{seed}")
        values, counts = figures_of(run, expected)
        found[way].append(values)
    rows = tuple(
        SyntheticRow(*told_of(one), counts[k], {way: tuple(values[k] for values in found[way]) for way in WAYS})
        for k, one in enumerate(expected)
    )
    title = f"{bench.recipe.stem}, {bench.cases} real cases, {bench.addition}, {bench.seeds} seeds"
    return SyntheticResult(title, out, rows, _brought_along(pack))


def _brought_along(pack: Pack) -> str:
    """A sentence on real cases that the generator saw, which no count of cases here covers."""
    learned = "; ".join(f"{row.source}, {row.case}" for row in pack.spec.training)
    return (
        "The generator learned from other real cases too; the interval covers neither it nor the test cases. "
        f"It is {pack.name} {pack.version}, and learned from: {learned}."
    )
