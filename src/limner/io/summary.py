"""What is in a folder, as plain data: what ``limner inspect`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from limner.image import Problem, Series, Study
from limner.io.choose import why_not
from limner.io.sequences import kind

DRAWN = ("CT", "MR")
"""Modalities that some pack draws."""


def summarize(studies: Sequence[Study]) -> dict[str, Any]:
    """Patients, studies, series, geometry and problems as JSON-able data, without names or ids of patients.

    Returns:
        ``{"patients": n, "studies": [{"uid", "date", "patient", "problems", "series": [{"uid", "modality",
        "description", "format", "files", "shape", "spacing_mm", "origin_mm", "axes", "hu", "drawable", "why_not",
        "problems"}]}]}``; ``patient`` counts patients from 1; ``shape`` and ``spacing_mm`` run ``(Z, Y, X)``. MR
        series have ``mr``, too: ``"sequence"`` (``flair``, ``pre``, ``post``, ``t1`` or null), ``"scanning"``,
        ``"repetition_ms"``, ``"echo_ms"``, ``"inversion_ms"``, ``"contrast"``.
    """
    keys = list(dict.fromkeys(study.patient_key for study in studies))
    return {
        "patients": len(keys),
        "studies": [
            {
                "uid": study.uid,
                "date": study.date,
                "patient": keys.index(study.patient_key) + 1,
                "problems": [_problem(one) for one in study.problems],
                "series": [_series(one) for one in study.series],
            }
            for study in studies
        ],
    }


def _series(series: Series) -> dict[str, Any]:
    grid = series.grid
    return {
        "uid": series.uid,
        "modality": series.modality,
        "description": series.description,
        "format": series.format,
        "files": len(series.files),
        "shape": list(grid.shape) if grid else None,
        "spacing_mm": [round(mm, 4) for mm in grid.spacing_mm] if grid else None,
        "origin_mm": [round(float(mm), 3) for mm in grid.origin_mm] if grid else None,
        "axes": grid.axis_codes if grid else None,
        "hu": series.modality == "CT" and not any(one.code == "no-rescale" for one in series.problems),
        "drawable": why_not(series, DRAWN) is None,
        "why_not": why_not(series, DRAWN),
        **_mr(series),
        "problems": [_problem(one) for one in series.problems],
    }


def _mr(series: Series) -> dict[str, Any]:
    """What the header says of how an MR series was acquired, and what sequence that is."""
    if series.mr is None:
        return {}
    facts = {name: value for name, value in asdict(series.mr).items() if name != "derived"}
    return {"mr": {"sequence": kind(series), **facts}}


def _problem(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "severity": problem.severity, "text": problem.text}
