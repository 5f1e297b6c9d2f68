"""All that a search and a judgement need of one target: made once, kept between what-ifs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from limner.scene.anatomy import Anatomy, Structure
from limner.scene.lattice import Lattice
from limner.scene.needles.fields import THREADS, Distance, Slack, distance, slack
from limner.scene.needles.obstacles import obstacles
from limner.scene.needles.rules import NeedleRules
from limner.scene.needles.targets import Depth
from limner.scene.parts import Part

SIDES = {
    "posterior": (0.0, 1.0, 0.0),
    "anterior": (0.0, -1.0, 0.0),
    "left": (1.0, 0.0, 0.0),
    "right": (-1.0, 0.0, 0.0),
}


@dataclass(frozen=True, eq=False)
class NeedleScene:
    """A target with what is around it.

    Args:
        anatomy: what is there.
        rules: in force.
        lesion: the target.
        organ: that holds it.
        distances: of all obstacles.
    """

    anatomy: Anatomy
    rules: NeedleRules
    lesion: Part
    organ: Structure | None
    distances: tuple[Distance, ...]

    @classmethod
    def of(cls, anatomy: Anatomy, target: str | None, rules: NeedleRules) -> NeedleScene:
        """Gathers what is around a target; the fields are made in two threads."""
        lesion = anatomy.lesion(target)
        organ = anatomy.organ_of(lesion)
        around = obstacles(anatomy, lesion, rules.vessel_diameter_mm)
        order = sorted(range(len(around)), key=lambda k: -around[k].mask.size)  # the largest first: none is waited for
        with ThreadPoolExecutor(THREADS) as pool:
            skin = pool.submit(lambda: anatomy.skin)
            made = dict(zip(order, pool.map(lambda k: distance(around[k], anatomy.lattice), order), strict=True))
            skin.result()
        return cls(anatomy, rules, lesion, organ, tuple(made[k] for k in range(len(around))))

    def with_rules(self, rules: NeedleRules) -> NeedleScene:
        """The same under other rules; fields are made again only where another calibre of vessels counts."""
        if rules.vessel_diameter_mm != self.rules.vessel_diameter_mm:
            return NeedleScene.of(self.anatomy, self.lesion.id, rules)
        other = replace(self, rules=rules)
        for name in ("depth", "entries_mm", "skin_tree"):  # cached, and the same under any rules
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    @property
    def lattice(self) -> Lattice:
        """Voxels and cells."""
        return self.anatomy.lattice

    @cached_property
    def slack(self) -> Slack:
        """What the margins leave at every cell."""
        return slack(self.distances, self.rules, self.lattice, self.anatomy.body, self._inside)

    @cached_property
    def entries_mm(self) -> NDArray[np.float32]:
        """Middles of the skin's cells, ``(N, 3)`` world."""
        return self.lattice.work.world(self.anatomy.skin.cells).astype(np.float32)

    @cached_property
    def skin_tree(self) -> cKDTree:
        """The skin's cells, to ask for the nearest."""
        return cKDTree(self.entries_mm, balanced_tree=False, compact_nodes=False)

    @cached_property
    def depth(self) -> Depth:
        """How deep points lie in the tumour."""
        return Depth.of(self.lesion)

    @cached_property
    def table_mm(self) -> tuple[NDArray[np.float64], float] | None:
        """Direction to the table, and where its plane lies along it; None where there is none."""
        if self.rules.table == "none":
            return None
        toward = np.array(SIDES[self.rules.table])
        return toward, float((self.entries_mm @ toward.astype(np.float32)).max())

    @cached_property
    def _inside(self) -> NDArray[np.uint8]:
        """1 in the healthy parenchyma of the target's organ, 2 in the target."""
        whole = np.zeros(self.lattice.work.shape, np.uint8)
        if self.organ is not None:
            box = self.anatomy.boxes[self.organ.values[0]]
            cells, there = self.lattice.cells(self.anatomy.labels.array[box] == self.organ.values[0], box)
            whole[there] = cells
        cells, there = self.lattice.cells(self.lesion.mask, self.lesion.box)
        whole[there][cells] = 2
        return whole
