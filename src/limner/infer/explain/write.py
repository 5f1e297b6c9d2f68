"""An explanation as files: ``explanation.json``, a picture for each kind of evidence, the heat maps as arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from limner.infer.explain import draw
from limner.infer.explain.explanation import AttributeTable, Check, Explanation, HeatMap
from limner.infer.explain.layers import write_layers
from limner.infer.explain.source import ScanSource
from limner.io import write_nifti_heat


def write_explanation(explanation: Explanation, folder: Path) -> dict[str, str]:
    """Writes into a folder, which is made where it is missing.

    Callers that need the folder whole or not at all write into one that takes its name last
    (:func:`limner.io.folder.new_folder`).

    Returns:
        What was written: ``explanation``, ``heat`` (of a scan ``heat`` and the kind: NIfTI on the scan's grid, 0 where
        the net was not asked), of a picture ``layer`` and what it is (:mod:`limner.infer.explain.layers`), and the
        kinds of evidence to file names. Words in the pictures are English in every language; the sentence and the
        warnings are in ``explanation.json``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = {}
    for made in explanation.maps:
        files[made.kind] = f"{made.kind}.png"
        (folder / files[made.kind]).write_bytes(draw.heat_png(explanation, made))
    if explanation.attributes:
        files["attributes"] = "attributes.png"
        (folder / files["attributes"]).write_bytes(draw.attributes_png(explanation, explanation.attributes))
    if isinstance(explanation.source, ScanSource):
        for made in explanation.maps:
            files[f"heat {made.kind}"] = f"heat-{made.kind}.nii.gz"
            values = explanation.source.on_scan(made.values)
            write_nifti_heat(values, explanation.source.scan.grid, folder / files[f"heat {made.kind}"])
    elif explanation.maps:
        files["heat"] = "heat.npz"
        arrays: dict[str, Any] = {one.kind.replace("-", "_"): one.values.astype(np.float16) for one in explanation.maps}
        np.savez_compressed(folder / files["heat"], **arrays)
    files |= write_layers(explanation, folder)
    files["explanation"] = "explanation.json"
    text = json.dumps(as_dict(explanation, files), ensure_ascii=False, indent=1)
    (folder / files["explanation"]).write_text(text + "\n", encoding="utf-8")
    return files


def as_dict(explanation: Explanation, files: dict[str, str] | None = None) -> dict[str, Any]:
    """``explanation.json``: all that was found but the arrays."""
    one = explanation
    return {
        "schema": "limner.explanation/1",
        "pack": one.pack,
        "task": one.task,
        "name": one.name,
        "probability": _round(one.probability),
        "abstained": one.abstained,
        "engine": one.engine,
        "lang": one.lang,
        "seed": one.seed,
        "size": list(one.source.size),
        **(_scan(one.source) if isinstance(one.source, ScanSource) else {}),
        "sentence": one.sentence,
        "warnings": list(one.all_warnings),
        "maps": [_map(made) for made in one.maps],
        "attributes": _table(one.attributes) if one.attributes else None,
        "files": files or {},
        "note": "Not for clinical use.",
    }


def _scan(source: ScanSource) -> dict[str, Any]:
    """Which finding of a scan, and how much of the scan the net was asked about."""
    window = source.window
    return {
        "finding": source.finding.id,
        "center_mm": [round(float(v), 1) for v in source.center_mm],
        "window": {
            "size": list(window.shape),
            "spacing_mm": [round(v, 4) for v in window.spacing_mm],
            "origin_mm": [round(float(v), 2) for v in window.origin_mm],
        },
    }


def _map(made: HeatMap) -> dict[str, Any]:
    weights = {"weights": [_round(w) for w in made.weights]} if made.weights else {}
    held = {"checks": [_check(one) for one in made.checks], "warnings": list(made.warnings)}
    return {"kind": made.kind, **made.about, **held, **weights}


def _table(table: AttributeTable) -> dict[str, Any]:
    rows = [
        {
            "name": one.name,
            "value": _round(one.value),
            "unit": one.unit,
            **({"detail": one.detail} if one.detail else {}),
            "probability_without": _round(one.without),
            "weight": _round(one.weight),
            "source": one.source,
        }
        for one in table.effects
    ]
    return {
        "mask": table.mask_from,
        "rows": rows,
        "taken_out": list(table.removed),
        "probability_without_all": _round(table.all_without),
        "checks": [_check(one) for one in table.checks],
        "warnings": list(table.warnings),
    }


def _check(one: Check) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": _round(one.value),
        "baseline": _round(one.baseline),
        "better": "lower" if one.lower else "higher",
        "passed": one.passed,
        "source": one.source,
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
