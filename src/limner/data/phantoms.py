"""Bodies of simple solids whose volumes, diameters and distances are known exactly.

A phantom is sampled first (:func:`sample`, solids in world millimetres), then drawn on any grid (:func:`draw`). Its
truth (:func:`truth`) comes from the solids by geometry and knows no voxel. Left and right, front and back, and up and
down all differ, so that a flipped export shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.data.solids import Capsule, Cylinder, Ellipsoid, Points, Solid, resized, vector
from limner.image import Grid, Image, LabelMap
from limner.image.anatomy import label as known


@dataclass(frozen=True)
class Structure:
    """A named structure: the union of its solids, which hide what earlier structures have there.

    Args:
        name: of :mod:`limner.image.anatomy`.
        solids: in world mm.
        hu: its density.
    """

    name: str
    solids: tuple[Solid, ...]
    hu: float


@dataclass(frozen=True)
class Plan:
    """A sampled phantom, painted in the order of its structures.

    Args:
        structures: each name once.
        noise_hu: standard deviation of the noise.
        seed: of the noise.
    """

    structures: tuple[Structure, ...]
    noise_hu: float = 12.0
    seed: int = 0

    def solids(self, name: str) -> tuple[Solid, ...]:
        """The solids of a structure, none where it is absent."""
        return next((one.solids for one in self.structures if one.name == name), ())

    def box(self, *names: str) -> tuple[Points, Points]:
        """Lowest and highest corner of some structures (all where none is named), LPS mm."""
        boxes = [solid.box() for one in self.structures if not names or one.name in names for solid in one.solids]
        return np.min([low for low, _ in boxes], axis=0), np.max([high for _, high in boxes], axis=0)


@dataclass(frozen=True)
class Phantom:
    """A drawn phantom: image and labels on one grid."""

    image: Image
    labels: LabelMap


@dataclass(frozen=True)
class Truth:
    """What must be measured.

    Args:
        volume_ml: None for a union of solids that overlap.
        longest_mm: longest diameter, where it is a single ellipsoid.
        to_vessels_mm: from a tumour's surface to that of the liver vessels.
        to_surface_mm: from a tumour's surface to that of the liver.
    """

    volume_ml: float | None
    longest_mm: float | None = None
    to_vessels_mm: float | None = None
    to_surface_mm: float | None = None


def sample(rng: np.random.Generator, *, tumors: int = 3, size: float = 1.0) -> Plan:
    """A torso with liver, tumours, vessels, spleen, kidneys, lungs, aorta, bones and skin.

    Tumours lie wholly inside the liver, apart from each other and from the vessels by at least 3 mm.

    Args:
        rng: makes the tumours and small shifts.
        tumors: how many.
        size: scale of the whole body; a small one makes quick tests.
    """
    liver = Ellipsoid((-55.0 + rng.uniform(-3, 3), -10.0, 30.0), (80.0, 65.0, 70.0))
    vessels = _vessel_tree(liver, rng)
    lesions = _place_tumors(liver, vessels, tumors, rng)
    structures = (
        Structure("body", (Cylinder((0.0, 0.0, 60.0), (172.0, 122.0, 230.0)),), -90.0),
        Structure("bones", _bones(), 420.0),
        Structure("right lung", (Ellipsoid((-82.0, 2.0, 190.0), (58.0, 74.0, 84.0)),), -840.0),
        Structure("left lung", (Ellipsoid((84.0, 6.0, 186.0), (52.0, 70.0, 78.0)),), -835.0),
        Structure("spleen", (Ellipsoid((108.0, 36.0, 40.0), (27.0, 40.0, 50.0)),), 125.0),
        Structure("right kidney", (Ellipsoid((-60.0, 60.0, -72.0), (27.0, 24.0, 51.0)),), 170.0),
        Structure("left kidney", (Ellipsoid((62.0, 56.0, -46.0), (29.0, 25.0, 55.0)),), 172.0),
        Structure("aorta", (Capsule((7.6, 44.3, -130.0), (16.4, 39.7, 240.0), 9.0),), 190.0),
        Structure("liver", (liver,), 110.0),
        Structure("liver vessels", vessels, 175.0),
        Structure("liver tumor", lesions, 62.0),
    )
    plan = Plan(tuple(one for one in structures if one.solids), seed=int(rng.integers(2**31)))
    return plan if size == 1.0 else scaled(plan, size)


def scaled(plan: Plan, size: float) -> Plan:
    """A phantom made larger or smaller around the world's origin."""
    return replace(
        plan,
        structures=tuple(replace(one, solids=tuple(resized(s, size) for s in one.solids)) for one in plan.structures),
    )


def grid_around(
    plan: Plan, spacing_mm: ArrayLike, *names: str, margin_mm: float = 6.0, turn: Points | None = None
) -> Grid:
    """A grid that holds some structures of a phantom (all where none is named).

    Args:
        plan: the phantom.
        spacing_mm: along ``(Z, Y, X)``.
        names: of structures.
        margin_mm: around them.
        turn: 3 × 3, orthonormal: its columns are the world directions of the Z, Y and X index axes. It may mirror
            (a left-handed grid); the default is axial: head, back, left.
    """
    axes = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]]) if turn is None else np.asarray(turn, dtype=float)
    spacing = np.asarray(spacing_mm, dtype=float)
    low, high = plan.box(*names)
    corners = np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij")).reshape(3, -1).T
    along = corners @ axes
    start, stop = along.min(axis=0) - margin_mm, along.max(axis=0) + margin_mm
    shape = np.ceil((stop - start) / spacing).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = axes * spacing
    affine[:3, 3] = axes @ start
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def draw(plan: Plan, grid: Grid) -> Phantom:
    """A phantom on a grid: a voxel belongs to the last structure that holds its centre. Pure: same plan, same voxels.

    Returns:
        A CT in HU (int16, air −1000 outside) with Gaussian noise, and its labels, numbered from the last structure (1)
        to the first, so that the liver comes before the body.
    """
    values = np.zeros(grid.shape, np.uint8)
    densities = np.full(len(plan.structures) + 1, -1000.0, np.float32)
    labels = []
    for order, one in enumerate(plan.structures):
        value = len(plan.structures) - order
        densities[value] = one.hu
        labels.append(known(one.name, value))
        for solid in one.solids:
            _paint(values, grid, solid, value)
    noise = np.random.default_rng(plan.seed).standard_normal(grid.shape, dtype=np.float32) * np.float32(plan.noise_hu)
    array = np.clip(np.rint(densities[values] + noise), -1024, 3071).astype(np.int16)
    return Phantom(Image(array, grid, "CT", "HU"), LabelMap(values, grid, tuple(reversed(labels))))


def truth(plan: Plan) -> dict[str, Truth]:
    """What must be measured, by the ids that a scene gives: ``"liver"``, ``"tumor-1"`` (the largest) and so on."""
    found = {}
    for one in plan.structures:
        if one.name == "liver tumor":
            continue
        single = one.solids[0] if len(one.solids) == 1 else None
        found["-".join(one.name.split())] = Truth(
            volume_ml=None if single is None else single.volume_mm3 / 1000,
            longest_mm=2 * max(single.radii_mm) if isinstance(single, Ellipsoid) else None,
        )
    tumors = sorted((one for one in plan.solids("liver tumor")), key=lambda one: -one.volume_mm3)
    for number, tumor in enumerate(tumors, start=1):
        assert isinstance(tumor, Ellipsoid)
        found[f"tumor-{number}"] = _tumor_truth(tumor, plan)
    return found


def _tumor_truth(tumor: Ellipsoid, plan: Plan) -> Truth:
    radius = tumor.radii_mm[0]
    vessels = [one for one in plan.solids("liver vessels") if isinstance(one, Capsule)]
    away = [float(one.away_mm(tumor.center_mm)) - one.radius_mm - radius for one in vessels]
    liver = plan.solids("liver")[0]
    assert isinstance(liver, Ellipsoid)
    return Truth(
        volume_ml=tumor.volume_mm3 / 1000,
        longest_mm=2 * radius,
        to_vessels_mm=max(0.0, min(away)) if away else None,
        to_surface_mm=max(0.0, liver.depth_mm(tumor.center_mm) - radius),
    )


def _vessel_tree(liver: Ellipsoid, rng: np.random.Generator) -> tuple[Capsule, ...]:
    """A trunk that forks twice, in the liver's own unit ball."""
    shift = rng.uniform(-0.04, 0.04, (7, 3))
    nodes = np.array(
        [
            [0.30, 0.42, -0.42],  # the hilum
            [0.12, 0.18, -0.18],
            [-0.38, 0.10, -0.12],
            [0.46, -0.22, 0.10],
            [-0.60, -0.28, 0.28],
            [-0.52, 0.36, 0.30],
            [0.58, -0.36, 0.38],
        ]
    )
    places = (nodes + shift) * liver.radii_mm + liver.center_mm
    links = ((0, 1, 6.0), (1, 2, 4.6), (1, 3, 4.2), (2, 4, 3.2), (2, 5, 3.0), (3, 6, 2.8))
    return tuple(Capsule(vector(places[a]), vector(places[b]), radius) for a, b, radius in links)


def _place_tumors(
    liver: Ellipsoid, vessels: Sequence[Capsule], count: int, rng: np.random.Generator
) -> tuple[Ellipsoid, ...]:
    placed: list[Ellipsoid] = []
    radii = np.sort(rng.uniform(6.0, 15.0, count))[::-1]
    for radius in radii:
        for _ in range(2000):
            direction = rng.standard_normal(3)
            direction *= rng.uniform(0, 1) ** (1 / 3) / np.linalg.norm(direction)
            center = np.array(liver.center_mm) + direction * liver.radii_mm
            apart = [float(one.away_mm(center)) - one.radius_mm for one in vessels]
            apart += [float(np.linalg.norm(center - one.center_mm)) - one.radii_mm[0] for one in placed]
            apart.append(liver.depth_mm(center))
            if min(apart) >= radius + 3.0:
                placed.append(Ellipsoid(vector(center), (float(radius),) * 3))
                break
        else:
            raise ValueError(f"No room for {count} tumours in the liver; {len(placed)} were placed. Ask for fewer.")
    return tuple(placed)


def _bones() -> tuple[Solid, ...]:
    spine = Capsule((0.0, 78.0, -145.0), (0.0, 78.0, 265.0), 19.0)
    ribs = []
    for height in range(0, 240, 34):
        for side in (-1, 1):
            turns = np.radians(np.linspace(75, -40, 10))
            x, y = 156 * np.cos(turns), 106 * np.sin(turns)
            z = height - 22 * (np.linspace(0, 1, 10))
            arc = [(float(side * a), float(b), float(c)) for a, b, c in zip(x, y, z, strict=True)]
            ribs += [Capsule(a, b, 4.5) for a, b in pairwise(arc)]
    hips = [Capsule((side * 60.0, 66.0, -150.0), (side * 118.0, 20.0, -112.0), 9.0) for side in (-1, 1)]
    return (spine, *ribs, *hips)


def _paint(values: NDArray[np.uint8], grid: Grid, solid: Solid, value: int) -> None:
    low, high = solid.box()
    corners = grid.index(np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij")).reshape(3, -1).T)
    first = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, grid.shape)
    last = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, grid.shape)
    step = grid.affine[:3, :3]
    plane = np.stack(np.meshgrid(np.arange(first[1], last[1]), np.arange(first[2], last[2]), indexing="ij"), axis=-1)
    flat = (plane @ step[:, 1:].T + grid.origin_mm).astype(np.float32)
    for z in range(int(first[0]), int(last[0])):
        there = solid.holds(flat + (z * step[:, 0]).astype(np.float32))
        values[z, first[1] : last[1], first[2] : last[2]][there] = value
