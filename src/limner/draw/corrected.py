"""A predictor whose labels a person drew: the map is given, all that follows from it is made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import GeometryError
from limner.findings import PackNote
from limner.image import Grid, Image, LabelMap, Problem, Series, Study
from limner.image.turn import Turn
from limner.infer import Prediction
from limner.io import Drawn

CODE = "corrected"
_TOLERANCE_MM = 0.05


class CorrectedLabels:
    """Labels that a person corrected, in place of those that a pack drew.

    Nobody knows how sure a hand is: findings have no probability, and volumes no interval.

    Args:
        labels: on the grid of the series that was drawn, in any turn of its axes.
        before: the drawing that was corrected.

    Raises:
        GeometryError: the two maps do not lie on one grid.
    """

    def __init__(self, labels: LabelMap, before: Drawn) -> None:
        self._labels = labels
        self._before = before
        self.changed = int(np.count_nonzero(_lying(labels, before.labels.grid) != before.labels.array))
        """Voxels that differ from the drawing before."""

    @property
    def pack(self) -> PackNote:
        """The pack of the drawing that was corrected."""
        return self._before.drawing.pack

    @property
    def citations(self) -> tuple[str, ...]:
        """None: what a person drew stands for itself."""
        return ()

    def open(self, sources: Sequence[Path]) -> tuple[Study, Series]:
        """The series on whose grid the labels lie.

        Raises:
            GeometryError: there is none.
        """
        from limner.io import open_studies

        known = getattr(self._before.drawing.study, "series_uid", None)
        turned = Turn.axial(self._labels.grid).turned
        found = [
            (study, one)
            for study in open_studies(sources)
            for one in study.series
            if one.drawable and one.grid is not None and Turn.axial(one.grid).turned.same_as(turned, _TOLERANCE_MM)
        ]
        if not found:
            raise GeometryError(
                f"The corrected labels lie on a grid of {turned.shape} voxels, and no series of the study does: the "
                "series that was drawn is expected."
            )
        return max(found, key=lambda pair: pair[1].uid == known)

    def predict(self, image: Image, progress: Callable[[float], None]) -> Prediction:
        """The given labels on the image's grid."""
        array = _lying(self._labels, image.grid)
        progress(1.0)
        text = f"Labels were corrected by hand: {self.changed} voxels differ from the version before."
        return Prediction(
            labels=LabelMap(array, image.grid, self._labels.labels),
            confidence=None,
            intervals_ml={},
            seconds={},
            engine="by hand",
            left_out={},
            problems=(Problem(CODE, "warning", text),),
            by_hand=True,
        )


def _lying(labels: LabelMap, grid: Grid) -> NDArray[np.unsignedinteger]:
    """The labels with their axes turned as those of a grid; no voxel moves in the world.

    Raises:
        GeometryError: they lie elsewhere.
    """
    here, there = Turn.axial(labels.grid), Turn.axial(grid)
    if not here.turned.same_as(there.turned, _TOLERANCE_MM):
        raise GeometryError(
            f"The corrected labels must lie on the grid of the drawing, {grid.shape} voxels from "
            f"{grid.origin_mm.round(2).tolist()} mm; they have {labels.grid.shape} voxels from "
            f"{labels.grid.origin_mm.round(2).tolist()} mm. Was the map saved for another series?"
        )
    return there.undo(here.array(labels.array))
