"""What the shared tables teach about genes: the chance of glioblastoma, and whether tumours are larger at diagnosis.

Associations, never causes. The first is used in forecasts where no grade is known; the second is only reported.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, t

from limner.errors import InputError

Float = NDArray[np.float64]
_RIDGE = 1.0
_FOLDS, _DRAWS = 10, 1000


@dataclass(frozen=True, eq=False)
class Table:
    """Gliomas with their mutations.

    Args:
        names: of the columns: ``age`` (in decades from 50), IDH, genes.
        values: ``(n, columns)``.
        glioblastoma: ``(n,)`` bool; the others are of grade 2 and 3.
    """

    names: tuple[str, ...]
    values: Float
    glioblastoma: NDArray[np.bool_]


@lru_cache(maxsize=1)
def table() -> Table:
    """The built-in table, ``glioma_mutations.csv`` (CC BY 4.0, see its first lines); IDH is IDH1 or IDH2."""
    text = resources.files("limner.forecast").joinpath("glioma_mutations.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    genes = [name for name in rows[0] if name not in ("glioblastoma", "age", "IDH1", "IDH2")]
    ages = np.array([float(row["age"]) if row["age"] else np.nan for row in rows])
    age = (np.where(np.isnan(ages), np.nanmean(ages), ages) - 50) / 10
    idh = [float(row["IDH1"] == "1" or row["IDH2"] == "1") for row in rows]
    columns = [age, np.array(idh), *(np.array([float(row[gene]) for row in rows]) for gene in genes)]
    return Table(
        ("age", "IDH", *genes), np.stack(columns, axis=1), np.array([row["glioblastoma"] == "1" for row in rows])
    )


@dataclass(frozen=True)
class Chance:
    """The chance that a glioma is a glioblastoma.

    Args:
        value: 0 to 1.
        low: of the 95 % interval.
        high: the same.
        n: tumours that it was learned from.
        used: what was known of this one.
    """

    value: float
    low: float
    high: float
    n: int
    used: tuple[str, ...]


def chance_of_glioblastoma(genes: Mapping[str, str], age: float | None = None) -> Chance:
    """Learned anew from the columns that are known: ridge logistic regression, so nothing unknown is filled in.

    Args:
        genes: name to ``mutated`` or ``wild type``; others are left aside.
        age: in years.

    >>> low = chance_of_glioblastoma({"IDH": "mutated", "CIC": "mutated"})
    >>> high = chance_of_glioblastoma({"IDH": "wild type", "PTEN": "mutated"})
    >>> low.value < 0.1 < 0.8 < high.value
    True
    """
    known = table()
    x: dict[str, float] = {name: float(genes[name] == "mutated") for name in known.names if name in genes}
    if age is not None:
        x["age"] = (age - 50) / 10
    used = tuple(name for name in known.names if name in x)
    columns = [known.names.index(name) for name in used]
    weights, covariance = fit_logistic(known.values[:, columns], known.glioblastoma)
    row = np.array([1.0, *(x[name] for name in used)])
    middle, spread = float(row @ weights), float(np.sqrt(row @ covariance @ row))
    value, low, high = (float(1 / (1 + np.exp(-(middle + k * spread)))) for k in (0.0, -1.96, 1.96))
    return Chance(value, low, high, len(known.values), used)


def fit_logistic(values: Float, truth: NDArray[np.bool_]) -> tuple[Float, Float]:
    """Weights (the constant first) and their covariance, by Newton's method; a ridge of 1 on all but the constant."""
    x = np.column_stack([np.ones(len(values)), values])
    ridge = np.full(x.shape[1], _RIDGE)
    ridge[0] = 0.0
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        matrix = (x.T * (p * (1 - p))) @ x + np.diag(ridge)
        step = np.linalg.solve(matrix, x.T @ (truth - p) - ridge * weights)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return weights, np.linalg.inv(matrix)


def check_chance(seed: int = 0) -> dict[str, Any]:
    """How well the chance holds on tumours that it was not learned from: ten folds, with 95 % bootstrap intervals.

    Returns:
        ``n``, ``auc``, ``balanced_accuracy`` and ``calibration_error``, each as ``{"value", "low", "high"}`` (the last
        alone a number), ``majority`` (the larger class's share) and ``auc_idh_alone``.
    """
    known, rng = table(), np.random.default_rng(seed)
    folds = rng.permutation(np.arange(len(known.values)) % _FOLDS)
    held, alone = np.zeros(len(folds)), np.zeros(len(folds))
    for fold in range(_FOLDS):
        learn = folds != fold
        for out, columns in ((held, slice(None)), (alone, slice(1, 2))):
            weights, _ = fit_logistic(known.values[learn][:, columns], known.glioblastoma[learn])
            out[~learn] = 1 / (1 + np.exp(-(weights[0] + known.values[~learn][:, columns] @ weights[1:])))
    draws = [rng.integers(0, len(held), len(held)) for _ in range(_DRAWS)]
    truth = known.glioblastoma
    bins = np.minimum((held * 10).astype(int), 9)
    gaps = [
        abs(held[bins == k].mean() - truth[bins == k].mean()) * (bins == k).mean()
        for k in range(10)
        if (bins == k).any()
    ]
    return {
        "n": len(held),
        "majority": float(max(truth.mean(), 1 - truth.mean())),
        "auc": _with_interval(lambda k: _auc(held[k], truth[k]), draws),
        "balanced_accuracy": _with_interval(lambda k: _balanced(held[k] > 0.5, truth[k]), draws),
        "auc_idh_alone": _with_interval(lambda k: _auc(alone[k], truth[k]), draws),
        "calibration_error": float(sum(gaps)),
    }


def _with_interval(measure: Any, draws: list[NDArray[np.int64]]) -> dict[str, float]:
    found = np.array([measure(draw) for draw in draws])
    low, high = np.percentile(found, [2.5, 97.5])
    return {"value": float(measure(slice(None))), "low": float(low), "high": float(high)}


def _auc(score: Float, truth: NDArray[np.bool_]) -> float:
    return float(mannwhitneyu(score[truth], score[~truth]).statistic) / float(truth.sum() * (~truth).sum())


def _balanced(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float((said[truth].mean() + (~said[~truth]).mean()) / 2)


@dataclass(frozen=True)
class Association:
    """Size at diagnosis with and without a mutation: how many times larger, with its 95 % interval.

    Args:
        gene: which.
        mutated: patients with it.
        others: patients without.
        ratio: of geometric means of the tumour's pixels.
        low: of the interval (Welch, on logarithms).
        high: the same.
        p: Mann and Whitney's, two-sided.
        p_corrected: by Holm, for all genes that were asked.
    """

    gene: str
    mutated: int
    others: int
    ratio: float
    low: float
    high: float
    p: float
    p_corrected: float

    @property
    def shown(self) -> bool:
        """Whether it would be unlikely were there nothing."""
        return self.p_corrected < 0.05


def sizes_and_genes(data: Path, least: int = 8) -> tuple[Association, ...]:
    """Whether lower-grade gliomas with a mutation are larger when they are found.

    Sizes are pixels of all slices of FLAIR (there is no voxel size: sizes are relative). Patients of the split ``test``
    are left out.

    Args:
        data: folder with ``tables/tcga_glioma_mutations.csv`` and ``lgg_mri_genomic/``.
        least: patients with, and without, that a gene must have.

    Raises:
        InputError: a table is not there.
    """
    mutations, images = data / "tables" / "tcga_glioma_mutations.csv", data / "lgg_mri_genomic"
    for one in (mutations, images / "mask_stats.csv", images / "cohort.csv"):
        if not one.is_file():
            raise InputError(f"The table {str(one)!r} is not there. Give the folder of the shared data.")
    rows = {row["Case_ID"].replace("-", "_"): row for row in _rows(mutations)}
    splits = {row["patient"]: row["split"] for row in _rows(images / "cohort.csv")}
    joined = [
        (rows[row["patient"]], np.log(float(row["tumour_pixels"])))
        for row in _rows(images / "mask_stats.csv")
        if row["patient"] in rows and splits.get(row["patient"]) in ("train", "val") and float(row["tumour_pixels"]) > 0
    ]
    sizes = np.array([size for _, size in joined])
    genes = [name for name in next(iter(rows.values())) if name.isupper() or name[-1:].isdigit()]
    found = []
    for gene in genes:
        there = np.array([row[gene] == "MUTATED" for row, _ in joined])
        if min(there.sum(), (~there).sum()) >= least:
            found.append(_association(gene, sizes[there], sizes[~there]))
    order = np.argsort([one.p for one in found])
    corrected, worst = {}, 0.0
    for rank, k in enumerate(order):
        worst = max(worst, min(1.0, found[k].p * (len(found) - rank)))
        corrected[int(k)] = worst
    return tuple(Association(**{**asdict(one), "p_corrected": corrected[k]}) for k, one in enumerate(found))


def _association(gene: str, a: Float, b: Float) -> Association:
    variances = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    error = float(np.sqrt(sum(variances)))
    freedom = sum(variances) ** 2 / (variances[0] ** 2 / (len(a) - 1) + variances[1] ** 2 / (len(b) - 1))
    apart, reach = float(a.mean() - b.mean()), float(t.ppf(0.975, freedom)) * error
    p = float(mannwhitneyu(a, b).pvalue)
    low, ratio, high = np.exp([apart - reach, apart, apart + reach])
    return Association(gene, len(a), len(b), float(ratio), float(low), float(high), p, p)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
