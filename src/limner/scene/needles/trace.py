"""Straight ways through a field of slack, thousands at once: sphere tracing with an early end.

From the skin on, a way goes forward by what the slack allows, since no obstacle can be nearer; it ends where a rule is
broken, or in the tumour.

Source: Hart JC. Sphere tracing: a geometric method for the antialiased ray tracing of implicit surfaces. The Visual
Computer 12:527-545, 1996.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.scene.needles.fields import PER_MM, Slack

Floats = NDArray[np.float32]
SKIN_CELLS = 2.0
"""A way begins this many cells under the skin, so that the air beside its entry is not taken for a way out."""
ALIKE = 3072
SPARSE = 0.6
"""Arrays are packed anew once fewer than this share of their ways still run."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Straight ways, in indices of the cells.

    Args:
        start: ``(3, N)`` float32 indices of entries.
        step: ``(3, N)`` float32 indices per mm toward the target.
        length: ``(N,)`` float32 mm.
    """

    start: Floats
    step: Floats
    length: Floats


def trace(slack: Slack, shape: tuple[int, int, int], ways: Ways, least_mm: float, *, floor: int = 0) -> Floats:
    """How far each way goes before it breaks a rule.

    Args:
        slack: of all obstacles.
        shape: of the cells.
        ways: from skin to tip.
        least_mm: shortest step, and where a way begins to be looked at under the skin; about a cell.
        floor: levels of ``slack.least`` up to this are broken; 0 lets through what lacks less than the tolerance.

    Returns:
        ``(N,)`` mm from the entry to where a rule is broken; infinity where none is.
    """
    start, step, length = ways.start, ways.step, ways.length
    end = np.full(length.shape, np.inf, np.float32)
    advance = (np.arange(256, dtype=np.float32) - 1) / PER_MM - np.float32(slack.tolerance_mm)
    np.maximum(advance, np.float32(least_mm), out=advance)
    alive: NDArray[np.int64] = np.arange(length.size)
    here = np.minimum(length, np.float32(SKIN_CELLS * least_mm))
    running = np.ones(length.size, bool)
    while alive.size:
        level = slack.least.take(cells_at(start + step * here, shape), mode="clip")
        broken = level <= floor
        broken &= running
        if broken.any():
            end[alive[broken]] = here[broken]
            running &= ~broken
        last = here >= length
        running &= ~last
        here += advance.take(level)
        np.minimum(here, length, out=here)  # the tip itself is looked at
        count = np.count_nonzero(running)
        if count < SPARSE * alive.size:
            start, step, length = start[:, running], step[:, running], length[running]
            here, alive, running = here[running], alive[running], np.ones(count, bool)
    return end


def cells_at(index: Floats, shape: tuple[int, int, int]) -> NDArray[np.int32]:
    """Flat indices of the cells that hold fractional indices ``(3, …)`` inside the lattice."""
    near = index + np.float32(0.5)
    whole = near.astype(np.int32)  # toward zero, which is down for all that is not outside
    flat = whole[0] * np.int32(shape[1])
    flat += whole[1]
    flat *= np.int32(shape[2])
    flat += whole[2]
    return flat


def least_along(
    slack: Slack, shape: tuple[int, int, int], ways: Ways, every_mm: float
) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """What is least of each group along whole ways, and how much of the organ, and of anything else, they pass.

    Returns:
        ``(N, 3)`` uint8, the least slack of vessels, organs and bones as in :class:`Slack`; ``(N,)`` mm of healthy
        parenchyma; and ``(N,)`` mm outside both it and the target.
    """
    least = np.full((ways.length.size, 4), 255, np.uint8)
    inside, outside = (np.zeros(ways.length.size, np.float32) for _ in range(2))
    order = np.argsort(ways.length)
    for part in np.array_split(order, max(1, ways.length.size // ALIKE)):  # ways of like length take as many steps
        start, step, length = ways.start[:, part], ways.step[:, part], ways.length[part]
        count = max(2, int(np.ceil(float(length.max(initial=0)) / every_mm)) + 1)
        share = length / np.float32(count - 1)
        own = np.full((length.size, 4), 255, np.uint8)
        organ, beyond = (np.zeros(length.size, np.int32) for _ in range(2))
        for k in range(count):
            found = slack.groups.take(cells_at(start + step * (share * np.float32(k)), shape), mode="clip")
            four = found.view(np.uint8).reshape(-1, 4)
            organ += four[:, 3] == 1
            beyond += four[:, 3] == 0
            np.minimum(own, four, out=own)
        least[part], inside[part], outside[part] = own, organ * share, beyond * share
    return least[:, :3], inside, outside
