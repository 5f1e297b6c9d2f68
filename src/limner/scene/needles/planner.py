"""The door of this package: a planner is made once for a target, then searches, and answers what-ifs at once."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.findings import NeedlePath
from limner.image import LabelMap
from limner.scene.anatomy import Anatomy
from limner.scene.needles.choose import choose
from limner.scene.needles.found import Found
from limner.scene.needles.judge import Line, draw_line, judge
from limner.scene.needles.recheck import violations
from limner.scene.needles.relax import relaxations
from limner.scene.needles.rules import NeedleRules
from limner.scene.needles.scene import NeedleScene
from limner.scene.needles.search import search
from limner.scene.needles.uncertainty import draws

SEED = 0
"""Of the draws of shifts, the same for all paths, so that paths are compared under the same luck."""


@dataclass(frozen=True, eq=False)
class Planner:
    """Needle paths to one target; made by :meth:`of`.

    Args:
        scene: the target and what is around it.
        drawn: shifts of the needle and of borders.
    """

    scene: NeedleScene
    drawn: tuple[NDArray[np.float64], NDArray[np.float64]]

    @classmethod
    def of(
        cls,
        anatomy: Anatomy | LabelMap,
        target: str | None = None,
        rules: NeedleRules | None = None,
        *,
        seed: int = SEED,
    ) -> Planner:
        """A planner for a target.

        Args:
            anatomy: what is there, or a label map.
            target: id of a lesion (``"tumor-1"``), or the name of its label; the largest where None.
            rules: that must hold.
            seed: of the draws that make intervals.

        Raises:
            InputError: no tumour, no such target (the nearest is named), no skin, or a tumour outside its organ.
        """
        there = Anatomy.of(anatomy) if isinstance(anatomy, LabelMap) else anatomy
        scene = NeedleScene.of(there, target, rules or NeedleRules())
        return cls(scene, draws(np.random.default_rng(seed), len(scene.distances)))

    def with_rules(self, rules: NeedleRules) -> Planner:
        """The same target under other rules; fields are kept."""
        scene = self.scene.with_rules(rules)
        if len(scene.distances) == self.drawn[1].shape[1]:
            return Planner(scene, self.drawn)
        return Planner(scene, draws(np.random.default_rng(SEED), len(scene.distances)))

    def score(self, entry_mm: ArrayLike, target_mm: ArrayLike) -> NeedlePath:
        """What becomes of a path whose entry or tip a person moved: all clearances, scores, and every rule it breaks.

        Args:
            entry_mm: ``(3,)`` LPS; moved along the line to where it leaves the body.
            target_mm: ``(3,)`` LPS; anywhere.
        """
        line = draw_line(self.scene, np.asarray(entry_mm, np.float64), np.asarray(target_mm, np.float64))
        return judge(self.scene, line, self.drawn)

    def search(self) -> Found:
        """The best paths that differ, and why all other entries are refused."""
        start = time.perf_counter()
        scene = self.scene
        candidates = search(scene)
        chosen = choose(scene, candidates, self._passes)
        paths = tuple(judge(scene, one.line, self.drawn) for one in chosen)
        advice = () if paths else relaxations(scene, self.drawn)
        return Found(
            target=scene.lesion.id,
            organ=None if scene.organ is None else scene.organ.name,
            rules=scene.rules,
            paths=paths,
            skin=candidates.skin,
            relaxations=advice,
            blind=scene.anatomy.blind,
            warnings=self._warnings(),
            candidates=candidates.judged,
            open=len(candidates.entry),
            seconds=time.perf_counter() - start,
        )

    def _passes(self, line: Line) -> bool:
        """A walk through the voxels finds nothing that the rules forbid."""
        scene = self.scene
        organ = () if scene.organ is None else scene.organ.values
        return not violations(scene.anatomy.given, scene.lesion, organ, (line.entry, line.target), scene.rules)

    def _warnings(self) -> tuple[str, ...]:
        found = []
        if self.scene.organ is None:
            found.append(
                f"{self.scene.lesion.id} lies in no drawn organ: no parenchyma is seen before it, and every organ is "
                "kept away from."
            )
        found += [
            f"No label shows {one}: the needle may meet {one} that this plan cannot see."
            for one in self.scene.anatomy.blind
        ]
        return tuple(found)
