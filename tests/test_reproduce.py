import json

from limner.packs import load_pack
from limner.reproduce import record_figures
from limner.train.recipe import Expectation
from tests.infer.packs import threshold_pack
from tests.train.conftest import write_cohort

LEVELS = {"background": -90.0, "liver": 110.0, "liver tumor": 62.0}


def test_figures_go_into_the_pack_and_its_card(tmp_path):
    cohort = write_cohort(tmp_path / "phantoms")
    pack = threshold_pack(tmp_path / "pack", LEVELS)
    expected = [
        Expectation(cohort=str(cohort), split="val", region="liver", at_least=0.5),
        Expectation(cohort=str(cohort), split="val", region="liver", metric="hd95_mm", at_most=-1.0),
        Expectation(cohort=str(cohort), split="val", region="liver tumor", metric="false_lesions", at_most=50),
    ]
    rows = record_figures(pack.folder, expected)
    assert [row["reached"] for row in rows] == [True, False, True]
    figures = load_pack(pack.folder).spec.figures
    assert [row["region"] for row in figures] == ["liver", "liver tumor"]
    assert figures[0]["command"].endswith("phantoms/cohort.csv --split val")
    assert figures[0]["command"] in (pack.folder / "CARD.md").read_text()
    assert json.loads((pack.folder / "pack.json").read_text())["schema"] == "limner.pack/1"
