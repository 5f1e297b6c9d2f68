"""``run.json``: with what, how, and at what cost a drawing was made."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import limner
from limner.draw.meter import Meter
from limner.draw.options import DrawOptions
from limner.findings import PackNote
from limner.io import Check

Record = dict[str, Any]

METHODS = (
    "Schroeder W, Maynard R, Geveci B. Flying edges: a high-performance scalable isocontouring algorithm. LDAV 2015.",
    "Garland M, Heckbert PS. Surface simplification using quadric error metrics. SIGGRAPH 1997.",
    "Eisenhauer EA, et al. New response evaluation criteria in solid tumours: RECIST 1.1. Eur J Cancer 2009;45:228.",
    "NEMA. DICOM PS3.3 A.51 (Segmentation) and PS3.16 TID 1500 (Measurement Report).",
    "Bridge CP, et al. Highdicom: a Python library for standardized encoding of image annotations. J Digit Imaging.",
)
"""What every drawing rests on, whichever pack drew it."""

_PACKAGES = ("numpy", "SimpleITK", "pydicom", "highdicom", "nibabel", "vtk", "openvino", "onnxruntime")


def run_record(pack: PackNote, engine: str, options: DrawOptions, meter: Meter, checks: Sequence[Check]) -> Record:
    """The content of ``run.json``.

    Args:
        pack: the model that drew.
        engine: what ran it.
        options: the resolved settings.
        meter: the steps so far.
        checks: the geometry self-test of :func:`limner.io.verify_drawing`.

    Returns:
        What ``json.dumps`` takes; no path, host or user of this machine, and nothing of the patient.
    """
    return {
        "schema": "limner.run/1",
        "limner": limner.__version__,
        "pack": pack.model_dump(),
        "engine": engine,
        "settings": {name: value for name, value in asdict(options).items() if name != "citations"}
        | {"pack": pack.name, "channels": sorted(options.channels)},  # a folder's path is nobody's business
        "versions": {"python": platform.python_version(), **_versions()},
        "seed": None,  # no step draws a random number
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
        "steps": [asdict(step) for step in meter.steps],
        "seconds": meter.seconds,
        "peak_mb": meter.peak_mb,
        "geometry": [_plain(check) for check in checks],
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _plain(check: Check) -> dict[str, Any]:
    """A check as JSON takes it."""
    return {name: getattr(value, "tolist", lambda value=value: value)() for name, value in asdict(check).items()}
