"""Which series of what was given is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from limner.errors import SeriesChoiceError
from limner.image import Series, Study


def choose_series(studies: Sequence[Study], modalities: Sequence[str] = ("CT",)) -> tuple[Study, Series]:
    """The largest volume of a modality (or NIfTI volume, which names none) of one patient.

    Args:
        studies: from :func:`limner.io.open_studies`.
        modalities: DICOM modalities that will do.

    Raises:
        SeriesChoiceError: several patients, or no series that can be drawn; the message says why for each.
    """
    patients = len({study.patient_key for study in studies})
    if patients > 1:
        raise SeriesChoiceError(
            f"One patient is expected; the input holds {patients} patients in {len(studies)} studies. "
            "Give one patient's folder at a time; `limner inspect` lists them."
        )
    candidates = [(study, one) for study in studies for one in study.series if why_not(one, modalities) is None]
    if candidates:
        return max(candidates, key=lambda pair: _size(pair[1]))
    lines = [f"  {_name(one)}: {why_not(one, modalities)}" for study in studies for one in study.series]
    others = [f"  {note.text}" for study in studies[:1] for note in study.problems]
    raise SeriesChoiceError(
        f"No series can be drawn. A {' or '.join(modalities)} volume with at least two evenly spaced slices is "
        "expected; there are:\n" + "\n".join(lines + others)
    )


def why_not(series: Series, modalities: Sequence[str] = ("CT",)) -> str | None:
    """Why a series is not drawn, None where it can be."""
    errors = [one.text for one in series.problems if one.severity == "error"]
    if errors:
        return " ".join(errors)
    if series.grid is None:
        return "It has no geometry."
    if series.modality not in (*modalities, ""):
        return f"Its modality is {series.modality}; drawings are made from {' or '.join(modalities)}."
    return None


def _size(series: Series) -> tuple[int, float]:
    """Slices first (thin reconstructions beat thick ones), then voxels."""
    assert series.grid is not None
    z, y, x = series.grid.shape
    return z, float(z * y * x)


def _name(series: Series) -> str:
    count = f"{len(series.files)} file{'s' if len(series.files) != 1 else ''}"
    return f"{series.modality or 'unnamed modality'} {series.description!r}, {count}".replace(" ''", "")
