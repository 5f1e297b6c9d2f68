"""The forecast of one drawn tumour, computed: read, believe, fit, run its futures.

``compute`` reads like this list. What it cannot know it says: in ``warnings``, and by intervals that widen.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.forecast.anatomy import Scene, Site, read_scene, site_of, working_grid
from limner.forecast.genes import Belief, believe
from limner.forecast.genotype import Genotype, read_genotype
from limner.forecast.sights import Asked, sights_of
from limner.forecast.space.ensemble import Futures, Start, draw_normals, futures
from limner.forecast.space.fit import Posterior, fit
from limner.forecast.space.question import Sight
from limner.forecast.treatment import Treatment, treatment_of
from limner.image import Grid, resample_array

Float = NDArray[np.float64]
Progress = Callable[[str, float], None]
_STEPS = 6
_Z90 = 1.2816


@dataclass(frozen=True, eq=False)
class WhatIf:
    """The same tumour under another condition.

    Args:
        name: of the condition, in words.
        coming: its futures.
    """

    name: str
    coming: Futures


@dataclass(frozen=True, eq=False)
class Run:
    """All that was computed, for the writer.

    Args:
        scene: the drawing.
        site: the tumour's surroundings.
        belief: before the fit.
        known: after it.
        genotype: of the tumour.
        treatment: that is on; None where none.
        start: from where futures run.
        kills: the treatment of each future; None where none is on.
        coming: the forecast.
        what_ifs: beside it.
        sights: 1 or 2.
        between_days: from the first sight to the second.
        warnings: a sentence each.
    """

    scene: Scene
    site: Site
    belief: Belief
    known: Posterior
    genotype: Genotype
    treatment: Treatment | None
    start: Start
    kills: list[Any] | None
    coming: Futures
    what_ifs: tuple[WhatIf, ...]
    sights: int
    between_days: float | None
    warnings: tuple[str, ...]


def compute(drawing: Path, genes: Path | None, days: int, asked: Asked, progress: Progress | None = None) -> Run:
    """The forecast of a drawing's tumour, without its files.

    Args:
        drawing: folder with ``drawing.json``.
        genes: file with genes, grade and age.
        days: how far ahead.
        asked: everything else.
        progress: is told the step and its share.

    Raises:
        InputError: as :func:`limner.forecast.drawing.forecast_drawing`.
    """
    genotype = read_genotype(genes) if genes is not None else Genotype()
    scene = read_scene(drawing, asked.target)
    belief = believe(scene.finding.name, scene.radius_mm, genotype)
    treatment = treatment_of(asked.treatment, genotype) if asked.treatment is not None else None
    _say(progress, "anatomy", 0.0)
    site = site_of(scene, working_grid(scene, _reach_mm(belief, days)))
    warnings = [*genotype.warnings, *site.warnings]
    sights, between, told = sights_of(scene, site, belief.threshold, asked)
    warnings += told
    if treatment is not None:
        warnings.append(
            "Under treatment the volume is that of cells dense enough to be seen; scars and swelling, which images go "
            "on showing, are not in the model."
        )
    if scene.others:
        warnings.append(f"{scene.others} other lesion parts are drawn; only {scene.finding.id!r} is forecast.")
    _say(progress, "fit", 0.0)
    known = fit(site.medium, sights, belief.prior)
    warnings += _of_the_fit(known, belief, sights)
    start = Start(site.medium, sights[-1].outer, known)
    when = _days_of(days)
    normals = draw_normals(asked.futures, asked.seed)
    kills = _kills(normals, treatment, days, asked.seed)
    coming = futures(start, when, normals, kills, threads=_threads(), progress=progress)
    warnings += _at_the_edge(coming, site, scene)
    if cut_by_scan(scene):
        warnings.insert(0, "The scan ends inside the tumour: volumes, today's too, are of what is seen.")
    what_ifs = _what_ifs(start, sights, scene, genotype, treatment, when, asked)
    return Run(
        scene,
        site,
        belief,
        known,
        genotype,
        treatment,
        start,
        kills,
        coming,
        what_ifs,
        len(sights),
        between,
        tuple(warnings),
    )


def _days_of(days: int) -> list[int]:
    """0 to the last day in about six steps, whole days."""
    return sorted({round(days * k / _STEPS) for k in range(_STEPS + 1)})


def _threads() -> int:
    return min(2, os.cpu_count() or 1)


def _say(progress: Progress | None, step: str, share: float) -> None:
    if progress:
        progress(step, share)


def _reach_mm(belief: Belief, days: int) -> float:
    prior = belief.prior
    fast = prior.speed_mm_per_day * math.exp(_Z90 * prior.speed_spread)
    return fast * days + 5 * prior.width_mm * math.exp(_Z90 * prior.width_spread)


def _of_the_fit(known: Posterior, belief: Belief, sights: list[Sight]) -> list[str]:
    """What the images could tell, in words."""
    cores = any(one.core is not None for one in sights)
    if len(sights) == 2 and not cores:
        return [
            "No core is drawn: two outer contours tell the product of D and ρ (the speed), hardly their ratio, which "
            "comes from the prior."
        ]
    if len(sights) == 1 and not cores:
        return ["One contour tells neither D nor ρ: both come from the prior; the contour tells size, place and shape."]
    return []


def cut_by_scan(scene: Scene) -> bool:
    """Whether the tumour reaches the first or the last voxel of the scan along any axis."""
    return any(bool(np.take(scene.lesion, end, axis=axis).any()) for axis in range(3) for end in (0, -1))


def _at_the_edge(coming: Futures, site: Site, scene: Scene) -> list[str]:
    """Whether futures reached the end of the computed region where the scan goes on."""
    last, shape = coming.probability[-1], np.array(scene.labels.grid.shape)
    for axis in range(3):
        for end in (0, last.shape[axis] - 1):
            where = np.full(3, 0.0)
            where[axis] = end
            there = scene.labels.grid.index(site.grid.world(where))[axis]
            if 1 < there < shape[axis] - 2 and np.take(last, end, axis=axis).max() > 0.1:
                return ["Fast futures reach the end of the computed region, so the 90th percentile is a lower bound."]
    return []


def _kills(normals: Float, treatment: Treatment | None, days: int, seed: int) -> list[Any] | None:
    """Each future's kill rate, from now to the last day."""
    if treatment is None:
        return None
    spread = np.random.default_rng([seed, 1]).permutation(np.linspace(-1.6, 1.6, len(normals)))
    found = [treatment.rate(float(n)) for n in spread]
    return [((0.0, float(days), one),) for one in found]


def _what_ifs(
    start: Start,
    sights: list[Sight],
    scene: Scene,
    genotype: Genotype,
    treatment: Treatment | None,
    when: list[int],
    asked: Asked,
) -> tuple[WhatIf, ...]:
    """Without treatment (or with), without what genes told, and with the other status of IDH."""
    normals, found = draw_normals(max(4, 3 * asked.futures // 8), asked.seed), []
    if treatment is not None:
        found.append(WhatIf("without treatment", futures(start, when, normals, threads=_threads())))
    if not genotype.empty:
        for name, other in _other_genotypes(genotype):
            there = _under(start, sights, scene, genotype, other)
            kills = _kills(normals, treatment, when[-1], asked.seed)
            found.append(WhatIf(name, futures(there, when, normals, kills, threads=_threads())))
    return tuple(found)


def _other_genotypes(genotype: Genotype) -> list[tuple[str, Genotype]]:
    found = [("were nothing known of its genes", Genotype())]
    if "IDH" in genotype.genes:
        other = "wild type" if genotype.genes["IDH"] == "mutated" else "mutated"
        found.append((f"were IDH {other}", genotype.with_("IDH", other)))
    return found


def _under(start: Start, sights: list[Sight], scene: Scene, mine: Genotype, other: Genotype) -> Start:
    """The start under another genotype: seen once, with its own prior; seen twice, the fit moved as the prior moves."""
    belief = believe(scene.finding.name, scene.radius_mm, other)
    if len(sights) == 1:
        return replace(start, posterior=fit(start.medium, sights, belief.prior))
    here = believe(scene.finding.name, scene.radius_mm, mine).prior
    speed = belief.prior.speed_mm_per_day / here.speed_mm_per_day
    width = belief.prior.width_mm / here.width_mm
    return replace(start, posterior=start.posterior.moved(speed / width, speed * width))


def on_labels(values: Float, site: Site, target: Grid) -> NDArray[np.float32]:
    """A field of the working grid on the label map's grid."""
    return resample_array(values.astype(np.float32), site.grid, target)
