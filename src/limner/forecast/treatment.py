"""Treatment as a switch: cells that die while it lasts, and what MGMT and 1p/19q make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from limner.errors import InputError
from limner.forecast.genotype import Genotype, facts

_YEAR = 365.25


@dataclass(frozen=True)
class Treatment:
    """Cells that die: ``κ = ρ + times · kill_per_year / 365.25``.

    Args:
        name: of the treatment.
        kill_per_year: by how much, beyond standing still, the logarithm of c falls in a year.
        times: what genes make of it, median.
        spread: of the logarithm of ``times``.
        effect: in words.
        sources: of it.
    """

    name: str
    kill_per_year: float
    times: float
    spread: float
    effect: str
    sources: tuple[str, ...]

    def rate(self, growth: float, normal: float = 0.0) -> float:
        """κ in 1/day of a tumour with ρ = ``growth``, ``normal`` standard deviations from the median.

        >>> Treatment("x", 0.4, 1.0, 0.5, "", ()).rate(0.01) > 0.01
        True
        """
        return growth + self.times * math.exp(self.spread * normal) * self.kill_per_year / _YEAR


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
