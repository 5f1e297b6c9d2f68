"""How far clicks come: lesions of a cohort, clicked on as a patient person would, and held against what was drawn.

The person is simulated: first the innermost point of the lesion, then again and again the innermost point of the
largest error, as a click inside or outside.

Source: Xu N, Price B, Cohen S, Yang J, Huang T. Deep interactive object selection. CVPR 2016, section 4 (the
simulated user).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray

from limner.data.cases import read_image
from limner.data.cohort import read_cohort
from limner.data.phantoms import draw, sample
from limner.errors import CohortError
from limner.image import Grid, Image, LabelMap
from limner.image.anatomy import named
from limner.infer.click import Clicks, ClickSettings, Scene, click
from limner.infer.evaluate import EvaluateOptions, Interval
from limner.infer.evaluate.figures import mean_interval
from limner.infer.sight import see
from limner.io.nifti import read_nifti_labels
from limner.packs import load_pack

Progress = Callable[[str, float], None]
Mask = NDArray[np.bool_]
Point = tuple[int, int, int]
PHANTOMS = 3
LESION = 2
"""Value of the label that is clicked, in the map that the click is told."""


@dataclass(frozen=True)
class ClickBench:
    """What to measure.

    Args:
        cohort: CSV or JSONL with the column ``mask``; ``regions.json`` beside it names organ and lesion. Phantoms where
            None.
        split: only this split; every row where None.
        organ, lesion: regions of the mask. The organ is drawn before the first click, the lesion is not.
        clicks: of each lesion.
        smallest_ml: lesions below are left out.
        pack: whose net is asked, too; None where the image alone is cut.
        settings: how a click is read.
    """

    cohort: Path | None = None
    split: str | None = "val"
    organ: str = "liver"
    lesion: str = "liver tumor"
    clicks: int = 5
    smallest_ml: float = 0.2
    pack: str | None = None
    settings: ClickSettings = field(default_factory=ClickSettings)


@dataclass(frozen=True)
class ClickRow:
    """One lesion: Dice after each click, and seconds of each."""

    id: str
    patient: str
    ml: float
    dice: tuple[float, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class ClickResult:
    """Rows; mean Dice after n clicks with its interval over patients; the slowest click."""

    split: str | None
    rows: tuple[ClickRow, ...]
    dice: dict[int, Interval]
    slowest_s: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "split": self.split,
            "lesions": len(self.rows),
            "patients": len({row.patient for row in self.rows}),
            "dice": {str(n): one.model_dump() for n, one in self.dice.items()},
            "slowest_s": self.slowest_s,
            "per_lesion": [vars(row) for row in self.rows],
        }


def bench_click(bench: ClickBench, progress: Progress | None = None) -> ClickResult:
    """Clicks on every lesion of a split.

    Raises:
        CohortError: no lesion that is large enough.
    """
    rows = list(_phantoms(bench) if bench.cohort is None else _rows(bench, bench.cohort, progress))
    if not rows:
        name = bench.cohort.name if bench.cohort else "the phantoms"
        raise CohortError(
            f"No lesion of {bench.smallest_ml:g} ml or more in split {bench.split!r} of {name!r}; the region "
            f"{bench.lesion!r} is looked for in the column mask."
        )
    dice = {n: _mean(rows, n) for n in sorted({1, min(3, bench.clicks), bench.clicks})}
    split = bench.split if bench.cohort else None
    return ClickResult(split, tuple(rows), dice, max(max(row.seconds) for row in rows))


def _mean(rows: Sequence[ClickRow], n: int) -> Interval:
    by_patient: dict[str, list[float]] = {}
    for row in rows:
        by_patient.setdefault(row.patient, []).append(row.dice[n - 1])
    return mean_interval(list(by_patient.values()), EvaluateOptions())


def _phantoms(bench: ClickBench) -> Iterator[ClickRow]:
    """Livers with tumours of known shape, at the spacing of thin CT."""
    for seed in range(PHANTOMS):
        plan = sample(np.random.default_rng(seed))
        low, high = plan.box("liver")
        spacing = (2.5, 0.8, 0.8)
        size = np.ceil((high - low + 40) / spacing[::-1]).astype(int)[::-1]
        grid = Grid.axial((int(size[0]), int(size[1]), int(size[2])), spacing, low - 20)
        made = draw(plan, grid)
        lesions = made.labels.mask("liver tumor")
        organ = lesions | made.labels.mask("liver")
        yield from _of_lesions(bench, f"phantom-{seed}", f"phantom-{seed}", made.image, organ, lesions)


def _rows(bench: ClickBench, table: Path, progress: Progress | None) -> Iterator[ClickRow]:
    cohort = read_cohort(table)
    regions = cohort.regions or {bench.organ: (1, LESION), bench.lesion: (LESION,)}
    cases = cohort.split(bench.split).cases
    for number, case in enumerate(cases):
        if progress:
            progress("click", number / len(cases))
        path = case.path("mask")
        if path is None:
            continue
        drawn = read_nifti_labels(path)
        lesions = np.isin(drawn.array, regions[bench.lesion])
        organ = np.isin(drawn.array, regions[bench.organ]) | lesions
        image = read_image(case.image, case.hu_window)
        yield from _of_lesions(bench, case.id, case.patient, Image(image.array, drawn.grid), organ, lesions)


def _of_lesions(
    bench: ClickBench, id: str, patient: str, image: Image, organ: Mask, lesions: Mask
) -> Iterator[ClickRow]:
    grid = image.grid
    parts = cc3d.connected_components(lesions, connectivity=18)
    counts = np.bincount(parts.ravel())
    counts[0] = 0
    large = [k for k in np.argsort(-counts) if counts[k] * grid.voxel_ml >= bench.smallest_ml]
    known = named(bench.organ, 1, "organ"), named(bench.lesion, LESION, "lesion")
    labels = LabelMap(organ.astype(np.uint8), grid, known)
    for number, k in enumerate(large, start=1):
        truth = parts == k
        sight = None
        if bench.pack is not None:
            sight = see(load_pack(bench.pack), image, labels, LESION, innermost(truth, grid)[0])
        dice, seconds = clicked(
            Scene(image.array, grid, labels.array, LESION, sight), truth, bench.clicks, bench.settings
        )
        ml = round(float(counts[k]) * grid.voxel_ml, 3)
        yield ClickRow(f"{id}-{number}", patient, ml, dice, seconds)


def clicked(
    scene: Scene, truth: Mask, clicks: int, settings: ClickSettings | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Dice and seconds of each click of a simulated person.

    Args:
        scene: what is clicked on.
        truth: ``(Z, Y, X)``, what the person has in mind.
        clicks: how many.
        settings: how they are read.
    """
    inside, outside = [innermost(truth, scene.grid)[0]], list[Point]()
    dice, seconds = [], []
    for _ in range(clicks):
        start = time.perf_counter()
        mask = click(scene, Clicks(tuple(inside), tuple(outside)), settings).whole(scene.grid.shape)
        seconds.append(round(time.perf_counter() - start, 4))
        both = int(np.count_nonzero(mask & truth))
        dice.append(round(2 * both / (int(mask.sum()) + int(truth.sum())), 4))
        missed, extra = truth & ~mask, mask & ~truth
        if not missed.any() and not extra.any():
            continue
        (more, at), (less, there) = (
            (size, point) for point, size in (innermost(missed, scene.grid), innermost(extra, scene.grid))
        )
        (inside if more >= less else outside).append(at if more >= less else there)
    return tuple(dice), tuple(seconds)


def innermost(mask: Mask, grid: Grid) -> tuple[Point, int]:
    """The point of a mask's largest part that lies farthest from its border, and that part's voxels; 0 if empty."""
    where = np.argwhere(mask)
    if not len(where):
        return (0, 0, 0), 0
    low, high = where.min(0), where.max(0) + 1
    box = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    parts = cc3d.connected_components(box, connectivity=6)
    counts = np.bincount(parts.ravel())
    counts[0] = 0
    k = int(counts.argmax())
    depth = edt.edt(np.pad(parts == k, 1), anisotropy=grid.spacing_mm)[1:-1, 1:-1, 1:-1]
    z, y, x = (int(a) + int(b) for a, b in zip(np.unravel_index(int(depth.argmax()), depth.shape), low, strict=True))
    return (z, y, x), int(counts[k])
