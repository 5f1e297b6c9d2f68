"""The rules of a needle: every threshold is a named setting with its unit, and may be edited.

Distances are from the axis of the needle, so that a margin holds the needle's radius too (17 G: 0.74 mm).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Side = Literal["posterior", "anterior", "left", "right", "none"]


class Weights(BaseModel):
    """How much each soft score counts; a score of 1 is as good as can be, 0 just within the rules."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    vessels: float = Field(3.0, ge=0, description="Clearance to vessels.")
    organs: float = Field(2.0, ge=0, description="Clearance to lungs, other organs and other lesions.")
    rib_gap: float = Field(1.0, ge=0, description="Clearance to bones: how far amid the gap between ribs.")
    length: float = Field(2.0, ge=0, description="A short way: 1 − length / max_length_mm.")
    angle: float = Field(1.0, ge=0, description="A steep entry: 1 − angle to the skin's normal / max_angle_deg.")
    organ_crossed: float = Field(
        2.5,
        ge=0,
        description="Healthy parenchyma before the tumour, up to parenchyma_mm: it stops bleeding and seeding.",
    )
    outside: float = Field(
        2.0, ge=0, description="A short way outside the organ: what no label shows there may be stomach or bowel."
    )
    depth: float = Field(2.0, ge=0, description="Depth of the tip in the tumour: 1 at its deepest point.")


class NeedleRules(BaseModel):
    """Hard rules, and what soft scores are measured with.

    >>> NeedleRules(vessel_margin_mm=2).vessel_margin_mm
    2.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    bone_margin_mm: float = Field(3.0, ge=0, description="From the needle's axis to bone. Choice of this program.")
    lung_margin_mm: float = Field(
        5.0,
        ge=0,
        description="From the axis to drawn lung; the pleural recess reaches farther down than the lung. Choice of "
        "this program.",
    )
    vessel_margin_mm: float = Field(
        3.0, ge=0, description="From the axis to a vessel over vessel_diameter_mm. Choice of this program."
    )
    vessel_diameter_mm: float = Field(
        3.0,
        ge=0,
        description="Thinner vessels may be crossed. 3 mm is where radiology takes a vessel for large (Lin et al., J "
        "Cancer Res Ther 12:153, 2016; Thanos et al., Diagn Interv Radiol 14:51, 2008).",
    )
    organ_margin_mm: float = Field(
        5.0, ge=0, description="From the axis to any organ but the target's, and to names that are not known. Choice."
    )
    lesion_margin_mm: float = Field(
        2.0, ge=0, description="From the axis to another lesion: it is not crossed. Choice."
    )
    max_length_mm: float = Field(150.0, gt=0, description="Skin to tip; usual applicators are 150 to 200 mm long.")
    max_angle_deg: float = Field(
        60.0, gt=0, le=90, description="Between needle and skin normal; flatter needles slip along the skin. Choice."
    )
    table: Side = Field("posterior", description="Side of the patient that lies on the table; 'anterior' where prone.")
    table_gap_mm: float = Field(
        40.0, ge=0, description="Entries nearer than this to the table's plane cannot be reached by a hand. Choice."
    )
    table_tilt_deg: float = Field(
        -15.0,
        ge=-90,
        le=90,
        description="Least rise of the needle's outer part over the table's plane; at −15 a hub 150 mm out hangs 39 mm "
        "lower than the entry, which table_gap_mm leaves free. Choice.",
    )
    registration_error_mm: float = Field(
        3.0,
        ge=0,
        description="Root mean square of the 3-D error at the tip. 3.5 ± 1.1 mm in breathing pig livers (Maier-Hein et "
        "al., MICCAI 2007, 10:42); 1.6 to 2.0 mm in phantoms (Scharll et al., Eur Radiol 32:6769, 2022).",
    )
    confidence: float = Field(0.90, gt=0, lt=1, description="Of all intervals.")
    comfort_mm: float = Field(15.0, gt=0, description="Clearance beyond a margin by this much is as good as can be.")
    outside_mm: float = Field(
        100.0,
        gt=0,
        description="A way outside the organ this long scores 0; the wall takes 20 to 40. Choice.",
    )
    parenchyma_mm: float = Field(
        10.0, gt=0, description="Healthy parenchyma before the tumour beyond this gains nothing more. Choice."
    )
    targets: int = Field(9, ge=1, le=64, description="Points in the tumour: its deepest, and others spread inside.")
    measured: int = Field(
        48,
        ge=1,
        le=10_000,
        description="So many paths of the highest score on the lattice are measured on voxels first.",
    )
    refine: bool = Field(
        True, description="Move the entries of chosen paths by parts of a cell while that scores higher."
    )
    paths: int = Field(8, ge=1, le=100, description="How many different paths are offered.")
    apart_mm: float = Field(15.0, ge=0, description="Offered paths differ in entry by this much, or in direction.")
    apart_deg: float = Field(15.0, ge=0, description="Offered paths differ in direction by this much, or in entry.")
    weights: Weights = Weights()

    def margin_mm(self, role: str) -> float:
        """The margin of a role's structures."""
        return float(getattr(self, f"{role}_margin_mm"))


class AblationRules(BaseModel):
    """What an ablation must reach; each a named setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    margin_mm: float = Field(5.0, ge=0, description="Around the tumour, to be ablated too where it is parenchyma.")
    needles: int = Field(4, ge=1, le=12, description="At most so many zones.")
    covered_share: float = Field(0.995, gt=0, le=1, description="Of tumour and margin: enough.")
    healthy_weight: float = Field(
        0.1,
        ge=0,
        description="What a ml of tissue beyond the margin counts against a ml covered, in the choice of zones.",
    )
    heat_sink_mm: float = Field(
        5.0, ge=0, description="A large vessel this near to the tumour carries heat away. Choice of this program."
    )
    heat_sink_diameter_mm: float = Field(
        3.0,
        ge=0,
        description="Vessels from this diameter on cool: tumours beside vessels over 3 mm recurred more often (Lin et "
        "al., J Cancer Res Ther 12:153, 2016).",
    )
