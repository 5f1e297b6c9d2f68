"""A pack whose classes may be there at once, asked, explained and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from limner.draw.answer import answer
from limner.draw.picture import draw_picture
from limner.errors import CohortError, PackError
from limner.image import Picture
from limner.infer import classify, load_pack
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.explain import More, explain
from limner.infer.explain.ask import put
from limner.infer.explain.evaluate import CohortOptions, evaluate_explanations
from limner.infer.explain.gradient import target_of
from limner.report import PictureContent, picture_words
from tests.infer.explained import dark_pack, spot
from tests.infer.packs import threshold_pack
from tests.report.picture import answer as finding
from tests.report.picture import content, drawing, spec

SPOT, MASK = spot((32, 32), (16, 16), 8)  # the logit of "skin" is always 3, that of "lesion" grows with darkness
BARE = Picture(np.full((3, 32, 32), 230, np.uint8))


@pytest.fixture
def pack(tmp_path: Path):
    return dark_pack(tmp_path / "pack", multi_label=True)


def test_probabilities_are_independent_and_classes_are_those_from_one_half_on(pack) -> None:
    both, one = (classify.classify(pack, picture, engine="onnxruntime") for picture in (SPOT, BARE))
    assert both.probabilities["skin"] == pytest.approx(1 / (1 + np.exp(-3)))
    assert set(both.classes) == {"skin", "lesion"} and both.groups["anything"] == max(both.probabilities.values())
    assert one.probabilities["lesion"] == 0.5 and one.classes == ("skin", "lesion") and one.name == "skin"


def test_an_explanation_is_of_one_class_alone(pack) -> None:
    more = More(target="lesion", mask=MASK, samples=100, check=False)
    found = explain(pack, SPOT, method="both", engine="onnxruntime", more=more)
    assert found.probability == classify.classify(pack, SPOT, engine="onnxruntime").probabilities["lesion"]
    assert found.sentence.startswith("Classified lesion") and not found.abstained
    for made in found.maps:
        assert MASK[np.unravel_index(made.values.argmax(), MASK.shape)]
    skin = explain(pack, SPOT, method="grad-cam", engine="onnxruntime", more=More(target="skin", check=False))
    assert not (skin.heat > 0).any()  # its map is even: darkness speaks for lesion, and not against skin


def test_gradients_are_of_the_logit_alone(pack) -> None:
    question = put(pack, SPOT, "onnxruntime", "lesion")
    assert float(target_of(question)((torch.tensor([[5.0, 2.0]]), None))) == 2.0


def test_doubt_of_one_class_is_not_doubt_of_another(tmp_path: Path) -> None:
    known = {"temperature": 1.0, "abstain_below": 0.97}
    pack = dark_pack(tmp_path / "pack", multi_label=True, calibration=known)
    found = answer(pack, SPOT, "onnxruntime")
    assert [(one.id, one.name, one.abstained) for one in found.findings] == [
        ("class-1", "lesion", False),
        ("class-2", "skin", True),
    ]
    assert classify.classify(pack, SPOT, engine="onnxruntime").abstained
    skin = explain(pack, SPOT, method="grad-cam", engine="onnxruntime", more=More(target="skin", check=False))
    assert skin.abstained and skin.sentence.startswith("Not sure whether there is skin")


def test_a_drawing_has_a_finding_per_class_or_none(tmp_path: Path) -> None:
    pack = dark_pack(tmp_path / "pack", multi_label=True)
    Image.fromarray(np.moveaxis(SPOT.array, 0, -1)).save(tmp_path / "spot.png")
    drawn = draw_picture(tmp_path / "spot.png", tmp_path / "out", pack)
    assert {one.name for one in drawn.findings} == {"skin", "lesion"}
    assert all(one.evidence for one in drawn.findings)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Each is a question of its own" in page and "gives one of them to any picture" not in page


def test_the_report_says_what_is_there_what_is_not_and_what_is_in_doubt() -> None:
    known = {"temperature": 1.0, "abstain_below": 0.7}
    several = spec(multi_label=True, classes=["mass", "nodule", "effusion"], groups={}, calibration=known)

    def verdict(p: dict[str, float], *there: str) -> picture_words.Verdict:
        found = tuple(
            finding(id=name, name=name, probability=p[name], abstained=p[name] < 0.7, evidence=()) for name in there
        )
        made: PictureContent = content(
            pack=several, drawing=drawing(findings=found), probabilities=p, groups={}, reasons=()
        )
        assert [bar.answer for bar in picture_words.bars(made, "en")] == [
            bar.share >= 0.5 for bar in picture_words.bars(made, "en")
        ]
        return picture_words.verdict(made, "en")

    two = verdict({"mass": 0.9, "nodule": 0.8, "effusion": 0.1}, "mass", "nodule")
    assert two.title == "Mass; Nodule" and not two.unsure
    doubt = verdict({"mass": 0.9, "nodule": 0.6, "effusion": 0.4}, "mass", "nodule")
    assert doubt.title == "Mass" and doubt.unsure and "nodule (0.60), effusion (0.40)" in doubt.text[-1]
    assert verdict({"mass": 0.1, "nodule": 0.6, "effusion": 0.1}, "nodule").title == "Not sure"
    none = verdict({"mass": 0.1, "nodule": 0.2, "effusion": 0.1})
    assert none.title == "Nothing found" and not none.unsure


def _cohort(folder: Path) -> Path:
    folder.mkdir()
    rows = ["id,image,mask,what,patient"]
    for number, (picture, label) in enumerate([(SPOT, "lesion|skin"), (BARE, "skin"), (SPOT, "lesion"), (SPOT, "")]):
        Image.fromarray(np.moveaxis(picture.array, 0, -1)).save(folder / f"{number}.png")
        Image.fromarray((MASK * 255).astype(np.uint8)).save(folder / f"m{number}.png")
        rows.append(f"{number},{number}.png,m{number}.png,{label},p{number}")
    rows += ["gone,gone.png,m0.png,lesion,p8", "bad,bad.png,m0.png,lesion,p9"]
    (folder / "bad.png").write_bytes(b"no picture")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    return folder / "cohort.csv"


def test_missing_and_damaged_pictures_are_skipped_by_choice_and_named(tmp_path: Path, pack, capsys) -> None:
    from limner.cli.app import main

    cohort = _cohort(tmp_path / "set")
    options = EvaluateOptions(label="what", engine="onnxruntime", bootstrap=10)
    with pytest.raises(
        CohortError, match=r"(?s)2 of 6 pictures.*gone: there is no file 'gone.png'.*bad: .*--skip-damaged"
    ):
        evaluate(pack, cohort, options)
    with pytest.raises(SystemExit) as left:
        main(["evaluate", str(pack.folder), str(cohort), "--label", "what", "--skip-damaged", "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["n"] == 4 and [one.split(":")[0] for one in told["problems"]] == ["gone", "bad"]
    assert told["metrics"]["sensitivity"]["value"] == 1.0
    why = CohortOptions(label="what", engine="onnxruntime", check=False)
    with pytest.raises(CohortError, match=r"'gone' cannot be read.*--skip-damaged"):
        evaluate_explanations(pack, cohort, why)
    why = CohortOptions(label="what", engine="onnxruntime", check=False, skip_damaged=True)
    found = evaluate_explanations(pack, cohort, why)
    assert found.n == 3 and found.nothing_found == 1 and len(found.problems) == 2


def test_scans_are_not_skipped_in_silence(tmp_path: Path) -> None:
    pack = threshold_pack(tmp_path / "pack", {"liver": 0.0})
    with pytest.raises(PackError, match="cohorts of pictures only"):
        evaluate(load_pack(pack.folder), tmp_path / "cohort.csv", EvaluateOptions(skip_damaged=True))
