"""What an explanation is: where the net looked, what it rests on, what was checked, and what may not be believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limner.findings import Evidence
from limner.infer.explain.source import Source

Kind = Literal["grad-cam", "lime", "attributes"]


@dataclass(frozen=True)
class Check:
    """One figure that an explanation was held against.

    Args:
        name: ``deletion_auc``, ``insertion_auc``, ``pointing``, ``randomisation``, ``local_fit``.
        value: the figure.
        baseline: what it must be better than; where it must be lower, ``lower`` is true.
        lower: less is better.
        source: paper of the check.
    """

    name: str
    value: float
    baseline: float
    lower: bool
    source: str

    @property
    def passed(self) -> bool:
        """Better than the baseline."""
        return self.value < self.baseline if self.lower else self.value > self.baseline


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Where a method saw the answer.

    Args:
        kind: ``grad-cam`` or ``lime``.
        values: on the source's grid ``(*size)``, float32 within -1 to 1: positive speaks for the answer.
        fitted: the same on the net's grid, unscaled.
        checks: that were made of it.
        warnings: what speaks against it, in the language that was asked for.
        segments: LIME's parts on the source's grid, 1 and more; 0 where nothing was shown.
        weights: LIME's weight of each segment: the change of the probability when it is shown.
        about: how it was made, e.g. ``{"samples": 400, "r2": 0.71}``.
    """

    kind: Kind
    values: NDArray[np.float32]
    fitted: NDArray[np.float32]
    checks: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()
    segments: NDArray[np.int32] | None = None
    weights: tuple[float, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AttributeEffect:
    """One attribute that a clinician names.

    Args:
        name: key, e.g. ``border``.
        value: measured.
        unit: ``mm``, ``px``, ``colours`` or empty for a ratio.
        detail: what else was measured, e.g. the colours.
        without: probability of the answer once this attribute alone is taken out of the picture; None where it was
            measured and not taken out.
        weight: of the attribute in the local linear model over all subsets (LIME over attributes), or None.
        source: of the formula.
    """

    name: str
    value: float
    unit: str
    detail: dict[str, Any]
    without: float | None
    weight: float | None
    source: str


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """What was measured of the lesion, and what each attribute does to the answer.

    Args:
        effects: one per attribute.
        all_without: probability with every attribute taken out that speaks for the answer.
        removed: those attributes.
        mask: of the lesion on the source's grid.
        mask_from: ``given``, ``measured`` (by a threshold, not by a person) or ``drawn`` (by the pack).
        checks: of the local model.
        warnings: what speaks against it.
        edited: the picture without those attributes, at working size, to look at; None where nothing was removed.
    """

    effects: tuple[AttributeEffect, ...]
    all_without: float
    removed: tuple[str, ...]
    mask: NDArray[np.bool_]
    mask_from: str
    checks: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()
    edited: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a pack says what it says of one picture, or of one finding of a scan.

    Args:
        pack: name and version.
        task: of the pack.
        name: what is explained: a class, or a group of classes.
        probability: of it, calibrated where the pack is.
        abstained: the pack says "not sure".
        engine: that ran; ``torch`` for gradients.
        lang: of ``sentence`` and of all warnings.
        seed: of LIME and of the checks.
        source: what the heat lies on.
        maps: heat maps, one per method.
        attributes: None where they were not asked for or no lesion was found.
        sentence: what was measured, in words.
        warnings: that concern the whole.
    """

    pack: str
    task: str
    name: str
    probability: float
    abstained: bool
    engine: str
    lang: str
    seed: int
    source: Source
    maps: tuple[HeatMap, ...]
    attributes: AttributeTable | None
    sentence: str
    warnings: tuple[str, ...] = ()

    @property
    def heat(self) -> NDArray[np.float32] | None:
        """The first heat map on the source's grid; None where there is none."""
        return self.maps[0].values if self.maps else None

    def map(self, kind: Kind) -> HeatMap | None:
        """The heat map of a method."""
        return next((one for one in self.maps if one.kind == kind), None)

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Of the whole, of each map, of the attributes; none twice."""
        parts = [self.warnings, *(one.warnings for one in self.maps)]
        parts += [self.attributes.warnings] if self.attributes else []
        return tuple(dict.fromkeys(text for part in parts for text in part))

    def evidence(self, prefix: str = "") -> tuple[Evidence, ...]:
        """As ``drawing.json`` holds it; ``prefix`` stands before the files of :func:`write_explanation`."""
        found = [
            Evidence(
                kind=one.kind,
                file=f"{prefix}{one.kind}.png",
                sentence=" ".join(one.warnings) or None,
                checks={check.name: round(check.value, 4) for check in one.checks},
            )
            for one in self.maps
        ]
        if self.attributes:
            checks = {check.name: round(check.value, 4) for check in self.attributes.checks}
            file = f"{prefix}attributes.png"
            found.append(Evidence(kind="attributes", file=file, sentence=self.sentence, checks=checks))
        return tuple(found)
