"""A detector of nodules held against chests whose nodules are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data import chests
from limner.data.cases import read_image
from limner.data.cohort import Case, data_root, read_cohort
from limner.data.nodules import Shape, read_shapes
from limner.errors import CohortError
from limner.infer.evaluate.detect import BOX_METRICS, intervals
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation
from limner.infer.nodules import Found, NoduleFinder
from limner.packs import Pack
from limner.tasks import detect as figures
from limner.tasks.boxes import Marks
from limner.tasks.consistency import gaps_of, of_clusters
from limner.tasks.detect import Held, hold, inside

SIZES_MM = {"4 to 6 mm": (0.0, 6.0), "6 to 10 mm": (6.0, 10.0), "10 mm and more": (10.0, 1000.0)}
SPACING_MM = (2.5, 0.7, 0.7)


@dataclass(frozen=True)
class _Row:
    """One chest: its marks against its nodules."""

    id: str
    patient: str
    site: str
    held: Held
    diameters_mm: NDArray[np.float64]
    shown: int
    false_shown: int
    found_shown: int
    seconds: float


def evaluate_nodules(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`.

    A row of the cohort says where its nodules are:

    - ``nodules``: ``[[x, y, z, diameter], …]`` in mm LPS, of the CT in ``image``;
    - ``chest``: a seed; the CT is a phantom chest (``spacing_mm``: ``[z, y, x]``), and ``image`` is not read;
    - ``blend``: a seed; nodules are put into the lungs of ``image``.

    For the latter two, ``crops`` names a folder of real nodules, of which the split ``test`` is taken; nodules are made
    by formula where it is empty.

    Raises:
        CohortError: no row says where its nodules are.
    """
    cases = [one for one in read_cohort(cohort).split(options.split).cases if _kind(one) is not None]
    if not cases:
        raise CohortError(
            f"No row of {Path(cohort).name!r} (split {options.split or 'any'}) says where nodules are: expected a "
            "column 'nodules' ([[x, y, z, diameter], …] in mm LPS), 'chest' or 'blend' (a seed)."
        )
    finder = NoduleFinder(pack, options.engine)
    rows = []
    for number, case in enumerate(cases):
        if progress:
            progress(case.id, number / len(cases))
        rows.append(_row(finder, case))
    return Evaluation(
        task="detect",
        pack=f"{pack.name} {pack.version}",
        n=len(rows),
        metrics=intervals(_metrics(), rows, options),
        per_class={name: intervals(_of_size(*ends), rows, options) for name, ends in SIZES_MM.items()},
        per_site={
            site: intervals(_metrics(), [one for one in rows if one.site == site], options)
            for site in sorted({one.site for one in rows})
        },
        calibration=_calibration(rows, options.seed),
        baseline={"froc": 0.0},
        per_case=[
            {
                "id": one.id,
                "nodules": float(one.held.truths),
                "found": float(one.found_shown),
                "false": float(one.false_shown),
                "seconds": one.seconds,
            }
            for one in rows
        ],
        problems=[],
    )


def _calibration(rows: Sequence[_Row], seed: int) -> dict[str, float]:
    """Of the marks, chest by chest; nothing where there is none."""
    once = [one.held.hits != figures.AGAIN for one in rows]
    p = np.concatenate([one.held.scores[keep] for one, keep in zip(rows, once, strict=True)])
    right = np.concatenate([one.held.hits[keep] >= 0 for one, keep in zip(rows, once, strict=True)])
    whose = np.repeat([one.patient for one in rows], [int(keep.sum()) for keep in once])
    if not len(p):
        return {}
    return of_clusters(gaps_of(np.maximum(p, 1 - p), (p > 0.5) == right, whose), seed).told()


def _kind(case: Case) -> str | None:
    return next((name for name in ("nodules", "chest", "blend") if case.columns.get(name)), None)


def _row(finder: NoduleFinder, case: Case) -> _Row:
    known = _case(case)
    found = finder(known.image)
    marks = _marks(found)
    half = known.diameters_mm[:, None] / 2
    truths = np.concatenate([known.centers_mm - half, known.centers_mm + half], 1)
    held = hold(marks, truths, np.zeros(len(truths), int), inside, case.patient)
    shown = held.scores >= found.threshold
    return _Row(
        case.id,
        case.patient,
        case.site or "unknown",
        held,
        known.diameters_mm,
        int(shown.sum()),
        int((held.hits[shown] == figures.FALSE).sum()),
        int((held.hits[shown] >= 0).sum()),
        round(sum(found.seconds.values()), 2),
    )


def _marks(found: Found) -> Marks:
    """Balls around the marks, as boxes in the world."""
    centers = np.array([one.center_mm for one in found.nodules]).reshape(-1, 3)
    half = np.array([one.diameter_mm for one in found.nodules]).reshape(-1, 1) / 2
    scores = np.array([one.probability for one in found.nodules], np.float64)
    return Marks(np.concatenate([centers - half, centers + half], 1), scores, np.zeros(len(scores), np.int64))


def _case(case: Case) -> chests.Case:
    kind = _kind(case)
    if kind == "nodules":
        told = np.array(json.loads(case.columns["nodules"]), float).reshape(-1, 4)
        return chests.Case(read_image(case.image, case.hu_window), told[:, :3], told[:, 3])
    seed = int(case.columns[kind or "chest"])
    shapes = _shapes(case.columns.get("crops", "").replace("${LIMNER_DATA}", str(data_root())))
    real = 1.0 if shapes else 0.0
    if kind == "blend":
        return chests.blended_case(read_image(case.image, case.hu_window), seed, shapes, real=real)
    z, y, x = json.loads(case.columns.get("spacing_mm") or json.dumps(SPACING_MM))
    return chests.phantom_case(seed, (z, y, x), shapes, real=real)


@lru_cache(maxsize=2)
def _shapes(folder: str) -> tuple[Shape, ...]:
    return read_shapes(Path(folder), "test") if folder else ()


def _metrics() -> dict[str, Callable[[Sequence[_Row]], float]]:
    found: dict[str, Callable[[Sequence[_Row]], float]] = {
        name: lambda rows, metric=metric: metric([one.held for one in rows])  # type: ignore[misc]
        for name, metric in BOX_METRICS.items()
    }
    found["sensitivity"] = lambda rows: _ratio([one.found_shown for one in rows], [one.held.truths for one in rows])
    found["false_marks"] = lambda rows: float(np.mean([one.false_shown for one in rows]))
    return found


def _of_size(low: float, high: float) -> dict[str, Callable[[Sequence[_Row]], float]]:
    """Sensitivity for nodules of some size at the threshold that gives two false marks a scan over all."""

    def sensitivity(rows: Sequence[_Row]) -> float:
        least = figures.froc([one.held for one in rows]).threshold(2.0) if any(r.held.truths for r in rows) else 1.0
        count = found = 0
        for one in rows:
            wanted = np.flatnonzero((one.diameters_mm >= low) & (one.diameters_mm < high))
            hit = one.held.hits[one.held.scores >= least]
            count += len(wanted)
            found += int(np.isin(wanted, hit).sum())
        return _ratio([found], [count])

    return {"sensitivity_at_2_false": sensitivity}


def _ratio(parts: Sequence[int], whole: Sequence[int]) -> float:
    return sum(parts) / sum(whole) if sum(whole) else float("nan")
