"""Treatment as a switch: cells that die while it lasts, and what MGMT and 1p/19q make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from limner.errors import InputError
from limner.forecast.genotype import Genotype, facts

_YEAR = 365.25


@dataclass(frozen=True)
class Treatment:
    """Cells that die: ``κ = times · kill_per_year / 365.25``, whatever ρ is (log-kill).

    Args:
        name: of the treatment.
        kill_per_year: by how much the logarithm of c would fall in a year, were there no growth.
        times: what genes make of it, median.
        spread: of the logarithm of ``times``.
        effect: in words.
        sources: of it.

    Source: Skipper, Schabel and Wilcox, Cancer Chemother. Rep. 35:1, 1964 (log-kill).
    """

    name: str
    kill_per_year: float
    times: float
    spread: float
    effect: str
    sources: tuple[str, ...]

    def rate(self, normal: float = 0.0) -> float:
        """κ in 1/day, ``normal`` standard deviations from the median.

        >>> round(Treatment("x", 0.92, 1.0, 0.5, "", ()).rate(), 5)
        0.00252
        """
        return self.times * math.exp(self.spread * normal) * self.kill_per_year / _YEAR


def treatment_of(name: str, genotype: Genotype) -> Treatment:
    """How a treatment kills in this tumour.

    Raises:
        InputError: an unknown one; those that are known are named.
    """
    table = facts()["treatments"]
    if name not in table:
        raise InputError(f"The treatment {name!r} is not known here. Known: {', '.join(table)}.")
    row = table[name]
    times, variance, told = 1.0, row["spread"] ** 2, row["effect"]
    sources = [f"{row['source']} [{row['checked']}]"]
    for key, change in row["genes"].items():
        gene, status = key.rsplit(" ", 1)
        if genotype.genes.get(gene) == status:
            times, variance = times * change["factor"], variance + change["spread"] ** 2
            sources.append(change["source"])
            told += f"; {key}: × {change['factor']}"
    return Treatment(name, row["kill_per_year"], times, math.sqrt(variance), told, tuple(sources))
