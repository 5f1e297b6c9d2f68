"""What a report on a picture is made from: the drawing, the pixels, and all that lies over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import LimnerError
from limner.findings import Drawing, Finding
from limner.image import Label, Picture, anatomy
from limner.packs.spec import PackSpec
from limner.report.reason import Reason


@dataclass(frozen=True, eq=False)
class PictureContent:
    """One drawing of a picture with all that its pages show.

    Args:
        drawing: findings, problems, pack and files; a ``box`` has ``box``, ``[x0, y0, x1, y1]`` in pixels.
        picture: what was drawn.
        pack: what the model says of itself.
        probabilities: class → probability, of packs that classify; empty otherwise.
        groups: group → probability of its classes together.
        mask: ``(Y, X)`` label values on the picture, None where nothing was outlined.
        labels: what the values mean.
        unsure: ``(Y, X)`` 0 to 1, where the outline is unsure; None where it is not known.
        reasons: the explanations.
        sentence: of the explanations together, in the language of the report.
        run: ``run.json``, as :class:`limner.report.content.ReportContent` has it.
        citations: references for the methods paragraph, in order.
    """

    drawing: Drawing
    picture: Picture
    pack: PackSpec
    probabilities: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, float] = field(default_factory=dict)
    mask: NDArray[np.uint8] | None = None
    labels: tuple[Label, ...] = ()
    unsure: NDArray[np.floating] | None = None
    reasons: tuple[Reason, ...] = ()
    sentence: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)
    citations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        over = [("label map", self.mask), ("map of doubt", self.unsure), *((r.kind, r.heat) for r in self.reasons)]
        for name, array in over:
            if array is not None and array.shape != self.picture.size:
                raise LimnerError(
                    f"A report shows what lies over a picture on its pixels; the picture has {self.picture.size}, "
                    f"the {name} {array.shape}."
                )

    @property
    def answer(self) -> Finding | None:
        """The class that the picture was given, None for packs that mark places."""
        return next((one for one in self.drawing.findings if one.kind == "class"), None)

    @property
    def classes_there(self) -> tuple[Finding, ...]:
        """The classes that the picture was given, where several may be there at once."""
        return tuple(one for one in self.drawing.findings if one.kind == "class")

    def label_of(self, finding: Finding) -> Label | None:
        """The label of an outlined finding; of a box, one in its colour."""
        if finding.kind == "box":
            return anatomy.named(finding.name, 1)
        return next((one for one in self.labels if one.value == finding.label), None)

    @property
    def marked(self) -> tuple[Finding, ...]:
        """What was outlined or boxed, in the order of the drawing."""
        return tuple(one for one in self.drawing.findings if one.kind != "class")

    @property
    def abstain_below(self) -> float:
        """The least probability from which the pack answers."""
        return self.pack.calibration.abstain_below if self.pack.calibration else 0.0

    @property
    def least_mark(self) -> float:
        """Where a bar has its least probability; 0 for none: a yes or no is unsure on both sides of one half."""
        return 0.0 if self.pack.multi_label else self.abstain_below

    @property
    def doubtful(self) -> dict[str, float]:
        """Classes, with their probability, of which the pack does not know whether they are there."""
        if not self.pack.multi_label:
            return {}
        return {name: p for name, p in self.probabilities.items() if max(p, 1 - p) < self.abstain_below}
