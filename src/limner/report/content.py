"""What a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from limner.errors import LimnerError
from limner.findings import Drawing, Finding
from limner.image import Image, Label, LabelMap
from limner.report.reason import Why

LANGUAGES = ("en", "zh")

MESHLESS_GRAY = (128, 128, 128)
"""Colour of a finding whose label the label map does not describe."""


class Told(Protocol):
    """What the tables and the rows of provenance need of any report."""

    @property
    def drawing(self) -> Drawing:
        """Findings, pack and files."""

    @property
    def run(self) -> Mapping[str, Any]:
        """``run.json``."""

    def label_of(self, finding: Finding) -> Label | None:
        """The label that the finding carries, None where it has none."""


@dataclass(frozen=True, eq=False)
class ReportContent:
    """One drawing with all that its pages show.

    Args:
        drawing: findings, problems, pack and files.
        image: what was drawn, for the key images.
        labels: on the grid of ``image``.
        glb: the scene, glTF binary; its nodes are named by the ids of the findings.
        scene_png: a still picture of the scene for paper and for browsers without WebGL, or None.
        run: ``run.json``; of it the pages show ``engine``, ``versions``, ``machine``, ``steps`` (each ``name``,
            ``seconds``, ``peak_mb``), ``seconds``, ``peak_mb`` and ``geometry`` (each comparison's ``file``, ``what``,
            ``expected``, ``got``, ``ok`` and ``hint``). Absent keys leave their row out.
        citations: references for the methods paragraph, in order.
        whys: why findings were found, in the order in which they are shown.
    """

    drawing: Drawing
    image: Image
    labels: LabelMap
    glb: bytes
    scene_png: bytes | None = None
    run: Mapping[str, Any] = field(default_factory=dict)
    citations: tuple[str, ...] = ()
    whys: tuple[Why, ...] = ()

    def __post_init__(self) -> None:
        if not self.image.grid.same_as(self.labels.grid):
            raise LimnerError(
                f"A report shows labels over their image, so both lie on one grid; the image has shape "
                f"{self.image.grid.shape} and the label map {self.labels.grid.shape}, or they lie apart."
            )

    def label_of(self, finding: Finding) -> Label | None:
        """The label that the finding carries, None where the label map does not describe it."""
        return next((one for one in self.labels.labels if one.value == finding.label), None)

    def of_kind(self, *kinds: str) -> tuple[Finding, ...]:
        """Findings of these kinds, largest first."""
        some = [one for one in self.drawing.findings if one.kind in kinds]
        return tuple(sorted(some, key=lambda one: -volume_ml(one)))

    def whole(self, label: Label) -> Finding | None:
        """The finding that stands for all of a label, None where there is none or several."""
        some = [one for one in self.drawing.findings if one.label == label.value]
        return some[0] if len(some) == 1 else None


def volume_ml(finding: Finding) -> float:
    """Its volume, 0 where it was not measured."""
    volume = finding.measure("volume")
    return volume.value if volume else 0.0
