"""A recipe from data to a pack with its figures: train, then hold the pack against what the recipe expects."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.copying import refuse_copies
from limner.data.cohort import data_root
from limner.errors import OutputExistsError, RecipeError
from limner.packs import load_pack
from limner.packs.card import card

if TYPE_CHECKING:
    from limner.train.cross_validate import Folds
    from limner.train.recipe import Expectation, Recipe

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Reproduction:
    """What a recipe gave.

    Args:
        folder: of the run.
        pack: its pack.
        expected: a row per expectation: data, region, metric, what was asked, what came, whether it was reached.
    """

    folder: Path
    pack: Path
    expected: list[dict[str, Any]]


def reproduce(
    recipe: Path,
    overrides: list[str] | None = None,
    out: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    add: str | None = None,
) -> Reproduction:
    """Trains by a recipe, evaluates, and writes the figures into the pack and its card.

    Args:
        recipe, overrides, out, resume: as :func:`limner.train.train`.
        progress: of the evaluation.
        add: ``synthetic:0.5``: half of the pictures that are learned from are generated, see
            :mod:`limner.synthesize`.

    Raises:
        RecipeError, TrainingError: as :func:`limner.train.train`; CohortError: an expected cohort is not there;
            PackError: a generator gives back what it learned from, see :func:`limner.copying.refuse_copies`.
    """
    from limner.train import check_installed, train

    check_installed()
    from limner.train.recipe import read_recipe

    if add is not None:
        from limner.synthesize import read_addition, with_synthetic

        out = Path(out) if out else Path("runs") / Path(recipe).stem
        if (out / "checkpoint.pt").exists() and not resume:  # before pictures are made for it
            raise OutputExistsError(f"A run is already in {str(out)!r}. Go on with --resume, or choose another -o.")
        recipe, overrides = with_synthetic(Path(recipe), overrides or [], read_addition(add), out, progress), None
    read = read_recipe(recipe, overrides)
    expectations = [one.model_copy(update={"label": one.label or _label(read)}) for one in read.expect]
    result = train(recipe, overrides, out, resume)
    from limner.train.devices import leads

    if not leads():  # one of several processes evaluates and writes
        return Reproduction(result.folder, result.pack, [])
    refuse_copies(result.folder, progress)
    return Reproduction(result.folder, result.pack, record_figures(result.pack, expectations, progress))


def cross_validate(
    recipe: Path, overrides: list[str] | None = None, folds: int = 5, out: Path | None = None, resume: bool = False
) -> Folds:
    """Trains once per fold, and evaluates each pack on the patients that it has never met.

    Args:
        recipe, overrides, out, resume: as :func:`limner.train.train`; ``runs/<recipe>-folds`` where ``out`` is None.
        folds: how many; patients are never split.

    Returns:
        Figures of each fold, their mean and standard deviation; :class:`limner.train.cross_validate.Folds`.

    Raises:
        CohortError: fewer patients than folds; RecipeError: nothing to judge by.
    """
    from limner.train import check_installed

    check_installed()
    from limner.train.cross_validate import cross_validate as run_folds

    return run_folds(recipe, overrides or [], folds, out, _judge, resume)


def _label(recipe: Recipe) -> str:
    """The column that names the class, where a recipe learns to."""
    column = getattr(recipe.data, "column", None)
    return str(column) if column and recipe.task == "classify" else "label"


def _judge(pack: Path, cohorts: Sequence[Path], recipe: Recipe) -> dict[str, float]:
    """Figures of a pack on the held-out cases of every cohort, weighed by their number."""
    from limner.infer.evaluate import EvaluateOptions, evaluate
    from limner.train.recipe_data import CohortSource

    masks = [s.layers[0].column if isinstance(s, CohortSource) else "mask" for s in recipe.data.sources]
    sums: dict[str, list[tuple[float, int]]] = {}
    label = _label(recipe)
    for cohort, mask in zip(cohorts, masks, strict=False):
        how = EvaluateOptions(split="test", mask=mask, bootstrap=0, label=label)
        found = evaluate(load_pack(pack), cohort, how)
        figures = {name: one.value for name, one in found.metrics.items()}
        for region, metrics in found.per_class.items():
            figures |= {f"{region} {name}": one.value for name, one in metrics.items() if name == "dice"}
        for name, value in {**figures, **found.calibration}.items():
            if value is not None and isinstance(value, (int, float)):
                sums.setdefault(name, []).append((float(value), found.n))
    return {name: sum(v * n for v, n in rows) / sum(n for _, n in rows) for name, rows in sums.items()}


def record_figures(
    folder: Path, expectations: list[Expectation], progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Evaluates a pack on every cohort that is expected of it and writes ``figures`` into ``pack.json`` and the card.

    Returns:
        A row per expectation.
    """
    from limner.infer.evaluate import EvaluateOptions, evaluate
    from limner.infer.explain.evaluate import CohortOptions, evaluate_explanations

    pack = load_pack(folder)
    done: dict[str, Any] = {}
    figures: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for one in expectations:
        key = one.model_dump_json(include={"cohort", "split", "mask", "label", "regions", "explain", "most"})
        if key not in done and one.explain:
            how = CohortOptions(one.explain, one.split, mask=one.mask, label=one.label or "label", most=one.most)
            done[key] = evaluate_explanations(pack, Path(one.cohort), how, progress)
            figures.append(_explained(pack.name, one, done[key]))
        elif key not in done:
            options = EvaluateOptions(split=one.split, mask=one.mask, regions=one.regions, label=one.label or "label")
            done[key] = evaluate(pack, Path(one.cohort), options, progress)
            figures += _figures(pack.name, one, done[key])
        found = _figure(done[key], one)
        reached = found is not None and (one.at_least is None or found >= one.at_least)
        reached = reached and (one.at_most is None or (found is not None and found <= one.at_most))
        asked = f"≥ {one.at_least}" if one.at_least is not None else f"≤ {one.at_most}"
        rows.append(
            {
                "data": _name(one),
                "region": one.region or "all",
                "metric": one.metric,
                "asked": asked,
                "came": found,
                "reached": reached,
            }
        )
    spec = json.loads((folder / "pack.json").read_text())
    spec["figures"] = figures
    (folder / "pack.json").write_text(json.dumps(spec, indent=1, ensure_ascii=False) + "\n")
    (folder / "CARD.md").write_text(card(load_pack(folder)))
    return rows


def _figure(evaluation: Any, one: Expectation) -> float | None:
    """The figure that is asked for: of a class or region, over all, or of the calibration."""
    if one.explain:
        metrics = evaluation.metrics
    elif one.region is None and one.metric in evaluation.calibration:
        return float(evaluation.calibration[one.metric])
    else:
        metrics = evaluation.metrics if one.region is None else evaluation.per_class.get(one.region, {})
    if one.metric not in metrics:
        raise RecipeError(f"expect: no figure {one.metric!r} of {one.region or 'all'}; there are {', '.join(metrics)}.")
    return metrics[one.metric].value  # type: ignore[no-any-return]


def _where(cohort: Path) -> str:
    """A cohort as anyone may type it."""
    data = data_root().resolve()
    there = cohort.resolve()
    return f"$LIMNER_DATA/{there.relative_to(data)}" if there.is_relative_to(data) else str(cohort)


def _name(one: Expectation) -> str:
    """A cohort and its split, as tables call them."""
    cohort = Path(one.cohort)
    name = cohort.parent.name if cohort.stem in ("cohort", "index") else cohort.stem
    return f"{name} {one.split or ''}".strip()


def _explained(pack: str, one: Expectation, found: Any) -> dict[str, Any]:
    command = ["limner", "explain", pack, _where(Path(one.cohort)), "--method", str(one.explain)]
    command += ["--split", one.split] if one.split else []
    command += ["--most", str(one.most)] if one.most else []
    command += _label_option(one)
    return {
        "data": _name(one),
        "n": found.n,
        "region": f"explanations by {one.explain}",
        "explain": one.explain,
        "metrics": {name: value.model_dump() for name, value in found.metrics.items()},
        "baseline": {name: value.model_dump() for name, value in found.baseline.items()},
        "command": " ".join([*command, "-o", "why"]),
    }


def _label_option(one: Expectation) -> list[str]:
    return ["--label", one.label] if one.label not in (None, "label") else []


def _figures(pack: str, one: Expectation, evaluation: Any) -> list[dict[str, Any]]:
    cohort = Path(one.cohort)
    command = ["limner", "evaluate", pack, _where(cohort)]
    command += ["--split", one.split] if one.split else []
    command += ["--mask", one.mask] if one.mask != "mask" else []
    command += _label_option(one)
    for name, values in (one.regions or {}).items():
        command += ["--region", f"{name}={','.join(str(v) for v in values)}"]
    line = " ".join(part if part.startswith("$") else shlex.quote(part) for part in command)
    rows = []
    over_all = {} if evaluation.task == "segment" else {"all": evaluation.metrics}
    for number, (region, metrics) in enumerate({**over_all, **evaluation.per_class}.items()):
        cases = [case for case in evaluation.per_case if case.get("region") == region]
        dices = [case["dice"] for case in cases if case.get("dice") is not None]
        rows.append(
            {
                "data": _name(one),
                "n": len(dices) or evaluation.n,
                "region": region,
                "metrics": {name: value.model_dump() for name, value in metrics.items()},
                "worst_dice": min(dices, default=None),
                "per_case": {case["id"]: case.get("dice") for case in cases},
                "baseline": {} if number else evaluation.baseline,
                "calibration": {} if number else evaluation.calibration,
                "command": line,
            }
        )
    return rows
