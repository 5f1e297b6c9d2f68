"""One image through one pack."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from limner.data.organ_view import organ_view
from limner.errors import PackError
from limner.image import Grid, Image, LabelMap, Problem, reorient, resample_array, to_axial
from limner.infer.classical import applies, classical, coarse_grid
from limner.infer.decode import Organ, box_of, decode, largest, near, organs, softmax
from limner.infer.engines import open_engine
from limner.infer.memory import choose_window
from limner.infer.tissue import reweigh
from limner.infer.uncertainty import doubts
from limner.infer.windows import corners, slide
from limner.packs import InputSpec, Net, Pack

if TYPE_CHECKING:
    from limner.scene import Part

OVERLAP = 0.4
"""Share of a window that its neighbour sees, too, where a pack does not say."""
OTHER = 0.3
"""Share of an organ's probability from which a voxel is taken for a lesion or a vessel in it: it may look otherwise."""

Progress = Callable[[str, float], None]
Triple = tuple[int, int, int]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Seen:
    """What one net was shown of a scan; explanations ask about windows of it.

    Args:
        net: that saw it.
        volume: ``(C, Z, Y, X)`` float32, as the net takes it.
        grid: of the volume, in the scan's axial order.
        window: size of the windows in which it was shown.
        corners: where they began; past the volume's edges they repeat the edge.
    """

    net: Net
    volume: NDArray[np.float32]
    grid: Grid
    window: Triple
    corners: tuple[Triple, ...]


@dataclass(frozen=True)
class Prediction:
    """What a pack says of an image.

    Args:
        labels: on the image's grid.
        confidence: ``(Z, Y, X)`` uint8, 255 × the probability of the label given at each voxel; 255 where a rule
            (lungs, bones, body) gave it; None where nobody can tell, as of labels that a person drew.
        intervals_ml: label name → volume that is surely inside, volume that may be inside.
        seconds: per step.
        engine: that ran.
        left_out: structures that the pack knows and that could not be drawn here, with the reason.
        uncertainty: ``(Z, Y, X)`` uint8, 0 sure to 255 as likely as not; None where it was not asked for.
        abstained: the answer as a whole is "not sure".
        abstain_below: a lesion less probable than this is "not sure".
        expected_dice: that the labels are expected to have with the truth; None where the pack does not say.
        problems: what a reader of the answer must know.
        seen: what the nets were shown, in the order in which they ran.
        by_hand: a person drew or corrected the labels.
    """

    labels: LabelMap
    confidence: NDArray[np.uint8] | None
    intervals_ml: dict[str, tuple[float, float]]
    seconds: dict[str, float]
    engine: str
    left_out: dict[str, str]
    uncertainty: NDArray[np.uint8] | None = None
    abstained: bool = False
    expected_dice: float | None = None
    abstain_below: float = 0.0
    problems: tuple[Problem, ...] = ()
    seen: tuple[Seen, ...] = ()
    by_hand: bool = False

    def probability_of(self, part: Part) -> float:
        """Mean probability of the voxels that a part was given, as a drawing states it; NaN where it has none."""
        if self.confidence is None:
            return math.nan
        own = part.mask & (self.labels.array[part.box] == part.label.value)
        return float(self.confidence[part.box][own].mean(dtype=np.float64)) / 255 if own.any() else math.nan

    def unsure_of(self, probability: float | None) -> bool:
        """Whether a lesion of this probability is "not sure"."""
        return self.abstained or (probability is not None and probability < self.abstain_below)


def predict(
    pack: Pack,
    image: Image,
    *,
    engine: str = "auto",
    max_memory_gb: float | None = None,
    uncertainty: bool = False,
    progress: Progress | None = None,
) -> Prediction:
    """Labels every voxel of an image.

    Args:
        pack: a segmentation pack.
        image: HU for CT.
        engine: of :data:`limner.infer.engines.ENGINES`, or ``auto``.
        max_memory_gb: the windows shrink until the engine's predicted peak fits.
        uncertainty: say how unsure each voxel is, too.
        progress: called with a step's name and the share done.

    Raises:
        PackError: the image is of another modality, or the memory is too small for the smallest window.
    """
    if image.modality and image.modality not in pack.spec.input.modality:
        raise PackError(
            f"Pack {pack.name!r} reads {', '.join(pack.spec.input.modality)}; this series is {image.modality}. "
            "See `limner packs list` for others."
        )
    watch = _Watch(progress)
    axial = in_axial_order(image)
    nets = _Nets(pack, engine, max_memory_gb, watch)
    fields = nets.locate_then_draw(axial) if pack.locator else nets.draw(axial)
    decoded = watch("draw borders", lambda: decode(fields, axial.grid, pack))
    labels, confidence = decoded.labels, decoded.confidence
    doubt = watch("uncertainty", lambda: doubts(fields, axial.grid)) if uncertainty else None
    left_out: dict[str, str] = {}
    if pack.spec.classical and applies(axial):
        watch("lungs, bones, body", lambda: _add_classical(axial, pack, labels, confidence))
    elif pack.spec.classical:
        left_out = dict.fromkeys(pack.spec.classical, "the scan holds no values below −500 HU (clipped to a window)")
    for organ, mean in decoded.unsure.items():
        left_out[organ] = f"the net saw something and is not sure of it (mean probability {mean:.2f})"
    label_map = LabelMap(as_stored(image, labels), image.grid, pack.labels)
    return Prediction(
        label_map,
        as_stored(image, confidence),
        decoded.intervals_ml,
        watch.seconds,
        nets.engine,
        left_out,
        None if doubt is None else as_stored(image, doubt),
        abstain_below=pack.spec.calibration.abstain_below if pack.spec.calibration else 0.0,
        seen=tuple(nets.seen),
    )


class _Nets:
    """The nets of a pack at work on one image."""

    def __init__(self, pack: Pack, engine: str, max_memory_gb: float | None, watch: _Watch) -> None:
        self._pack, self._asked, self._max_memory_gb, self._watch = pack, engine, max_memory_gb, watch
        self.engine = engine
        self.seen: list[Seen] = []

    def draw(self, axial: Image) -> list[Organ]:
        """The main net over the whole image."""
        volume, grid = self._watch("prepare", lambda: to_net(axial, self._pack.main.volume))
        p = self._run("net", self._pack.main, volume[None], grid)
        return organs(p, self._pack.spec.classes, grid, self._pack.spec.regions)

    def locate_then_draw(self, axial: Image) -> list[Organ]:
        """The coarse net over the whole image, then the main net around the organ that it draws."""
        pack, locator, spec = self._pack, self._pack.locator, self._pack.spec.locator
        assert locator is not None
        assert spec is not None
        volume, grid = self._watch("prepare", lambda: to_net(axial, locator.volume))
        found = organs(self._run("find organs", locator, volume[None], grid), locator.classes, grid, {})
        main = pack.spec.classes[1]
        coarse = next(one for one in found if one.name == main)
        others = [one for one in found if one.name != main]
        core = largest(coarse.whole > 0.5)
        if not core.any():
            return others
        near_it = axial.grid.crop(*_around(core, grid, axial.grid, margin_mm=25.0))
        part = Image(_cut(axial, near_it), near_it, axial.modality, axial.unit, axial.clipped)
        low, high = locator.volume.window_hu
        median = float(np.median(volume[core])) * (high - low) + low
        fine_volume, fine_grid = self._watch("prepare the organ", lambda: to_net(part, pack.main.volume, median))
        seen = fine_volume[None]
        if pack.main.volume.channels > 1:
            located = (
                resample_array(np.where(near(core, 1), coarse.whole, 0.0).astype(np.float32), grid, fine_grid) > 0.5
            )
            seen = self._watch("view the organ", lambda: organ_view(fine_volume, located, fine_grid.spacing_mm))
        p = self._run("draw the organ", pack.main, seen, fine_grid)
        [organ] = [one for one in organs(p, pack.spec.classes, fine_grid, pack.spec.regions) if one.name == main]
        # Far from what the coarse net saw, the fine one is not asked: it has seen little of the rest of the body.
        reach = max(1, round(12.0 / grid.spacing_mm[1]))
        belief = np.where(near(core, reach), coarse.whole, 0.0).astype(np.float32)
        coarse_here = resample_array(belief, grid, fine_grid)
        allowed = resample_array(near(core, reach).astype(np.float32), grid, fine_grid) > 0.5
        whole = ((spec.share * coarse_here + (1 - spec.share) * organ.whole) * allowed).astype(np.float32)
        whole = self._watch("ask the tissue", lambda: self._reweighed(whole, organ, fine_volume))
        return [Organ(main, whole, organ.parts, fine_grid), *others]

    def _reweighed(self, whole: NDArray[np.float32], organ: Organ, volume: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the nets say, held against the organ's attenuation; lesions and vessels in it may look otherwise."""
        weight = self._pack.spec.decode.tissue_weight
        other = np.sum([*organ.parts.values()], axis=0) if organ.parts else np.zeros_like(whole)
        return reweigh(whole, volume, organ.grid.spacing_mm, weight, other > OTHER * np.maximum(whole, 0.2))

    def _run(self, step: str, net: Net, volume: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
        self.engine, opened = self._watch("load the nets", lambda: open_engine(self._asked, net))
        window = choose_window(self._pack, net.volume, volume.shape[1:], self._max_memory_gb)
        asked = self._pack.spec.decode.overlap
        overlap = OVERLAP if asked is None else asked
        self.seen.append(Seen(net, volume, grid, window, corners(volume.shape[1:], window, overlap)))
        logits = self._watch(
            step,
            lambda: slide(
                volume,
                lambda patch: opened.run({"image": patch})["logits"],
                window,
                divisible=net.volume.divisible,
                overlap=overlap,
                progress=self._watch.share(step),
            ),
        )
        known = self._pack.spec.calibration
        if known and known.temperature != 1.0 and net.model == self._pack.main.model:
            logits /= np.float32(known.temperature)
        return softmax(logits)


def in_axial_order(image: Image) -> Image:
    """The image with its axes turned nearest to ``SPL``."""
    order, flips = to_axial(image.grid)
    if order == (0, 1, 2) and not any(flips):
        return image
    array, grid = reorient(image.array, image.grid, order, flips)
    return Image(array, grid, image.modality, image.unit, image.clipped)


def _around(mask: NDArray[np.bool_], grid: Grid, target: Grid, margin_mm: float) -> tuple[Triple, Triple]:
    """Start and shape of the box on ``target`` that holds a mask on ``grid`` with a margin."""
    box = box_of(mask, 0)
    corners = np.array(np.meshgrid(*[(s.start, s.stop - 1) for s in box], indexing="ij")).reshape(3, -1).T
    there = target.index(grid.world(corners))
    margin = margin_mm / np.array(target.spacing_mm)
    low = np.clip(np.floor(there.min(0) - margin).astype(int), 0, np.array(target.shape) - 1)
    high = np.clip(np.ceil(there.max(0) + margin).astype(int) + 1, low + 1, target.shape)
    size = high - low
    return (int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2]))


def _cut(image: Image, grid: Grid) -> NDArray[Any]:
    start = np.rint(image.grid.index(grid.origin_mm)).astype(int)
    return image.array[tuple(slice(int(a), int(a) + n) for a, n in zip(start, grid.shape, strict=True))]


def to_net(axial: Image, spec: InputSpec, median_hu: float | None = None) -> tuple[NDArray[np.float32], Grid]:
    """An image in axial order as a net was trained to see it.

    Pixels are averaged down to about the net's spacing before they are resampled: nearest or linear picking would
    keep the noise of single fine pixels, which the net never saw.

    Args:
        median_hu: of the organ in focus, for a net that sees a window around it.

    Returns:
        The volume ``(Z, Y, X)`` 0–1, and its grid.
    """
    low, high = spec.window_hu
    factors = [max(1, int(t / s + 0.1)) for t, s in zip(spec.spacing_mm, axial.grid.spacing_mm, strict=True)]
    mean, mean_grid = block_mean(axial.array, axial.grid, (factors[0], factors[1], factors[2]), (low, high))
    if spec.around_hu is not None and median_hu is not None:
        low, high = median_hu - spec.around_hu, median_hu + spec.around_hu
        mean = np.clip(mean, low, high)
    there = axial.grid.with_spacing(spec.spacing_mm)
    volume = resample_array(mean, mean_grid, there, outside=low)
    return ((volume - low) / (high - low)).astype(np.float32), there


def block_mean(
    array: NDArray[Any], grid: Grid, factors: Triple, window: tuple[float, float]
) -> tuple[NDArray[np.float32], Grid]:
    """Means of blocks of voxels, clipped to a window first; slab by slab, so that memory stays small.

    A last, incomplete block is left out in the plane and kept along Z.
    """
    fz, fy, fx = factors
    z, y, x = array.shape
    ny, nx = y // fy, x // fx
    out = np.empty((-(-z // fz), ny, nx), np.float32)
    for k in range(out.shape[0]):
        slab = np.clip(array[k * fz : (k + 1) * fz, : ny * fy, : nx * fx], *window).astype(np.float32)
        out[k] = slab.reshape(slab.shape[0], ny, fy, nx, fx).mean((0, 2, 4))
    affine = grid.affine.copy()
    affine[:3, :3] *= np.array(factors)
    affine[:3, 3] = grid.world([(f - 1) / 2 for f in factors])
    return out, Grid((out.shape[0], ny, nx), affine)


def _add_classical(axial: Image, pack: Pack, labels: NDArray[np.uint8], confidence: NDArray[np.uint8]) -> None:
    found = classical(axial, pack.spec.classical, labels > 0)
    small = coarse_grid(axial.grid)
    values = {one.name: one.value for one in pack.labels}
    # The most specific last: lungs and bones over body, and never over what the net has named.
    order = [name for name in ("body", "right lung", "left lung", "bones") if name in found]
    depth = max(1, int(4e7 // (labels.shape[1] * labels.shape[2])))
    for start in range(0, labels.shape[0], depth):  # slabs: a float volume of a long scan would not fit
        stop = min(start + depth, labels.shape[0])
        slab = axial.grid.crop((start, 0, 0), (stop - start, labels.shape[1], labels.shape[2]))
        free = labels[start:stop] == 0
        for name in order:
            fine = resample_array(found[name].astype(np.uint8) * np.uint8(200), small, slab) > 100
            np.copyto(labels[start:stop], np.uint8(values[name]), where=fine & free)
            np.copyto(confidence[start:stop], np.uint8(255), where=fine & free)


def as_stored(image: Image, array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An array in axial order in the image's own axis order."""
    order, flips = to_axial(image.grid)
    if order == (0, 1, 2) and not any(flips):
        return array
    unflipped = array[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    return np.ascontiguousarray(np.transpose(unflipped, np.argsort(order)))


class _Watch:
    """Times steps and tells of them."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    def __call__(self, name: str, work: Callable[[], T]) -> T:
        if self._progress:
            self._progress(name, 0.0)
        start = time.perf_counter()
        result = work()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)
        return result

    def share(self, name: str) -> Callable[[float], None] | None:
        """A teller of one step's progress, None where nobody listens."""
        progress = self._progress
        return None if progress is None else (lambda done: progress(name, done))
