"""DICOM files to ``Study -> Series``: who belongs together."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from limner.errors import GeometryError
from limner.image import Image, Problem, Series, Study, reorient_grid, to_axial
from limner.io.frames import Frame, UnreadableFileError, read_frame
from limner.io.pixels import read_pixels
from limner.io.stack import by_kind, stack

_SKIPPED = {
    "not-dicom": "not DICOM, left out",
    "truncated": "cut off inside the header, left out; copy the study again",
    "not-image": "DICOM without pixels (a report, a plan, a directory), left out",
}


def read_studies(files: Iterable[Path], keep: object = None) -> tuple[tuple[Study, ...], dict[str, list[str]]]:
    """Reads the headers of files and groups them.

    Args:
        files: any files; those that are no DICOM images are counted, not refused.
        keep: held as long as any series lives (a temporary folder).

    Returns:
        The studies, and the names of the skipped files by problem code.
    """
    frames: list[Frame] = []
    skipped: dict[str, list[str]] = defaultdict(list)
    for path in files:
        try:
            frames.append(read_frame(path))
        except UnreadableFileError as reason:
            skipped[reason.code].append(path.name)
    groups: dict[tuple[str, str], list[Frame]] = defaultdict(list)
    for one in frames:
        groups[one.patient_key, one.study_uid].append(one)
    common = tuple(_skipped(code, names) for code, names in skipped.items() if code != "not-image" or not frames)
    patients = len({key for key, _ in groups})
    if patients > 1:
        text = f"The input holds {patients} patients. Give one patient's folder at a time."
        common += (Problem("two-patients", "error", text),)
    studies = [_study(key, uid, members, common, keep) for (key, uid), members in groups.items()]
    return tuple(sorted(studies, key=lambda one: -sum(len(series.files) for series in one.series))), dict(skipped)


def _study(key: str, uid: str, frames: list[Frame], problems: tuple[Problem, ...], keep: object) -> Study:
    groups: dict[str, list[Frame]] = defaultdict(list)
    for one in frames:
        # Files without a series UID (poorly de-identified) are told apart by what they do carry.
        groups[one.series_uid or f"?{one.modality}{one.description}{one.frame_of_reference}"].append(one)
    series = [
        _series(part, len(parts), keep) for group in groups.values() for parts in [by_kind(group)] for part in parts
    ]
    series.sort(key=lambda one: (one.grid is None, -len(one.files), one.uid))
    dates = Counter(one.date for one in frames if one.date)
    return Study(uid, tuple(series), key, dates.most_common(1)[0][0] if dates else None, problems)


def _series(frames: list[Frame], parts: int, keep: object) -> Series:
    stacked = stack(frames)
    first = stacked.frames[0]
    description = first.description
    if parts > 1 and any(first.phase):
        description = f"{description} (phase {'/'.join(word for word in first.phase if word)})".strip()
    problems = stacked.problems + _identity(stacked.frames)
    uid = first.series_uid or _made_up_uid(stacked.frames)
    lost = any(one.severity == "error" for one in problems)
    grid = None if lost or stacked.grid is None else reorient_grid(stacked.grid, *to_axial(stacked.grid))
    paths = tuple(one.path for one in stacked.frames)

    def load() -> Image:
        _ = keep
        if grid is None:
            reasons = " ".join(one.text for one in problems if one.severity == "error")
            raise GeometryError(
                f"Series {first.series_uid or 'without UID'} ({first.modality}) is no volume. {reasons}"
            )
        return read_pixels(stacked, first.modality)

    return Series(
        uid, first.modality, description, paths, grid, load, problems,
        mr=first.mr, frame_of_reference=first.frame_of_reference,
    )  # fmt: skip


def _identity(frames: Sequence[Frame]) -> tuple[Problem, ...]:
    """What is missing for Hounsfield units, and for other DICOM objects to point at this series."""
    found: list[Problem] = []
    if frames[0].modality == "CT" and frames[0].samples == 1 and not all(one.rescaled for one in frames):
        text = "RescaleSlope and RescaleIntercept are missing, so the numbers are not Hounsfield units."
        found.append(Problem("no-rescale", "error", text))
    if any(not one.sop_uid or not one.series_uid or not one.study_uid for one in frames):
        text = "UIDs are missing (de-identification took them): no DICOM SEG or SR can refer to this series."
        found.append(Problem("no-uid", "warning", text))
    return tuple(found)


def _skipped(code: str, names: Sequence[str]) -> Problem:
    shown = ", ".join(sorted(names)[:3]) + (" …" if len(names) > 3 else "")
    if len(names) == 1:
        return Problem(code, "warning", f"1 file is {_SKIPPED[code]}: {shown}.")
    return Problem(code, "warning", f"{len(names)} files are {_SKIPPED[code]}: {shown}.")


def _made_up_uid(frames: Sequence[Frame]) -> str:
    """A stable name for a series without one, from where its slices stand (2.25: a UUID-derived UID, PS3.5 B.2)."""
    text = "|".join(f"{one.position}{one.rows}{one.columns}{one.description}{one.frame_of_reference}" for one in frames)
    return f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], 'big')}"
