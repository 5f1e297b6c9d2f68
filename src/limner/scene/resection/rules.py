"""The rules of a resection: every threshold with its unit, its default and where it comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from scipy.special import ndtri

LiverState = Literal["normal", "chemotherapy", "injured"]
Counts = Literal["all", "with inflow", "with inflow and outflow"]


class ResectionRules(BaseModel):
    """What a resection must keep, and what weighs how much where several keep it.

    The thresholds of the remnant come from three series, collected in table 1 of Kawaguchi Y, Lillemoe HA, Vauthey JN,
    J Surg Oncol 119:594-603, 2019. Mind their denominators: 20 and 30 % were found against a liver volume estimated
    from body surface, 40 % against the volume without tumour seen in CT, which is the one used here.

    >>> ResectionRules(liver_state="injured").remnant_percent
    40.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    margin_mm: float = Field(
        default=10.0,
        ge=0,
        le=50,
        description="Liver between tumour and cut, mm. 10 mm is the traditional rule; 1 mm is the least that counts as "
        "R0 (Poultsides GA, Schulick RD, Pawlik TM. HPB 12:43-49, 2010).",
    )
    liver_state: LiverState = Field(default="normal", description="Which of the three remnant thresholds applies.")
    remnant_normal_percent: float = Field(
        default=20.0,
        ge=0,
        le=100,
        description="Least remnant of a normal liver, % of functional liver (Kishi Y et al. Ann Surg 250:540-548, "
        "2009).",
    )
    remnant_chemotherapy_percent: float = Field(
        default=30.0,
        ge=0,
        le=100,
        description="Least remnant after more than three months of chemotherapy, % (Shindoh J et al. Ann Surg Oncol "
        "20:2493-2500, 2013).",
    )
    remnant_injured_percent: float = Field(
        default=40.0,
        ge=0,
        le=100,
        description="Least remnant of a fibrotic or cirrhotic liver, % (Azoulay D et al. Ann Surg 232:665-672, 2000).",
    )
    remnant_counts: Counts = Field(
        default="with inflow and outflow",
        description="Which part of the remnant is held against the threshold, where vessel trees are known: what is "
        "left must keep inflow and outflow (Charnsangavej C et al. Ann Surg Oncol 13:1261-1268, 2006).",
    )
    aim: Literal["value", "low"] = Field(
        default="value",
        description="Proposed cuts keep the margin at its value, or at the low end of its interval.",
    )

    liver_border_sd_mm: float = Field(
        default=1.0, ge=0, le=20, description="Doubt of the liver's border, mm; an assumption: about a pixel."
    )
    tumor_border_sd_mm: float = Field(
        default=1.0, ge=0, le=20, description="Doubt of the tumour's border, mm; an assumption: about a pixel."
    )
    registration_sd_mm: float = Field(
        default=2.0,
        ge=0,
        le=50,
        description="How far the cut that is made lies from the cut that was planned, mm; an assumption.",
    )
    coverage: float = Field(default=0.95, gt=0, lt=1, description="Of the intervals, as a share.")

    smallest_piece_ml: float = Field(
        default=2.0, ge=0, description="Loose pieces of remnant under this are not counted, ml; an assumption."
    )
    smallest_vessel_mm: float = Field(
        default=2.0, ge=0, description="Cut vessels under this diameter are not listed, mm; an assumption."
    )
    spared_vessel_mm: float = Field(
        default=3.0,
        ge=0,
        description="A vessel that runs this near to the border of the segments taken stays with the remnant, mm: "
        "hepatic veins run between segments (Couinaud C. Le foie, 1957), and are dissected free; an assumption.",
    )
    wall_slope: float = Field(
        default=3.0, gt=0, le=20, description="How steep the walls of a wedge rise beyond its control points, mm/mm."
    )

    weight_resected: float = Field(default=1.0, ge=0, description="Per share of functional liver that is taken.")
    weight_margin: float = Field(default=2.0, ge=0, description="Per share of the margin that is missing.")
    weight_lost: float = Field(default=1.0, ge=0, description="Per share of functional liver left without flow.")
    weight_area: float = Field(default=0.1, ge=0, description="Per 100 cm² of cut surface: bleeding and bile.")
    weight_vessels: float = Field(default=0.2, ge=0, description="Per 10 mm of cut vessels' diameters.")
    weight_pieces: float = Field(default=0.2, ge=0, description="Per loose piece of remnant beyond the first.")

    @property
    def remnant_percent(self) -> float:
        """The threshold that applies to this liver."""
        return {row[0]: row[1] for row in self.thresholds}[self.liver_state]

    @property
    def thresholds(self) -> tuple[tuple[LiverState, float, str], ...]:
        """Each state of the liver, its least remnant in percent, and the source."""
        return (
            ("normal", self.remnant_normal_percent, "Kishi 2009"),
            ("chemotherapy", self.remnant_chemotherapy_percent, "Shindoh 2013"),
            ("injured", self.remnant_injured_percent, "Azoulay 2000"),
        )

    @property
    def z(self) -> float:
        """Standard deviations to each end of an interval."""
        return float(ndtri(0.5 + self.coverage / 2))

    @property
    def margin_sd_mm(self) -> float:
        """Of a margin: the tumour's border and the place of the cut err independently."""
        return float((self.tumor_border_sd_mm**2 + self.registration_sd_mm**2) ** 0.5)

    @property
    def planned_margin_mm(self) -> float:
        """What a proposed cut keeps away from the tumour."""
        return self.margin_mm + (self.z * self.margin_sd_mm if self.aim == "low" else 0.0)
