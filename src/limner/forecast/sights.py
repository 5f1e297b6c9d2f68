"""What was seen of a tumour, and when: one drawing, or an earlier one beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError
from limner.forecast.anatomy import Scene, Site, read_scene, resampled_mask
from limner.forecast.space.contour import signed_distance
from limner.forecast.space.fit import CORE
from limner.forecast.space.question import Sight
from limner.forecast.space.start import Contour

Float = NDArray[np.float64]
_LONGEST_DAYS = 20_000


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
        futures: how many are drawn; three eighths as many for each what-if.
    """

    target: str | None = None
    earlier: Path | None = None
    days_between: float | None = None
    treatment: str | None = None
    image: Path | None = None
    seed: int = 0
    futures: int = 32


def sights_of(scene: Scene, site: Site, threshold: float, asked: Asked) -> tuple[list[Sight], float | None, list[str]]:
    """The contours on the working grid, the days between them, and what to say of them.

    Args:
        scene: the drawing.
        site: the tumour's surroundings.
        threshold: c on a drawn contour.
        asked: names the earlier drawing.

    Raises:
        InputError: time runs backwards, no dates, or the earlier drawing shows no lesion here.
    """
    now = Sight(0.0, Contour(threshold, site.outer), _core(site.core))
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
    before = Sight(-between, Contour(threshold, outer), _core(core))
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
            f"The days between two drawings are needed, and {which} study has no date (NIfTI and de-identified scans "
            "have none). Give them: --days-between 120."
        )
    else:
        between, how = float((_date(second, now) - _date(first, earlier)).days), f"from {first} to {second}"
    if not 1 <= between <= _LONGEST_DAYS:
        raise InputError(
            f"Time runs forwards: the earlier drawing must be from at least a day before the later one; it is "
            f"{between:g} days before ({how}). Exchange the two, or correct --days-between."
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
            f"The earlier drawing {str(earlier.folder)!r} shows no lesion where {now.finding.id!r} lies now. Are both "
            "of one patient, and aligned? Register the scans first: Limner takes both as they stand in the world."
        )
    voxel, told = site.medium.voxel_ml, []
    first, second = mask.sum() * voxel, lesion.sum() * voxel
    if second < first:
        told.append(
            f"The tumour is smaller now ({second:.1f} ml) than it was ({first:.1f} ml). The model knows growth alone, "
            "so the forecast is near standing still; what made it shrink (treatment, or how it was drawn) is not in it."
        )
    told.append("Both drawings are taken as aligned: what moved between the scans is read as growth.")
    return mask, told
