"""Nodules in a whole chest: windows inside the lungs, and marks with probabilities."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import edt
import numpy as np
from numpy.typing import NDArray

from limner.errors import PackError
from limner.image import Grid, Image, resample_array
from limner.infer.classical import applies, body, coarse_grid, lungs
from limner.infer.closing import closed
from limner.infer.engines import open_engine
from limner.infer.memory import choose_window
from limner.infer.predict import Seen, in_axial_order, to_net
from limner.infer.windows import cut
from limner.packs import Calibration, Pack
from limner.tasks.boxes import Marks, decode, suppress
from limner.tasks.detect import Platt, sigmoid

Progress = Callable[[str, float], None]
Mask = NDArray[np.bool_]
Place = tuple[tuple[slice, ...], tuple[NDArray[np.int64], NDArray[np.int64]]]
"""A window, and the first and last corner of its core."""
THRESHOLD, LEAST, CLOSE_MM, FILLED_MM, OUTSIDE_MM, BORDER_CELLS = 0.3, 0.02, 12.0, 4.0, 5.0, 4
"""Least probability of a mark that is shown, and that is kept at all; how wide a gap in the lungs is closed (a nodule
on the pleura is one); up to which radius such a gap is filled for sure, and how far outside the middle of a larger
one may lie at most; cells at a window's edge that are left to its neighbour."""


@dataclass(frozen=True)
class Nodule:
    """One mark.

    Args:
        center_mm: LPS.
        sides_mm: of its box along ``(z, y, x)`` of the axial image.
        probability: calibrated.
        name: of its class.
    """

    center_mm: tuple[float, float, float]
    sides_mm: tuple[float, float, float]
    probability: float
    name: str

    @property
    def diameter_mm(self) -> float:
        """Of the ball as large as its box."""
        return float(np.prod(self.sides_mm) ** (1 / 3))


@dataclass(frozen=True)
class Found:
    """What was found in a chest.

    Args:
        nodules: surest first, down to a low probability.
        threshold: least probability of those that the pack shows.
        right, left: the lungs on ``grid``.
        grid: about 2 mm.
        seconds: per step.
        engine: that ran.
        seen: what the net was shown; None where there is no lung.
    """

    nodules: tuple[Nodule, ...]
    threshold: float
    right: Mask
    left: Mask
    grid: Grid
    seconds: dict[str, float] = field(default_factory=dict)
    engine: str = ""
    seen: Seen | None = None

    @property
    def shown(self) -> tuple[Nodule, ...]:
        """The nodules at or above the threshold."""
        return tuple(one for one in self.nodules if one.probability >= self.threshold)


class NoduleFinder:
    """A detection pack for volumes on an engine, opened once."""

    def __init__(self, pack: Pack, engine: str = "auto", max_memory_gb: float | None = None) -> None:
        if pack.spec.task != "detect":
            raise PackError(f"Pack {pack.name!r} does {pack.spec.task!r}; a pack of the task 'detect' finds nodules.")
        self.pack, self.max_memory_gb = pack, max_memory_gb
        self.input = pack.main.volume
        self.engine, self._opened = open_engine(engine, pack.main)
        known = pack.spec.calibration or Calibration()
        self._platt = Platt(known.temperature, known.bias)
        own = THRESHOLD if known.threshold is None else known.threshold
        self.threshold = own if pack.spec.decode.threshold is None else pack.spec.decode.threshold

    def __call__(self, image: Image, progress: Progress | None = None) -> Found:
        """Finds nodules in a CT in Hounsfield units.

        Raises:
            PackError: another modality, or values clipped to a window, so that lung cannot be told from fat.
        """
        _refuse(self.pack, image)
        seconds: dict[str, float] = {}
        start = time.perf_counter()
        axial = in_axial_order(image)
        small = coarse_grid(axial.grid)
        hu = resample_array(axial.array, axial.grid, small, outside=-1024)
        right, left = lungs(hu, body(hu, small), small)
        seconds["find the lungs"] = round(time.perf_counter() - start, 3)
        if not (right.any() or left.any()):
            return Found((), self.threshold, right, left, small, seconds, self.engine)
        start = time.perf_counter()
        volume, grid = to_net(axial, self.input)
        inside = closed(right | left, small.spacing_mm, CLOSE_MM).view(np.uint8)
        where = resample_array(inside, small, grid, nearest=True) > 0
        seconds["prepare"] = round(time.perf_counter() - start, 3)
        start = time.perf_counter()
        most = choose_window(self.pack, self.input, volume.shape, self.max_memory_gb)
        border = self._border(most)
        window = _even(where, most, border, self.input.divisible)
        places = _places(where, window, border)
        marks = self._marks(volume, where, places, progress)
        seconds["net"] = round(time.perf_counter() - start, 3)
        corners = tuple((box[0].start, box[1].start, box[2].start) for box, _ in places)
        seen = Seen(self.pack.main, volume[None], grid, (window[0], window[1], window[2]), corners)
        return Found(self._nodules(marks, grid), self.threshold, right, left, small, seconds, self.engine, seen)

    def _marks(
        self, volume: NDArray[np.float32], where: Mask, places: Sequence[Place], progress: Progress | None
    ) -> Marks:
        """Marks in voxels of the net's grid that reach into the lungs."""
        found = []
        for number, (box, core) in enumerate(places):
            if progress:
                progress("net", number / len(places))
            marks = self._window(volume, box)
            middle = (marks.boxes[:, :3] + marks.boxes[:, 3:]) / 2
            own: Mask = np.all((middle >= core[0]) & (middle < core[1]), axis=1)
            found.append(marks.take(own))
        every = suppress(
            Marks(*(np.concatenate([getattr(one, name) for one in found]) for name in ("boxes", "scores", "classes")))
        )
        return every.take(self._touches(every, where))

    def _touches(self, marks: Marks, where: Mask) -> NDArray[np.bool_]:
        """Whether a mark reaches into the lungs: the middle of a large nodule on the pleura may lie outside of them."""
        spacing = np.array(self.input.spacing_mm)
        away_mm = edt.edt(~where, anisotropy=tuple(spacing), black_border=False)
        at = np.clip(((marks.boxes[:, :3] + marks.boxes[:, 3:]) / 2).astype(int), 0, np.array(where.shape) - 1)
        radius_mm = ((marks.boxes[:, 3:] - marks.boxes[:, :3]) * spacing / 2).min(1)
        return np.asarray(away_mm[tuple(at.T)] <= np.clip(radius_mm - FILLED_MM, 0, OUTSIDE_MM))

    def _window(self, volume: NDArray[np.float32], box: tuple[slice, ...]) -> Marks:
        padded = cut(volume[None], box)
        out = self._opened.run({"image": padded[None]})
        stride = padded.shape[1] // out["centers"].shape[2]
        marks = decode(sigmoid(out["centers"][0]), out["sizes"][0], out["offsets"][0], stride, threshold=LEAST)
        low = np.array([s.start for s in box], float)
        return Marks(marks.boxes + np.concatenate([low, low]), marks.scores, marks.classes)

    def _border(self, window: tuple[int, ...]) -> int:
        """Voxels at a window's edge that are left to its neighbour, at most a quarter of it."""
        stride = int((self.pack.spec.net.options if self.pack.spec.net else {}).get("stride", 4))
        return min(BORDER_CELLS * stride, min(window) // 4)

    def _nodules(self, marks: Marks, grid: Grid) -> tuple[Nodule, ...]:
        logits = np.log(marks.scores.clip(1e-6, 1 - 1e-6)) - np.log((1 - marks.scores).clip(1e-6, 1))
        p = self._platt(logits)
        centers = grid.world((marks.boxes[:, :3] + marks.boxes[:, 3:]) / 2 - 0.5)  # voxel 0 is the edge 0 to 1
        sides = (marks.boxes[:, 3:] - marks.boxes[:, :3]) * np.array(grid.spacing_mm)
        names = self.pack.spec.classes[1:]
        return tuple(
            Nodule(_three(c), _three(s), float(q), names[int(k)])
            for c, s, q, k in zip(centers, sides, p, marks.classes, strict=True)
        )


def _refuse(pack: Pack, image: Image) -> None:
    if image.modality and image.modality not in pack.spec.input.modality:
        raise PackError(
            f"Pack {pack.name!r} reads {', '.join(pack.spec.input.modality)}; this series is {image.modality}. "
            "See `limner packs list` for others."
        )
    if not applies(image):
        raise PackError(
            f"Pack {pack.name!r} looks inside the lungs, and this scan holds no values below −500 HU: it was clipped "
            "to a window, or shows no lung."
        )


def _even(where: Mask, most: tuple[int, ...], border: int, divisible: tuple[int, ...]) -> tuple[int, ...]:
    """The smallest window whose cores cover the lungs in as few steps as the largest one's would."""
    sizes = []
    for axis, (largest, multiple) in enumerate(zip(most, divisible, strict=True)):
        rows = np.flatnonzero(where.any(tuple(k for k in range(3) if k != axis)))
        extent = int(rows[-1]) + 1 - int(rows[0])
        core = -(-extent // -(-extent // (largest - 2 * border)))
        sizes.append(min(largest, -(-(core + 2 * border) // multiple) * multiple))
    return tuple(sizes)


def _places(where: Mask, window: tuple[int, ...], border: int) -> list[Place]:
    """Windows that see some lung in their core, and the cores, which share no voxel and cover all lung."""
    rows = [np.flatnonzero(where.any(tuple(k for k in range(3) if k != axis))) for axis in range(3)]
    steps = []
    for axis, one in enumerate(rows):
        first, last = int(one[0]), int(one[-1]) + 1
        core = window[axis] - 2 * border
        count = -(-(last - first) // core)
        spare = count * core - (last - first)
        steps.append([first - spare // 2 + k * core for k in range(count)])
    found = []
    for corner in itertools.product(*steps):
        low = np.array(corner)
        high = low + np.array(window) - 2 * border
        seen = where[tuple(slice(max(0, int(a)), max(0, int(b))) for a, b in zip(low, high, strict=True))]
        if seen.any():
            box = tuple(slice(int(a) - border, int(a) - border + n) for a, n in zip(low, window, strict=True))
            found.append((box, (low, high)))
    return found


def _three(values: NDArray[np.floating]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
