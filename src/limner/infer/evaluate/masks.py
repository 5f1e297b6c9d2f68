"""Masks of pictures held against a cohort: figures by picture and by patient, and the readers' own agreement."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.cohort import read_cohort
from limner.data.mask_cases import MaskCase, MaskCases, read_mask_cases
from limner.data.readers import READERS
from limner.errors import CohortError, PackError
from limner.infer.evaluate.classify import Draws
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, mean_interval, view_of
from limner.infer.masks import Masked, open_mask_drawer
from limner.packs import Pack
from limner.tasks import classify, masks, readers, segment
from limner.tasks.pixels import ForegroundBins

TOLERANCE = 2.0
"""Pixels (millimetres where they are known) within which borders count as the same, for NSD."""
WHOLE = "foreground"
"""All classes but the background, taken together."""


@dataclass(frozen=True)
class _Region:
    """What is compared: class indices of the prediction with values of the truth."""

    name: str
    classes: tuple[int, ...]
    values: tuple[int, ...]


@dataclass
class _Row:
    """One region of one picture; ``both`` and ``sizes`` are what Dice is made of."""

    id: str
    patient: str
    site: str
    region: str
    both: int
    sizes: int
    scores: dict[str, float] = field(default_factory=dict)


@dataclass
class _Seen:
    """What all pictures together gave."""

    rows: list[_Row] = field(default_factory=list)
    bins: ForegroundBins = field(default_factory=ForegroundBins)
    everything: ForegroundBins = field(default_factory=lambda: ForegroundBins(least=0.0))
    pictures: list[tuple[str, str | None, list[float]]] = field(default_factory=list)
    cases: int = 0


def evaluate_picture_masks(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`. Predictions and truth are compared on the pictures' own grids.

    A picture with nothing in truth and prediction has no Dice: it counts in the specificity, the share of pictures
    without a region in which it was not marked. ``patient_dice`` takes a patient's pictures as one volume. With regions
    (``--region``, or ``regions.json`` beside the cohort) these alone are compared, and over all means all of them.

    Raises:
        PackError: a region's name is unknown to the pack. CohortError: no case has a mask.
    """
    spec = pack.spec
    given = options.regions or _beside(Path(cohort))
    asked = _asked(pack, given)
    alone = asked[1].name
    asked = asked if len(asked) > 2 else asked[:1]  # one region is everything there is
    classes = dict(zip(spec.class_values or map(str, range(len(spec.classes))), spec.classes, strict=True))
    net = pack.main.picture
    view = view_of(net, options, mask=options.mask)
    cases = read_mask_cases(cohort, view, options.split, None if given else classes)
    drawer = open_mask_drawer(pack, options.engine)
    seen = _Seen()
    for case in cases:
        if progress:
            progress(case.id, seen.cases / (seen.cases + 20))  # how many there are is known when all are read
        _take(seen, case, drawer(case.picture), asked)
    if not seen.cases:
        raise CohortError(f"No case of {Path(cohort).name!r} (split {options.split or 'any'}) has a mask.")
    whole = [row for row in seen.rows if row.region == WHOLE]
    named = [one.name for one in asked[1:]] or [alone]
    return Evaluation(
        task="segment",
        pack=f"{pack.name} {pack.version}",
        n=seen.cases,
        metrics={
            **_summary(whole, options),
            "dice_gain_of_mirroring": _mean(whole, "gain_of_mirroring", options),
            **_pictures(pack, seen, options),
        },
        per_class={
            **{name: _summary(_of(seen.rows, name) if asked[1:] else whole, options) for name in named},
            **_readers(whole, options),
        },
        per_site={
            site: _summary([row for row in whole if row.site == site], options)
            for site in sorted({row.site for row in whole})
        },
        calibration=_calibration(pack, seen, whole),
        baseline={"dice": round(float(np.mean([r.scores["all"] for r in whole if "all" in r.scores] or [0.0])), 4)},
        per_case=[_case(row, named) for row in seen.rows],
        problems=[*_notes(cases, spec.classes[1]), *(f"{id}: {why}" for id, why in cases.left_out)],
    )


def _beside(cohort: Path) -> dict[str, tuple[int, ...]] | None:
    """The regions that a table's ``regions.json`` names."""
    return None if cohort.suffix == ".npz" else read_cohort(cohort).regions


def _asked(pack: Pack, given: Mapping[str, tuple[int, ...]] | None) -> list[_Region]:
    """What is compared: everything together first, then each class and group, or each region that is given."""
    known = masks.regions_of(pack.spec.classes, pack.spec.groups)
    if not given:
        every = tuple(range(1, len(pack.spec.classes)))
        each = known if len(every) > 1 else {pack.spec.classes[1]: every}
        return [_Region(WHOLE, every, every), *(_Region(name, of, of) for name, of in each.items())]
    regions = [_Region(name, _classes(pack, known, name), tuple(values)) for name, values in given.items()]
    union = (sorted({v for one in regions for v in getattr(one, what)}) for what in ("classes", "values"))
    return [_Region(WHOLE, *map(tuple, union)), *regions]


def _classes(pack: Pack, known: Mapping[str, tuple[int, ...]], name: str) -> tuple[int, ...]:
    """The class indices of a region: a class with all that lies inside it, or a group."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PackError(f"Pack {pack.name!r} has no region {name!r}; it has {', '.join(known)}.{hint}")
    inside = {k for part in pack.spec.regions.get(name, []) for k in known.get(part, ())}
    return tuple(sorted({*known[name], *inside}))


def _notes(cases: MaskCases, name: str) -> list[str]:
    if not cases.as_marked:
        return []
    return [
        f"{len(cases.as_marked)} mask(s) hold other values than the pack names ({cases.as_marked[0]} …): mask > 0 is "
        f"taken as {name!r}. --region or regions.json says otherwise."
    ]


def _take(seen: _Seen, case: MaskCase, found: Masked, asked: Sequence[_Region]) -> None:
    seen.cases += 1
    if found.picture:
        seen.pictures.append((case.patient, case.label, list(found.picture.values())))
    for region in asked:
        ours, theirs = np.isin(found.labels, region.classes), np.isin(case.truth, region.values)
        sizes = int(ours.sum()) + int(theirs.sum())
        row = _Row(case.id, case.patient, case.site or "unknown", region.name, int((ours & theirs).sum()), sizes)
        row.scores = _scores(ours, theirs, case.picture.spacing_mm)
        if region.name == WHOLE:
            there = 1.0 - found.probabilities[0]
            if len(region.classes) < len(found.names) - 1:
                there = found.probabilities[list(region.classes)].sum(0)
            seen.bins.add(there, theirs, case.patient)
            seen.everything.add(there, theirs)
            row.scores |= _whole(case, found, region, ours, theirs)
        seen.rows.append(row)


def _scores(ours: NDArray[np.bool_], theirs: NDArray[np.bool_], spacing_mm: Sequence[float] | None) -> dict[str, float]:
    if not theirs.any():
        scores = {"specificity": float(not ours.any())}
        return scores if not ours.any() else {**scores, "dice": 0.0}
    spacing = tuple(spacing_mm) if spacing_mm else (1.0,) * ours.ndim
    surface = segment.surface_scores(ours, theirs, spacing, TOLERANCE)
    return {
        "dice": segment.dice(ours, theirs),
        "hd95_mm" if spacing_mm else "hd95_px": surface.hd95_mm,  # without a spacing the unit is a pixel
        "nsd": surface.nsd,
        "sensitivity": float((ours & theirs).sum() / theirs.sum()),
    }


def _whole(
    case: MaskCase, found: Masked, region: _Region, ours: NDArray[np.bool_], theirs: NDArray[np.bool_]
) -> dict[str, float]:
    """What is only asked of everything marked together."""
    scores: dict[str, float] = {"confidence": found.confidence, "answered": float(not found.abstained)}
    plain = np.isin(found.plain, region.classes)
    if (theirs | ours | plain).any():
        scores["gain_of_mirroring"] = segment.dice(ours, theirs) - segment.dice(plain, theirs)
    if theirs.any():
        scores["all"] = segment.dice(np.ones_like(theirs), theirs)
        names = {found.names[k] for k in region.classes}
        intervals = [area for name, area in found.areas.items() if name in names]
        scale = sum(area.value for area in intervals) / max(int(ours.sum()), 1)
        low, high = sum(a.low for a in intervals), sum(a.high for a in intervals)
        scores["covered"] = float(bool(intervals) and low <= float(theirs.sum()) * scale <= high)
    if case.votes is not None:
        agreed = readers.agreement(case.votes)
        scores |= {"pairwise": agreed.pairwise, "majority": agreed.majority, "others": agreed.others}
        scores["unanimous"] = float(case.votes.max() >= READERS)
    return scores


def _summary(rows: Sequence[_Row], options: EvaluateOptions) -> dict[str, Interval]:
    out = {name: _mean(rows, name, options) for name in ("dice", "nsd", "sensitivity", "specificity")}
    out["hd95_mm"] = _mean(rows, "hd95_mm", options)  # null where no picture says how large a pixel is
    if any("hd95_px" in row.scores for row in rows):
        out["hd95_px"] = _mean(rows, "hd95_px", options)
    both: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for row in rows:
        both[row.patient] = both.get(row.patient, 0) + row.both
        sizes[row.patient] = sizes.get(row.patient, 0) + row.sizes
    out["patient_dice"] = mean_interval([[2 * both[one] / n] for one, n in sizes.items() if n], options)
    return out


_CEILINGS = {
    "two readers": ("pairwise", False),
    "two readers, where all four marked": ("pairwise", True),
    "a reader and the majority": ("majority", False),
    "a reader and the majority of the others": ("others", False),
}


def _readers(rows: Sequence[_Row], options: EvaluateOptions) -> dict[str, dict[str, Interval]]:
    """The ceiling, where there are votes: the readers' own Dice, and by how much the pack lies above it.

    Readers who left a slice out count with a Dice of 0 against those who did not; hence also the slices apart in which
    a pixel has every vote.
    """
    found = {}
    for called, (name, unanimous) in _CEILINGS.items():
        some = [row for row in rows if name in row.scores and (row.scores["unanimous"] or not unanimous)]
        if some:
            dices = {"dice": _mean(some, name, options), "dice_of_pack": _mean(some, "dice", options)}
            found[called] = {**dices, "pack_above": _mean_above(some, name, options)}
    return found


def _pictures(pack: Pack, seen: _Seen, options: EvaluateOptions) -> dict[str, Interval]:
    """How well the whole picture is named, where the pack names it."""
    known = [(patient, label, p) for patient, label, p in seen.pictures if label in pack.spec.class_values]
    if not known:
        return {}
    labels = np.array([pack.spec.class_values.index(label or "") for _, label, _ in known])
    p = np.array([one for _, _, one in known])
    metrics = {"accuracy": classify.accuracy, "balanced_accuracy": classify.balanced_accuracy, "auc": classify.auc}
    return Draws(np.array([patient for patient, _, _ in known]), options).all(metrics, p, labels)


def _calibration(pack: Pack, seen: _Seen, rows: Sequence[_Row]) -> dict[str, float]:
    answered = [row.scores["answered"] for row in rows]
    sure = [row.scores["dice"] for row in rows if row.scores["answered"] and "dice" in row.scores]
    covered = [row.scores["covered"] for row in rows if "covered" in row.scores]
    temperature = pack.spec.calibration.temperature if pack.spec.calibration else 1.0
    return {
        **seen.bins.believable().told(),
        "ece_all_pixels": round(seen.everything.ece, 4),
        "temperature": temperature,
        "area_in_interval": round(float(np.mean(covered)), 4) if covered else 0.0,
        "answered": round(float(np.mean(answered)), 4),
        "dice_of_answered": round(float(np.mean(sure)), 4) if sure else 0.0,
    }


def _mean(rows: Iterable[_Row], name: str, options: EvaluateOptions) -> Interval:
    patients: dict[str, list[float]] = {}
    for row in rows:
        value = row.scores.get(name)
        if value is not None and math.isfinite(value):
            patients.setdefault(row.patient, []).append(value)
    return mean_interval(list(patients.values()), options, share=name == "specificity")


def _mean_above(rows: Iterable[_Row], other: str, options: EvaluateOptions) -> Interval:
    """By how much the Dice lies above another figure of the same pictures."""
    above = [
        replace(row, scores={"above": row.scores["dice"] - row.scores[other]})
        for row in rows
        if "dice" in row.scores and math.isfinite(row.scores.get(other, math.nan))
    ]
    return _mean(above, "above", options)


def _of(rows: Sequence[_Row], name: str) -> list[_Row]:
    return [row for row in rows if row.region == name]


def _case(row: _Row, named: Sequence[str]) -> dict[str, float | str | None]:
    region = named[0] if row.region == WHOLE and len(named) == 1 else row.region
    return {"id": row.id, "region": region, **{name: _finite(value) for name, value in row.scores.items()}}


def _finite(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
