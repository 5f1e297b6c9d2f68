"""What forecasts are held against is fitted well, and the comparison counts rightly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.errors import InputError
from limner.forecast.classical import fit
from limner.forecast.compare import LAST, OURS, bench_forecast, errors_of
from limner.forecast.growth import CLASSICAL
from limner.forecast.series import Series
from limner.forecast.trial import read_trial

DAYS = np.array([-14.0, 20, 60, 110, 170, 240])


@pytest.mark.parametrize("logs", [True, False])
@pytest.mark.parametrize("law", list(CLASSICAL))
def test_a_law_fitted_to_its_own_curve_goes_on_as_the_curve(law: str, logs: bool) -> None:
    known = {"rate": 0.008, "limit": 1.2, "exponent": 0.6}
    parameters = [known[name] for name in CLASSICAL[law].parameters]
    since = np.append(DAYS, 300.0) + 14
    volumes = 6 * np.exp(CLASSICAL[law].curve(since, *parameters))
    found = fit(Series("a", DAYS, volumes[:-1]), law, logs=logs)
    assert found.volume_ml(since) == pytest.approx(volumes, rel=0.01)


def test_akaike_prefers_the_law_of_fewer_parameters_where_both_fit() -> None:
    series = Series("a", DAYS, 6 * np.exp(0.004 * (DAYS + 14)))
    assert fit(series, "exponential", logs=True).aic < fit(series, "general-bertalanffy", logs=True).aic


def test_errors_have_known_values() -> None:
    errors = errors_of(np.array([2.0, 0.0]), np.array([1.0, 0.0]))
    assert errors["ml"].tolist() == [1, 0] and errors["relative"].tolist() == [1, 0]
    assert errors["log ratio"] == pytest.approx([np.log(2.1 / 1.1), 0])


def _write(path: Path) -> Path:
    rows = [
        f"{n},{day},{5 + n + 0.01 * day},{'ab'[n % 2]},{'test' if n < 6 else 'train'}"
        for n in range(8)
        for day in (0, 40, 80, 120)
    ]
    path.write_text("\n".join(["patient,day,volume_ml,arm,split", *rows, "9,0,1,a,test"]))
    return path


def test_a_table_of_straight_lines(tmp_path: Path) -> None:
    table = _write(tmp_path / "table.csv")
    found = bench_forecast(table, "test")
    rows = {row.name: row for row in found.rows}
    assert found.n == 6 and [(arm.arm, arm.n) for arm in found.arms] == [("a", 3), ("b", 3)]
    assert rows[LAST].errors["ml"] == pytest.approx((0.4, 0.4, 0.4))
    assert rows[OURS].ours_less["ml"] == (0, 0, 0)
    assert rows[LAST].ours_less["ml"][0] == pytest.approx(rows[OURS].errors["ml"][0] - 0.4, abs=1e-4)
    assert rows["exponential, log"].errors["ml"][0] < 0.1
    assert found.as_dict()["rows"][0]["name"] == OURS


def test_trials_are_read_in_both_forms(tmp_path: Path) -> None:
    trial = read_trial(_write(tmp_path / "table.csv"))
    assert len(trial.series) == 8 and trial.arms[:2] == ("a", "b")  # the ninth has one reading only
    (tmp_path / "flat_patient_data.csv").write_text(
        "Pt_hashID,Study_Arm,T_days,Lesion_vol\nx,S1,40,520\nx,S1,-8,1000\nx,S1,90,0\ny,S1,0,1\n"
    )
    (tmp_path / "splits.csv").write_text("id,split\nx,val\ny,test\n")
    trial = read_trial(tmp_path, "val")
    assert trial.series[0].days.tolist() == [-8, 40, 90] and trial.series[0].volumes_ml.tolist() == [1, 0.52, 0]
    with pytest.raises(InputError, match="no lesion with 3 readings in the split 'test'"):
        read_trial(tmp_path, "test")


@pytest.mark.slow
def test_the_trials_of_laleh(limner_data: Path) -> None:
    found = bench_forecast(limner_data / "tables" / "tumour_growth_laleh2022", "test")
    rows = {row.name: row for row in found.rows}
    assert found.n == 233 and 0.75 <= found.coverage[0] <= 0.85
    ours = rows.pop(OURS)
    del rows[LAST]
    for error in ours.errors:
        assert ours.errors[error][0] < min(row.errors[error][0] for row in rows.values())
