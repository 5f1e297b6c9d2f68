"""What a search found: paths, and why each entry of the skin is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.findings import NeedlePath, Refused, Relaxation
from limner.scene.needles.rules import NeedleRules


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

    def counts(self) -> tuple[Refused, ...]:
        """Entries of each reason, most first."""
        counts = np.bincount(self.codes, minlength=len(self.reasons) + 1)[1:]
        order = np.argsort(-counts, kind="stable")
        return tuple(
            Refused(reason=self.reasons[k][0], structure=self.reasons[k][1], count=int(counts[k]))
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
    paths: tuple[NeedlePath, ...]
    skin: SkinMap
    relaxations: tuple[Relaxation, ...]
    blind: tuple[str, ...]
    warnings: tuple[str, ...]
    candidates: int
    open: int
    seconds: float

    @property
    def refused(self) -> tuple[Refused, ...]:
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
