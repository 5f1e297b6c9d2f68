"""Where things are in a picture: boxes, and whether there is anything at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import fit_for
from limner.errors import PackError
from limner.image import Fit, Picture, Turn
from limner.infer.engines import Engine, open_engine
from limner.packs import Calibration, Pack
from limner.tasks.boxes import Marks, decode
from limner.tasks.detect import Platt, presence_logits, sigmoid

THRESHOLD, OVERLAP = 0.3, 0.3
"""What a pack that says nothing of it gets: least score of a mark; cells that tell presence; overlap of two marks."""


@dataclass(frozen=True)
class Box:
    """One mark: ``box`` is ``(x0, y0, x1, y1)`` in pixels of the source.

    Of a volume it is ``(x0, y0, z0, x1, y1, z1)`` in voxels along the axes of its file, as cohorts write boxes.
    """

    box: tuple[float, ...]
    name: str
    probability: float


@dataclass(frozen=True)
class Detected:
    """An answer.

    Args:
        boxes: surest first, those at or above the pack's threshold.
        probabilities: class name → calibrated probability that one is there; the background's is that none is.
        name: the likeliest class.
        abstained: its probability is below the pack's ``abstain_below``: the answer is "not sure".
        maps: ``(K, *cells)`` probability of a centre on the fitted picture, per class without the background.
        fit: how the picture was brought to the net's size.
        engine: that ran.
    """

    boxes: tuple[Box, ...]
    probabilities: dict[str, float]
    name: str
    abstained: bool
    maps: NDArray[np.float32]
    fit: Fit
    engine: str


@dataclass(frozen=True)
class Seen:
    """What a net says of one fitted picture: marks down to a low score, presence logits ``(K,)``, map of centres."""

    marks: Marks
    presence: NDArray[np.float64]
    centers: NDArray[np.float64]


class Detector:
    """A pack's detector on an engine."""

    def __init__(self, pack: Pack, engine: str, opened: Engine) -> None:
        self.pack, self.engine, self._run = pack, engine, opened.run
        self.calibration = pack.spec.calibration or Calibration()
        settings = pack.spec.decode
        own = THRESHOLD if self.calibration.threshold is None else self.calibration.threshold
        self.threshold = own if settings.threshold is None else settings.threshold
        self._overlap = OVERLAP if settings.overlap is None else settings.overlap
        self._cells = settings.presence_cells
        self._platt = Platt(self.calibration.temperature, self.calibration.bias)

    def see(self, image: NDArray[np.uint8], least: float = 0.01) -> Seen:
        """Marks of one fitted picture ``(C, *size)`` in its pixels, down to the score ``least``."""
        found = self._run({"image": image[None].astype(np.float32) / 255.0})
        centers = found["centers"][0]
        stride = image.shape[1] // centers.shape[1]
        p = sigmoid(centers)
        marks = decode(p, found["sizes"][0], found["offsets"][0], stride, threshold=least, overlap=self._overlap)
        return Seen(marks, presence_logits(centers, self._cells), p)

    def presence(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probabilities of presence from the logits ``(…, K)``."""
        return self._platt(logits)

    def __call__(self, picture: Picture) -> Detected:
        """The answer for one picture."""
        spec = self.pack.main.picture
        image, fit = fit_for(picture, spec)
        seen = self.see(image, self.threshold)
        names = self.pack.spec.classes
        p = self.presence(seen.presence)
        probabilities = {names[0]: float(1 - p.max()), **dict(zip(names[1:], map(float, p), strict=True))}
        name = max(probabilities, key=lambda one: probabilities[one])
        return Detected(
            boxes=tuple(
                Box(on_source(box, fit, picture.turn), names[int(k) + 1], float(score))
                for box, score, k in zip(seen.marks.boxes, seen.marks.scores, seen.marks.classes, strict=True)
            ),
            probabilities=probabilities,
            name=name,
            abstained=probabilities[name] < self.calibration.abstain_below,
            maps=seen.centers.astype(np.float32),
            fit=fit,
            engine=self.engine,
        )


def on_source(box: NDArray[np.floating], fit: Fit, turn: Turn | None = None) -> tuple[float, ...]:
    """A box of the fitted picture ``(…, y0, x0, …, y1, x1)`` as ``(x0, y0, …, x1, y1, …)`` of the source, cut there.

    Args:
        turn: how the source's file was turned; the box is then along the axes of the file.
    """
    corners = np.clip(fit.back(np.asarray(box, float).reshape(2, -1)), 0, np.array(fit.source, float))
    if turn is not None:
        corners = np.sort(turn.back(corners), axis=0)  # a turned axis swaps the ends
    return tuple(round(float(v), 2) for v in corners[:, ::-1].ravel())


def open_detector(pack: Pack, engine: str = "auto") -> Detector:
    """A pack's detector on pictures.

    Raises:
        PackError: the pack reads scans, or does another task. EngineError: the engine cannot load it.
    """
    if pack.spec.task != "detect":
        raise PackError(f"Pack {pack.name!r} does {pack.spec.task!r}; a pack of the task 'detect' gives boxes.")
    pack.main.picture  # noqa: B018 - refuses packs that read scans
    return Detector(pack, *open_engine(engine, pack.main))


def detect(pack: Pack, picture: Picture, *, engine: str = "auto") -> Detected:
    """Where things are in a picture, by a pack of the task ``detect``."""
    return open_detector(pack, engine)(picture)
