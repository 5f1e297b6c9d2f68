"""An enhanced image as a folder: NIfTI, DICOM where it came from DICOM, the map of uncertainty, a picture, the facts.

This is the one place where enhanced images are written, and all of them pass through the marks of
:mod:`limner.io.synthetic`: in the files' own words, and in the pixels.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from limner.infer.enhance.made import Enhanced
from limner.infer.enhance.picture import side_by_side
from limner.io.nifti import read_nifti
from limner.io.reference import dicom_obstacle
from limner.io.synthetic import Origin, write_nifti, write_picture
from limner.io.synthetic_dicom import write_dicom_volume

MARKER = "enhance.json"


def write_enhanced(made: Enhanced, folder: Path) -> dict[str, Any]:
    """Writes ``enhanced.nii.gz``, ``uncertainty.nii.gz``, ``dicom/``, ``before-after.png`` and ``enhance.json``.

    Args:
        made: from :func:`limner.infer.enhance.enhance`.
        folder: that is there; see :func:`limner.io.folder.new_folder`.

    Returns:
        What ``enhance.json`` holds. Its check is of the file that was written, read back: the mark in the pixels moves
        them a little.
    """
    started = time.monotonic()
    spec, warnings = made.pack.spec, list(made.warnings)
    origin = Origin(f"{spec.name} {spec.version}", made.pack.sha256, spec.task)  # type: ignore[arg-type]
    files = {"image": "enhanced.nii.gz", "picture": "before-after.png"}
    write_nifti(made.image, folder / files["image"], origin)
    write_picture(side_by_side(made.panels), folder / files["picture"], origin)
    if made.uncertainty is not None:
        files["uncertainty"] = "uncertainty.nii.gz"
        write_nifti(made.uncertainty, folder / files["uncertainty"], origin, values=made.meaning)
    if made.source is not None:
        obstacle = dicom_obstacle(made.source)
        if obstacle is None:
            files["dicom"] = "dicom"
            write_dicom_volume(made.image, folder / files["dicom"], origin, made.source)
        else:
            warnings.append(obstacle)
    told = {
        "schema": "limner.enhance/1",
        "task": spec.task,
        "pack": {"name": spec.name, "version": spec.version, "sha256": made.pack.sha256},
        **made.facts,
        **made.check(read_nifti(folder / files["image"])),
        "files": files,
        "warnings": warnings,
    }
    told["seconds"] = {**told.get("seconds", {}), "write": round(time.monotonic() - started, 2)}
    (folder / MARKER).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return told
