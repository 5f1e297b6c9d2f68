"""What genes, grade and treatment change in the belief of a tumour's growth, and from which source.

Three ways. The **grade** chooses which gliomas the tumour is compared with; where it is not known, genes say how
likely a glioblastoma is (:mod:`learned`), and the belief is the mixture. **Factors** on ρ and D for what publications
say of growth itself (``genes.json``). **Treatment** kills cells; MGMT and 1p/19q change how well it does.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from limner.errors import InputError
from limner.forecast.genotype import Genotype, facts
from limner.forecast.learned import chance_of_glioblastoma
from limner.forecast.space.prior import Prior

_YEAR = 365.25
_SURE = 0.97


@lru_cache(maxsize=1)
def lesion_facts() -> dict[str, Any]:
    """The table of tumours and their growth, ``lesions.json``."""
    text = resources.files("limner.forecast").joinpath("lesions.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["kinds"])


@dataclass(frozen=True)
class Effect:
    """What one gene changed.

    Args:
        name: of the gene, or ``grade``.
        status: what it is.
        effect: in words, with figures.
        source: from where this is known.
        growth: factor on ρ that was applied.
        diffusion: factor on D that was applied.
        checked: whether the source was read, or recalled.
    """

    name: str
    status: str
    effect: str
    source: str
    growth: float = 1.0
    diffusion: float = 1.0
    checked: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For ``forecast.json``."""
        return {**vars(self), "growth": round(self.growth, 3), "diffusion": round(self.diffusion, 3)}


@dataclass(frozen=True)
class Belief:
    """What is believed of a tumour before it is fitted.

    Args:
        prior: of its front's speed and width.
        threshold: c on its drawn contour.
        kind: which tumours it is compared with.
        source: of the belief.
        effects: what genes changed.
    """

    prior: Prior
    threshold: float
    kind: str
    source: str
    effects: tuple[Effect, ...] = ()


def believe(lesion: str, radius_mm: float, genotype: Genotype) -> Belief:
    """The belief of a lesion of a name and a size.

    Args:
        lesion: its name in the drawing.
        radius_mm: of a ball of its volume; doubling times become speeds by it.
        genotype: used for gliomas alone.

    Raises:
        InputError: genes of something else than a glioma.
    """
    table = lesion_facts()
    if "gliom" in lesion.lower() or "glioblastom" in lesion.lower():
        return _glioma(genotype if "blastom" not in lesion.lower() or genotype.grade else _graded(genotype, 4))
    if not genotype.empty:
        raise InputError(
            f"Genes change the forecast of gliomas; this lesion is a {lesion!r}, for which none are known here. "
            "Leave --genes out."
        )
    kind = lesion if lesion in table else "lesion"
    row = table[kind]
    return Belief(_prior(row, radius_mm), row["threshold"], kind, _said(row))


def _graded(genotype: Genotype, grade: int) -> Genotype:
    return Genotype(genotype.genes, grade, genotype.age, genotype.warnings)


def _said(row: dict[str, Any]) -> str:
    return f"{row['source']} [{row['checked']}]"


def _prior(row: dict[str, Any], radius_mm: float) -> Prior:
    """A doubling in ``T`` days is a radius that grows by ``R ln 2 / (3 T)`` a day."""
    if "doubling_days" in row:
        speed = radius_mm * math.log(2) / (3 * row["doubling_days"])
    else:
        speed = row["diameter_mm_per_year"] / 2 / _YEAR
    return Prior(speed, row["spread"], row["width_mm"], row["width_spread"])


def _glioma(genotype: Genotype) -> Belief:
    table = lesion_facts()
    chance, effects = _chance(genotype)
    kinds = {"glioma, grade 2": 0.0, "glioma, grade 3": 0.0, "glioblastoma": 0.0}
    if genotype.grade is not None:
        kinds[("glioma, grade 2", "glioma, grade 3", "glioblastoma")[genotype.grade - 2]] = 1.0
    else:
        kinds.update({"glioma, grade 2": (1 - chance) / 2, "glioma, grade 3": (1 - chance) / 2, "glioblastoma": chance})
    prior = _mixed([(share, _prior(table[kind], 1.0)) for kind, share in kinds.items() if share])
    low_grade = 1 - kinds["glioblastoma"]
    for gene, status in genotype.genes.items():
        entry = facts()["genes"].get(gene)
        if entry is None:
            continue
        row = entry["statuses"][status]
        told = row["effect"]
        if entry.get("unless") in genotype.genes:
            effects.append(
                Effect(
                    gene,
                    status,
                    f"none beside {entry['unless']}, which says it already",
                    row["source"],
                    checked=row["checked"],
                )
            )
            continue
        share = low_grade if gene in ("1p/19q", "TP53") else 1.0  # measured in low-grade gliomas
        growth, diffusion, spread = row["growth"] ** share, row["diffusion"] ** share, row["spread"] * share
        together = 1.0 if growth == diffusion else -1.0  # one factor on both moves the speed alone
        prior = _moved(prior, growth, diffusion, spread, together)
        effects.append(Effect(gene, status, told, row["source"], growth, diffusion, row["checked"]))
    named = [kind for kind, share in kinds.items() if share]
    kind = named[0] if len(named) == 1 else f"glioma of unknown grade (glioblastoma: {chance:.0%})"
    return Belief(prior, 0.16, kind, "; ".join(_said(table[one]) for one in named), tuple(effects))


def _moved(prior: Prior, growth: float, diffusion: float, spread: float, together: float) -> Prior:
    moved = prior.moved(growth, diffusion)
    if together > 0:
        return Prior(moved.speed_mm_per_day, math.hypot(moved.speed_spread, spread), moved.width_mm, moved.width_spread)
    return Prior(moved.speed_mm_per_day, moved.speed_spread, moved.width_mm, math.hypot(moved.width_spread, spread))


def _mixed(parts: list[tuple[float, Prior]]) -> Prior:
    """One log-normal with a mixture's mean and variance."""
    shares = [share for share, _ in parts]
    speed = _moments(shares, [(math.log(one.speed_mm_per_day), one.speed_spread) for _, one in parts])
    width = _moments(shares, [(math.log(one.width_mm), one.width_spread) for _, one in parts])
    return Prior(math.exp(speed[0]), speed[1], math.exp(width[0]), width[1])


def _moments(shares: list[float], parts: list[tuple[float, float]]) -> tuple[float, float]:
    total = sum(shares)
    mean = sum(s * m for s, (m, _) in zip(shares, parts, strict=True)) / total
    square = sum(s * (d * d + (m - mean) ** 2) for s, (m, d) in zip(shares, parts, strict=True)) / total
    return mean, math.sqrt(square)


def _chance(genotype: Genotype) -> tuple[float, list[Effect]]:
    """The chance of glioblastoma, and what each gene had in it."""
    genes, source = genotype.genes, facts()["learned"]["source"]
    if genotype.grade is not None:
        chosen = f"compared with gliomas of grade {genotype.grade} alone; genes do not change the grade that was given"
        return float(genotype.grade == 4), [Effect("grade", str(genotype.grade), chosen, "as given")]
    for gene, status in (("TERT", "mutated"), ("EGFR", "amplified")):
        if genes.get("IDH") == "wild type" and genes.get(gene) == status:
            return _SURE, [_defined(gene, status, "beside wild-type IDH a glioblastoma")]
    if genes.get("CDKN2A") == "deleted" and genes.get("IDH") == "mutated" and genes.get("1p/19q") != "codeleted":
        return _SURE, [
            _defined(
                "CDKN2A", "deleted", "beside mutated IDH without codeletion of grade 4, compared with glioblastomas"
            )
        ]
    learnable = facts()["learned"]["genes"]
    learned = {k: v for k, v in genes.items() if k in learnable and v in ("mutated", "wild type")}
    found = chance_of_glioblastoma(learned, genotype.age)
    effects = []
    for gene, status in learned.items():
        without = chance_of_glioblastoma({k: v for k, v in learned.items() if k != gene}, genotype.age)
        effects.append(
            Effect(
                gene,
                status,
                f"chance of glioblastoma {without.value:.0%} without, {found.value:.0%} with it (95 %: "
                f"{found.low:.0%} to {found.high:.0%}; n = {found.n}; an association)",
                source,
                checked="learned",
            )
        )
    if genes.get("1p/19q") == "codeleted" and genes.get("IDH") != "wild type":
        return min(found.value, 1 - _SURE), [
            *effects,
            _defined("1p/19q", "codeleted", "an oligodendroglioma, no glioblastoma"),
        ]
    return found.value, effects


def _defined(gene: str, status: str, what: str) -> Effect:
    source = "WHO Classification of Tumours of the Central Nervous System, 5th edition, 2021"
    return Effect(
        gene, status, what, source, checked="a table of the criteria read" if gene != "CDKN2A" else "recalled"
    )
