"""The forecast of one drawn tumour, computed: read, believe, fit, run its futures.

``compute`` reads like this list. What it cannot know it says: in ``warnings``, and by intervals that widen.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError
from limner.forecast.anatomy import Scene, Site, read_scene, resampled_mask, site_of, working_grid
from limner.forecast.genes import Belief, Treatment, believe, treatment_of
from limner.forecast.genotype import Genotype, read_genotype
from limner.forecast.space.contour import signed_distance
from limner.forecast.space.ensemble import Futures, Start, draw_normals, futures
from limner.forecast.space.fit import CORE, Contour, Posterior, Sight, fit
from limner.forecast.space.prior import rates
from limner.image import Grid, resample_array

Float = NDArray[np.float64]
Progress = Callable[[str, float], None]
MOST_DAYS = 3650
_STEPS = 6
_FUTURES, _FEWER = 32, 12
_Z90 = 1.2816


@dataclass(frozen=True)
class Asked:
    """What is to be forecast.

    Args:
        target: id of the lesion; the largest where None.
        earlier: a drawing of the same tumour from before; seen once where None.
        days_between: from the earlier drawing to this one; by the studies' dates where None.
        treatment: a name of ``genes.json``; none where None.
        image: the scan that was drawn, as NIfTI or DICOM, to paint on; the label map where None.
        seed: of the futures' draw.
    """

    target: str | None = None
    earlier: Path | None = None
    days_between: float | None = None
    treatment: str | None = None
    image: Path | None = None
    seed: int = 0


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
    sights, between, told = _sights(scene, site, belief, asked)
    warnings += told
    if scene.others:
        warnings.append(f"{scene.others} other lesion parts are drawn; only {scene.finding.id!r} is forecast.")
    _say(progress, "fit", 0.0)
    known = fit(site.medium, sights, belief.prior)
    warnings += _of_the_fit(known, belief, sights)
    start = Start(site.medium, sights[-1].outer, known)
    when = _days_of(days)
    normals = draw_normals(_FUTURES, asked.seed)
    kills = _kills(start, normals, treatment, days, asked.seed)
    coming = futures(start, when, normals, kills, threads=_threads(), progress=progress)
    what_ifs = _what_ifs(start, sights, scene, genotype, treatment, when, asked.seed)
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


def _sights(scene: Scene, site: Site, belief: Belief, asked: Asked) -> tuple[list[Sight], float | None, list[str]]:
    now = Sight(0.0, Contour(belief.threshold, site.outer), _core(site.core))
    if asked.earlier is None:
        told = (
            "The tumour was seen once: how fast it grows comes from tumours like it, not from this patient, and the "
            "interval is as wide as they differ. A second drawing narrows it (an earlier one, with its date)."
        )
        return [now], None, [told]
    earlier = read_scene(asked.earlier)
    between = _between(earlier, scene, asked)
    mask, told_of = _same_tumour(earlier, scene, site)
    core = None
    if earlier.core is not None and site.core is not None:
        inner = resampled_mask(earlier.core, earlier.labels.grid, site.grid) & mask
        core = signed_distance(inner, site.grid.spacing_mm, site.medium.open) if inner.sum() >= 8 else None
    outer = signed_distance(mask, site.grid.spacing_mm, site.medium.open | mask)
    before = Sight(-between, Contour(belief.threshold, outer), _core(core))
    return [before, now], between, told_of


def _core(distance: Float | None) -> Contour | None:
    return None if distance is None else Contour(CORE, distance)


def _between(earlier: Scene, now: Scene, asked: Asked) -> float:
    """Days from the earlier drawing to this one."""
    first, second = earlier.drawing.study.date, now.drawing.study.date
    if asked.days_between is not None:
        between, how = float(asked.days_between), "as given"
    elif first is None or second is None:
        which = "the earlier" if first is None else "the later"
        raise InputError(
            f"The days between two drawings are needed, and {which} study has no date (NIfTI and de-identified scans have "
            "none). Give them: --days-between 120."
        )
    else:
        between, how = float((_date(second, now) - _date(first, earlier)).days), f"from {first} to {second}"
    if not 1 <= between <= 10 * MOST_DAYS:
        raise InputError(
            f"Time runs forwards: the earlier drawing must be from at least a day before the later one; it is {between:g} "
            f"days before ({how}). Exchange the two, or correct --days-between."
        )
    return between


def _date(text: str, scene: Scene) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"The study date of {str(scene.folder)!r} is no date: {text!r}. Give --days-between."
        ) from error


def _same_tumour(earlier: Scene, now: Scene, site: Site) -> tuple[NDArray[np.bool_], list[str]]:
    """The earlier drawing's lesion parts that meet this tumour, on the working grid."""
    grid = site.grid
    lesion = site.outer < 0
    values = sorted({one.label for one in earlier.drawing.findings if one.kind == "lesion"})
    before = resampled_mask(np.isin(earlier.labels.array, values), earlier.labels.grid, grid)
    parts, _ = ndimage.label(before, np.ones((3, 3, 3)))
    near = ndimage.binary_dilation(lesion, iterations=max(1, round(5 / grid.spacing_mm[0])))
    meeting = np.unique(parts[near & before])
    mask = np.isin(parts, meeting[meeting > 0]) & (site.medium.open | lesion)
    if not mask.any():
        raise InputError(
            f"The earlier drawing {str(earlier.folder)!r} shows no lesion where {now.finding.id!r} lies now. Are both of one "
            "patient, and aligned? Register the scans first: Limner takes both as they stand in the world."
        )
    voxel, told = site.medium.voxel_ml, []
    first, second = mask.sum() * voxel, lesion.sum() * voxel
    if second < first:
        told.append(
            f"The tumour is smaller now ({second:.1f} ml) than it was ({first:.1f} ml). The model knows growth alone, so the "
            "forecast is near standing still; what made it shrink (treatment, or how it was drawn) is not in it."
        )
    told.append("Both drawings are taken as aligned: what moved between the scans is read as growth.")
    return mask, told


def _of_the_fit(known: Posterior, belief: Belief, sights: list[Sight]) -> list[str]:
    """What the images could tell, in words."""
    cores = any(one.core is not None for one in sights)
    if len(sights) == 2 and not cores:
        return [
            "No core is drawn: two outer contours tell the product of D and ρ (the speed), hardly their ratio, which comes from the prior."
        ]
    if len(sights) == 1 and not cores:
        return ["One contour tells neither D nor ρ: both come from the prior; the contour tells size, place and shape."]
    return []


def _kills(start: Start, normals: Float, treatment: Treatment | None, days: int, seed: int) -> list[Any] | None:
    """Each future's kill rate, from now to the last day."""
    if treatment is None:
        return None
    draws = start.posterior.sample(normals)
    spread = np.random.default_rng([seed, 1]).permutation(np.linspace(-1.6, 1.6, len(draws)))
    found = [treatment.rate(rates(d[0], d[1]).growth, float(n)) for d, n in zip(draws, spread, strict=True)]
    return [((0.0, float(days), one),) for one in found]


def _what_ifs(
    start: Start,
    sights: list[Sight],
    scene: Scene,
    genotype: Genotype,
    treatment: Treatment | None,
    when: list[int],
    seed: int,
) -> tuple[WhatIf, ...]:
    """Without treatment (or with), without what genes told, and with the other status of IDH."""
    normals, found = draw_normals(_FEWER, seed), []
    if treatment is not None:
        found.append(WhatIf("without treatment", futures(start, when, normals, threads=_threads())))
    if not genotype.empty:
        for name, other in _other_genotypes(genotype):
            there = _under(start, sights, scene, genotype, other)
            kills = _kills(there, normals, treatment, when[-1], seed)
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
