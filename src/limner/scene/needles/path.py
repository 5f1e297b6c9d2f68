"""Nouns of a plan: a path with all that is known of it, and what a search found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from limner.scene.needles.rules import NeedleRules

Point = tuple[float, float, float]


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Noun):
    """A length with the ends of its interval, mm."""

    value: float
    low: float
    high: float


class Nearest(_Noun):
    """The obstacle that is nearest, and how far it is."""

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


class Path(_Noun):
    """One needle from the skin to a tip.

    Args:
        entry_mm: where its line leaves the body, LPS.
        target_mm: its tip, LPS.
        length_mm: from entry to tip.
        clearance_mm: of the nearest obstacle.
        nearest: which it is.
        clearances: of every obstacle, nearest first.
        angle_deg: to the skin's normal.
        table_gap_mm: from the entry to the plane of the table; None where no side lies on one.
        table_tilt_deg: how far the outer part rises over that plane; None as above.
        organ_crossed_mm: of healthy parenchyma before the tumour.
        scores: each 0 to 1.
        score: their weighted mean.
        safe_only_at_mean: as drawn all margins are kept, but one is not at the low end of its interval.
        refused: every rule that is broken, in words; empty for a path that may be offered.
    """

    entry_mm: Point
    target_mm: Point
    length_mm: float
    clearance_mm: Interval
    nearest: Nearest | None
    clearances: tuple[Clearance, ...]
    angle_deg: float
    table_gap_mm: float | None
    table_tilt_deg: float | None
    organ_crossed_mm: float
    scores: dict[str, float]
    score: float
    safe_only_at_mean: bool
    refused: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether every hard rule is kept as drawn."""
        return not self.refused


class Refusal(_Noun):
    """A reason, the structure that gave it, and how many entries it refused."""

    reason: str
    count: int
    structure: str | None = None


class Relaxation(_Noun):
    """A single rule that stands in the way, and how far it must give for one path to be possible."""

    rule: str
    now: float
    needed: float
    path: Path

    @property
    def sentence(self) -> str:
        """In words."""
        way = "lowered" if self.needed < self.now else "raised"
        return f"{self.rule} {way} from {self.now:g} to {self.needed:g} would give a path; all other rules are kept."


@dataclass(frozen=True, eq=False)
class SkinMap:
    """Why each entry is refused.

    Args:
        points_mm: ``(N, 3)`` float32 LPS: cells of the skin, and of the faces where the image cuts the body off.
        codes: ``(N,)`` uint8: 0 where a path is open, else the reason ``reasons[code - 1]``.
        reasons: reason and structure.
    """

    points_mm: NDArray[np.float32]
    codes: NDArray[np.uint8]
    reasons: tuple[tuple[str, str | None], ...]

    def counts(self) -> tuple[Refusal, ...]:
        """Entries of each reason, most first."""
        counts = np.bincount(self.codes, minlength=len(self.reasons) + 1)[1:]
        order = np.argsort(-counts, kind="stable")
        return tuple(
            Refusal(reason=self.reasons[k][0], structure=self.reasons[k][1], count=int(counts[k]))
            for k in order
            if counts[k]
        )


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Args:
        target: id of the lesion.
        organ: name of its organ; None where none is drawn around it.
        rules: that held.
        paths: offered, best first, each different from the others.
        skin: why entries are refused.
        relaxations: where there is no path: single rules that would give one, the smallest change first.
        blind: what no label shows: the plan cannot see it.
        warnings: sentences.
        candidates: how many paths were judged.
        open: how many of them kept all rules on the lattice.
        seconds: the search took.
    """

    target: str
    organ: str | None
    rules: NeedleRules
    paths: tuple[Path, ...]
    skin: SkinMap
    relaxations: tuple[Relaxation, ...]
    blind: tuple[str, ...]
    warnings: tuple[str, ...]
    candidates: int
    open: int
    seconds: float

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Entries of each reason, most first."""
        return self.skin.counts()

    @property
    def advice(self) -> str:
        """What to do, in a sentence or two."""
        if self.paths:
            return f"{len(self.paths)} paths keep all rules."
        if self.relaxations:
            return f"No path keeps all rules: they contradict each other. {self.relaxations[0].sentence}"
        most = ", ".join(one.structure or one.reason for one in self.refused[:3])
        return f"No path keeps all rules, and no single rule, relaxed, gives one. Most entries are refused by {most}."
