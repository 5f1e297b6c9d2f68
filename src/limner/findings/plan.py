"""What is proposed: the nouns of ``plan.json``.

Keys and units are a contract with other programs (``limner.plan/1``): lengths in mm, volumes in ml, angles in degrees,
points in LPS. More keys may be added; none is renamed.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from limner.findings.drawing import Noun, ProblemNote

Point = tuple[float, float, float]
"""``(x, y, z)`` in LPS mm."""


class Interval(Noun):
    """A value and how far it may lie off: the interval holds the truth with the plan's ``confidence``."""

    value: float
    low: float
    high: float


class Nearest(Noun):
    """What comes nearest to a path."""

    name: str
    mm: float


class NeedlePath(Noun):
    """A straight way from the skin to the target."""

    id: str
    entry_mm: Point
    target_mm: Point
    length_mm: float
    clearance_mm: Interval
    """To the nearest structure that must not be touched, from the needle's axis."""
    nearest: Nearest
    clearances: dict[str, Interval] = Field(default_factory=dict)
    """To each structure, by name."""
    angle_deg: float
    """Between the needle and the inward normal of the skin."""
    scores: dict[str, float] = Field(default_factory=dict)
    """0 to 1 each, 1 is best; ``total`` is their weighted mean."""
    safe_only_at_mean: bool = False
    """Whether a margin holds at the best estimate and not at the low end of its interval."""
    file: str | None = None
    """The picture of the slices along it."""


class Refused(Noun):
    """How many entries were refused for one reason."""

    reason: str
    count: int


class Relaxation(Noun):
    """The one rule that must give way, and how far, for a first path to appear."""

    rule: str
    given: float
    needed: float
    unit: str


class BlindSpot(Noun):
    """A structure that the drawing does not hold: paths were not kept clear of it."""

    name: str
    text: str


class Zone(Noun):
    """One ablation: an ellipsoid along a needle."""

    path: str
    """Id of the needle path."""
    center_mm: Point
    axis: Point
    """Unit vector along the needle, towards the tip."""
    long_mm: float
    short_mm: float
    probe: str
    power_w: float | None = None
    minutes: float | None = None


class Ablation(Noun):
    """Zones that cover the target with a margin, and what they leave."""

    zones: tuple[Zone, ...]
    margin_mm: float
    covered_percent: float
    """Of the target grown by the margin."""
    target_percent: float
    """Of the target alone."""
    missed_ml: float
    zone_ml: float
    heat_sinks: tuple[Nearest, ...] = ()
    """Large vessels that cool a zone: their name and distance from it."""


class Cut(Noun):
    """A resection that is proposed."""

    id: str
    kind: str
    """``plane``, ``curved`` or ``segments``."""
    margin_mm: Interval
    resected_ml: Interval
    remnant_ml: Interval
    remnant_percent: Interval
    """Of the functional liver: the future liver remnant."""
    threshold_percent: float
    enough: bool
    vessels_cut: tuple[dict[str, Any], ...] = ()
    no_inflow_ml: float | None = None
    no_outflow_ml: float | None = None
    reasons: tuple[str, ...] = ()
    surface: dict[str, Any] = Field(default_factory=dict)
    """What makes it again: a plane's point and normal, the control points of a surface, or segments."""


class Plan(Noun):
    """Ranked ways to one target, with what was refused and why."""

    schema_: str = Field("limner.plan/1", alias="schema")
    target: str
    """Id of the finding."""
    rules: dict[str, Any]
    """Every threshold, as in ``plan.yaml``."""
    paths: tuple[NeedlePath, ...] = ()
    refused: tuple[Refused, ...] = ()
    relax: tuple[Relaxation, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    ablation: Ablation | None = None
    resection: dict[str, Any] | None = None
    """``proposals``, each a :class:`Cut`, the best first; None where none was asked for or none is possible."""
    problems: tuple[ProblemNote, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)
    confidence: float = 0.9
    """Of every interval."""
    not_for: str = "clinical use"
