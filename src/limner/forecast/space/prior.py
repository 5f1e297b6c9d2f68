"""What is believed of a tumour's rates before it is seen twice: the speed of its front and the width of its rim.

The two numbers that images speak of are the speed ``v = 2√(Dρ)`` and the width ``λ = √(D/ρ)``; ``D = vλ/2`` and
``ρ = v/(2λ)`` follow. Both are taken as log-normal, independent of each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from limner.forecast.space.solver import Rates


@dataclass(frozen=True)
class Prior:
    """Two log-normal beliefs.

    Args:
        speed_mm_per_day: median of the front's speed v.
        speed_spread: standard deviation of log v.
        width_mm: median of λ.
        width_spread: standard deviation of log λ.
    """

    speed_mm_per_day: float
    speed_spread: float
    width_mm: float
    width_spread: float

    def moved(self, growth: float = 1.0, diffusion: float = 1.0, spread: tuple[float, float] = (0.0, 0.0)) -> Prior:
        """The belief where ρ and D are multiplied by factors.

        Args:
            growth: factor on ρ.
            diffusion: factor on D.
            spread: standard deviations of the logarithms of both factors, which widen the belief.
        """
        wider = (spread[0] ** 2 + spread[1] ** 2) / 4  # log v and log λ are half of a sum and of a difference
        return Prior(
            self.speed_mm_per_day * math.sqrt(growth * diffusion),
            math.sqrt(self.speed_spread**2 + wider),
            self.width_mm * math.sqrt(diffusion / growth),
            math.sqrt(self.width_spread**2 + wider),
        )


def rates(log_speed: float, log_width: float) -> Rates:
    """D and ρ of a front's speed (mm/day) and width (mm), both as logarithms.

    >>> one = rates(math.log(0.1), math.log(2.0))
    >>> round(one.diffusion, 6), round(one.growth, 6)
    (0.1, 0.025)
    """
    speed, width = math.exp(log_speed), math.exp(log_width)
    return Rates(speed * width / 2, speed / (2 * width))
