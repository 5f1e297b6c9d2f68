"""Thin slices held against real ones: scans are made thick by averaging, thinned again, and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.cases import read_image
from limner.data.cohort import Case, read_cohort
from limner.errors import CohortError
from limner.image import degrade
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, mean_interval
from limner.infer.thin import Thin, Thinner
from limner.packs import Pack
from limner.tasks.fidelity import mean_absolute_error, psnr, ssim
from limner.tasks.superresolve import consistency, interpolate

WHOLE_HU = (-1000.0, 1000.0)
"""Values that figures over the whole range are clipped to; the metal and the padding beyond say nothing."""
SOFT_HU = (-160.0, 240.0)
"""Window 400, level 40: what a reader of soft tissue sees."""
PLANES = 128
PLAIN = {"cubic": 3, "linear": 1}
_AXES = ("z", "y", "x")


@dataclass(frozen=True)
class _Row:
    """One scan: figures by name, ours and the plain interpolations'."""

    id: str
    patient: str
    site: str
    figures: dict[str, float]


def evaluate_thin(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`.

    Each scan of the cohort is the truth. ``factor`` slices are averaged into one (a box), the pack makes them thin
    again, and so do cubic B-splines (the baseline) and lines. A column ``axis`` may say ``y`` or ``x``: then that axis
    within the slices is made coarse, a stand-in where slices are thick; planes are then looked at as spacing allows.
    A column ``hu_window`` says that values are known inside a window only, which both ranges are then cut to.

    Figures: ``psnr``, ``ssim`` over -1000 to 1000 HU, ``psnr_soft``, ``ssim_soft`` in the window of soft tissue,
    ``mae_hu``, ``consistency_hu``, the same of each baseline, and gains over the cubic spline, case by case.

    Raises:
        CohortError: no case, an unknown axis, or a scan with too few slices.
    """
    cases = read_cohort(cohort).split(options.split).cases
    if not cases:
        raise CohortError(f"{Path(cohort).name!r} has no cases in split {options.split or 'any'!r}.")
    thinner = Thinner(pack, options.engine)
    rows = []
    for number, case in enumerate(cases):
        if progress:
            progress(case.id, number / len(cases))
        rows.append(_row(thinner, case, pack.main.slices.modality))
    names = [name for name in rows[0].figures if "_by_" not in name]
    return Evaluation(
        task="superresolve",
        pack=f"{pack.name} {pack.version}",
        n=len(rows),
        metrics=_intervals(rows, names, options),
        per_class={
            plain: {
                name.removesuffix(f"_by_{plain}"): one
                for name, one in _intervals(
                    rows, [n for n in rows[0].figures if n.endswith(f"_by_{plain}")], options
                ).items()
            }
            for plain in PLAIN
        },
        per_site={
            site: _intervals([one for one in rows if one.site == site], names, options)
            for site in sorted({one.site for one in rows})
        },
        calibration={},
        baseline={
            f"cubic {name}": round(float(np.mean([one.figures[f"{name}_by_cubic"] for one in rows])), 4)
            for name in ("psnr", "ssim")
        },
        per_case=[{"id": one.id, **{k: round(v, 4) for k, v in one.figures.items()}} for one in rows],
    )


def _row(thinner: Thinner, case: Case, modality: Sequence[str]) -> _Row:
    image = read_image(case.image, case.hu_window, modality)
    axis = case.columns.get("axis") or "z"
    if axis not in _AXES:
        raise CohortError(f"Case {case.id!r}: the column axis says {axis!r}; expected z, y or x.")
    first = _AXES.index(axis)
    order = (first, *(k for k in range(3) if k != first))
    whole = np.ascontiguousarray(np.transpose(image.array, order))
    z, y, x = (image.grid.spacing_mm[k] for k in order)
    thick = degrade(whole, thinner.factor)
    if len(thick) < 3:
        raise CohortError(f"Case {case.id!r} has {len(whole)} slices; {3 * thinner.factor} are needed at least.")
    truth = whole[: len(thick) * thinner.factor].astype(np.float32)
    found = thinner(thick, (z * thinner.factor, y, x))
    ranges = {"": WHOLE_HU, "_soft": SOFT_HU}
    if case.hu_window:
        low, high = case.hu_window
        ranges = {name: (max(low, ends[0]), min(high, ends[1])) for name, ends in ranges.items()}
    figures = _compared(found.values, truth, ranges)
    for plain, order_ in PLAIN.items():
        made = interpolate(thick, thinner.factor, order_)
        figures |= {f"{name}_by_{plain}": value for name, value in _compared(made, truth, ranges).items()}
        figures[f"consistency_hu_by_{plain}"] = consistency(made, thick, thinner.factor)
    gains = {
        f"{name}_gain": figures[name] - figures[f"{name}_by_cubic"]
        for name in ("psnr", "ssim", "psnr_soft", "ssim_soft")
    }
    figures = {
        **gains,
        **figures,
        "consistency_hu": consistency(found.values, thick, thinner.factor),
        **_believable(found, truth),
    }
    return _Row(case.id, case.patient, case.site or "unknown", figures)


def _compared(
    made: NDArray[Any], truth: NDArray[np.float32], ranges: dict[str, tuple[float, float]]
) -> dict[str, float]:
    """Figures in each range."""
    figures = {}
    for name, (low, high) in ranges.items():
        ours, theirs = np.clip(made, low, high), np.clip(truth, low, high)
        figures[f"psnr{name}"] = psnr(ours, theirs, high - low)
        figures[f"ssim{name}"] = _coronal_ssim(ours, theirs, high - low)
    figures["mae_hu"] = mean_absolute_error(made, truth)
    return figures


def _coronal_ssim(made: NDArray[Any], truth: NDArray[Any], span: float) -> float:
    """Mean over coronal planes, in which the slices are seen; at most ``PLANES`` of them, evenly over the scan."""
    chosen = np.unique(np.linspace(0, truth.shape[1] - 1, min(PLANES, truth.shape[1])).round().astype(int))
    return float(np.mean([ssim(made[:, k], truth[:, k], span) for k in chosen]))


def _believable(found: Thin, truth: NDArray[np.float32]) -> dict[str, float]:
    """Mean error beside the mean that was expected, and how well the map ranks voxels by their error."""
    error = np.abs(found.values[:, ::3, ::3] - truth[:, ::3, ::3]).ravel()
    expected = found.spread[:, ::3, ::3].ravel()
    most = expected >= np.quantile(expected, 0.9)
    return {
        "error_over_expected": float(error.mean() / expected.mean()),
        "error_share_in_least_sure_tenth": float(error[most].sum() / max(error.sum(), 1e-9)),
    }


def _intervals(rows: Sequence[_Row], names: Sequence[str], options: EvaluateOptions) -> dict[str, Interval]:
    patients = sorted({one.patient for one in rows})
    return {
        name: mean_interval([[one.figures[name] for one in rows if one.patient == who] for who in patients], options)
        for name in names
    }
