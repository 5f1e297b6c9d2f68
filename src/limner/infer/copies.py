"""Does a generative pack copy what it learned from? Nearest training images, in pixels and in features.

An image is a copy where one training image is far nearer to it than the next ones are: the distance to the nearest
over the mean distance to the 2nd to 11th (Carlini et al. 2023 divide likewise). That ratio does not fall for images
that are merely plain, which are near to everything. How low it may be by chance is told by real images that were
held out: a normal curve is laid through the lower half of the logarithms of their ratios, and its tail, divided by
the number of images that are asked, is the limit; it also lies a fifth below every held-out image.

Pixels are compared small (16 a side) and with brightness, colour cast and contrast taken out, in all mirrorings,
right angles and small shifts. Features are those of a named net of ours (:mod:`limner.infer.features`); such a net
puts the few images of a rare kind close together, so that a pair must be alike in pixels, too.

What is not found: parts of an image in another surrounding, and mixtures of several training images.

Source: Carlini et al., Extracting training data from diffusion models, USENIX Security 2023, section 5; the share of
nearer images is the statistic of Meehan et al., A non-parametric test to detect data-copying, AISTATS 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from limner.errors import CohortError, InputError, PackError
from limner.image import fit_picture
from limner.infer.features import Features
from limner.report.pairs import Beside, write_pairs
from limner.tasks.realism import distances

SIDE = 16
NEIGHBOURS = 10
MARGIN = 0.8
"""A copy is nearer than this share of the nearest held-out image's ratio."""
LEAST_HELD, LEAST_TRAIN = 20, 10
SAME = 0.02
"""Nearer than this in small pixels a held-out image is a training one, perhaps turned: it is what rounding makes."""
ALARM = 0.01
"""Chance that a pack without copies is accused, over all its images and each space."""
_ROWS = 256
_HALVES = (-2, -1, 0, 1, 2)
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Pair:
    """A made image and the training image nearest to it.

    Args:
        made: number of the made image.
        train: number of the training image.
        ratio: distance to it over the mean distance to the next ones; 0 for an exact copy.
        turn: how the made image was turned for it: 0–3 quarter turns, plus 4 where mirrored first. 0 in features.
        alike: in features: the two are also nearer in pixels than held-out images usually come to a training image.
    """

    made: int
    train: int
    ratio: float
    turn: int = 0
    alike: bool = True


@dataclass(frozen=True)
class Space:
    """What was found in pixels, or in features.

    Args:
        name: ``"pixels"``, or the features' name.
        limit: below which ratio an image is a copy.
        held_ratio: median of the held-out images' ratios.
        made_ratio: median of the made images'.
        nearer: share of (made, held-out) pairs of which the made image is nearer to the training set; .5 where made
            images are as new as held-out ones, 1 where all are nearer.
        held_apart: median distance of held-out images to their nearest.
        pairs: each made image with its nearest, the most suspicious first.
    """

    name: str
    limit: float
    held_ratio: float
    made_ratio: float
    nearer: float
    held_apart: float
    pairs: tuple[Pair, ...]

    @property
    def copies(self) -> tuple[Pair, ...]:
        """The pairs below the limit, in features those that are alike in pixels, too."""
        return tuple(one for one in self.pairs if one.ratio < self.limit and one.alike)


@dataclass(frozen=True)
class Copies:
    """The answer: how many images were asked, and what was found in each space."""

    asked: int
    spaces: tuple[Space, ...]

    @property
    def copied(self) -> tuple[int, ...]:
        """Numbers of the made images that are copies in either space."""
        return tuple(sorted({pair.made for space in self.spaces for pair in space.copies}))

    @property
    def verdict(self) -> Literal["copies", "no copies found"]:
        """Whether any image is a copy."""
        return "copies" if self.copied else "no copies found"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "verdict": self.verdict,
            "asked": self.asked,
            "copied": list(self.copied),
            "spaces": [
                {
                    **{key: value for key, value in vars(space).items() if key != "pairs"},
                    "copies": [vars(one) for one in space.copies],
                    "closest": [vars(one) for one in space.pairs[:10]],
                }
                for space in self.spaces
            ],
        }

    def refuse(self, pack: str, shown: str = "") -> None:
        """Raises where anything was copied.

        Args:
            pack: its name.
            shown: a sentence that says where the pairs can be looked at.

        Raises:
            PackError: says which image is a copy of which, and what to do.
        """
        if not self.copied:
            return
        worst = min((pair for space in self.spaces for pair in space.copies), key=lambda one: one.ratio)
        raise PackError(
            f"Pack {pack!r} copies what it learned from: {len(self.copied)} of {self.asked} images that it made "
            f"(the worst: image {worst.made} is training image {worst.train}, ratio {worst.ratio:.2f}). It must not be "
            "shared: whoever has it has these images. Train it again on more images, for fewer steps or with stronger "
            f"(adaptive) augmentation, or with a smaller net; then look again. {shown}".rstrip()
        )


def find_copies(
    made: Images,
    train: Images,
    held: Images,
    features: Features | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Copies:
    """Looks for copies of training images among made ones.

    Args:
        made: ``(M, C, Y, X)``; the more, the more is seen: a thousand.
        train: ``(N, C, Y, X)``, all that the pack learned from.
        held: ``(H, C, Y, X)``, real images of other patients that it did not learn from; at least 20.
        features: to look there, too.
        progress: is told the step, and the share of it that is done.

    Raises:
        InputError: too few images to say anything.
        CohortError: held-out images are training images: any copy would seem no nearer than they are.
    """
    if few := too_few(len(train), len(held)):
        raise InputError(few)
    if not len(made):
        raise InputError("Copies are looked for among made images; got none.")
    small = [np.stack([_small(one) for one in some]) for some in (made, train, held)]
    near_held = _joined(_in_pixels(small[2], small[1]))
    _refuse_same(int(((near_held.apart < SAME) | among(held, train)).sum()), len(held))
    spaces = [_space("pixels", _joined(_in_pixels(small[0], small[1])), near_held)]
    if features is not None:
        seen = [features.features(some, progress=progress).astype(np.float64) for some in (made, train, held)]
        width = seen[1].std(0) + 1e-6
        near_made, near_held = (_joined(_in_features(seen[k] / width, seen[1] / width)) for k in (0, 2))
        found = _space(features.name, near_made, near_held)
        spaces.append(_confirmed(found, small[0], small[1], spaces[0].held_apart))
    return Copies(len(made), tuple(spaces))


def too_few(train: int, held: int) -> str:
    """Why so many training and held-out images are not enough; empty where they are."""
    if held >= LEAST_HELD and train >= LEAST_TRAIN:
        return ""
    return (
        f"To tell copies from likeness, {LEAST_HELD} held-out and {LEAST_TRAIN} training images are needed; "
        f"got {held} and {train}."
    )


def among(some: Images, others: Images) -> NDArray[np.bool_]:
    """Which of ``some`` ``(N, C, Y, X)`` are, pixel for pixel, among the others."""
    known = {one.tobytes() for one in others}
    return np.array([one.tobytes() in known for one in some], bool)


def _refuse_same(same: int, held: int) -> None:
    if same:
        raise CohortError(
            f"{same} of {held} held-out images are training images (perhaps turned): beside them no made "
            "image would be near enough to be a copy. Hold out images of patients that were not learned from."
        )


@dataclass(frozen=True)
class _Near:
    apart: NDArray[np.float64]
    ratio: NDArray[np.float64]
    which: NDArray[np.intp]
    turn: NDArray[np.intp]


def _space(name: str, near_made: _Near, near_held: _Near) -> Space:
    limit = _limit(near_held.ratio, len(near_made.ratio))
    pairs = [
        Pair(int(k), int(near_made.which[k]), float(near_made.ratio[k]), int(near_made.turn[k]))
        for k in np.argsort(near_made.ratio, kind="stable")
    ]
    nearer = float((near_made.apart[:, None] < near_held.apart[None]).mean())
    held_ratio, made_ratio, apart = (
        float(np.median(one)) for one in (near_held.ratio, near_made.ratio, near_held.apart)
    )
    return Space(name, limit, held_ratio, made_ratio, nearer, apart, tuple(pairs))


def _confirmed(space: Space, made: NDArray[np.float32], train: NDArray[np.float32], most: float) -> Space:
    """The pairs below the limit asked in pixels, too."""

    def apart(pair: Pair) -> float:
        flat = train[pair.train].reshape(-1, 1)
        return float(_apart_in_pixels(made[pair.made : pair.made + 1], flat)[0][0, 0])

    pairs = (replace(one, alike=apart(one) < most) if one.ratio < space.limit else one for one in space.pairs)
    return replace(space, pairs=tuple(pairs))


def _limit(held: NDArray[np.float64], asked: int) -> float:
    """Below which ratio so few real images lie that none is expected among ``asked``; and below every held-out one."""
    logs = np.log(np.maximum(held, 1e-9))
    middle = float(np.median(logs))
    below = logs[logs <= middle]  # the lower half alone: the upper one ends at 1
    spread = max(float(np.sqrt(((below - middle) ** 2).mean())), 1e-3)
    return float(min(np.exp(middle + norm.ppf(ALARM / asked) * spread), MARGIN * held.min()))


def _joined(parts: Iterator[_Near]) -> _Near:
    every = list(parts)
    return _Near(*(np.concatenate([getattr(one, key.name) for one in every]) for key in fields(_Near)))


def _in_pixels(asked: NDArray[np.float32], train: NDArray[np.float32]) -> Iterator[_Near]:
    """Over eight turns and shifts of up to one of the 16 pixels; descriptors have length 1, so that products tell."""
    flat = train.reshape(len(train), -1).T
    for start in range(0, len(asked), _ROWS):
        yield _near(*_apart_in_pixels(asked[start : start + _ROWS], flat))


def _apart_in_pixels(
    rows: NDArray[np.float32], flat: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    best = np.full((len(rows), flat.shape[1]), -np.inf, np.float32)
    turned = np.zeros(best.shape, np.intp)
    for way in range(8):
        for shifted in _shifted(turn(rows, way)):
            likeness = shifted.reshape(len(rows), -1) @ flat
            turned[likeness > best] = way
            np.maximum(best, likeness, out=best)
    return np.sqrt(np.maximum(2 - 2 * best.astype(np.float64), 0)), turned


def _in_features(asked: NDArray[np.float64], train: NDArray[np.float64]) -> Iterator[_Near]:
    for start in range(0, len(asked), _ROWS):
        apart = distances(asked[start : start + _ROWS], train)
        yield _near(apart, np.zeros(apart.shape, np.intp))


def _near(apart: NDArray[np.float64], turned: NDArray[np.intp]) -> _Near:
    most = min(NEIGHBOURS, apart.shape[1] - 1)
    order = np.argsort(apart, axis=1)[:, : most + 1]
    near, which = np.take_along_axis(apart, order, axis=1), order[:, 0]
    ratio = near[:, 0] / np.maximum(near[:, 1:].mean(1), 1e-12)
    return _Near(near[:, 0], ratio, which, turned[np.arange(len(which)), which])


def _shifted(rows: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Moved by up to one pixel along each axis, in halves; brought to length 1 again."""
    for dy in _HALVES:
        for dx in _HALVES:
            moved = _moved(_moved(rows, dy, -2), dx, -1)
            length = np.sqrt((moved**2).sum((-3, -2, -1), keepdims=True))
            yield moved / np.maximum(length, 1e-6)


def _moved(rows: NDArray[np.float32], halves: int, axis: int) -> NDArray[np.float32]:
    whole = np.roll(rows, halves // 2, axis)
    if halves % 2 == 0:
        return whole
    return (whole + np.roll(rows, halves // 2 + 1, axis)) * np.float32(0.5)


def _small(image: Images) -> NDArray[np.float32]:
    """``(C, 16, 16)``: blurred by shrinking, without brightness, colour cast and contrast."""
    values = fit_picture(image, (SIDE, SIDE))[0].astype(np.float64)
    values -= values.mean((1, 2), keepdims=True)
    return (values / max(float(np.sqrt((values**2).sum())), 1e-6)).astype(np.float32)


def turn(images: NDArray[Any], way: int) -> NDArray[Any]:
    """Images ``(..., Y, X)`` turned by ``way % 4`` quarters, mirrored first from 4 on: as in :class:`Pair`."""
    mirrored = images[..., ::-1] if way >= 4 else images
    return np.rot90(mirrored, way % 4, axes=(-2, -1))


def write_copies(path: Path, found: Copies, made: Images, train: Images, most: int = 12) -> None:
    """Draws the most suspicious pairs of both spaces, a third from features; those that are copies are framed.

    The picture holds training images: it may be passed on only where they may.

    Args:
        path: of the PNG.
        found: what :func:`find_copies` said of ``made`` and ``train``.
        made: as given to it.
        train: as given to it.
        most: pairs.
    """
    rows = []
    for space in found.spaces:
        share = most if len(found.spaces) == 1 else most * 2 // 3 if space.name == "pixels" else most - most * 2 // 3
        copied = {(one.made, one.train) for one in space.copies}
        chosen = sorted(space.pairs, key=lambda one: ((one.made, one.train) not in copied, one.ratio))[:share]
        where = "pixels" if space.name == "pixels" else "features"
        for one in chosen:
            text = f"made {one.made} | training {one.train}\n{where}: {one.ratio:.2f}, limit {space.limit:.2f}"
            turned = np.ascontiguousarray(turn(made[one.made], one.turn))
            rows.append(Beside(turned, train[one.train], text, (one.made, one.train) in copied))
    title = f"{len(found.copied)} of {found.asked} made images are copies" if found.copied else "No copies found"
    write_pairs(path, rows, f"{title}; the closest pairs (made left, training image right)")
