"""A search for settings with Optuna: pruned, and resumed where it stopped."""

from __future__ import annotations

import json
import shlex
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError
from torch import nn

from limner.errors import MissingExtraError, OutputExistsError, RecipeError, TrainingError
from limner.train.loop import Parts, fit
from limner.train.recipe import Recipe, read_recipe
from limner.train.recipe_search import SearchSpec
from limner.train.run import make_parts, planned, say
from limner.train.splits import with_splits

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Found:
    """What came out.

    Args:
        folder: of the search: ``search.db``, a folder per trial, ``best.yaml``.
        score: of the best trial on the check split; it is chosen by it, so a fresh figure will be a little lower.
        best: settings of the best trial.
        trials: finished, pruned and failed ones.
    """

    folder: Path
    score: float
    best: dict[str, Any]
    trials: dict[str, int]

    @property
    def settings(self) -> str:
        """The best as options of ``limner train``."""
        return " ".join(f"--set {one}" for one in map(shlex.quote, _as_overrides(self.best)))


def read_search(path: Path) -> SearchSpec:
    """A search from YAML, alone or as the section ``search`` of a recipe.

    Raises:
        RecipeError: not there, or it does not fit, with every problem.
    """
    if not path.is_file():
        raise RecipeError(f"No search at {str(path)!r}: expected YAML with the keys space, trials, set, prune.")
    raw = yaml.safe_load(path.read_text())
    raw = raw.get("search", raw) if isinstance(raw, dict) else raw
    try:
        return SearchSpec.model_validate(raw)
    except ValidationError as error:
        problems = "\n".join(f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise RecipeError(f"The search {path.name!r} does not fit its schema:\n{problems}") from error


def search(
    recipe_path: Path, overrides: Sequence[str], spec: SearchSpec, out: Path | None = None, resume: bool = False
) -> Found:
    """Trains with many settings and says which were best on the check split. The test split is not looked at.

    Every trial is written to ``search.db`` before the next begins. A trial that was cut off is tried again with the
    same settings when the search is resumed.

    Args:
        recipe_path, overrides: as :func:`limner.train.train`.
        spec: what is searched, and how often.
        out: folder; ``runs/<recipe>-search`` where None.
        resume: go on with the search that is there.

    Raises:
        RecipeError: a key or value that the recipe does not take; TrainingError: no trial came to a figure.
    """
    optuna = _optuna()
    folder = Path(out) if out else Path("runs") / f"{Path(recipe_path).stem}-search"
    if (folder / "search.db").exists() and not resume:
        raise OutputExistsError(f"A search is already in {str(folder)!r}. Go on with --resume, or choose another -o.")
    recipe = read_recipe(recipe_path, [*overrides, *_fixed(spec)])
    folder.mkdir(parents=True, exist_ok=True)
    storage = f"sqlite:///{(folder / 'search.db').resolve()}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of experimental parts that are not used
        pruner = optuna.pruners.MedianPruner(n_startup_trials=4) if spec.prune else optuna.pruners.NopPruner()
        study = optuna.create_study(
            storage=storage, study_name="search", direction="maximize", load_if_exists=True, pruner=pruner
        )
        before = study.get_trials(deepcopy=False)
        study.sampler = optuna.samplers.TPESampler(seed=recipe.seed + len(before))
        _try_again(optuna, study)
        while (left := spec.trials - _ended(optuna, study)) > 0:
            trial = study.ask()
            say([f"Trial {trial.number + 1}, {left} to go."])
            _run_trial(optuna, study, trial, recipe_path, [*overrides, *_fixed(spec)], spec, folder)
        return _report(optuna, study, folder, recipe_path, overrides)


def _run_trial(
    optuna: Any,
    study: optuna.Study,
    trial: optuna.Trial,
    recipe_path: Path,
    overrides: Sequence[str],
    spec: SearchSpec,
    folder: Path,
) -> None:
    states = optuna.trial.TrialState
    chosen = _suggest(trial, spec)
    recipe = planned(with_splits(read_recipe(recipe_path, [*overrides, *_as_overrides(chosen)]))[0])[0]
    place = folder / "trials" / f"{trial.number + 1:03d}"
    place.mkdir(parents=True, exist_ok=True)
    parts = make_parts(recipe, folder.parent / "cache")
    if parts.check is None:
        study.tell(trial, state=states.FAIL)
        raise RecipeError("A search goes by the figure on a check split; give one: data.sources.0.check, e.g. val.")
    watched, scores = _watched(parts, trial, recipe, optuna)
    try:
        fit(watched, recipe.train, place, note=f"trial {trial.number + 1}: {_words(chosen)}")
    except optuna.TrialPruned:
        study.tell(trial, state=states.PRUNED)
        say([f"Trial {trial.number + 1} ended early at {scores[-1]:.4f}: {_words(chosen)}."])
    except TrainingError as error:
        study.tell(trial, state=states.FAIL)
        say([f"Trial {trial.number + 1} failed: {error}"])
    else:
        study.tell(trial, max(scores))
        say([f"Trial {trial.number + 1} reached {max(scores):.4f}: {_words(chosen)}."])


def _watched(parts: Parts, trial: optuna.Trial, recipe: Recipe, optuna: Any) -> tuple[Parts, list[float]]:
    """Parts whose check tells the trial how it stands, and the list of its figures."""
    scores: list[float] = []
    check = parts.check
    assert check is not None

    def told(net: nn.Module) -> float:
        score = check(net)
        scores.append(score)
        trial.report(score, len(scores))
        if trial.should_prune():
            raise optuna.TrialPruned
        return score

    return replace(parts, check=told), scores


def _suggest(trial: optuna.Trial, spec: SearchSpec) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for key, where in spec.space.items():
        if where.choices is not None:
            at = trial.suggest_categorical(key, [json.dumps(one) for one in where.choices])
            chosen[key] = json.loads(str(at))
        elif where.whole:
            chosen[key] = trial.suggest_int(key, int(where.low or 0), int(where.high or 0), log=where.log)
        else:
            chosen[key] = trial.suggest_float(key, where.low or 0.0, where.high or 0.0, log=where.log)
    return chosen


def _try_again(optuna: Any, study: optuna.Study) -> None:
    """Trials that a killed search left open are closed, and their settings are the next ones."""
    for one in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(one.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(one.params, user_attrs={"again": one.number + 1})


def _ended(optuna: Any, study: optuna.Study) -> int:
    """Trials that count: a trial that was cut off and is tried again does not."""
    trials = study.get_trials(deepcopy=False)
    again = {one.user_attrs.get("again") for one in trials}
    states = optuna.trial.TrialState
    return sum(
        one.state in (states.COMPLETE, states.PRUNED, states.FAIL) and one.number + 1 not in again for one in trials
    )


def _report(optuna: Any, study: optuna.Study, folder: Path, recipe_path: Path, overrides: Sequence[str]) -> Found:
    states = optuna.trial.TrialState
    trials = study.get_trials(deepcopy=False)
    counts = {
        name: sum(one.state == state for one in trials)
        for name, state in (("finished", states.COMPLETE), ("pruned", states.PRUNED), ("failed", states.FAIL))
    }
    if not counts["finished"]:
        raise TrainingError(f"No trial of {len(trials)} came to a figure; the folders in {folder} say why.")
    best = {k: json.loads(v) if isinstance(v, str) else v for k, v in study.best_params.items()}
    found = Found(folder, float(study.best_value), best, counts)
    recipe = read_recipe(recipe_path, [*overrides, *_as_overrides(best)])
    written = {k: v for k, v in recipe.model_dump(mode="json").items() if k != "search"}
    (folder / "best.yaml").write_text(yaml.safe_dump(written, sort_keys=False))
    (folder / "search.json").write_text(json.dumps({**asdict(found), "folder": folder.name}, indent=1) + "\n")
    return found


def _fixed(spec: SearchSpec) -> list[str]:
    return _as_overrides(spec.set)


def _as_overrides(settings: dict[str, Any]) -> list[str]:
    return [f"{key}={_yaml(value)}" for key, value in settings.items()]


def _yaml(value: Any) -> str:
    """A value that YAML reads back as what it is: 1e-05 would be a text there."""
    text = json.dumps(value)
    return text.replace("e", ".0e") if isinstance(value, float) and "e" in text and "." not in text else text


def _words(chosen: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in chosen.items())


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("optuna", "train", "A search for settings") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
