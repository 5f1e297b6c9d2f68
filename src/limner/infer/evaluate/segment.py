"""A pack held against a cohort: metrics with confidence intervals by patient, per region and per site."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from limner.data.cases import read_image
from limner.data.cohort import Case, Cohort, read_cohort
from limner.data.mask_grid import SAME_MM, on_grid, say_resampled
from limner.errors import CohortError
from limner.image import Image, LabelMap
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, mean_interval, ratio_interval
from limner.infer.evaluate.lesions import Answers, lesion_answers, sureness
from limner.infer.predict import predict
from limner.packs import Pack
from limner.tasks.pixels import ForegroundBins
from limner.tasks.segment import dice, lesion_scores, surface_scores


@dataclass
class _Row:
    """One region of one case."""

    case: Case
    region: str
    scores: dict[str, float] = field(default_factory=dict)


def evaluate_masks(
    pack: Pack,
    cohort_path: Path,
    options: EvaluateOptions,
    progress: Callable[[str, float], None] | None = None,
) -> Evaluation:
    """Predicts every case of a cohort that has a mask and compares.

    A prediction lies on its image's grid, and a mask on another grid is brought there, which ``problems`` tells.

    Raises:
        CohortError: no case has a mask, or a mask lies elsewhere than its image.
        PackError: a region's name is unknown to the pack (with the nearest).
    """
    cohort = read_cohort(cohort_path).split(options.split)
    cases = [case for case in cohort.cases if case.columns.get(options.mask)]
    if not cases:
        raise CohortError(
            f"No case of {cohort.path.name!r} (split {options.split or 'any'}) has a file in column {options.mask!r}."
        )
    problems = [f"{len(cohort.cases) - len(cases)} case(s) without a mask were left out."] * (
        len(cohort.cases) > len(cases)
    )
    regions, note = _regions(pack, cohort, options)
    problems += note
    rows: list[_Row] = []
    bins = ForegroundBins(least=0.0)
    everything: list[float] = []
    lesions: Answers = []
    elsewhere: list[str] = []
    for number, case in enumerate(cases):
        if progress:
            progress(case.id, number / len(cases))
        image, truth, resampled = _read(pack, case, options)
        elsewhere += [case.id] * resampled
        more, share, marked = _case(pack, case, image, truth, regions, options, bins)
        lesions += marked
        rows += more
        everything.append(2 * share / (1 + share))
    sure, curve = sureness(lesions, pack.spec.calibration.abstain_below if pack.spec.calibration else 0.0)
    return Evaluation(
        task="segment",
        pack=f"{pack.name} {pack.version}",
        n=len(cases),
        metrics=_summary(rows, options),
        per_class={name: _summary([r for r in rows if r.region == name], options) for name in regions},
        per_site={
            site: _summary([r for r in rows if (r.case.site or "unknown") == site], options)
            for site in sorted({case.site or "unknown" for case in cases})
        },
        calibration={**bins.believable().told(), **sure},
        risk_coverage=curve,
        baseline={"dice": round(float(np.mean(everything)), 4)},
        per_case=[{"id": r.case.id, "region": r.region, **{k: _finite(v) for k, v in r.scores.items()}} for r in rows],
        problems=[*problems, *say_resampled(elsewhere)],
    )


def _regions(
    pack: Pack, cohort: Cohort, options: EvaluateOptions
) -> tuple[dict[str, tuple[int, ...] | None], list[str]]:
    given = options.regions or cohort.regions
    if given:
        for name in given:
            pack.region(name)  # refuses an unknown name before the first case
        return dict(given), []
    first = pack.spec.classes[1]
    several = len(pack.spec.classes) > 2
    note = f"No regions.json beside the cohort: mask > 0 is taken as {first!r}, the pack's first region."
    return {first: None}, [note] if several else []


def _read(pack: Pack, case: Case, options: EvaluateOptions) -> tuple[Image, LabelMap, bool]:
    """The image, the mask on its grid, and whether the mask lay on another."""
    from limner import io

    image = read_image(case.image, case.hu_window, pack.spec.input.modality)
    path = case.path(options.mask)
    assert path is not None
    read = io.read_nifti_labels(path)
    if read.grid.same_as(image.grid, SAME_MM):
        return image, LabelMap(read.array, image.grid), False
    return image, LabelMap(on_grid(read, image.grid, case.id, path.name), image.grid), True


def _case(
    pack: Pack,
    case: Case,
    image: Image,
    truth: LabelMap,
    regions: dict[str, tuple[int, ...] | None],
    options: EvaluateOptions,
    bins: ForegroundBins,
) -> tuple[list[_Row], float, Answers]:
    """Rows of one case, the first region's share of all voxels, and its lesions.

    ``bins`` take in the voxels that were marked as the first region, each with how sure its label
    is and whether it is right.
    """
    prediction = predict(pack, image, engine=options.engine)
    spacing = image.grid.spacing_mm
    rows = []
    share = 0.0
    marked: Answers = []
    for name, values in regions.items():
        theirs = truth.array > 0 if values is None else np.isin(truth.array, values)
        ours = prediction.labels.mask(*pack.region(name))
        row = _Row(case, name)
        lesion = next(one.kind for one in pack.labels if one.name == name) == "lesion"
        if theirs.any() or not lesion:
            row.scores["dice"] = dice(ours, theirs)
            surface = surface_scores(ours, theirs, spacing)
            row.scores |= {"hd95_mm": surface.hd95_mm, "nsd": surface.nsd}
            row.scores["volume_error_ml"] = float((int(ours.sum()) - int(theirs.sum())) * image.grid.voxel_ml)
        if lesion:
            found = lesion_scores(ours, theirs, spacing)
            marked += lesion_answers(prediction, theirs, name)
            row.scores |= {"lesions": found.lesions, "found": found.found, "false_lesions": found.false}
        elif theirs.any():
            row.scores["sensitivity"] = float(np.logical_and(ours, theirs).sum() / theirs.sum())
        if name == next(iter(regions)):
            assert prediction.confidence is not None
            bins.add(prediction.confidence[ours].astype(np.float32) / 255, theirs[ours], case.patient)
            share = float(theirs.mean())
        rows.append(row)
    return rows, share, marked


def _summary(rows: Sequence[_Row], options: EvaluateOptions) -> dict[str, Interval]:
    out = {}
    for metric in ("dice", "hd95_mm", "nsd"):
        out[metric] = mean_interval(_by_patient(rows, lambda r, m=metric: r.scores.get(m)), options)  # type: ignore[misc]
    lesions = [row for row in rows if "lesions" in row.scores]
    if lesions:
        out["sensitivity"] = _ratio(lesions, options)
        out["false_lesions"] = mean_interval(_by_patient(lesions, lambda r: r.scores["false_lesions"]), options)
    else:
        out["sensitivity"] = mean_interval(_by_patient(rows, lambda r: r.scores.get("sensitivity")), options)
    return out


def _by_patient(rows: Iterable[_Row], value: Callable[[_Row], float | None]) -> list[list[float]]:
    patients: dict[str, list[float]] = {}
    for row in rows:
        found = value(row)
        if found is not None and math.isfinite(found):
            patients.setdefault(row.case.patient, []).append(found)
    return list(patients.values())


def _ratio(rows: Sequence[_Row], options: EvaluateOptions) -> Interval:
    """Found over all lesions, pooled."""
    found: dict[str, float] = {}
    count: dict[str, float] = {}
    for row in rows:
        found[row.case.patient] = found.get(row.case.patient, 0) + row.scores["found"]
        count[row.case.patient] = count.get(row.case.patient, 0) + row.scores["lesions"]
    if not sum(count.values()):
        return Interval(value=None)
    return ratio_interval(np.array(list(found.values())), np.array(list(count.values())), options, share=True)


def _finite(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
