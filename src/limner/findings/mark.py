"""What a reader measured by hand, and the report that they signed: the nouns of ``signed.json``."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from limner.findings.drawing import Measurement, Noun
from limner.findings.plan import Point

MarkKind = Literal["length", "angle", "ellipse", "probe"]
Plane = Literal["axial", "coronal", "sagittal"]
POINTS: dict[MarkKind, int] = {"length": 2, "angle": 3, "ellipse": 2, "probe": 1}
"""Points that a reader sets; an ellipse is told by two opposite corners of its box."""


class Mark(Noun):
    """One measurement by hand, on a slice of a series."""

    id: str
    kind: MarkKind
    plane: Plane
    series_uid: str
    points_mm: tuple[Point, ...]
    """World LPS, as the reader set them."""
    outline_mm: tuple[Point, ...] = ()
    """World LPS: what a viewer draws. The points; of an ellipse the ends of its long axis, then those of the short."""
    measurements: tuple[Measurement, ...] = ()


class SignedReport(Noun):
    """What somebody signed of a drawing."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    schema_: str = Field("limner.signed/1", alias="schema")
    by: str
    organization: str
    at: str
    """ISO 8601, UTC."""
    text: str
    marks: tuple[Mark, ...] = ()
