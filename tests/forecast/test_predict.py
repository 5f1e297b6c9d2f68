"""Forecasts with the shipped priors: what any patient may expect of them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from limner.errors import OutputExistsError
from limner.forecast.predict import Forecast, forecast_series, forecast_table
from limner.forecast.priors import load_priors
from limner.forecast.series import Series, SeriesTable
from limner.forecast.volumes import forecast_volumes


def _forecast(volumes: list[float], *asked: float) -> list[Forecast]:
    days = np.arange(len(volumes)) * 42.0
    return forecast_series(Series("a", days, np.array(volumes), asked), load_priors())


def _table(*series: Series) -> SeriesTable:
    asked = tuple((one.patient, day) for one in series for day in one.asked)
    return SeriesTable({one.patient: one for one in series}, asked)


@pytest.mark.parametrize(
    "volumes", [[20.0], [14, 14], [14, 9, 5, 3], [10, 13, 18, 26], [4, 0, 0], [0, 0], [0, 3], [900]]
)
def test_quantiles_are_in_order_and_not_negative(volumes: list[float]) -> None:
    for one in _forecast(volumes, len(volumes) * 42.0, 400.0, 4000.0):
        assert 0 <= one.p10 <= one.p50 <= one.p90 and np.isfinite(one.p90)


def test_further_ahead_is_less_sure() -> None:
    near, far = _forecast([14.0, 15, 15], 126.0, 280.0)
    assert far.p90 - far.p10 > 1.3 * (near.p90 - near.p10)


def test_a_growing_lesion_grows_and_a_shrinking_one_does_not() -> None:
    grown, shrunk = _forecast([10.0, 14, 20], 126.0)[0], _forecast([20.0, 14, 10], 126.0)[0]
    assert grown.p50 > 20 and grown.p90 > 30 and shrunk.p50 <= 10.5 and shrunk.p10 < 8


def test_what_is_gone_mostly_stays_so_and_may_come_back() -> None:
    gone = _forecast([8.0, 0, 0, 0], 168.0)[0]
    assert gone.p10 == gone.p50 == 0
    assert _forecast([8.0, 0], 84.0)[0].p90 > 0


def test_one_reading_gets_the_population_s_forecast_which_is_wide() -> None:
    alone, many = _forecast([20.0], 42.0)[0], _forecast([20.0] * 5, 210.0)[0]
    assert alone.model == "population" and alone.readings == 1 and many.model != "population"
    assert alone.p90 - alone.p10 > 1.5 * (many.p90 - many.p10)


def test_the_day_counted_from_matters_not() -> None:
    priors = load_priors()
    days, volumes = np.array([0.0, 42, 90]), np.array([9.0, 11, 10])
    here = forecast_series(Series("a", days, volumes, (130.0,)), priors)[0]
    there = forecast_series(Series("a", days - 700, volumes, (-570.0,)), priors)[0]
    assert there.p10 == pytest.approx(here.p10) and there.p90 == pytest.approx(here.p90)


def test_a_patient_s_forecast_is_the_same_in_any_company_and_order_is_the_table_s() -> None:
    rng = np.random.default_rng(0)
    many = [Series(str(number), np.array([0.0, 40, 80]), rng.uniform(1, 30, 3), (160.0, 120.0)) for number in range(6)]
    together = forecast_table(_table(*many))
    assert [(one.patient, one.day) for one in together] == [(str(n), d) for n in range(6) for d in (160.0, 120.0)]
    assert together[6:8] == forecast_table(_table(many[3]))


def test_three_hundred_patients_take_seconds() -> None:
    rng = np.random.default_rng(0)
    many = [Series(str(n), np.arange(6) * 42.0, rng.uniform(1, 30, 6), (252.0,)) for n in range(60)]
    begun = time.process_time()
    forecast_table(_table(*many))
    assert time.process_time() - begun < 4.0  # of 60: a fifth


def test_a_folder_holds_rows_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "series.csv").write_text("patient,day,volume_ml\na,0,10\na,40,12\na,80,\nb,0,3\nb,40,\n")
    found = forecast_volumes(tmp_path / "series.csv", tmp_path / "out")
    assert (tmp_path / "out" / "forecasts.csv").read_text().splitlines()[0].startswith("patient,day,p10,p50,p90,model")
    pictures = sorted((tmp_path / "out" / "curves").glob("*.png"))
    assert len(pictures) == 2 and all(one.read_bytes().startswith(b"\x89PNG") for one in pictures)
    assert len(found.problems) == 1 and "One reading only for 1 patient" in found.problems[0]
    with pytest.raises(OutputExistsError):
        forecast_volumes(tmp_path / "series.csv", tmp_path / "out")
