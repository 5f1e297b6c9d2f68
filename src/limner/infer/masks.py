"""Where something lies in a picture: labels, probabilities, how unsure each pixel is, and areas as intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import fit_for
from limner.image import Fit, Picture
from limner.infer.engines import Engine, open_engine
from limner.packs import Calibration, Pack
from limner.tasks import masks as task


@dataclass(frozen=True)
class Area:
    """How large something is, and between which sizes it lies nine times in ten; ``unit``: px, mm², voxels or ml."""

    value: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Masked:
    """An answer, on the grid of the picture that was asked about.

    Args:
        labels: ``(*size)`` class indices, 0 is background.
        names: of the classes, background first.
        probabilities: ``(K, *size)``.
        uncertainty: ``(*size)``, 0 sure to 1 unsure.
        areas: class or group → size; every class that was found, and every group that holds one of them.
        picture: what the whole picture shows → probability, where the pack was taught kinds by the case's label.
        confidence: the Dice that the mask is expected to have.
        abstained: the confidence is below the pack's threshold: the answer is "not sure".
        plain: ``(*size)`` labels of the picture as it is, without mirrored views.
        engine: that ran.
    """

    labels: NDArray[np.uint8]
    names: tuple[str, ...]
    probabilities: NDArray[np.float32]
    uncertainty: NDArray[np.float32]
    areas: dict[str, Area]
    picture: dict[str, float]
    confidence: float
    abstained: bool
    plain: NDArray[np.uint8]
    engine: str


class MaskDrawer:
    """A pack's segmentation of pictures on an engine."""

    def __init__(self, pack: Pack, engine: str, opened: Engine) -> None:
        self.pack, self.engine, self._run = pack, engine, opened.run
        self.calibration = pack.spec.calibration or Calibration()
        self.one_kind = task.kinds_of_one(pack.spec.classes, pack.spec.groups)
        self.views = task.mirrorings(pack.spec.mirrors, len(pack.main.picture.size))

    def __call__(self, picture: Picture) -> Masked:
        """The answer for one picture."""
        views = self.views_of(picture)
        p = views.mean(0)
        labels = self.decode(p)
        scale, unit = _unit(picture)
        confidence = task.predicted_dice(p, labels)
        return Masked(
            labels=labels,
            names=tuple(self.pack.spec.classes),
            probabilities=p,
            uncertainty=task.disagreement(views),
            areas=self.areas(p, labels, scale, unit),
            picture=self._picture(p),
            confidence=confidence,
            abstained=confidence < self.calibration.abstain_below,
            plain=self.decode(views[0]),
            engine=self.engine,
        )

    def views_of(self, picture: Picture) -> NDArray[np.float32]:
        """Probabilities ``(V, K, *size)`` on the picture's grid, of it as it is, then of each mirroring."""
        image, fit = fit_for(picture, self.pack.main.picture)
        return np.stack([restore(one, fit) for one in self._views(image)])

    def _views(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Probabilities ``(K, *size)`` of the fitted picture as it is, then of each mirrored one, mirrored back."""
        x = image[None].astype(np.float32) / 255.0
        known = self.calibration
        found = []
        for axes in self.views:
            logits = self._run({"image": np.ascontiguousarray(np.flip(x, axes))})["logits"][0]
            found.append(np.flip(task.softmax_maps(logits, known.temperature, known.bias), axes))
        return found

    def decode(self, p: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Class indices ``(*size)`` from probabilities ``(K, *size)``."""
        known = self.calibration.threshold
        return task.decode_masks(p, threshold=0.5 if known is None else known, one_kind=self.one_kind)

    def areas(self, p: NDArray[np.float32], labels: NDArray[np.uint8], scale: float, unit: str) -> dict[str, Area]:
        """Sizes of what was found; the interval is of what is marked in all, shared out among the classes.

        Args:
            p: ``(K, *size)``.
            labels: ``(*size)``.
            scale: what one pixel or voxel counts, in ``unit``.
            unit: of the areas.
        """
        marked = int((labels > 0).sum())
        if not marked:
            return {}
        low_at, high_at = self.calibration.area_thresholds or (0.25, 0.75)
        there = 1.0 - p[0]
        least = min(int((there >= high_at).sum()), marked) / marked
        most = max(int((there >= low_at).sum()), marked) / marked
        spec = self.pack.spec
        areas = {}
        for name, classes in task.regions_of(spec.classes, spec.groups).items():
            value = int(np.isin(labels, classes).sum()) * scale
            if value:
                areas[name] = Area(round(value, 3), round(value * least, 3), round(value * most, 3), unit)
        return areas

    def _picture(self, p: NDArray[np.float32]) -> dict[str, float]:
        values = self.pack.spec.class_values
        if not values or all(value.isdigit() for value in values):
            return {}
        found = task.picture_probabilities(p)
        return {value: float(one) for value, one in zip(values, found, strict=True)}


def open_mask_drawer(pack: Pack, engine: str = "auto") -> MaskDrawer:
    """A pack's segmentation of pictures.

    Raises:
        PackError: the pack reads scans. EngineError: the engine cannot load it.
    """
    pack.main.picture  # noqa: B018 - refuses packs that read scans
    return MaskDrawer(pack, *open_engine(engine, pack.main))


def draw_mask(pack: Pack, picture: Picture, *, engine: str = "auto") -> Masked:
    """Where what a pack of the task ``segment`` knows lies in a picture."""
    return open_mask_drawer(pack, engine)(picture)


def row(found: Masked) -> dict[str, Any]:
    """An answer as ``limner predict --json`` prints it, less its pictures."""
    told: dict[str, Any] = {
        "classes": {str(k): name for k, name in enumerate(found.names)},
        "areas": {
            name: {"value": one.value, "low": one.low, "high": one.high, "unit": one.unit}
            for name, one in found.areas.items()
        },
        "confidence": round(found.confidence, 4),
        "abstained": found.abstained,
    }
    if found.picture:
        told["class"] = max(found.picture, key=lambda name: found.picture[name])
        told["probabilities"] = {name: round(p, 4) for name, p in found.picture.items()}
    return told


def colors(names: Sequence[str]) -> list[tuple[int, int, int]]:
    """A colour per class, black for the background: Okabe & Ito's, which colour-blind people tell apart."""
    return [(0, 0, 0), *(_COLORS[k % len(_COLORS)] for k in range(len(names) - 1))]


_COLORS = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)]


def restore(values: NDArray[np.float32], fit: Fit) -> NDArray[np.float32]:
    """Maps ``(K, *size)`` of a fitted picture on the source's grid, ``(K, *source)``, between pixels linearly."""
    inner = values[(slice(None), *fit.inner)]
    if inner.shape[1:] == fit.source:
        return np.ascontiguousarray(inner, np.float32)
    if len(fit.source) == 2:
        from PIL import Image

        size = (fit.source[1], fit.source[0])
        planes = [Image.fromarray(np.ascontiguousarray(one)).resize(size, Image.Resampling.BILINEAR) for one in inner]
        return np.stack([np.asarray(one, np.float32) for one in planes])
    from scipy import ndimage

    factors = [1.0, *(n / m for n, m in zip(fit.source, inner.shape[1:], strict=True))]
    found: NDArray[np.float32] = ndimage.zoom(inner, factors, order=1, grid_mode=True, mode="nearest")
    return found


def _unit(picture: Picture) -> tuple[float, str]:
    """What a pixel counts, and in what."""
    flat = len(picture.size) == 2
    if picture.spacing_mm is None:
        return 1.0, "px" if flat else "voxels"
    size = float(np.prod(picture.spacing_mm))
    return (size, "mm²") if flat else (size / 1000.0, "ml")
