"""Growth curves in closed form: how the logarithm of a volume, relative to the first, moves with time.

Days are days since the first reading, rates are per day, a limit is the natural logarithm of (limit / first volume).
All parameters broadcast with ``days``: curves of many parameters at many days are one call.

>>> import numpy as np
>>> days = np.array([0.0, 100.0])
>>> np.exp(exponential(days, np.log(2) / 100)).round(3).tolist()
[1.0, 2.0]

Source: the differential equations of Laleh et al., PLoS Comput Biol 18:e1009822, 2022 (table 1), solved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Curve = Callable[..., NDArray[np.float64]]

_STEEPEST = 50.0
"""Exponents are cut here: e⁵⁰ times a volume is no volume any more, and must not overflow."""
_FLATTEST = 1e-4
"""Exponents of the general law nearer to 0 are Gompertz's, to which it tends."""


def exponential(days: ArrayLike, rate: ArrayLike) -> NDArray[np.float64]:
    """dV/dt = rate · V; shrinks where the rate is negative.

    Args:
        days: since the first reading.
        rate: per day.

    Returns:
        log(V(t) / V(0)).

    Source: Collins, Loeffler & Tivey, Am J Roentgenol 76:988, 1956.
    """
    return np.clip(np.multiply(days, rate), -_STEEPEST, _STEEPEST)


def logistic(days: ArrayLike, rate: ArrayLike, limit: ArrayLike) -> NDArray[np.float64]:
    """dV/dt = rate · V · (1 − V / limit). See :func:`exponential` for arguments.

    Args:
        limit: log(limit / V(0)); below 0 the lesion shrinks to it.

    Source: Verhulst, 1838; Laleh et al., 2022.
    """
    return general_bertalanffy(days, rate, limit, -1.0)


def gompertz(days: ArrayLike, rate: ArrayLike, limit: ArrayLike) -> NDArray[np.float64]:
    """dV/dt = rate · V · log(limit / V). See :func:`logistic` for arguments.

    Source: Laird, Br J Cancer 18:490, 1964; over patients: Vaghi et al., PLoS Comput Biol 16:e1007178, 2020.
    """
    return np.asarray(np.multiply(limit, 1.0 - _decay(days, rate)), dtype=np.float64)


def bertalanffy(days: ArrayLike, rate: ArrayLike, limit: ArrayLike) -> NDArray[np.float64]:
    """dV/dt = 3 · rate · V · ((limit / V)^⅓ − 1): gain by the surface, loss by the volume. See :func:`logistic`.

    Source: von Bertalanffy, Q Rev Biol 32:217, 1957; Laleh et al., 2022.
    """
    return general_bertalanffy(days, rate, limit, 1 / 3)


def general_bertalanffy(days: ArrayLike, rate: ArrayLike, limit: ArrayLike, exponent: ArrayLike) -> NDArray[np.float64]:
    """dV/dt = rate · V · ((limit / V)^exponent − 1) / exponent. See :func:`logistic` for the other arguments.

    Its solution is V^e = limit^e · (1 + ((V(0) / limit)^e − 1) · exp(−rate · t)), whose bracket never leaves the
    range between (V(0) / limit)^e and 1. Exponent −1 is the logistic law, ⅓ Bertalanffy's, 0 in the limit Gompertz's.

    Args:
        exponent: without unit.

    Source: Laleh et al., 2022; Richards, J Exp Bot 10:290, 1959.
    """
    exponent = np.asarray(exponent, dtype=np.float64)
    exponent = np.where(np.abs(exponent) < _FLATTEST, _FLATTEST, exponent)
    start = np.expm1(np.clip(-np.multiply(limit, exponent), -_STEEPEST, _STEEPEST))
    return np.asarray(np.add(limit, np.log1p(start * _decay(days, rate)) / exponent), dtype=np.float64)


def regression_growth(days: ArrayLike, growth: ArrayLike, kill: ArrayLike, sensitive: ArrayLike) -> NDArray[np.float64]:
    """A sensitive share dies, the rest grows: V / V(0) = (1 − s) · exp(growth · t) + s · exp(−kill · t).

    Args:
        days: since the first reading.
        growth: per day.
        kill: per day.
        sensitive: share of the first volume, 0 to 1.

    Returns:
        log(V(t) / V(0)).

    Source: Stein et al., Oncologist 13:1046, 2008; the share: Bruno et al., Clin Cancer Res 26:1787, 2020.
    """
    sensitive = np.asarray(sensitive, dtype=np.float64)
    return np.asarray(
        np.logaddexp(
            np.log(np.maximum(1.0 - sensitive, 1e-12)) + exponential(days, growth),
            np.log(np.maximum(sensitive, 1e-12)) - np.multiply(days, kill),
        ),
        dtype=np.float64,
    )


def _decay(days: ArrayLike, rate: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(np.exp(-np.clip(np.multiply(days, rate), -_STEEPEST, _STEEPEST)), dtype=np.float64)


@dataclass(frozen=True)
class Law:
    """A growth law: its curve, and the names of its parameters in the curve's order."""

    curve: Curve
    parameters: tuple[str, ...]


CLASSICAL: dict[str, Law] = {
    "exponential": Law(exponential, ("rate",)),
    "logistic": Law(logistic, ("rate", "limit")),
    "gompertz": Law(gompertz, ("rate", "limit")),
    "bertalanffy": Law(bertalanffy, ("rate", "limit")),
    "general-bertalanffy": Law(general_bertalanffy, ("rate", "limit", "exponent")),
}
"""The five laws of unchanged growth."""

LAWS: dict[str, Law] = {
    **CLASSICAL,
    "regression-growth": Law(regression_growth, ("growth", "kill", "sensitive")),
}
"""All laws that a forecast weighs: the sixth is of lesions under treatment."""
