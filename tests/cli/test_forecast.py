"""``limner forecast`` and ``limner bench forecast``, as a user meets them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.conftest import Limner

TABLE = "patient,day,volume_ml\na,0,10\na,40,12\na,80,\na,120,\nb,-8,3\nb,40,\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "series.csv").write_text(TABLE)
    return tmp_path / "series.csv"


def test_json_alone_on_standard_output(limner: Limner, table: Path) -> None:
    ended = limner("forecast", table, "--json")
    assert ended.code == 0 and "One reading only" in ended.err
    found = json.loads(ended.out)
    assert list(found) == ["forecasts"]
    assert [(one["patient"], one["day"]) for one in found["forecasts"]] == [("a", 80), ("a", 120), ("b", 40)]
    for one in found["forecasts"]:
        assert {"patient", "day", "p10", "p50", "p90", "model"} <= set(one)
        assert 0 <= one["p10"] <= one["p50"] <= one["p90"]


def test_a_table_for_people_and_a_folder(limner: Limner, table: Path, tmp_path: Path) -> None:
    ended = limner("forecast", table, "-o", tmp_path / "out")
    assert ended.code == 0 and "p50 (ml)" in ended.out and "Not for clinical use" in ended.out
    written = json.loads((tmp_path / "out" / "forecasts.json").read_text())
    assert written["schema"] == "limner.forecasts/1" and len(written["forecasts"]) == 3
    assert "Laleh" in written["learned_from"]["source"]
    assert limner("forecast", table, "-o", tmp_path / "out").code == 2
    assert limner("forecast", table, "-o", tmp_path / "out", "--force").code == 0


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ("a,0,1\na,30,2\na,20,3\na,60,\n", "back from day 30"),
        ("a,0,-1\na,60,\n", "negative"),
        ("a,0,1\n", "asks for nothing"),
    ],
)
def test_bad_tables_end_with_two_and_leave_nothing(limner: Limner, tmp_path: Path, rows: str, word: str) -> None:
    (tmp_path / "bad.csv").write_text("patient,day,volume_ml\n" + rows)
    ended = limner("forecast", tmp_path / "bad.csv", "-o", tmp_path / "out", "--json")
    assert ended.code == 2 and ended.out == "" and ended.err.startswith("Error: ") and word in ended.err
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize("option", [("--genes", "genes.json"), ("--days", "90")])
def test_options_of_drawings_are_refused_for_tables(limner: Limner, table: Path, option: tuple[str, str]) -> None:
    ended = limner("forecast", table, *option)
    assert ended.code == 2 and option[0] in ended.err and "drawing" in ended.err


def test_bench_learns_and_compares(limner: Limner, tmp_path: Path) -> None:
    rows = [f"{n},{day},{4 + n % 9 + 0.01 * day * (n % 3)}" for n in range(40) for day in (0, 40, 80)]
    (tmp_path / "trial.csv").write_text("\n".join(["patient,day,volume_ml", *rows]))
    learned = limner("bench", "forecast", tmp_path / "trial.csv", "--learn", tmp_path / "priors.json", "--json")
    assert learned.code == 0 and json.loads(learned.out)["lesions"] == 40
    (tmp_path / "few.csv").write_text("\n".join(["patient,day,volume_ml", *rows[:18]]))
    compared = limner("bench", "forecast", tmp_path / "few.csv", "--priors", tmp_path / "priors.json")
    assert compared.code == 0 and "stays the same" in compared.out and "6 lesions" in compared.out
    refused = limner("bench", "forecast", tmp_path / "few.csv", "--folds", 2)
    assert refused.code == 2 and "at least 40" in refused.err


def test_what_is_no_table_goes_to_the_forecast_in_space(
    limner: Limner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    class Written:
        folder = tmp_path / "out"

        def as_dict(self) -> dict[str, object]:
            genes = [{"name": "IDH1 mutant", "effect": "rho × 0.5", "source": "a paper"}]
            return {"days": [90], "volume_ml": {"p10": [1.0], "p50": [2.0], "p90": [3.0]}, "genes": genes}

    def forecast_drawing(path: Path, **options: object) -> Written:
        asked.update(options, path=path)
        return Written()

    monkeypatch.setitem(sys.modules, "limner.forecast.drawing", SimpleNamespace(forecast_drawing=forecast_drawing))
    ended = limner("forecast", tmp_path, "--genes", "genes.yaml", "--days", 90, "-o", tmp_path / "out")
    assert ended.code == 0 and "IDH1 mutant: rho × 0.5 (a paper)" in ended.out and "2.00" in ended.out
    assert asked["path"] == tmp_path and asked["days"] == 90 and asked["genes"] == Path("genes.yaml")
    assert json.loads(limner("forecast", tmp_path, "--json").out)["days"] == [90]
    assert asked["out"] == Path("forecast")
