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


class Clearance(Interval):
    """From the needle's axis to one structure, beside what the rules ask for, mm."""

    name: str
    role: str
    margin_mm: float

    @property
    def kept(self) -> bool:
        """Whether the margin is kept as drawn."""
        return self.value >= self.margin_mm

    @property
    def only_at_mean(self) -> bool:
        """Whether the margin is kept as drawn, but not at the low end of the interval."""
        return self.low < self.margin_mm <= self.value


class NeedlePath(Noun):
    """A straight way from the skin to a tip."""

    id: str = ""
    entry_mm: Point
    """Where its line leaves the body."""
    target_mm: Point
    length_mm: float
    clearance_mm: Interval
    """To the nearest structure that must not be touched, from the needle's axis."""
    nearest: Nearest | None = None
    """None where nothing stands in any needle's way."""
    clearances: tuple[Clearance, ...] = ()
    """To every structure, the nearest first."""
    angle_deg: float
    """Between the needle and the inward normal of the skin."""
    table_gap_mm: float | None = None
    """From the entry to the plane of the table; None where no side lies on one."""
    table_tilt_deg: float | None = None
    """How far the outer part rises over that plane."""
    organ_crossed_mm: float = 0.0
    """Of healthy parenchyma before the tumour."""
    outside_mm: float = 0.0
    """Of its way neither in that nor in the tumour."""
    scores: dict[str, float] = Field(default_factory=dict)
    """0 to 1 each, 1 is best."""
    score: float = 0.0
    """Their weighted mean."""
    safe_only_at_mean: bool = False
    """As drawn all margins are kept, but one is not at the low end of its interval."""
    refused: tuple[str, ...] = ()
    """Every rule that is broken, in words; empty for a path that may be offered."""
    file: str | None = None
    """The picture of the slices along it."""

    @property
    def safe(self) -> bool:
        """Whether every hard rule is kept as drawn."""
        return not self.refused


class Refused(Noun):
    """How many entries were refused for one reason."""

    reason: str
    """A rule, or the role of the structure that is in the way."""
    count: int
    structure: str | None = None


class Relaxation(Noun):
    """A single rule that stands in the way, and how far it must give for one path to be possible."""

    rule: str
    """Its name in ``plan.yaml``."""
    now: float
    needed: float
    path: NeedlePath | None = None
    """Which would then be possible."""

    @property
    def sentence(self) -> str:
        """In words."""
        way = "lowered" if self.needed < self.now else "raised"
        return f"{self.rule} {way} from {self.now:g} to {self.needed:g} would give a path; all other rules are kept."


class BlindSpot(Noun):
    """A structure that the drawing does not hold: paths were not kept clear of it."""

    name: str
    text: str


class Zone(Noun):
    """One ablation: an ellipsoid along its needle."""

    id: str
    entry_mm: Point
    center_mm: Point
    """Where its probe stands."""
    axis: Point
    """Unit vector along the needle, towards the tip."""
    long_mm: float
    """Diameter along the probe."""
    short_mm: float
    """Diameter across."""
    probe: str
    power_w: float | None = None
    minutes: float | None = None
    source: str
    """Who measured such a zone, and in what."""


class Ablation(Noun):
    """Zones that cover the target with a margin, and what they leave."""

    zones: tuple[Zone, ...]
    margin_mm: float
    covered_percent: float
    """Of the target grown by the margin."""
    target_percent: float
    """Of the target alone."""
    covered: bool
    """Whether that is enough by the rules."""
    zone_ml: float
    healthy_ml: float
    """Of the zones, beyond target and margin."""
    heat_sinks: tuple[Nearest, ...] = ()
    """Large vessels near the target, which carry heat away."""
    broken: tuple[str, ...] = ()
    """Rules that an independent walk through the voxels finds broken by the needle of a zone."""
    reached: tuple[str, ...] = ()
    """Other structures that a zone touches."""


class Plan(Noun):
    """Ranked ways to one target, with what was refused and why."""

    schema_: str = Field("limner.plan/1", alias="schema")
    target: str
    """Id of the finding."""
    target_segments: dict[str, float] = Field(default_factory=dict)
    """Of a target in the liver: Couinaud's segment to the share of the target in it, the largest first."""
    rules: dict[str, Any]
    """Every threshold, as in ``plan.yaml``."""
    paths: tuple[NeedlePath, ...] = ()
    refused: tuple[Refused, ...] = ()
    relax: tuple[Relaxation, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    ablation: Ablation | None = None
    resection: dict[str, Any] | None = None
    """``resections``, the best first; None where none was asked for, or the target lies in no liver."""
    problems: tuple[ProblemNote, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)
    confidence: float = 0.9
    """Of every interval."""
    not_for: str = "clinical use"
