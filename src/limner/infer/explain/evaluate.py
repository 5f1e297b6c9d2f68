"""Explanations over a cohort: figures for a pack's card. With masks, also whether the heat is in the lesion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from limner.data.cohort import Case, read_cohort
from limner.data.examples import check_files, labels_of
from limner.data.fitted import read_for
from limner.data.masks import read_region
from limner.errors import CohortError, NotAnImageError, NothingFoundError
from limner.infer.evaluate.figures import EvaluateOptions, Interval, mean_interval
from limner.infer.explain.checks import center_inside
from limner.infer.explain.explanation import HeatMap, Kind
from limner.infer.explain.workflow import More, explain
from limner.packs import Pack
from limner.tasks.multilabel import NONE

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class CohortOptions:
    """How explanations are evaluated.

    Args:
        method: ``grad-cam`` or ``lime``.
        split: only these rows; all where None.
        truth: the true class is explained, as the pointing game is defined; the pack's answer otherwise.
        mask: column that names the masks.
        label: column that names the classes.
        engine: see :func:`limner.infer.explain.explain`.
        seed: of LIME, of the random baselines and of the bootstrap.
        check: also deletion, insertion and randomisation; they cost a few hundred runs of the net a case.
        most: only so many cases, evenly over the cohort; all where None.
        skip_damaged: leave out cases whose files are missing or damaged, and name them.
    """

    method: Kind = "grad-cam"
    split: str | None = None
    truth: bool = True
    mask: str = "mask"
    label: str = "label"
    engine: str = "auto"
    seed: int = 0
    check: bool = True
    most: int | None = None
    skip_damaged: bool = False


class ExplanationFigures(BaseModel):
    """Means over cases with 95 % intervals over patients, as :class:`limner.infer.evaluate.Interval` has them.

    ``metrics``: ``pointing`` (share of cases whose hottest point lies in the lesion), ``energy_inside``,
    ``deletion_auc``, ``insertion_auc``, ``randomisation``; ``baseline``: the same of a centre point, of an
    even map and of random heat; the first two need masks. Cases in which the pack found nothing have no explanation:
    they are not in them, and ``nothing_found`` counts them; so are those without a class, where several may be there.
    ``problems`` names the cases that were left out as damaged.
    """

    task: str = "explain"
    pack: str
    method: str
    explained: str
    n: int
    without_mask: int
    nothing_found: int
    metrics: dict[str, Interval]
    baseline: dict[str, Interval]
    per_case: list[dict[str, float | str]] = []
    problems: list[str] = []


def evaluate_explanations(
    pack: Pack, cohort: Path, options: CohortOptions | None = None, progress: Progress | None = None
) -> ExplanationFigures:
    """Explains every case that has a mask and holds the heat against it; every case where the cohort names no masks.

    Raises:
        CohortError: masks are named and no case has one, a mask lies on another grid, the pack does not know a label,
            or a file is missing or damaged and that was not to be skipped.
    """
    options = options or CohortOptions()
    cases = _evenly(read_cohort(Path(cohort), files=False).split(options.split).cases, options.most)
    patients: dict[str, list[dict[str, float]]] = {}
    rows: list[dict[str, float | str]] = []
    damaged: list[str] = []
    nothing = 0
    for number, case in enumerate(cases):
        if progress:
            progress(case.id, number / len(cases))
        try:
            figures = _case(pack, case, options)
        except NothingFoundError:
            nothing += 1
            continue
        except NotAnImageError as error:
            if not options.skip_damaged:
                raise CohortError(
                    f"Case {case.id!r} cannot be read: {error} Mend it, or leave it out with --skip-damaged."
                ) from error
            damaged.append(f"{case.id}: {error}")
            continue
        if figures is not None:
            patients.setdefault(case.patient, []).append(figures)
            rows.append({"id": case.id, **{name: round(value, 4) for name, value in figures.items()}})
    if not rows:
        where = f" of split {options.split!r}" if options.split else ""
        found = f"; in {nothing} the pack found nothing to explain" if nothing else ""
        found += f"; {len(damaged)} are damaged" if damaged else ""
        raise CohortError(
            f"No case{where} of {Path(cohort).name!r} has a mask in the column {options.mask!r} and an answer{found}."
        )
    drawn, everyone = EvaluateOptions(seed=options.seed), list(patients.values())

    def over(baseline: bool) -> dict[str, Interval]:
        names = [name for name in everyone[0][0] if name.startswith("baseline_") == baseline]
        return {
            name.removeprefix("baseline_"): mean_interval(
                [[one[name] for one in some] for some in everyone], drawn, share=name.endswith("pointing")
            )
            for name in names
        }

    return ExplanationFigures(
        pack=f"{pack.name} {pack.version}",
        method=options.method,
        explained="the true class" if options.truth else "the pack's answer",
        n=len(rows),
        without_mask=len(cases) - len(rows) - nothing - len(damaged),
        nothing_found=nothing,
        metrics=over(False),
        baseline=over(True),
        per_case=rows,
        problems=damaged,
    )


def _evenly(cases: Sequence[Case], most: int | None) -> Sequence[Case]:
    if most is None or most >= len(cases):
        return cases
    return [cases[k] for k in np.linspace(0, len(cases) - 1, most).round().astype(int)]


def _case(pack: Pack, case: Case, options: CohortOptions) -> dict[str, float] | None:
    """Figures of one case; None where no pixel is marked."""
    check_files(case, options.mask)
    if options.mask not in case.columns and options.check:
        picture, more = read_for(case.image, pack.main.picture), More(target=_target(pack, case, options))
        made = explain(pack, picture, method=options.method, engine=options.engine, seed=options.seed, more=more)
        return _figures(made.maps[0], None)
    path = case.path(options.mask) if case.columns.get(options.mask) else None
    if path is None:
        return None
    picture = read_for(case.image, pack.main.picture)
    mask = read_region(path, picture, case.id)
    if not mask.any():
        return None
    target = _target(pack, case, options)
    more = More(target=target, mask=mask, check=options.check)
    found = explain(pack, picture, method=options.method, engine=options.engine, seed=options.seed, more=more)
    return _figures(found.maps[0], mask)


def _figures(made: HeatMap, mask: NDArray[np.bool_] | None) -> dict[str, float]:
    figures: dict[str, float] = {}
    for check in made.checks:
        figures[check.name] = check.value
        figures[f"baseline_{check.name}"] = check.baseline
    if mask is not None:
        figures["baseline_pointing"] = float(center_inside(mask))
    return figures


def _target(pack: Pack, case: Case, options: CohortOptions) -> str | None:
    """The pack's name of the true class; a detector or a segmenter is asked for what it found."""
    if pack.spec.task != "classify" or not options.truth:
        return None
    label = case.columns.get(options.label, "")
    if pack.spec.multi_label:  # of several the one that is named first
        there = [one for one in labels_of(label) if one not in {NONE, *pack.spec.none_values}]
        if not there:
            raise NothingFoundError(f"Case {case.id!r} has no class that could be explained.")
        label = there[0]
    names: dict[str, Any] = dict(zip(pack.spec.class_values or pack.spec.classes, pack.spec.classes, strict=True))
    known = {**{name: name for name in pack.spec.classes}, **names}
    if label not in known:
        raise CohortError(
            f"Case {case.id!r}: the class {label!r} in the column {options.label!r} is unknown to pack {pack.name!r}, "
            f"which knows {', '.join(map(repr, known))}. Explain the pack's own answers instead (truth=False)."
        )
    return str(known[label])
