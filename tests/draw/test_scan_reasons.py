"""Why a lesion was drawn: evidence in ``drawing.json``, in the folder, on the page and on paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limner import io
from limner.draw import DrawOptions, ThresholdPredictor, draw
from limner.errors import InputError, LimnerError
from limner.infer.explain import workflow
from tests.conftest import WriteCT
from tests.infer.test_nodules import _chest, _nifti, ball_pack


@pytest.fixture
def no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise LimnerError("OpenGL is missing.")

    monkeypatch.setattr("limner.scene.render_png", refuse)


def _evidence(out: Path) -> dict[str, list[dict]]:
    findings = json.loads((out / "drawing.json").read_text())["findings"]
    return {one["id"]: one["evidence"] for one in findings if one["evidence"]}


@pytest.mark.usefixtures("no_opengl")
def test_a_lesion_is_described_and_no_net_is_asked(
    tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor
) -> None:
    write_ct(tmp_path / "study")
    draw(tmp_path / "study", tmp_path / "out", predictor=thresholds, options=DrawOptions(lang="zh"))
    told = _evidence(tmp_path / "out")
    assert set(told) == {"tumor-1"}
    [one] = told["tumor-1"]
    assert one["kind"] == "attributes" and one["sentence"].startswith("勾画出肝肿瘤 1")
    assert (tmp_path / "out" / one["file"]).stat().st_size > 1000
    page = (tmp_path / "out" / "report.html").read_text()
    assert one["sentence"] in page and "limner explain thresholds SCAN -o OUT --target tumor-1" in page
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert "explain" in [step["name"] for step in record["steps"]]


@pytest.mark.usefixtures("no_opengl")
def test_none_explains_nothing(tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor) -> None:
    write_ct(tmp_path / "study")
    draw(tmp_path / "study", tmp_path / "out", predictor=thresholds, options=DrawOptions(explain="none"))
    assert _evidence(tmp_path / "out") == {} and not (tmp_path / "out" / "explanation").exists()
    assert 'aria-labelledby="why"' not in (tmp_path / "out" / "report.html").read_text()
    with pytest.raises(InputError, match="Unknown explanation 'some'"):
        draw(tmp_path / "study", tmp_path / "no", predictor=thresholds, options=DrawOptions(explain="some"))
    assert not (tmp_path / "no").exists()


@pytest.mark.usefixtures("no_opengl")
def test_nets_are_asked_about_the_surest_nodules_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "SCANS", workflow.Effort(samples=30, steps=3, orders=1, shuffles=1))
    pack, chest = ball_pack(tmp_path / "pack"), _chest()
    scan = _nifti(chest, tmp_path / "chest.nii.gz")
    options = DrawOptions(pack=str(pack.folder), engine="onnxruntime", explain="lime")
    draw(scan, tmp_path / "out", options=options)
    told = _evidence(tmp_path / "out")
    assert set(told) == {"nodule-1", "nodule-2", "nodule-3"}
    for name, some in told.items():
        assert [one["kind"] for one in some] == ["lime", "attributes"]
        assert {"deletion_auc", "insertion_auc", "local_fit"} <= set(some[0]["checks"])
        heat = io.read_nifti(tmp_path / "out" / "explanation" / name / "heat-lime.nii.gz")
        assert heat.grid.same_as(chest.grid) and heat.array.max() > 0.9
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("LIME: parts whose loss changes the answer") == 3 and "asking takes minutes" not in page


@pytest.mark.usefixtures("no_opengl")
def test_what_the_drawing_is_not_sure_of_is_not_explained_as_if_it_were(tmp_path: Path) -> None:
    scan = _nifti(_chest(), tmp_path / "chest.nii.gz")
    for least, unsure in ((0.0, False), (1.01, True)):
        pack = ball_pack(tmp_path / f"pack-{least}", calibration={"abstain_below": least})
        out = tmp_path / f"out-{least}"
        drawing = draw(scan, out, options=DrawOptions(str(pack.folder), "onnxruntime"))
        page = (out / "report.html").read_text()
        told = {one.id: one for one in drawing.findings if one.evidence}
        assert len(told) == 3
        for name, one in told.items():
            [evidence] = one.evidence
            assert one.abstained is unsure and evidence.sentence.startswith("Not sure whether there is") is unsure
            title = name.replace("nodule-", "Lung nodule ")
            assert (f"<h3>{title} (not sure)</h3>" in page) is unsure
            assert any("no surer" in text for text in evidence.warnings) is unsure
            found = json.loads((out / "explanation" / name / "explanation.json").read_text())
            assert found["abstained"] is unsure
