"""How the small net of the liver's segments learns: few livers, each bent anew every time it is shown."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from limner.errors import InputError
from limner.nets.liver_segments import LiverSegmentsNet
from limner.scene.vessels import liver_box

Float4 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Lesson:
    """A liver on its lattice (:mod:`limner.scene.vessels.liver_box`).

    Args:
        liver: ``(Z, Y, X)`` shares.
        vessels: the same; None where none are known.
        segments: ``(8, Z, Y, X)`` shares.
    """

    liver: NDArray[np.float32]
    vessels: NDArray[np.float32] | None
    segments: Float4


@dataclass(frozen=True)
class Lessons:
    """How to learn; chosen on the splits train and val of LiTS.

    Args:
        steps: of the optimizer.
        batch: livers a step.
        rate: largest learning rate, of one cycle.
        hidden: how often known vessels are hidden, so that the net does without.
        turn_deg: standard deviation of turns about each axis.
        bend: standard deviation of the bending, as a share of half the box.
        seed: of everything.
    """

    steps: int = 1400
    batch: int = 2
    rate: float = 3e-3
    hidden: float = 0.3
    turn_deg: float = 7.5
    bend: float = 0.12
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Bend:
    """One way to bend a liver: an affine map and a coarse field of shifts; drawn first, then applied.

    Args:
        matrix: 3 × 3, on places from -1 to 1, in the order x, y, z.
        shifts: ``(3, 4, 4, 4)``, the same places.
        scale: of the box around the bent liver, along x, y, z.
        offset: of that box.
    """

    matrix: NDArray[np.float32]
    shifts: NDArray[np.float32]
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]


def sample_bend(rng: np.random.Generator, lessons: Lessons) -> Bend:
    """Turns, stretches, shears, bends, and a box that does not fit quite."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_euler("xyz", rng.normal(0, lessons.turn_deg, 3), degrees=True).as_matrix()
    matrix = np.diag(rng.uniform(0.9, 1.3, 3)) @ turn + rng.normal(0, 0.06, (3, 3))
    return Bend(
        matrix.astype(np.float32),
        rng.normal(0, lessons.bend, (3, 4, 4, 4)).astype(np.float32),
        rng.uniform(0.97, 1.06, 3).astype(np.float32),
        rng.normal(0, 0.02, 3).astype(np.float32),
    )


def apply_bend(values: Tensor, bend: Bend) -> Tensor:
    """Channels ``(C, Z, Y, X)``, of which the first is the liver, bent, and seen in the box of the bent liver."""
    shape = values.shape[1:]
    places = F.affine_grid(torch.eye(3, 4)[None], [1, 1, *shape], align_corners=False)
    shifts = F.interpolate(torch.from_numpy(bend.shifts)[None], shape, mode="trilinear", align_corners=True)
    matrix = torch.from_numpy(bend.matrix)

    def source(at: Tensor) -> Tensor:
        moved = F.grid_sample(shifts, at, align_corners=True, padding_mode="border").permute(0, 2, 3, 4, 1)
        return at @ matrix.T + moved

    wide = places * 1.6
    inside = F.grid_sample(values[None, :1], source(wide), align_corners=False)[0, 0] > 0.5
    if int(inside.sum()) < 50:
        return values
    points = wide[0][inside]
    low, high = points.min(0).values, points.max(0).values
    half = (high - low) / 2 * (1 + 2 / min(shape)) * torch.from_numpy(bend.scale)
    middle = (low + high) / 2 + torch.from_numpy(bend.offset)
    return F.grid_sample(values[None], source(places * half + middle), align_corners=False)[0]


def learn_segments(
    cases: Sequence[Lesson], lessons: Lessons | None = None, progress: Callable[[str, float], None] | None = None
) -> LiverSegmentsNet:
    """A net that has seen some livers, its weights averaged over the last hundred steps or so.

    Args:
        cases: to learn from.
        lessons: how.
        progress: called with a word and the share done.

    Raises:
        InputError: no cases.

    Source: soft Dice and cross-entropy over the liver; weights averaged exponentially as in Tarvainen A., Valpola H.,
    NeurIPS 2017.
    """
    lessons = lessons or Lessons()
    if not cases:
        raise InputError("At least one liver with its segments is expected to learn from; none came.")
    rng = np.random.default_rng(lessons.seed)
    torch.manual_seed(lessons.seed)
    net = LiverSegmentsNet()
    mean = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), lr=lessons.rate, weight_decay=1e-3)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, lessons.rate, total_steps=lessons.steps, pct_start=0.1)
    for step in range(lessons.steps):
        drawn = rng.integers(len(cases), size=lessons.batch)
        pairs = [_shown(cases[int(k)], rng, lessons) for k in drawn]
        shown, wanted = (torch.stack([pair[side] for pair in pairs]) for side in (0, 1))
        loss = _loss(net(shown), wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
        rates.step()
        with torch.no_grad():
            for kept, new in zip(mean.parameters(), net.parameters(), strict=True):
                kept.lerp_(new, 1 - min(0.99, (step + 1) / (step + 10)))
        if progress:
            progress("learn", (step + 1) / lessons.steps)
    return mean.eval()


def save_segments(net: LiverSegmentsNet, path: Path, note: dict[str, str]) -> None:
    """Writes the weights in half precision, with a note of what they learned from."""
    from safetensors.torch import save_file

    aside = path.with_name(f".{path.name}.part")
    save_file({key: value.half().contiguous() for key, value in net.state_dict().items()}, aside, metadata=note)
    aside.replace(path)


def _shown(case: Lesson, rng: np.random.Generator, lessons: Lessons) -> tuple[Tensor, Tensor]:
    """What the net sees of a bent liver, and the truth there."""
    none = np.zeros_like(case.liver)
    hide = case.vessels is None or rng.random() < lessons.hidden
    stack = np.concatenate([np.stack([case.liver, none if case.vessels is None else case.vessels]), case.segments])
    bent = apply_bend(torch.from_numpy(stack.astype(np.float32)), sample_bend(rng, lessons)).numpy()
    shown: Any = liver_box.channels(bent[0], None if hide else bent[1])
    return torch.from_numpy(shown), torch.from_numpy(bent[2:])


def _loss(logits: Tensor, target: Tensor) -> Tensor:
    inside = target.sum(1, keepdim=True).clamp(0, 1)
    log = F.log_softmax(logits, 1)
    entropy = -(target * log).sum() / inside.sum()
    given = log.exp() * inside
    both = (given * target).sum((0, 2, 3, 4))
    dice = (2 * both + 1) / (given.sum((0, 2, 3, 4)) + target.sum((0, 2, 3, 4)) + 1)
    return entropy + 1 - dice.mean()
