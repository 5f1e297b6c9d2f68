"""A study of MR series to a drawing: on the FLAIR's grid, in its words, with every export where it belongs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

from limner.cli import show
from limner.draw import DrawOptions, draw
from limner.errors import LimnerError, PackError, SeriesChoiceError
from limner.findings import Drawing
from limner.image import Image, LabelMap
from limner.infer import Pack, Prediction, load_pack
from limner.infer.explain import read_source
from limner.io import read_nifti_labels
from tests.io.test_channels import nifti
from tests.mr import FLAIR, POST, PRE, MRStudy
from tests.mr_phantom import AXIAL, LESION_ML, LESION_MM, signal, slice_pack, turned

OBLIQUE = turned(9.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds ``study`` (an oblique FLAIR, axial T1), ``pack`` and, once drawn, ``out``."""
    folder = tmp_path_factory.mktemp("mr")
    study = MRStudy(folder / "study")
    study.add(signal("pre", AXIAL), AXIAL, **PRE, PatientName="Zyxwvut^Qponm")
    study.add(signal("flair", OBLIQUE), OBLIQUE, **FLAIR, PatientName="Zyxwvut^Qponm")
    study.add(signal("post", AXIAL), AXIAL, **POST, PatientName="Zyxwvut^Qponm")
    slice_pack(folder / "pack", calibration={"temperature": 6.0, "abstain_below": 0.99})
    return folder


@pytest.fixture(scope="module")
def drawn(home: Path) -> Drawing:
    """One drawing by a pack that is never sure enough, so that every page must say so."""
    return draw(home / "study", home / "out", options=DrawOptions(pack=str(home / "pack"), engine="onnxruntime"))


def test_the_drawing_lies_on_the_grid_of_flair(drawn: Drawing, home: Path) -> None:
    labels = read_nifti_labels(home / "out" / "labels.nii.gz")
    assert labels.grid.same_as(OBLIQUE, tolerance_mm=0.05)
    [glioma] = [one for one in drawn.findings if one.kind == "lesion"]
    assert glioma.center_mm == pytest.approx(LESION_MM.tolist(), abs=1.5)
    assert glioma.measure("volume").value == pytest.approx(LESION_ML, rel=0.12)
    assert glioma.measure("longest diameter").value == pytest.approx(36.0, abs=5.0)
    assert all(check["ok"] for check in json.loads((home / "out" / "run.json").read_text())["geometry"])


def test_the_pages_speak_of_signals_and_sequences_and_not_of_hu(drawn: Drawing, home: Path) -> None:
    page = (home / "out" / "report.html").read_text()
    words = page[: page.index("<script")] if "<script" in page else page
    for text in ("Drawing of an MR study", "Mean signal", "TR 9000, TE 120, TI 2500 ms", "arbitrary units"):
        assert text in words, text
    assert " HU" not in words and "density" not in words and "RECIST diameter" not in words
    assert all(one.unit != "[hnsf'U]" for finding in drawn.findings for one in finding.measurements)
    for name in ("drawing.json", "run.json", "report.html"):
        assert "Zyxwvut" not in (home / "out" / name).read_text()
    assert "AX T2 FLAIR" not in (home / "out" / "drawing.json").read_text()  # people write names into descriptions


def test_what_the_pack_is_not_sure_of_is_said_everywhere(drawn: Drawing, home: Path) -> None:
    [glioma] = [one for one in drawn.findings if one.kind == "lesion"]
    assert drawn.abstained and glioma.abstained
    assert not any(one.abstained for one in drawn.findings if one.kind == "tissue")
    page = (home / "out" / "report.html").read_text()
    assert "Glioma 1 (not sure)" in page and "not sure of this drawing as a whole" in page
    assert "Not sure: below the threshold" in str(pydicom.dcmread(home / "out" / "report.sr.dcm"))


def test_the_dicom_objects_refer_to_flair_and_measure_mr(drawn: Drawing, home: Path) -> None:
    report = str(pydicom.dcmread(home / "out" / "report.sr.dcm"))
    assert "MR signal intensity" in report and "Magnetic resonance imaging" in report
    assert "Attenuation" not in report
    seg = pydicom.dcmread(home / "out" / "labels.seg.dcm")
    flair = pydicom.dcmread(next((home / "study" / "series2").iterdir()))
    assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == flair.SeriesInstanceUID
    assert {str(one.SegmentLabel) for one in seg.SegmentSequence} == {"glioma", "head"}


def test_chinese_pages_say_the_same(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.scene.render_png", _no_opengl)
    options = DrawOptions(pack=str(home / "pack"), engine="onnxruntime", lang="zh", channels={"pre": "ax t1"})
    with pytest.raises(LimnerError, match="2 series have these words"):
        draw(home / "study", tmp_path / "out", options=options)
    options = DrawOptions(pack=str(home / "pack"), engine="onnxruntime", lang="zh")
    draw(home / "study", tmp_path / "out", options=options)
    page = (tmp_path / "out" / "report.html").read_text()
    for text in ("平均信号强度", "T1 平扫", "无法判定", "头部", "任意单位"):
        assert text in page, text


def test_no_lesion_is_no_answer_where_the_pack_is_not_sure(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("limner.scene.render_png", _no_opengl)
    monkeypatch.setattr("limner.draw.slices.predict_slices", _blank)
    drawing = draw(home / "study", tmp_path / "out", options=DrawOptions(pack=str(home / "pack")))
    assert drawing.abstained and {one.kind for one in drawing.findings} == {"tissue"}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "none found" in page and "not sure of this drawing as a whole" in page
    show.drawing(drawing, tmp_path / "out", False)
    assert "not sure of this drawing as a whole" in capsys.readouterr().out


def test_a_scan_is_not_drawn_by_what_does_not_read_it(home: Path, tmp_path: Path) -> None:
    with pytest.raises(SeriesChoiceError, match=r"Packs that draw MR: brain-glioma-mri"):
        draw(home / "study", tmp_path / "out")
    with pytest.raises(PackError, match="breast-ultrasound"):
        draw(home / "study", tmp_path / "out", options=DrawOptions(pack="breast-ultrasound"))
    with pytest.raises(PackError, match="reads one series"):
        draw(home / "study", tmp_path / "out", options=DrawOptions(pack="abdomen-ct", channels={"flair": "x"}))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("explain", ["lime", "grad-cam", "both", "all"])
def test_nets_on_slices_are_not_asked_why(home: Path, tmp_path: Path, explain: str) -> None:
    with pytest.raises(PackError, match="cannot be asked"):
        draw(home / "nowhere", tmp_path / "out", options=DrawOptions(pack=str(home / "pack"), explain=explain))
    assert not (tmp_path / "out").exists()


def test_a_limit_of_memory_that_would_not_hold_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="the limit would not hold"):
        draw(home / "study", tmp_path / "out", options=DrawOptions(pack=str(home / "pack"), max_memory_gb=2.0))
    assert not (tmp_path / "out").exists()


def test_the_page_advises_no_explanation_that_cannot_be_had(drawn: Drawing, home: Path) -> None:
    assert [one.kind for finding in drawn.findings for one in finding.evidence] == ["attributes"]
    page = (home / "out" / "report.html").read_text()
    assert "measured" in page and "limner explain" not in page and "--explain lime" not in page
    for given in (home / "study", nifti(home / "flair.nii.gz", AXIAL)):
        with pytest.raises(PackError, match="cannot be explained"):
            read_source(load_pack(home / "pack"), given)


def _blank(pack: Pack, images: dict[str, Image], **options: object) -> Prediction:
    """The answer of a pack that marks no lesion, and is not sure of it: the head alone, which a rule draws."""
    grid = images["flair"].grid
    head = next(one.value for one in pack.labels if one.name == "head")
    array = np.where(images["flair"].array > 0, head, 0).astype(np.uint8)
    return Prediction(LabelMap(array, grid, pack.labels), np.full_like(array, 255), {}, {}, "none", {}, abstained=True)


def _no_opengl(*arguments: object, **options: object) -> None:
    raise LimnerError("OpenGL is missing.")


def test_the_phantom_can_tell_sides() -> None:
    flair = signal("flair", AXIAL)
    assert not np.array_equal(flair, flair[..., ::-1])
