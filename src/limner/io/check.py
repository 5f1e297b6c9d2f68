"""One comparison of what is on the disk with what was drawn, and what to say when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.errors import VerificationError
from limner.image import Grid
from limner.io.place import SIDES, Place, suspicion

SAME_MM = 0.05  # two copies of the same numbers: float32 metres keep 0.0001 mm, DICOM's decimal strings 0.001 mm
_NOISE = 0.02  # small round things fit their mirror image almost as well as themselves
_TELLING_MM = 5.0  # a centroid nearer to the middle tells no side
_SYMMETRIC = 0.97  # a thing that fits its own mirror image this well tells nothing about its sides

Numbers = Sequence[float] | NDArray[np.floating]


@dataclass(frozen=True)
class Check:
    """One comparison.

    Args:
        file: relative to the drawing's folder.
        what: the label or mesh, the quantity, and its unit.
        expected: from the label map, or from the mesh in memory.
        got: from the file.
        tolerance: the largest difference that passes.
        ok: whether it passes.
        hint: what mistake would explain a failure, empty where none is known.
    """

    file: str
    what: str
    expected: tuple[float, ...]
    got: tuple[float, ...]
    tolerance: float
    ok: bool
    hint: str = ""


def compare(file: str, what: str, expected: Numbers, got: Numbers, tolerance: float, hint: str = "") -> Check:
    """Passes where no number differs by more than the tolerance."""
    mine, theirs = _flat(expected), _flat(got)
    ok = len(mine) == len(theirs) and bool(np.abs(np.subtract(mine, theirs)).max() <= tolerance)
    return Check(file, what, mine, theirs, round(float(tolerance), 4), ok, "" if ok else hint)


def same_place(file: str, name: str, expected: Place, got: Place, grid: Grid) -> list[Check]:
    """Centroid, box, volume, and for meshes skewness, of two copies of one thing."""
    boxes = [np.concatenate([one.low_mm, one.high_mm]) for one in (expected, got)]
    size = float(np.linalg.norm(expected.high_mm - expected.low_mm))
    hint = suspicion(expected, got, grid)
    checks = [
        compare(file, f"{name}: centroid (mm)", expected.center_mm, got.center_mm, SAME_MM, hint),
        compare(file, f"{name}: box (mm)", boxes[0], boxes[1], SAME_MM, hint),
        compare(
            file,
            f"{name}: volume (ml)",
            [expected.volume_ml],
            [got.volume_ml],
            1e-3 * abs(expected.volume_ml) + 1e-4,
            hint,
        ),
    ]
    checks.append(same_side(file, name, expected, got, grid))
    if expected.skew_mm is not None and got.skew_mm is not None:
        mirrored = "It looks turned or mirrored in its own place."
        checks.append(
            compare(file, f"{name}: skewness (mm)", expected.skew_mm, got.skew_mm, 0.1 + 0.005 * size, mirrored)
        )
    return checks


def same_side(file: str, name: str, expected: Place, got: Place, grid: Grid) -> Check:
    """On which side of the scan's middle the centroid lies: +1 left, back, head; 0 where it is too near to tell."""
    middle = grid.world((np.array(grid.shape) - 1) / 2)
    told = np.abs(expected.center_mm - middle) > _TELLING_MM
    signs = [np.sign(one.center_mm - middle) * told for one in (expected, got)]
    wrong = [SIDES[k] for k in range(3) if signs[0][k] != signs[1][k]]
    what = f"{name}: side of the scan's middle (left, back, head = 1)"
    return compare(file, what, signs[0], signs[1], 0.0, f"It lies on the wrong side: {', '.join(wrong)}.")


def agreement(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    """Dice of what is not background: voxels of one value in both, over the mean of both."""
    both = np.count_nonzero((one == other) & (one != 0))
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * both / total if total else 1.0


def sides(file: str, name: str, truth: NDArray[np.generic], got: NDArray[np.generic], grid: Grid) -> list[Check]:
    """Left-right, front-back and head-foot, each by itself: the mirror image must not fit better than the truth.

    Args:
        file: relative to the drawing's folder.
        name: of what is compared.
        truth: the label map, or a mask, ``(Z, Y, X)``; may be thinned.
        got: the same lattice, from the file.
        grid: whose axes the lattice has.
    """
    checks = []
    as_is = agreement(truth, got)
    for world, word in enumerate(SIDES):
        axis = int(np.abs(grid.direction[world]).argmax())
        mirror = np.flip(truth, axis=axis)
        if agreement(truth, mirror) >= _SYMMETRIC:
            continue  # its own mirror image: no side to tell
        mirrored = agreement(mirror, got)
        ok = bool(as_is > mirrored - _NOISE)
        what = f"{name}: {word}, agreement with the mirror image (expected: below that with the label map)"
        checks.append(
            Check(file, what, _flat([as_is]), _flat([mirrored]), _NOISE, ok, "" if ok else f"It looks mirrored {word}.")
        )
    return checks


def judge(checks: Sequence[Check]) -> None:
    """Raises VerificationError where a check failed, with the first few and the likely mistake."""
    failed = [one for one in checks if not one.ok]
    if not failed:
        return
    lines = [f"  {one.file}: {one.what}: expected {_words(one.expected)}, got {_words(one.got)}"
             f" (tolerance {one.tolerance:g}). {one.hint}".rstrip() for one in failed[:6]]  # fmt: skip
    more = f"\n  and {len(failed) - 6} more" if len(failed) > 6 else ""
    raise VerificationError(
        f"{len(failed)} of {len(checks)} geometry checks failed; the drawing is not written. "
        "What was exported does not lie where the label map lies:\n" + "\n".join(lines) + more
    )


def _words(values: tuple[float, ...]) -> str:
    return ", ".join(f"{one:.3f}".rstrip("0").rstrip(".") for one in values)


def _flat(values: Numbers) -> tuple[float, ...]:
    return tuple(round(float(one), 4) for one in np.asarray(values).ravel())
