"""Every entry of the skin with every tip in the tumour, judged on the lattice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.scene.needles.fields import AIR, PER_MM, THREADS
from limner.scene.needles.found import SkinMap
from limner.scene.needles.judge import ANGLE, LEAVES, LENGTH, OUTSIDE, TABLE
from limner.scene.needles.scene import NeedleScene
from limner.scene.needles.trace import Floats, Ways, cells_at, least_along, trace

BLOCK = 16384
STEP_CELLS = 0.75
SCORE_MM = 2.0
SCORES = ("vessels", "organs", "rib_gap", "length", "angle", "organ_crossed", "outside", "depth")


@dataclass(frozen=True, eq=False)
class Candidates:
    """Paths that keep all rules on the lattice, or nearly.

    Args:
        entry: ``(N,)`` indices of the skin's cells.
        tip: ``(N,)`` indices of ``tips_mm``.
        scores: ``(N, 8)`` float32 in the order of :data:`SCORES`.
        total: ``(N,)`` weighted means.
        sure: ``(N,)`` bool: nothing is lacking on the lattice.
        tips_mm: ``(T, 3)`` world.
        judged: how many paths were looked at.
        traced: how many of them geometry let through, so that their whole way was looked at.
        skin: why entries are refused.
    """

    entry: NDArray[np.int32]
    tip: NDArray[np.int32]
    scores: Floats
    total: Floats
    sure: NDArray[np.bool_]
    tips_mm: NDArray[np.float64]
    judged: int
    traced: int
    skin: SkinMap


@dataclass(frozen=True, eq=False)
class _Block:
    """What became of all entries with one tip: a code each, how far they came, and the candidates among them."""

    codes: NDArray[np.uint8]
    came: Floats
    entry: NDArray[np.int32]
    scores: Floats
    sure: NDArray[np.bool_]
    traced: int


def search(scene: NeedleScene, threads: int = THREADS) -> Candidates:
    """Judges all paths, a tip and a block of entries at a time."""
    tips_mm, depth = scene.depth.tips(scene.rules.targets)
    _ = scene.slack, scene.table_mm  # made once, before the threads ask for them
    count = len(scene.entries_mm)
    jobs = [(tip, first) for first in range(0, count, BLOCK) for tip in range(len(tips_mm))]
    with ThreadPoolExecutor(threads) as pool:
        done = list(
            pool.map(lambda job: _block(scene, tips_mm[job[0]], depth[job[0]], slice(job[1], job[1] + BLOCK)), jobs)
        )
    tip = np.concatenate([np.full(len(one.entry), job[0], np.int32) for job, one in zip(jobs, done, strict=True)])
    scores = np.concatenate([one.scores for one in done])
    weights = np.array([getattr(scene.rules.weights, name) for name in SCORES], np.float32)
    return Candidates(
        entry=np.concatenate([one.entry for one in done]),
        tip=tip,
        scores=scores,
        total=scores @ (weights / max(float(weights.sum()), 1e-9)),
        sure=np.concatenate([one.sure for one in done]),
        tips_mm=tips_mm,
        judged=count * len(tips_mm),
        traced=sum(one.traced for one in done),
        skin=_skin_map(scene, jobs, done),
    )


def _block(scene: NeedleScene, tip_mm: NDArray[np.float64], depth: float, part: slice) -> _Block:
    rules, shape = scene.rules, scene.lattice.work.shape
    entries = scene.entries_mm[part]
    line = tip_mm.astype(np.float32) - entries
    length = np.sqrt(np.einsum("ij,ij->i", line, line))
    inward = line / np.maximum(length, np.float32(1e-6))[:, None]
    cosine = -np.einsum("ij,ij->i", inward, scene.anatomy.skin.normals[part])
    codes = np.zeros(len(entries), np.uint8)
    names = _reasons(scene)
    codes[cosine < np.cos(np.radians(rules.max_angle_deg))] = names[ANGLE]
    codes[length > rules.max_length_mm] = names[LENGTH]
    if scene.table_mm is not None:
        toward, plane = scene.table_mm
        down = toward.astype(np.float32)
        low = plane - entries @ down < rules.table_gap_mm
        codes[low | (inward @ down < np.sin(np.radians(rules.table_tilt_deg)))] = names[TABLE]
    index = np.flatnonzero(codes == 0)
    came = np.zeros(len(entries), np.float32)
    if not index.size:
        none = np.zeros((0, len(SCORES)), np.float32)
        return _Block(codes, came, index.astype(np.int32), none, np.zeros(0, bool), 0)
    start = scene.anatomy.skin.cells[part][index].T.astype(np.float32)
    tip = scene.lattice.work.index(tip_mm).astype(np.float32)
    ways = Ways(start, (tip[:, None] - start) / length[index], length[index])
    least_mm = STEP_CELLS * min(scene.lattice.work.spacing_mm)
    end = trace(scene.slack, shape, ways, least_mm)
    through = np.isinf(end)
    least, crossed, outside = least_along(scene.slack, shape, _some(ways, through), SCORE_MM)
    lacking = int(scene.slack.tolerance_mm * PER_MM)
    sure = least.min(axis=1) > lacking
    doubtful = np.flatnonzero(through)[~sure]  # short by less than the tolerance: tried, but told as refused
    end[doubtful] = np.minimum(
        trace(scene.slack, shape, _some(ways, doubtful), least_mm, floor=lacking), length[index[doubtful]]
    )
    hit = np.isfinite(end)
    at = ways.start[:, hit] + ways.step[:, hit] * end[hit]
    which = scene.slack.which.take(cells_at(at, shape), mode="clip")
    codes[index[hit]] = np.where(which == AIR, names[LEAVES], which + np.uint8(len(names) + 1))
    came[index] = np.minimum(end / length[index], 1)
    found = index[through]
    beyond = np.maximum((least.astype(np.float32) - 0.5) / PER_MM - np.float32(scene.slack.tolerance_mm), 0)
    scores = np.empty((len(found), len(SCORES)), np.float32)
    scores[:, :3] = np.minimum(beyond / rules.comfort_mm, 1)
    scores[:, 3] = 1 - length[found] / rules.max_length_mm
    scores[:, 4] = 1 - np.degrees(np.arccos(np.minimum(cosine[found], 1))) / rules.max_angle_deg
    scores[:, 5] = np.minimum(crossed / rules.parenchyma_mm, 1)
    scores[:, 6] = np.maximum(1 - outside / rules.outside_mm, 0)
    scores[:, 7] = depth
    return _Block(codes, came, (found + part.start).astype(np.int32), scores, sure, index.size)


def _some(ways: Ways, which: NDArray[np.bool_] | NDArray[np.int64]) -> Ways:
    return Ways(ways.start[:, which], ways.step[:, which], ways.length[which])


def _reasons(scene: NeedleScene) -> dict[str, int]:
    """Codes of the reasons that are no structure; those of structures follow, in the order of the fields."""
    return {name: code for code, name in enumerate((OUTSIDE, TABLE, LENGTH, ANGLE, LEAVES), start=1)}


def _skin_map(scene: NeedleScene, jobs: list[tuple[int, int]], done: list[_Block]) -> SkinMap:
    """Of each entry the reason of the tip to which it came nearest, as a share of the way; 0 where one is open."""
    count = len(scene.entries_mm)
    codes, came = np.zeros(count, np.uint8), np.full(count, -1, np.float32)
    for (_, first), one in zip(jobs, done, strict=True):
        part = slice(first, first + BLOCK)
        progress = np.where(one.codes == 0, np.float32(2), one.came)
        better = progress > came[part]
        codes[part][better] = one.codes[better]
        came[part][better] = progress[better]
    names = _reasons(scene)
    cut = scene.lattice.work.world(scene.anatomy.skin.cut).astype(np.float32)
    structures = tuple((one.obstacle.role, one.obstacle.name) for one in scene.distances)
    return SkinMap(
        np.concatenate([scene.entries_mm, cut]),
        np.concatenate([codes, np.full(len(cut), names[OUTSIDE], np.uint8)]),
        (*((name, None) for name in names), *structures),
    )
