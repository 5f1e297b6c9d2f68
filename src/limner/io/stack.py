"""From loose frames to a grid: order, spacing and what is wrong, from positions and orientations alone.

Source: DICOM PS3.3 C.7.6.2.1.1. SliceThickness and SpacingBetweenSlices are never read: overlapping or gapped
acquisitions make both lie about where the next slice stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.image import Grid, Problem
from limner.io.frames import Frame

_WORD_LIMIT = 6  # positions named in one message


@dataclass(frozen=True, eq=False)
class Stack:
    """Frames in order along the slice axis, and where they stand.

    Args:
        frames: ordered so that their slice axis grows to the head, the back or the left, whichever it is nearest to.
        grid: ``(slice, row, column)`` as the files hold them; None where there is none.
        problems: why there is no grid, and what else a reader must know.
    """

    frames: tuple[Frame, ...]
    grid: Grid | None
    problems: tuple[Problem, ...]


def stack(frames: Sequence[Frame]) -> Stack:
    """Orders the frames of one series and finds their grid.

    Args:
        frames: all of one orientation, size and pixel spacing.

    Returns:
        The stack. Its grid is None wherever a problem of severity ``error`` says why.
    """
    refusal = _not_a_volume(frames)
    if refusal:
        return Stack(tuple(sorted(frames, key=lambda one: one.number)), None, refusal)
    rows, columns = _axes(frames[0])
    normal = np.cross(rows, columns)
    # The normal may point to the feet; slices are then walked backwards, to run to the head (or back, or left).
    if normal[int(np.abs(normal).argmax())] < 0:
        normal = -normal
    places = np.array([one.position for one in frames], dtype=np.float64)
    depth = places @ normal
    order = np.lexsort((np.array([one.number for one in frames]), np.round(depth, 4)))
    ordered = tuple(frames[int(k)] for k in order)
    places, depth = places[order], depth[order]

    kept, problems = _without_copies(ordered, depth)
    ordered, places, depth = tuple(ordered[k] for k in kept), places[kept], depth[kept]
    problems += _irregularities(depth) + _tilt(places, depth, normal)
    if any(one.severity == "error" for one in problems):
        return Stack(ordered, None, tuple(problems))

    first = ordered[0]
    assert first.pixel_spacing is not None
    affine = np.eye(4)
    affine[:3, 0] = normal * (depth[-1] - depth[0]) / (len(depth) - 1)
    affine[:3, 1] = columns * first.pixel_spacing[0]
    affine[:3, 2] = rows * first.pixel_spacing[1]
    affine[:3, 3] = places[0]
    return Stack(ordered, Grid((len(ordered), first.rows, first.columns), affine), tuple(problems))


def _axes(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors along a row and down a column, made exactly orthogonal (files round their cosines)."""
    rows, columns = np.array(frame.orientation, dtype=np.float64).reshape(2, 3)
    rows = rows / np.linalg.norm(rows)
    columns = columns - rows * (rows @ columns)
    return rows, columns / np.linalg.norm(columns)


def _not_a_volume(frames: Sequence[Frame]) -> tuple[Problem, ...]:
    """Reasons that end the search for a grid before it starts."""
    first = frames[0]
    cut = sum(one.truncated for one in frames)
    if cut:
        names = _name([one.path.name for one in frames if one.truncated])
        return (
            _error(
                "truncated", f"{cut} of {len(frames)} files end before their pixels do: {names}. Copy the study again."
            ),
        )
    if "LOCALIZER" in first.image_type:
        return (_error("localizer", "A localizer (scout view): it plans a scan and is no volume."),)
    if any(one.frames > 1 for one in frames):
        return (
            _error(
                "multi-frame",
                f"A file holds {max(one.frames for one in frames)} frames; one slice per file is expected.",
            ),
        )
    if first.samples != 1:
        return (
            _error("no-geometry", f"A colour picture ({first.samples} samples per pixel), not a slice of a volume."),
        )
    if any(one.position is None for one in frames) or first.orientation is None or not _positive(first.pixel_spacing):
        what = "ImagePositionPatient, ImageOrientationPatient and a positive PixelSpacing"
        return (_error("no-geometry", f"The files don't say where they stand in the patient: {what} are all needed."),)
    rows, columns = np.array(first.orientation).reshape(2, 3)
    if abs(np.linalg.norm(rows) - 1) > 1e-2 or abs(np.linalg.norm(columns) - 1) > 1e-2 or abs(rows @ columns) > 1e-2:
        text = f"ImageOrientationPatient must be two unit vectors at a right angle; got {list(first.orientation)}."
        return (_error("bad-orientation", text),)
    if len(frames) < 2:
        return (_error("single-slice", "Only one slice: a volume needs at least two."),)
    return ()


def _without_copies(frames: Sequence[Frame], depth: NDArray[np.float64]) -> tuple[list[int], list[Problem]]:
    """Keeps the first of several slices at one place. Other content at one place is an error: which one is true?"""
    kept = [0]
    same: list[float] = []
    other: list[float] = []
    for k in range(1, len(frames)):
        if depth[k] - depth[kept[-1]] > 1e-3:
            kept.append(k)
            continue
        twin = frames[kept[-1]]
        identical = (frames[k].sop_uid and frames[k].sop_uid == twin.sop_uid) or _same_bytes(frames[k], twin)
        (same if identical else other).append(float(depth[k]))
    problems = []
    if same:
        problems.append(
            _warning("duplicate-slice", f"{_slices(same)} there more than once, and taken once: {_mm(same)}.")
        )
    if other:
        text = f"Two different slices stand at one place, at {_mm(other)}. Keep one acquisition in the folder."
        problems.append(_error("duplicate-slice", text))
    if len(kept) < 2 and not other:
        problems.append(_error("single-slice", "Only one slice: a volume needs at least two."))
    return kept, problems


def _same_bytes(one: Frame, other: Frame) -> bool:
    """Whether the pixels are the same, whatever the headers say."""
    import pydicom

    a, b = (
        pydicom.dcmread(frame.path, specific_tags=["PixelData"], force=True).get("PixelData") for frame in (one, other)
    )
    return a is not None and a == b


def _irregularities(depth: NDArray[np.float64]) -> list[Problem]:
    """Missing slices are holes of whole steps in an otherwise even ladder; anything else uneven is irregular."""
    if len(depth) < 3:
        return []
    gaps = np.diff(depth)
    step = float(np.median(gaps))
    allowed = _allowed(step)
    counts = np.round(gaps / step).astype(int)
    holes = np.flatnonzero(counts > 1)
    if len(holes) and (np.abs(gaps - counts * step) <= allowed * np.maximum(counts, 1)).all() and counts.min() >= 1:
        gone = [float(depth[k] + step * j) for k in holes for j in range(1, counts[k])]
        text = (
            f"{_slices(gone)} missing, at {_mm(gone)} along the slice axis (spacing {step:.2f} mm). "
            "Copy the series again."
        )
        return [_error("missing-slice", text)]
    ladder = np.linspace(depth[0], depth[-1], len(depth))
    worst = float(np.abs(depth - ladder).max())
    if worst > allowed:
        text = (
            f"Slice spacing is uneven: {gaps.min():.2f} to {gaps.max():.2f} mm; "
            f"a slice lies {worst:.2f} mm from an even ladder."
        )
        return [_error("irregular-spacing", text)]
    return []


def _allowed(step: float) -> float:
    """How far a slice may lie from an even ladder: files round positions, but a quarter of a millimetre is a lie."""
    return min(max(0.1, 0.05 * step), 0.25)


def _tilt(places: NDArray[np.float64], depth: NDArray[np.float64], normal: NDArray[np.float64]) -> list[Problem]:
    """Slices must be stacked along their normal; a tilted gantry or a wandering table shifts them sideways."""
    aside = places - places[0] - np.outer(depth - depth[0], normal)
    shift = np.linalg.norm(aside, axis=1)
    if shift.max() <= 0.25:
        return []
    span = max(float(depth[-1] - depth[0]), 1e-6)
    straight = float(np.abs(aside - np.outer((depth - depth[0]) / span, aside[-1])).max()) <= 0.25
    if straight:
        angle = float(np.degrees(np.arctan2(shift[-1], span)))
        return [
            _error(
                "gantry-tilt",
                f"The gantry was tilted by {angle:.1f}°: slices are stacked askew, which can't be drawn yet.",
            )
        ]
    return [_error("shifted-slices", f"Slices lie up to {shift.max():.1f} mm beside their common axis.")]


def by_kind(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Splits one SeriesInstanceUID into what can be one volume: same kind, size, orientation, spacing, and phase.

    Phases (AcquisitionNumber and the like) split a series only where slices of several phases stand at one place:
    a scanner may well count acquisitions up along one volume.
    """
    kinds: dict[tuple[object, ...], list[Frame]] = defaultdict(list)
    for one in frames:
        turn = tuple(round(cosine, 3) + 0.0 for cosine in one.orientation) if one.orientation else None
        size = tuple(round(mm, 4) for mm in one.pixel_spacing) if one.pixel_spacing else None
        kinds["LOCALIZER" in one.image_type, one.rows, one.columns, one.samples, one.frames > 1, turn, size].append(one)
    return [part for kind in kinds.values() for part in _by_phase(kind)]


def _by_phase(frames: list[Frame]) -> list[list[Frame]]:
    phases: dict[tuple[str, ...], list[Frame]] = defaultdict(list)
    for one in frames:
        phases[one.phase].append(one)
    if len(phases) < 2 or any(one.position is None for one in frames):
        return [frames]
    places = [{tuple(round(mm, 2) for mm in one.position or ()) for one in part} for part in phases.values()]
    shared = sum(map(len, places)) > len(set().union(*places))
    return list(phases.values()) if shared else [frames]


def _positive(spacing: tuple[float, ...] | None) -> bool:
    return spacing is not None and min(spacing) > 0


def _mm(places: Sequence[float]) -> str:
    head = ", ".join(f"{place:.2f}" for place in places[:_WORD_LIMIT])
    return f"{head}{' …' if len(places) > _WORD_LIMIT else ''} mm"


def _slices(places: Sequence[float]) -> str:
    return f"{len(places)} slices are" if len(places) != 1 else "1 slice is"


def _name(files: Sequence[str]) -> str:
    return ", ".join(sorted(files)[:3]) + (" …" if len(files) > 3 else "")


def _error(code: str, text: str) -> Problem:
    return Problem(code, "error", text)


def _warning(code: str, text: str) -> Problem:
    return Problem(code, "warning", text)
