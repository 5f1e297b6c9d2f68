"""Closed forms solve the differential equations that they name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from limner.forecast.growth import CLASSICAL, LAWS, general_bertalanffy, gompertz, regression_growth

DAYS = np.linspace(0, 300, 13)

EQUATIONS: dict[str, Callable[..., float]] = {
    "exponential": lambda v, rate: rate * v,
    "logistic": lambda v, rate, limit: rate * v * (1 - v / np.exp(limit)),
    "gompertz": lambda v, rate, limit: rate * v * np.log(np.exp(limit) / v),
    "bertalanffy": lambda v, rate, limit: 3 * rate * v * ((np.exp(limit) / v) ** (1 / 3) - 1),
    "general-bertalanffy": lambda v, rate, limit, e: rate * v * ((np.exp(limit) / v) ** e - 1) / e,
}


@pytest.mark.parametrize("limit", [1.5, -2.0])
@pytest.mark.parametrize("law", list(EQUATIONS))
def test_a_law_is_the_solution_of_its_equation(law: str, limit: float) -> None:
    known = {"rate": 0.011 if limit > 0 or law != "exponential" else -0.004, "limit": limit, "exponent": 0.7}
    parameters = [known[name] for name in CLASSICAL[law].parameters]
    solved = solve_ivp(lambda _, v: EQUATIONS[law](v, *parameters), (0, 300), [1.0], t_eval=DAYS, rtol=1e-9, atol=1e-12)
    assert CLASSICAL[law].curve(DAYS, *parameters) == pytest.approx(np.log(solved.y[0]), abs=1e-5)


def test_regression_and_growth_are_two_exponentials() -> None:
    volumes = 0.3 * np.exp(0.004 * DAYS) + 0.7 * np.exp(-0.03 * DAYS)
    assert np.exp(regression_growth(DAYS, 0.004, 0.03, 0.7)) == pytest.approx(volumes)


@pytest.mark.parametrize("law", list(LAWS))
def test_every_law_begins_where_the_lesion_is_and_takes_many_parameters_at_once(law: str) -> None:
    rng = np.random.default_rng(0)
    known = {
        "rate": rng.uniform(1e-4, 0.05, (50, 1)), "limit": rng.normal(0, 3, (50, 1)),
        "exponent": rng.uniform(-1, 1.5, (50, 1)), "growth": rng.uniform(0, 0.05, (50, 1)),
        "kill": rng.uniform(0, 0.1, (50, 1)), "sensitive": rng.uniform(0, 1, (50, 1)),
    }  # fmt: skip
    parameters = [known[name] for name in LAWS[law].parameters]
    curves = LAWS[law].curve(DAYS[None], *parameters)
    assert curves.shape == (50, 13) and np.isfinite(curves).all()
    assert curves[:, 0] == pytest.approx(0.0, abs=1e-9)
    assert curves[7] == pytest.approx(LAWS[law].curve(DAYS, *(float(one[7, 0]) for one in parameters)))


def test_the_general_law_tends_to_gompertz() -> None:
    assert general_bertalanffy(DAYS, 0.01, 2.0, 1e-9) == pytest.approx(gompertz(DAYS, 0.01, 2.0), abs=1e-3)
