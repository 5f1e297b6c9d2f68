"""What gives each voxel its label: a swap-in object with one method.

:class:`PackPredictor` is the real one; :class:`ThresholdPredictor` is the public fake for phantoms and tests, which
runs the whole workflow without a model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from limner.draw.source import drawn_by_others
from limner.errors import SeriesChoiceError
from limner.findings import PackNote
from limner.image import Image, Label, LabelMap, Series, Study
from limner.infer import Prediction, load_pack, predict
from limner.infer.nodule_labels import predict_nodules
from limner.packs import Pack

LONG_STEPS = ("net", "draw the organ")
"""The steps of :func:`limner.infer.predict` that a bar is shown for."""


class Predictor(Protocol):
    """Draws the label map of an image."""

    @property
    def pack(self) -> PackNote:
        """Which model it is."""

    @property
    def citations(self) -> tuple[str, ...]:
        """What a report must cite when it was used."""

    def open(self, sources: Sequence[Path]) -> tuple[Study, Series]:
        """The series of the sources that is drawn, and its study."""

    def predict(self, image: Image, progress: Callable[[float], None]) -> Prediction:
        """The label of each voxel of that series. ``progress`` takes the fraction that is done."""


def pack_note(pack: Pack) -> PackNote:
    """A pack's name, version and hash."""
    return PackNote(name=pack.name, version=pack.version, sha256=pack.sha256)


@dataclass(frozen=True)
class ThresholdPredictor:
    """Labels voxels by windows of their value: exact on a phantom, useless on a patient.

    Args:
        windows: each label with its ``(low, high)``, both included; a later one wins where windows overlap.
    """

    windows: tuple[tuple[Label, float, float], ...]
    citations: tuple[str, ...] = ()

    @property
    def pack(self) -> PackNote:
        """A note that names the windows by their hash."""
        told = json.dumps([(label.name, label.value, low, high) for label, low, high in self.windows])
        return PackNote(name="thresholds", version="1", sha256=hashlib.sha256(told.encode()).hexdigest())

    def open(self, sources: Sequence[Path]) -> tuple[Study, Series]:
        """The largest CT."""
        from limner.io import choose_series, open_studies

        return choose_series(open_studies(sources))

    def predict(self, image: Image, progress: Callable[[float], None]) -> Prediction:
        """The label whose window holds the voxel's value, 0 where there is none."""
        values: NDArray[Any] = image.array
        array = np.zeros(image.grid.shape, np.uint8)
        for count, (label, low, high) in enumerate(self.windows, start=1):
            array[(values >= low) & (values <= high)] = label.value
            progress(count / len(self.windows))
        labels = LabelMap(array, image.grid, tuple(label for label, _, _ in self.windows))
        counts = {label.name: np.count_nonzero(array == label.value) for label in labels.labels}
        return Prediction(
            labels=labels,
            confidence=np.full(image.grid.shape, 255, np.uint8),
            intervals_ml={name: (count * image.grid.voxel_ml,) * 2 for name, count in counts.items()},
            seconds={},
            engine="thresholds",
            left_out={},
        )


class PackPredictor:
    """A model pack on an engine.

    Args:
        name_or_path: of the pack.
        engine: ``auto``, ``openvino``, ``onnxruntime`` or ``torch``.
        max_memory_gb: what inference may hold at most; None leaves it to the pack.

    Raises:
        PackError: there is no such pack, or it is damaged.
    """

    def __init__(self, name_or_path: str | Path, engine: str = "auto", max_memory_gb: float | None = None) -> None:
        self._pack = load_pack(name_or_path)
        self._engine = engine
        self._max_memory_gb = max_memory_gb

    @property
    def pack(self) -> PackNote:
        """The pack's name, version and hash."""
        return pack_note(self._pack)

    @property
    def loaded(self) -> Pack:
        """The pack itself, for explanations."""
        return self._pack

    @property
    def citations(self) -> tuple[str, ...]:
        """What the pack asks to be cited for."""
        return tuple(self._pack.spec.citations)

    def open(self, sources: Sequence[Path]) -> tuple[Study, Series]:
        """The largest volume of the pack's modality."""
        from limner.io import choose_series, open_studies

        studies = open_studies(sources)
        try:
            return choose_series(studies, self._pack.spec.input.modality)
        except SeriesChoiceError as error:
            raise SeriesChoiceError(f"{error}{drawn_by_others(studies)}") from error

    def predict(self, image: Image, progress: Callable[[float], None]) -> Prediction:
        """As :func:`limner.infer.predict`, or as the task of the pack asks."""
        run = predict_nodules if self._pack.spec.task == "detect" else predict
        return run(
            self._pack,
            image,
            engine=self._engine,
            max_memory_gb=self._max_memory_gb,
            progress=lambda step, fraction: progress(fraction) if step in LONG_STEPS else None,
        )
