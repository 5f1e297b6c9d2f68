"""One series, turned in a process of its own: files in; an axial int16 volume, a small picture and the geometry out.

Decoding a scan takes seconds of a core and hundreds of megabytes, and decoders are foreign code; twenty readers must
notice none of it. ``python -m limner.serve.store.turn`` reads an order as JSON from its standard input and writes the
answer as JSON to its standard output.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError, NotAnImageError
from limner.image import Grid, Image, Problem, Series
from limner.serve.store.windows import Window, opening_window, windows_of

PREVIEW = 128
HEADER_BYTES = 352
"""NIfTI-1 without extensions: where the voxels begin (nifti1.h, vox_offset)."""
_INT16 = np.iinfo(np.int16)


def turn(files: Sequence[dict[str, str]], out: Path, *, picture: bool = False) -> dict[str, Any]:
    """Makes ``out`` (NIfTI, or PNG of a picture) and the small picture beside it; both are on the disk when it returns.

    Args:
        files: ``{"path", "uid"}`` of each file, in any order.
        out: without its ending.
        picture: whether it is a photograph or still, which has no volume.

    Returns:
        The series' geometry as pages read it; ``shape`` is None where no volume can be made, and the problems say why.
    """
    try:
        return _picture(files, out) if picture else _volume(files, out)
    except InputError as error:
        return _nothing([Problem("no-volume", "error", str(error))])


def _nothing(problems: Sequence[Problem]) -> dict[str, Any]:
    told = [{"code": one.code, "severity": one.severity, "text": one.text} for one in problems]
    return {"shape": None, "drawable": False, "suggested_pack": None, "problems": told}


def _volume(files: Sequence[dict[str, str]], out: Path) -> dict[str, Any]:
    from limner.io import open_studies

    uids = {str(Path(one["path"]).resolve()): one["uid"] for one in files}
    studies = open_studies([Path(one["path"]) for one in files])
    found = [one for study in studies for one in study.series]
    noted = [note for study in studies for note in study.problems]
    series = max(found, key=lambda one: (one.drawable, len(one.files)))
    problems = [*noted, *series.problems]
    if len(found) > 1:
        text = f"It holds {len(found)} volumes (phases or orientations); the largest is shown, {series.description!r}."
        problems.append(Problem("several-volumes", "warning", text))
    if series.grid is None or series.grid.shape[0] < 2:
        return _nothing(problems)
    image = series.load()
    stored, slope, intercept = as_int16(image.array)
    write_volume(stored, image.grid, (slope, intercept), out.with_suffix(".nii"))
    windows = windows_of(image)
    opening = opening_window(image, windows)
    _write_preview(image, opening, out.with_suffix(".png"))
    return {
        "shape": list(image.grid.shape),
        "spacing_mm": [round(one, 6) for one in image.grid.spacing_mm],
        "affine": image.grid.affine[:, [2, 1, 0, 3]].tolist(),
        "window": [one.as_dict() for one in windows],
        "opening": opening.name,
        "value_range": [float(image.array.min()), float(image.array.max())],
        "unit": image.unit,
        "slope": slope,
        "intercept": intercept,
        "slices": _slice_uids(series, image.grid, uids),
        "modality": image.modality or series.modality,
        "drawable": series.drawable,
        "suggested_pack": _suggested_pack(image.modality or series.modality, opening),
        "problems": [{"code": one.code, "severity": one.severity, "text": one.text} for one in problems],
    }


def as_int16(array: NDArray[Any]) -> tuple[NDArray[np.int16], float, float]:
    """Values as 16-bit integers: ``value = stored × slope + intercept``.

    Integers that fit stay what they are; wider ones and fractions are spread over the whole range, which errs by half a
    65,534th of what occurs.

    >>> as_int16(np.array([0, 40000], np.uint16))[1:]
    (1.0, 20000.0)
    """
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind in "iu":
        if _INT16.min <= low and high <= _INT16.max:
            return np.ascontiguousarray(array, np.int16), 1.0, 0.0
        if high - low <= 65534:
            middle = int(low + high) // 2
            return (array.astype(np.int32) - middle).astype(np.int16), 1.0, float(middle)
    slope, intercept = max(high - low, 1e-12) / 65534, (low + high) / 2
    stored = np.rint((array.astype(np.float32) - np.float32(intercept)) / np.float32(slope))
    return np.clip(stored, -32767, 32767).astype(np.int16), slope, intercept


def write_volume(stored: NDArray[np.int16], grid: Grid, scale: tuple[float, float], path: Path) -> None:
    """An uncompressed NIfTI-1 file whose voxels begin at :data:`HEADER_BYTES`; whole and on the disk, or not there."""
    from limner.io.nifti import write_nifti_stored

    aside = path.with_name(f"{path.stem}.part.nii")
    write_nifti_stored(stored, grid, aside, slope=scale[0], intercept=scale[1])
    _put_in_place(aside, path)


def _put_in_place(aside: Path, path: Path) -> None:
    for step in (aside, path.parent):
        if step == path.parent:
            aside.replace(path)
        handle = os.open(step, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _slice_uids(series: Series, grid: Grid, uids: dict[str, str]) -> list[str | None]:
    """SOPInstanceUID of each axial slice; None where the files are no axial slices."""
    from limner.io.frames import UnreadableFileError, read_frame

    found: list[str | None] = [None] * grid.shape[0]
    if series.format != "dicom":
        return found
    for file in series.files:
        try:
            frame = read_frame(file)
        except UnreadableFileError:
            continue
        if frame.position is None or frame.frames > 1:
            continue
        depth = float(grid.index(frame.position)[0])
        k = round(depth)
        if abs(depth - k) > 0.2 or not 0 <= k < grid.shape[0]:
            continue
        if found[k] is not None:  # two files in one axial plane: they were taken in another direction
            return [None] * grid.shape[0]
        found[k] = uids.get(str(file.resolve()))
    return found


def _suggested_pack(modality: str, opening: Window) -> str | None:
    """The pack that draws such a series: by modality, and for CT by whether it opens in the lungs' window."""
    from limner.draw.source import SCANS_PACK
    from limner.packs import list_packs

    if modality in ("CT", ""):
        return "lung-nodule-ct" if opening.name == "lung" else SCANS_PACK
    return next((one.name for one in list_packs() if one.draws_slices and modality in one.spec.input.modality), None)


def _write_preview(image: Image, window: Window, path: Path) -> None:
    """The middle slice, small, at its true proportions."""
    slice_ = image.array[image.grid.shape[0] // 2].astype(np.float32)
    grey = np.clip((slice_ - window.center) / window.width + 0.5, 0, 1) * 255
    _, row_mm, column_mm = image.grid.spacing_mm
    _save_small(grey.astype(np.uint8), path, (grey.shape[0] * row_mm, grey.shape[1] * column_mm))


def _picture(files: Sequence[dict[str, str]], out: Path) -> dict[str, Any]:
    from PIL import Image as Pillow

    from limner.io import read_picture

    if len(files) != 1:
        raise NotAnImageError(f"A picture is one file; this series has {len(files)}.")
    picture = read_picture(Path(files[0]["path"]))
    channels = picture.array.shape[0]
    pixels = picture.array[0] if channels == 1 else np.moveaxis(picture.array, 0, -1)
    whole = out.with_suffix(".image.png")
    aside = whole.with_name(f".{whole.name}")
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(aside, "PNG", compress_level=3)  # no EXIF: it names people
    _put_in_place(aside, whole)
    _save_small(pixels, out.with_suffix(".png"), picture.size)
    size = {"rows": picture.size[0], "columns": picture.size[1], "channels": channels}
    return _nothing([]) | {"picture": size, "drawable": True}


def _save_small(pixels: NDArray[np.uint8], path: Path, proportions: tuple[float, ...]) -> None:
    from PIL import Image as Pillow

    scale = PREVIEW / max(proportions)
    size = max(1, round(proportions[1] * scale)), max(1, round(proportions[0] * scale))
    small = Pillow.fromarray(np.ascontiguousarray(pixels)).resize(size, Pillow.Resampling.BILINEAR, reducing_gap=3.0)
    square = Pillow.new(small.mode, (PREVIEW, PREVIEW))
    square.paste(small, ((PREVIEW - size[0]) // 2, (PREVIEW - size[1]) // 2))
    aside = path.with_name(f".{path.name}")
    square.save(aside, "PNG")
    _put_in_place(aside, path)


def main() -> None:
    """Reads one order, answers it, ends."""
    order = json.load(sys.stdin)
    answer = turn(order["files"], Path(order["out"]), picture=order["picture"])
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
