"""Learning on patients whose law is known: fresh patients fall into their intervals as often as was said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.errors import InputError, OutputExistsError
from limner.forecast import reading
from limner.forecast.growth import gompertz
from limner.forecast.learn import learn, learn_file
from limner.forecast.predict import forecast_series
from limner.forecast.priors import Priors, load_priors, write_priors
from limner.forecast.series import Series


def _patients(seed: int, count: int) -> list[Series]:
    """Gompertz's law with limits and rates of their own, a walk beside it, and readings in whole mm."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        days = np.cumsum(np.r_[0.0, rng.integers(35, 50, rng.integers(2, 7))])
        curve = gompertz(days, 0.01 * np.exp(rng.normal() * 0.3), rng.normal(0.5, 1.5)) / 3
        walk = np.cumsum(np.r_[0.0, rng.normal(size=len(days) - 1) * 0.004 * np.sqrt(np.diff(days))])
        sizes = rng.uniform(15, 60) * np.exp(curve + walk + rng.normal(size=len(days)) * 0.03)
        made.append(Series(str(number), days, reading.volume_ml(np.rint(sizes))))
    return made


def _last(series: Series) -> Series:
    return Series(series.patient, series.days[:-1], series.volumes_ml[:-1], (float(series.days[-1]),))


@pytest.fixture(scope="module")
def priors() -> Priors:
    return learn(_patients(0, 120), "made")


def test_intervals_of_fresh_patients_hold_what_they_say(priors: Priors) -> None:
    fresh = _patients(1, 200)
    came = np.array([one.volumes_ml[-1] for one in fresh])
    found = [forecast_series(_last(one), priors)[0] for one in fresh]
    inside = np.mean([one.p10 - 1e-6 <= v <= one.p90 + 1e-6 for one, v in zip(found, came, strict=True)])
    assert 0.70 <= inside <= 0.90  # 0.8 within three and a half standard deviations of 200 draws
    ours = np.median(np.abs([np.log(one.p50 / v) for one, v in zip(found, came, strict=True)]))
    stays = np.median(np.abs(np.log([one.volumes_ml[-2] / one.volumes_ml[-1] for one in fresh])))
    assert ours < stays


def test_learning_is_repeatable() -> None:
    one, other = (learn(_patients(0, 40), "made") for _ in range(2))
    assert np.array_equal(one.population.weights, other.population.weights)
    assert one.recalibration == other.recalibration


def test_priors_are_read_as_they_were_written(priors: Priors, tmp_path: Path) -> None:
    write_priors(priors, tmp_path / "priors.json")
    read = load_priors(tmp_path / "priors.json")
    asked = _last(_patients(2, 1)[0])
    for one, other in zip(forecast_series(asked, read), forecast_series(asked, priors), strict=True):
        assert one.p10 == pytest.approx(other.p10, rel=1e-2) and one.p90 == pytest.approx(other.p90, rel=1e-2)
    assert read.patients == 120 and read.source == "made"


def test_few_patients_teach_nothing() -> None:
    with pytest.raises(InputError, match="from 12 patients: expected at least 40"):
        learn(_patients(0, 12), "made")


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "priors.json").write_text("mine")
    with pytest.raises(OutputExistsError):
        learn_file(tmp_path / "table.csv", tmp_path / "priors.json", None)
    assert (tmp_path / "priors.json").read_text() == "mine"


@pytest.mark.parametrize("text", ["{", "{}", '{"schema": "limner.growth-priors/9"}'])
def test_other_files_are_no_priors(tmp_path: Path, text: str) -> None:
    (tmp_path / "priors.json").write_text(text)
    with pytest.raises(InputError, match="no growth priors"):
        load_priors(tmp_path / "priors.json")
