"""What a picture is: probabilities, the place that spoke for each, and the right to say "not sure"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import fit_for
from limner.image import Fit, Picture
from limner.infer.engines import Engine, open_engine
from limner.infer.views import over_views
from limner.packs import Calibration, Pack
from limner.tasks.classify import softmax


@dataclass(frozen=True)
class Classified:
    """An answer.

    Args:
        probabilities: class name → calibrated probability.
        groups: group name → probability of its classes together.
        name: the likeliest class.
        abstained: its probability is below the pack's threshold: the answer is "not sure".
        maps: ``(K, *smaller)`` class activation maps on the fitted picture; positive speaks for the class.
        fit: how the picture was brought to the net's size.
        engine: that ran.
    """

    probabilities: dict[str, float]
    groups: dict[str, float]
    name: str
    abstained: bool
    maps: NDArray[np.float32]
    fit: Fit
    engine: str


class Classifier:
    """A pack's classifier on an engine."""

    def __init__(self, pack: Pack, engine: str, opened: Engine) -> None:
        self.pack, self.engine = pack, engine
        self._run = over_views(opened.run, pack.spec.mirrors)
        self.calibration = pack.spec.calibration or Calibration()

    def logits(
        self, images: NDArray[np.uint8], *, batch: int = 32, progress: Callable[[str, float], None] | None = None
    ) -> NDArray[np.float32]:
        """Logits ``(N, K)`` of fitted images ``(N, C, *size)``.

        The mean over the images and their mirrorings along the axes on which the net learned from mirrored ones.
        """
        rows = []
        for start in range(0, len(images), batch):
            if progress:
                progress("net", start / len(images))
            rows.append(self._run({"image": images[start : start + batch].astype(np.float32) / 255.0})["logits"])
        return np.concatenate(rows)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Calibrated probabilities ``(N, K)`` of fitted images."""
        return softmax(self.logits(images), self.calibration.temperature)

    def __call__(self, picture: Picture) -> Classified:
        """The answer for one picture."""
        spec = self.pack.main.picture
        image, fit = fit_for(picture, spec)
        found = self._run({"image": image[None].astype(np.float32) / 255.0})
        p = softmax(found["logits"], self.calibration.temperature)[0]
        names = self.pack.spec.classes
        return Classified(
            probabilities=dict(zip(names, map(float, p), strict=True)),
            groups={g: float(sum(p[names.index(one)] for one in some)) for g, some in self.pack.spec.groups.items()},
            name=names[int(p.argmax())],
            abstained=bool(p.max() < self.calibration.abstain_below),
            maps=found["maps"][0],
            fit=fit,
            engine=self.engine,
        )


def open_classifier(pack: Pack, engine: str = "auto") -> Classifier:
    """A pack's classifier.

    Raises:
        PackError: the pack reads scans. EngineError: the engine cannot load it.
    """
    pack.main.picture  # noqa: B018 - refuses packs that read scans
    return Classifier(pack, *open_engine(engine, pack.main))


def classify(pack: Pack, picture: Picture, *, engine: str = "auto") -> Classified:
    """What a picture is, by a pack of the task ``classify``."""
    return open_classifier(pack, engine)(picture)
