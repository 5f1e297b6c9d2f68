"""The file of priors: what was learned of growth, small enough to be carried along, and where it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from limner.errors import InputError
from limner.forecast.growth import LAWS
from limner.forecast.population import Population
from limner.forecast.recalibrate import MOVED_BY, SAME_BY, Recalibration

SHIPPED = Path(__file__).parent / "priors.json"


class _LawRows(BaseModel):
    """Candidates of a law: a row of parameters each, and a weight for each kind of wandering."""

    model_config = ConfigDict(extra="forbid")
    parameters: list[list[float]]
    weights: list[list[float]]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    schema_: Literal["limner.growth-priors/1"] = Field("limner.growth-priors/1", alias="schema")
    source: str
    patients: int
    readings: int
    longest_days: float
    wander: tuple[float, ...]
    shift: dict[str, float]
    spread: dict[str, float]
    same: dict[str, float]
    laws: dict[str, _LawRows]


@dataclass(frozen=True, eq=False)
class Priors:
    """What is known before a patient comes.

    Args:
        population: candidates and their weights.
        recalibration: what candidates do not know.
        source: of the data, for people.
        patients: series that were learned from.
        readings: of theirs.
        longest_days: 99 of 100 forecasts that were learned from looked no further ahead.
    """

    population: Population
    recalibration: Recalibration
    source: str
    patients: int
    readings: int
    longest_days: float


def write_priors(priors: Priors, path: Path) -> None:
    """Writes priors as JSON, to four digits."""
    laws, start = {}, 0
    for name, rows in priors.population.parameters.items():
        weights = priors.population.weights[:, start : start + len(rows)].T
        start += len(rows)
        laws[name] = _LawRows(parameters=_digits(rows), weights=_digits(weights))
    kept = priors.recalibration
    file = _File(
        source=priors.source,
        patients=priors.patients,
        readings=priors.readings,
        longest_days=priors.longest_days,
        wander=priors.population.wander,
        shift=dict(zip(MOVED_BY, kept.shift, strict=True)),
        spread=dict(zip(MOVED_BY, kept.spread, strict=True)),
        same=dict(zip(SAME_BY, kept.same, strict=True)),
        laws=laws,
    )
    path.write_text(json.dumps(file.model_dump(by_alias=True), ensure_ascii=False, separators=(",", ":")) + "\n")


@cache
def load_priors(path: Path = SHIPPED) -> Priors:
    """Reads priors; the shipped ones by default.

    Raises:
        InputError: no such file, or not one that Limner wrote.
    """
    try:
        file = _File.model_validate_json(path.read_text())
    except FileNotFoundError as error:
        raise InputError(
            f"There are no priors at {path.name!r}. Learn them with `limner bench forecast --learn`."
        ) from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "the file"
        raise InputError(f"{path.name!r} holds no growth priors that Limner reads: {where}: {fault['msg']}.") from error
    if file.laws.keys() - LAWS.keys() or not file.laws:
        raise InputError(f"{path.name!r} names growth laws {sorted(file.laws)}; known are {', '.join(LAWS)}.")
    parameters = {name: np.array(rows.parameters) for name, rows in file.laws.items()}
    weights = np.concatenate([np.array(rows.weights) for rows in file.laws.values()]).T
    recalibration = Recalibration(
        tuple(file.shift[name] for name in MOVED_BY),
        tuple(file.spread[name] for name in MOVED_BY),
        tuple(file.same[name] for name in SAME_BY),
    )
    population = Population(parameters, weights / weights.sum(), file.wander)
    return Priors(population, recalibration, file.source, file.patients, file.readings, file.longest_days)


def _digits(rows: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.4g}") for value in row] for row in rows]
