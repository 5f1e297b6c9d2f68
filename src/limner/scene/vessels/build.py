"""From a mask of vessels to their tree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.image import Grid, resample_array
from limner.scene.parts import Mask
from limner.scene.vessels.bridge import MARGIN_MM, Terrain, bridged
from limner.scene.vessels.grow import branches_of, roots_of
from limner.scene.vessels.network import Network, Points, pruned, unlooped
from limner.scene.vessels.skeleton import Lattice, isotropic, skeleton
from limner.scene.vessels.tree import VesselTree

HEARTWARD = ("hepatic veins", "inferior vena cava", "veins")
"""Vessels whose root is their upper end."""


@dataclass(frozen=True)
class TreeRules:
    """Thresholds of :func:`vessel_tree`.

    Args:
        spur_factor: an end shorter than this times the radius at its fork, plus ``spur_mm``, is a spur.
        spur_mm: see there.
        bridge_mm: the longest gap that is bridged straight on; 0 bridges none.
        least_mm: pieces whose centre line is shorter are left out.
    """

    spur_factor: float = 1.2
    spur_mm: float = 2.0
    bridge_mm: float = 15.0
    least_mm: float = 6.0


@dataclass(frozen=True, eq=False)
class Seen:
    """A mask's network, cleaned and joined, with the lattice that it was found on."""

    network: Network
    lattice: Lattice
    left_out: int
    outside: NDArray[np.bool_] | None = None


def vessel_tree(
    mask: Mask,
    grid: Grid,
    *,
    name: str = "liver vessels",
    organ: Mask | None = None,
    likely: NDArray[np.floating] | None = None,
    roots_mm: Points | None = None,
    rules: TreeRules | None = None,
) -> VesselTree:
    """Centre lines, radii and branches of vessels.

    Args:
        mask: ``(Z, Y, X)`` bool.
        grid: of the mask.
        name: of the vessels.
        organ: ``(Z, Y, X)`` bool; where given, gaps are bridged only through it (and through the vessels).
        likely: ``(Z, Y, X)``, 0 to 1: how much each voxel looks like vessel, a net's probability or a scaled image;
            bridges follow it.
        roots_mm: ``(K, 3)`` LPS, where the blood comes from or goes to; the widest end of each piece where None.
        rules: thresholds.

    Raises:
        InputError: an empty mask, one without a centre line, or arrays that do not stand on the grid.

    >>> mask = np.zeros((40, 12, 12), bool)
    >>> mask[4:36, 4:9, 4:9] = True
    >>> tree = vessel_tree(mask, Grid.axial(mask.shape, (1, 1, 1)))
    >>> len(tree.branches), tree.roots
    (1, (1,))
    """
    seen = look(mask, grid, name, organ, likely, rules)
    return grown(seen, name, roots_mm)


def look(
    mask: Mask,
    grid: Grid,
    name: str,
    organ: Mask | None = None,
    likely: NDArray[np.floating] | None = None,
    rules: TreeRules | None = None,
) -> Seen:
    """The network of a mask: thinned, loops opened, spurs pruned, gaps bridged; arguments as :func:`vessel_tree`."""
    rules = rules or TreeRules()
    check_mask(mask, grid, name)
    for other, what in ((organ, "organ"), (likely, "likely")):
        if other is not None and other.shape != grid.shape:
            raise InputError(f"{what} must stand on the grid of the vessels, {grid.shape}; it has {other.shape}.")
    lattice = isotropic(np.ascontiguousarray(mask, dtype=bool), grid)
    network = pruned(unlooped(skeleton(lattice)), rules.spur_factor, rules.spur_mm)
    count, piece = network.components()
    lengths = np.bincount(piece[network.edges[:, 0]], network.lengths_mm, minlength=count)
    left_out = int((lengths < rules.least_mm).sum())
    network = network.kept(lengths[piece] >= rules.least_mm)
    network = bridged(network, rules.bridge_mm, _terrain(lattice, grid, organ, likely))
    if not len(network.points_mm):
        raise InputError(
            f"{name}: a centre line of at least {rules.least_mm:g} mm is expected; the mask's {int(mask.sum())} voxels "
            f"({mask.sum() * grid.voxel_ml:.2f} ml) hold none. Give the mask of whole vessels, or lower least_mm."
        )
    outside = None if organ is None else ~_at(organ, grid, network.points_mm)
    return Seen(network, lattice, left_out, outside)


def grown(seen: Seen, name: str, roots_mm: Points | None = None) -> VesselTree:
    """The tree of a network."""
    roots = roots_of(seen.network, roots_mm, seen.outside, heartward=name in HEARTWARD)
    return VesselTree(name, branches_of(seen.network, roots, seen.lattice), seen.left_out)


def part_of(seen: Seen, points: NDArray[np.bool_]) -> Seen:
    """The part of what was seen that stands on some points of its network."""
    outside = None if seen.outside is None else seen.outside[points]
    return replace(seen, network=seen.network.kept(points), left_out=0, outside=outside)


def check_mask(mask: Mask, grid: Grid, name: str) -> None:
    """Refuses a mask that stands on another grid or is empty.

    Raises:
        InputError: what was expected, and what came.
    """
    if mask.shape != grid.shape:
        raise InputError(f"The mask of {name} must stand on its grid, {grid.shape}; it has {mask.shape}.")
    if not np.any(mask):
        raise InputError(
            f"{name}: the mask is empty. Segment it first (`limner draw`), or plan without it and say so: a plan "
            "without vessels shows their absence in red."
        )


def _at(mask: Mask, grid: Grid, points_mm: Points) -> NDArray[np.bool_]:
    """Whether points lie in a mask; those beyond the grid don't."""
    index = np.rint(grid.index(points_mm)).astype(int)
    inside = ((index >= 0) & (index < grid.shape)).all(axis=1)
    found = np.zeros(len(index), bool)
    found[inside] = mask[tuple(index[inside].T)]
    return found


def _terrain(lattice: Lattice, grid: Grid, organ: Mask | None, likely: NDArray[np.floating] | None) -> Terrain | None:
    if organ is None and likely is None:
        return None
    margin = int(np.ceil(MARGIN_MM / lattice.step_mm))
    z, y, x = (size + 2 * margin for size in lattice.grid.shape)
    even = lattice.grid.crop((-margin,) * 3, (z, y, x))
    vessel = np.pad(lattice.mask, margin)
    values = np.zeros(even.shape, np.float32)
    if likely is not None:
        values = resample_array(likely.astype(np.float32), grid, even)
    if organ is not None:
        there = resample_array(organ.astype(np.uint8), grid, even, nearest=True).astype(bool)
        values = np.where(there | vessel, values, -1.0).astype(np.float32)
    return Terrain(np.where(vessel, np.float32(1.0), values), even)
