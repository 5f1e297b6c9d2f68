"""Which series of what was given is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from limner.errors import SeriesChoiceError
from limner.image import Series, Study


def choose_series(studies: Sequence[Study]) -> tuple[Study, Series]:
    """The largest CT volume (or NIfTI volume, which names no modality) of one patient.

    Args:
        studies: from :func:`limner.io.open_studies`.

    Raises:
        SeriesChoiceError: several patients, or no series that can be drawn; the message says why for each.
    """
    patients = len({study.patient_key for study in studies})
    if patients > 1:
        raise SeriesChoiceError(
            f"One patient is expected; the input holds {patients} patients in {len(studies)} studies. "
            "Give one patient's folder at a time; `limner inspect` lists them."
        )
    candidates = [(study, one) for study in studies for one in study.series if why_not(one) is None]
    if candidates:
        return max(candidates, key=lambda pair: _size(pair[1]))
    lines = [f"  {_name(one)}: {why_not(one)}" for study in studies for one in study.series]
    others = [f"  {note.text}" for study in studies[:1] for note in study.problems]
    raise SeriesChoiceError(
        "No series can be drawn. A CT volume with at least two evenly spaced slices is expected; there are:\n"
        + "\n".join(lines + others)
    )


def why_not(series: Series) -> str | None:
    """Why a series is not drawn, None where it can be."""
    errors = [one.text for one in series.problems if one.severity == "error"]
    if errors:
        return " ".join(errors)
    if series.grid is None:
        return "It has no geometry."
    if series.modality not in ("CT", ""):
        return f"Its modality is {series.modality}; drawings are made from CT."
    return None


def _size(series: Series) -> tuple[int, float]:
    """Slices first (thin reconstructions beat thick ones), then voxels."""
    assert series.grid is not None
    z, y, x = series.grid.shape
    return z, float(z * y * x)


def _name(series: Series) -> str:
    count = f"{len(series.files)} file{'s' if len(series.files) != 1 else ''}"
    return f"{series.modality or 'unnamed modality'} {series.description!r}, {count}".replace(" ''", "")
