"""What is asked of a plan and what is answered; the forms of :mod:`limner.serve.routes.plans`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from limner.findings import Clearance, Interval, Nearest

FARTHEST_MM = 5000.0
"""No scanner's coordinates reach so far, and a line is followed in steps."""
Coordinate = Annotated[FiniteFloat, Field(ge=-FARTHEST_MM, le=FARTHEST_MM)]
Point = Annotated[list[Coordinate], Field(min_length=3, max_length=3, description="x, y, z in LPS mm.")]
Target = Annotated[str | None, Field(max_length=80, description="Id of a lesion; the largest if not given.")]


class Opened(BaseModel):
    """Which target is to be planned."""

    model_config = ConfigDict(extra="forbid")

    target: Target = None


class Line(Opened):
    """A needle from the skin to a tip."""

    entry_mm: Point = Field(description="Moved along the line to where it leaves the body.")
    target_mm: Point = Field(description="The tip.")
    probe: str | None = Field(None, max_length=120, description="A probe of the table, whose zone is laid at the tip.")
    stream: str | None = Field(None, max_length=40, description="Of a drag: a later question replaces an earlier one.")


class Plane(BaseModel):
    """A flat cut."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["plane"]
    point_mm: Point
    normal: Point = Field(description="Towards the side that is taken out.")


class Curved(BaseModel):
    """A bicubic Bézier height over a plane."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["curved"]
    origin_mm: Point
    axes: list[Point] = Field(min_length=3, max_length=3, description="Rows: two in the plane, then its normal.")
    half_mm: list[Coordinate] = Field(min_length=2, max_length=2)
    control_points_mm: list[list[Point]] = Field(min_length=4, max_length=4)
    wall_slope: FiniteFloat = Field(0.0, ge=0, le=100)


class Segmentwise(BaseModel):
    """Whole segments, or territories of branches."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["segmentwise"]
    of: Literal["segments", "portal", "hepatic"] = "segments"
    ids: list[int] = Field(min_length=1, max_length=500)


One = Annotated[Plane | Curved | Segmentwise, Field(discriminator="kind")]


class Several(BaseModel):
    """Several cuts in one operation."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["several"]
    cuts: list[One] = Field(min_length=2, max_length=12)


class CutAsked(Opened):
    """A cut through the liver of the target."""

    cut: Annotated[Plane | Curved | Segmentwise | Several, Field(discriminator="kind")]
    surface: bool = Field(False, description="Also tell the cut's own surface.")
    stream: str | None = Field(None, max_length=40, description="Of a drag: a later question replaces an earlier one.")


class Broken(BaseModel):
    """A rule that a needle breaks."""

    reason: str = Field(description="length, angle, table, a role of a structure, or where the needle leaves.")
    structure: str | None
    value: float | None
    needed: float | None
    text: str


class Cover(BaseModel):
    """What one ablation zone at the tip covers."""

    probe: str
    tumor_percent: float
    margin_percent: float
    healthy_ml: float


class Path(BaseModel):
    """A needle, judged."""

    id: str
    entry_mm: Point
    target_mm: Point
    length_mm: float
    angle_deg: float
    clearance_mm: Interval
    nearest: Nearest | None
    clearances: list[Clearance]
    table_gap_mm: float | None
    table_tilt_deg: float | None
    organ_crossed_mm: float
    outside_mm: float
    scores: dict[str, float]
    score: float
    safe_only_at_mean: bool
    safe: bool
    broken: list[Broken]
    cover: Cover | None = None


class TargetTold(BaseModel):
    """A lesion that can be aimed at."""

    id: str
    name: str
    volume_ml: float
    longest_mm: float | None
    center_mm: Point
    probability: float | None = None
    abstained: bool = False


class Needles(BaseModel):
    """The paths that are offered, and why other entries are refused."""

    organ: str | None
    paths: list[Path]
    refused: list[dict[str, Any]]
    relax: list[dict[str, Any]]
    advice: str
    legend: list[dict[str, Any]]
    open_entries: int
    candidates: int
    margins: dict[str, float]
    confidence: float


class PlannerState(BaseModel):
    """How far planning is, and what it found so far; ask again until ``step`` is ``done``."""

    target: str
    targets: list[TargetTold]
    structures: list[dict[str, str]]
    blind: list[dict[str, str]] = Field(description="What no label shows: the plan cannot see it.")
    problems: list[dict[str, str]]
    probes: list[dict[str, Any]]
    with_image: bool
    step: Literal["needles", "liver", "resection", "done"]
    seconds: dict[str, float]
    needles: Needles | None
    resection: dict[str, Any] | None
    no_resection: str | None
    note: str = "Not for clinical use."


class CutTold(BaseModel):
    """What a cut leaves, with bytes as base64.

    ``sides`` (int8, eighths of a mm) and ``flow`` (uint8) are of each point of the mesh ``liver`` of the drawing's
    scene; ``points`` are float32 LPS mm, ``faces`` uint32.
    """

    resection: dict[str, Any]
    liver: str | None
    sides: str
    flow: str
    points: str | None = None
    faces: str | None = None
