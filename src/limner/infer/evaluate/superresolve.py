"""Finer voxels held against real ones: scans are made coarse by averaging, made fine again, and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from limner.data.cases import read_image
from limner.data.cohort import Case, read_cohort
from limner.errors import CohortError, InputError
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, mean_interval
from limner.infer.evaluate.thin_figures import Compared, believable
from limner.infer.features import Features, layers
from limner.infer.fine_pixels import PixelRefiner, open_finer
from limner.infer.thin import Thinner
from limner.packs import Pack, load_pack

WHOLE_HU = (-1000.0, 1000.0)
"""Values that figures over the whole range are clipped to; the metal and the padding beyond say nothing."""
SOFT_HU = (-160.0, 240.0)
"""Window 400, level 40: what a reader of soft tissue sees."""
JUDGE = "lidc-nodule"
"""The shipped pack on CT pictures, in whose features planes are compared where none is named."""
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
    In-plane, blocks of pixels are averaged instead, and rows with such an axis are left out. A column ``hu_window``
    says that values are known inside a window only, which both ranges are then cut to.

    Figures: ``psnr``, ``ssim`` over -1000 to 1000 HU, ``psnr_soft``, ``ssim_soft`` in the window of soft tissue,
    ``mae_hu``, ``perceptual`` (distance in the features of ``options.features``), ``consistency_hu``, the same of each
    baseline, and gains over the cubic spline, case by case; of the map of uncertainty, those of
    :func:`limner.infer.evaluate.thin_figures.believable`.

    Raises:
        CohortError: no case, an unknown axis, or a scan with too few slices.
    """
    cases = read_cohort(cohort).split(options.split).cases
    if not cases:
        raise CohortError(f"{Path(cohort).name!r} has no cases in split {options.split or 'any'!r}.")
    thinner = open_finer(pack, options.engine)
    judge = load_pack(options.features or JUDGE)
    sight = Features(judge, layers(judge), "auto" if options.engine == "torch" else options.engine)
    problems = [f"Perceptual distance: {sight.name}."]
    if thinner.finer.within:
        turned = [case for case in cases if (case.columns.get("axis") or "z") != "z"]
        cases = tuple(case for case in cases if case not in turned)
        if turned:
            problems.append(f"{len(turned)} rows are of one axis within slices and left out: pixels become finer here.")
    if not cases:
        raise CohortError(f"{Path(cohort).name!r} has no case whose slices could be made coarse along both axes.")
    rows: list[_Row] = []
    for number, case in enumerate(cases):
        if progress:
            progress(case.id, number / len(cases))
        asked = _asked(thinner, case, pack.main.slices.modality, sight)
        if isinstance(asked, str):
            problems.append(asked)
        else:
            rows.append(asked)
    if not rows:
        raise CohortError(f"No case of {Path(cohort).name!r} can be asked. {' '.join(problems[1:])}")
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
            for name in ("psnr", "ssim", "perceptual")
        },
        per_case=[{"id": one.id, **{k: round(v, 4) for k, v in one.figures.items()}} for one in rows],
        problems=problems,
    )


def _asked(thinner: Thinner | PixelRefiner, case: Case, modality: Sequence[str], sight: Features) -> _Row | str:
    """A case's figures; in-plane, why it is left out where its pixels, made coarse, are none that the pack reads."""
    try:
        return _row(thinner, case, modality, sight)
    except CohortError:
        raise
    except InputError as error:
        if not thinner.finer.within:
            raise
        return f"{case.id} is left out: {error}"


def _row(thinner: Thinner | PixelRefiner, case: Case, modality: Sequence[str], sight: Features) -> _Row:
    image, finer = read_image(case.image, case.hu_window, modality), thinner.finer
    axis = case.columns.get("axis") or "z"
    if axis not in _AXES:
        raise CohortError(f"Case {case.id!r}: the column axis says {axis!r}; expected z, y or x.")
    first = _AXES.index(axis)
    order = (first, *(k for k in range(3) if k != first))
    truth = finer.cut(np.ascontiguousarray(np.transpose(image.array, order))).astype(np.float32)
    z, y, x = (image.grid.spacing_mm[k] for k in order)
    thick = finer.coarse(truth)
    if len(thick) < 3 and not finer.within:
        raise CohortError(
            f"Case {case.id!r} has {image.array.shape[first]} slices; {3 * finer.factor} are needed at least."
        )
    found = thinner(thick, finer.coarse_spacing((z, y, x)))
    ranges = {"": WHOLE_HU, "_soft": SOFT_HU}
    if case.hu_window:
        low, high = case.hu_window
        ranges = {name: (max(low, ends[0]), min(high, ends[1])) for name, ends in ranges.items()}
    held = Compared(ranges, finer.within, sight)
    figures = held.figures(found.values, truth)
    for plain, order_ in PLAIN.items():
        made = finer.interpolate(thick, order_)
        figures |= {f"{name}_by_{plain}": value for name, value in held.figures(made, truth).items()}
        figures[f"consistency_hu_by_{plain}"] = float(finer.apart(made, thick).mean(dtype=np.float64))
    gains = {
        f"{name}_gain": figures[name] - figures[f"{name}_by_cubic"]
        for name in ("psnr", "ssim", "psnr_soft", "ssim_soft")
    }
    figures = {
        **gains,
        **figures,
        "consistency_hu": float(finer.apart(found.values, thick).mean(dtype=np.float64)),
        **believable(found, truth),
    }
    return _Row(case.id, case.patient, case.site or "unknown", figures)


def _intervals(rows: Sequence[_Row], names: Sequence[str], options: EvaluateOptions) -> dict[str, Interval]:
    patients = sorted({one.patient for one in rows})
    return {
        name: mean_interval([[one.figures[name] for one in rows if one.patient == who] for who in patients], options)
        for name in names
    }
