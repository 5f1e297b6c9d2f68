"""From seeds, and a label map, to a folder of marked volumes, a sheet to look at, and what would make them again."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError
from limner.image import Grid, Image, LabelMap
from limner.infer.generate.anatomy import tumors_of
from limner.infer.generate.generator import Generator, Latent
from limner.infer.generate.sheet import sheet
from limner.infer.generate.volume_map import VolumeMap, fit_labels
from limner.infer.generate.workflow import MARKER, Generated, GenerateOptions, Progress, origin_of
from limner.io.folder import check_output, new_folder
from limner.io.synthetic import write_nifti, write_picture

GAP = 2
MEANING = "label map: what the volume was made from"


def generate_volumes(
    generator: Generator, out: Path, options: GenerateOptions, *, force: bool = False, progress: Progress | None = None
) -> Generated:
    """Makes volumes of nobody, a NIfTI file each.

    Args:
        generator: of a pack whose input are scans.
        out: folder to make, whole or not at all: ``0000.nii.gz`` in HU, its label map, ``sheet.png`` with their middle
            planes (axial, coronal, sagittal), ``generated.json``, and ``cohort.csv`` to train from. Each volume and the
            sheet carry both marks (:mod:`limner.io.synthetic`), label maps the explicit one.
        options: how many, from which seeds and label map.

    Raises:
        InputError: what only pictures can be asked for; a label map that does not fit, or is missing, or lies in
            what the output would replace. OutputExistsError: see :func:`limner.io.folder.check_output`.
    """
    refuse_what_volumes_lack(generator, options)
    check_output(out, force=force, marker=MARKER, inputs=[options.labels] if options.labels else [])
    pack, spec = generator.pack, generator.pack.main.volume
    maps = _maps(generator, options)
    grid = maps[0].grid if maps else Grid.axial(spec.patch, spec.spacing_mm)
    with new_folder(out, force=force, marker=MARKER) as folder:
        rows, strips = [], []
        for k, seed in enumerate(options.seeds):
            if progress:
                progress("generate", k / len(options.seeds))
            made = generator.pictures([_latent(generator, seed, maps[k] if maps else None, options.truncation)])[0, 0]
            row: dict[str, Any] = {"id": f"{k:04d}", "image": f"{k:04d}.nii.gz", "seed": seed}
            origin = origin_of(pack, options, seed)
            write_nifti(_as_image(generator, made, grid), folder / row["image"], origin)
            if maps:
                row["mask"] = f"{k:04d}.labels.nii.gz"
                write_nifti(Image(maps[k].array, maps[k].grid), folder / row["mask"], origin, values=MEANING)
            rows.append(row)
            strips.append(planes(made, spec.spacing_mm))
        write_picture(sheet(np.stack(strips)), folder / "sheet.png", origin_of(pack, options))
        _write_cohort(rows, folder / "cohort.csv", generator)
        told = _told(generator, options, rows)
        (folder / MARKER).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Generated(out, told)


def refuse_what_volumes_lack(generator: Generator, options: GenerateOptions) -> None:
    """What can be asked of pictures alone.

    Raises:
        InputError: it is asked of volumes.
    """
    asked = {
        "--between": options.between,
        "--direction": options.direction,
        "--class": options.kind,
        "--set": options.values or None,
        "--frames": options.frames,
        "--dicom": options.dicom or None,
    }
    strange = [name for name, value in asked.items() if value is not None]
    if strange:
        raise InputError(
            f"Pack {generator.pack.name!r} makes volumes, from seeds and label maps; leave out {', '.join(strange)}."
        )
    if options.labels is not None and generator.known.condition == "none":
        raise InputError(f"Pack {generator.pack.name!r} makes volumes from no label map; leave --labels out.")
    if options.place is not None and options.labels is None:
        raise InputError("--place puts a tumour into the label map of --labels; give one.")


def _maps(generator: Generator, options: GenerateOptions) -> list[LabelMap]:
    """The label map of each volume; none where they are made from nothing."""
    if generator.known.condition == "none":
        return []
    if options.labels is None:
        generator.made_from.drawn(options.seeds[0], {})  # says what is missing
    assert options.labels is not None
    given = fit_labels(generator.pack, options.labels)
    if options.place is None:
        return [given] * len(options.seeds)
    tumors = tumors_of(generator.pack, options.place, given.grid.spacing_mm)
    arrays = [tumors.moved(given.array.astype(np.uint8), seed) for seed in options.seeds]
    return [LabelMap(one, given.grid, given.labels) for one in arrays]


def _latent(generator: Generator, seed: int, labels: LabelMap | None, truncation: float) -> Latent:
    if labels is None:
        return generator.latent(seed, truncation=truncation)
    assert isinstance(generator.made_from, VolumeMap)
    return generator.latent(seed, condition=generator.made_from.of_array(labels.array), truncation=truncation)


def _as_image(generator: Generator, made: NDArray[np.float32], grid: Grid) -> Image:
    """Values of 0–1 as those of the window: whole HU for CT."""
    spec = generator.pack.main.volume
    low, high = spec.window_hu
    values = np.rint(made * (high - low) + low).astype(np.int16)
    modality = spec.modality[0]
    return Image(values, grid, modality, "HU" if modality == "CT" else "", (low, high))


def planes(volume: NDArray[np.float32], spacing_mm: tuple[float, float, float]) -> NDArray[np.float32]:
    """The middle axial, coronal and sagittal plane side by side, ``(1, H, W)``, voxels square, the head up."""
    z, y, x = (side // 2 for side in volume.shape)
    sz, sy, sx = spacing_mm
    fine = min(spacing_mm)
    some = [
        (volume[z], (sy, sx)),
        (volume[::-1, y], (sz, sx)),
        (volume[::-1, :, x], (sz, sy)),
    ]
    drawn = [ndimage.zoom(one, np.array(steps) / fine, order=1) for one, steps in some]
    height = max(one.shape[0] for one in drawn)
    strip = np.zeros((height, sum(one.shape[1] for one in drawn) + 2 * GAP), np.float32)
    left = 0
    for one in drawn:
        top = (height - one.shape[0]) // 2
        strip[top : top + one.shape[0], left : left + one.shape[1]] = one
        left += one.shape[1] + GAP
    return strip[None]


def _write_cohort(rows: list[dict[str, Any]], path: Path, generator: Generator) -> None:
    """The volumes as a cohort of nobodies, all to be learned from; known only inside the window."""
    low, high = generator.pack.main.volume.window_hu
    columns = ["id", "image", *(["mask"] if "mask" in rows[0] else []), "split", "patient", "synthetic", "hu_window"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            nobody = f"synthetic-{generator.pack.sha256[:6]}-{row['id']}"
            more = {"split": "train", "patient": nobody, "synthetic": 1, "hu_window": f"{low:g}..{high:g}"}
            writer.writerow({**row, "id": nobody, **more})


def _told(generator: Generator, options: GenerateOptions, rows: list[dict[str, Any]]) -> dict[str, Any]:
    pack, spec = generator.pack, generator.pack.main.volume
    return {
        "schema": "limner.generated/1",
        "synthetic": True,
        "pack": {"name": pack.name, "version": pack.version, "sha256": pack.sha256},
        "engine": generator.engine,
        "seed": options.seeds[0],
        "truncation": options.truncation,
        "labels_sha256": hashlib.sha256(options.labels.read_bytes()).hexdigest() if options.labels else None,
        "placed": options.place,
        "spacing_mm": list(spec.spacing_mm),
        "window_hu": list(spec.window_hu),
        "licence": pack.spec.licence,
        "images": rows,
        "files": {"sheet": "sheet.png", "cohort": "cohort.csv"},
    }
