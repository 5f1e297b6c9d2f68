"""DICOM SEG and SR: valid by an independent checker, in the right place, and told in codes."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pydicom
import pytest

from limner.errors import GeometryError, InputError, NotAnImageError
from limner.findings import CodedConcept, Drawing, Finding, Measurement, PackNote, StudyNote
from limner.image import Grid, LabelMap, resample_labels
from limner.image.anatomy import label
from limner.io import choose_series, dicom_obstacle, open_studies, read_seg, write_seg, write_sr

LABELS = (label("liver", 1), label("liver tumor", 2), label("spleen", 4), label("right kidney", 5), label("body", 10))
PACK = {"pack_name": "abdomen-ct", "pack_version": "1.2.3"}


def dciodvfy(path):
    """Errors that David Clunie's checker finds; its warnings are opinions on the source's optional attributes."""
    checker = shutil.which("dciodvfy")
    assert checker, "dciodvfy is not installed: apt-get install dicom3tools"
    done = subprocess.run([checker, str(path)], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert said, "dciodvfy said nothing"
    return [line for line in said if line.startswith("Error")]


@pytest.fixture
def drawn(tmp_path, write_series):
    """A series of odd size (frames end inside a byte) and a label map with an empty slice and an absent label."""
    rng = np.random.default_rng(5)
    write_series(tmp_path / "ct", rng.integers(-1000, 1000, (7, 11, 13)).astype(np.int16))
    series = choose_series(open_studies(tmp_path / "ct"))[1]
    array = rng.choice(np.array([0, 1, 2, 5, 10], np.uint8), (7, 11, 13))
    array[3] = 0
    array[5][array[5] == 2] = 1
    return LabelMap(array, series.grid, LABELS), series


def test_checker_finds_errors_where_there_are_some(tmp_path, drawn):
    labels, series = drawn
    write_seg(labels, series, tmp_path / "a.dcm", **PACK)
    broken = pydicom.dcmread(tmp_path / "a.dcm")
    del broken.SegmentSequence[0].SegmentLabel
    broken.save_as(tmp_path / "b.dcm")
    assert dciodvfy(tmp_path / "b.dcm")


def test_seg_is_valid_and_comes_back_voxel_for_voxel(tmp_path, drawn):
    labels, series = drawn
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    assert dciodvfy(tmp_path / "a.seg.dcm") == []
    back = read_seg(tmp_path / "a.seg.dcm", series.grid)
    assert [one.name for one in back.labels] == ["liver", "liver tumor", "right kidney", "body"]
    for number, one in enumerate(back.labels, start=1):
        assert one.value == number
        assert (back.mask(one.name) == labels.mask(one.name)).all()
    assert not list(tmp_path.glob(".*"))


def test_seg_says_what_it_is(tmp_path, drawn):
    labels, series = drawn
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    seg = pydicom.dcmread(tmp_path / "a.seg.dcm")
    source = pydicom.dcmread(series.files[0])
    assert (seg.SegmentationType, seg.BitsAllocated) == ("BINARY", 1)
    assert seg.StudyInstanceUID == source.StudyInstanceUID
    assert seg.SeriesInstanceUID != source.SeriesInstanceUID
    assert seg.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert seg.PatientID == source.PatientID
    assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID
    # 6 slices hold something; the tumour is absent from one of them
    assert len(seg.PerFrameFunctionalGroupsSequence) == 6 * 4 - 1
    kidney = seg.SegmentSequence[2]
    assert kidney.SegmentLabel == "right kidney"
    assert kidney.SegmentedPropertyTypeCodeSequence[0].CodeValue == "64033007"
    side = kidney.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0]
    assert (side.CodeValue, side.CodeMeaning) == ("24028007", "Right")
    algorithm = kidney.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("abdomen-ct", "1.2.3")
    back = read_seg(tmp_path / "a.seg.dcm", series.grid)
    assert np.abs(np.subtract(back.label("liver").color, label("liver", 1).color)).max() <= 1
    assert back.label("right kidney").laterality == "right"


@pytest.mark.parametrize(
    "cosines", [(0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0), (1, 0, 0, 0, 0, -1), (0.8, 0.6, 0, -0.6, 0.8, 0)]
)
def test_seg_lies_on_the_slices_of_its_series_whatever_their_turn(tmp_path, write_series, cosines):
    rng = np.random.default_rng(2)
    step = 2.0 * np.cross(cosines[:3], cosines[3:])
    write_series(tmp_path / "ct", rng.integers(0, 900, (5, 9, 8)).astype(np.int16), cosines=cosines, step_mm=step)
    series = choose_series(open_studies(tmp_path / "ct"))[1]
    labels = LabelMap(rng.integers(0, 3, series.grid.shape).astype(np.uint8), series.grid, LABELS)
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    assert dciodvfy(tmp_path / "a.seg.dcm") == []
    assert (read_seg(tmp_path / "a.seg.dcm", series.grid).array == labels.array).all()
    # The slow way: each frame names its source slice, and its pixels are those of the same row and column there.
    seg = pydicom.dcmread(tmp_path / "a.seg.dcm")
    image = series.load()
    for frame, item in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        number = item.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        uid = item.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        slice_ = next(one for path in series.files if (one := pydicom.dcmread(path)).SOPInstanceUID == uid)
        assert list(item.PlanePositionSequence[0].ImagePositionPatient) == list(slice_.ImagePositionPatient)
        mine = np.sort(image.array[(labels.array == number)])
        theirs = slice_.pixel_array[frame.astype(bool)]
        assert np.isin(theirs, mine).all()


def test_highdicom_reads_the_same_volume(tmp_path, drawn):
    from highdicom.seg import segread

    labels, series = drawn
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    volume = segread(tmp_path / "a.seg.dcm").get_volume(combine_segments=True)
    for name, number in (("liver", 1), ("right kidney", 3)):
        index = np.argwhere(volume.array == number)
        there = volume.map_indices_to_reference(index)
        mine = labels.grid.world(np.argwhere(labels.mask(name)))
        np.testing.assert_allclose(there[np.lexsort(there.T.round(3))], mine[np.lexsort(mine.T.round(3))], atol=1e-3)


def test_a_series_without_frame_of_reference_still_gives_a_valid_seg(tmp_path, write_series, ramp):
    write_series(tmp_path / "ct", ramp, edit=lambda one, k: delattr(one, "FrameOfReferenceUID"))
    series = choose_series(open_studies(tmp_path / "ct"))[1]
    write_seg(LabelMap((ramp % 3).astype(np.uint8), series.grid, LABELS), series, tmp_path / "a.seg.dcm", **PACK)
    assert dciodvfy(tmp_path / "a.seg.dcm") == []


def test_labels_of_another_grid_are_refused(tmp_path, drawn):
    labels, series = drawn
    moved = Grid(labels.grid.shape, labels.grid.affine + np.array([[0, 0, 0, 0.2]] + [[0] * 4] * 3))
    with pytest.raises(GeometryError, match="on the grid of its series"):
        write_seg(LabelMap(labels.array, moved, LABELS), series, tmp_path / "a.seg.dcm", **PACK)
    coarse = resample_labels(labels, labels.grid.with_spacing((4, 2, 2)))
    with pytest.raises(GeometryError, match="on the grid of its series"):
        write_seg(coarse, series, tmp_path / "a.seg.dcm", **PACK)
    assert not (tmp_path / "a.seg.dcm").exists()


def test_an_empty_label_map_and_sources_without_uids_are_refused(tmp_path, drawn, write_series, ramp):
    labels, series = drawn
    with pytest.raises(InputError, match="nothing to write"):
        write_seg(LabelMap(np.zeros_like(labels.array), labels.grid, LABELS), series, tmp_path / "a.dcm", **PACK)
    write_series(tmp_path / "anonymous", ramp, edit=lambda one, k: setattr(one, "SOPInstanceUID", ""))
    bare = choose_series(open_studies(tmp_path / "anonymous"))[1]
    assert dicom_obstacle(series) is None
    assert "no UIDs" in dicom_obstacle(bare)
    with pytest.raises(InputError, match="no UIDs"):
        write_seg(LabelMap((ramp % 3).astype(np.uint8), bare.grid, LABELS), bare, tmp_path / "a.dcm", **PACK)


def test_a_seg_that_does_not_lie_on_the_grid_is_refused(tmp_path, drawn):
    labels, series = drawn
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    shifted = labels.grid.affine.copy()
    shifted[:3, 3] += (0.3, 0, 0)
    with pytest.raises(InputError, match="does not lie on the grid"):
        read_seg(tmp_path / "a.seg.dcm", Grid(labels.grid.shape, shifted))
    with pytest.raises(InputError, match="outside the grid"):
        read_seg(tmp_path / "a.seg.dcm", labels.grid.crop((0, 0, 0), (7, 11, 12)))
    (tmp_path / "b.dcm").write_bytes((tmp_path / "a.seg.dcm").read_bytes()[:2000])
    with pytest.raises(NotAnImageError):
        read_seg(tmp_path / "b.dcm", labels.grid)


def finding(id, value, kind, *measurements, **more):
    one = next(label_ for label_ in LABELS if label_.value == value)
    code = CodedConcept(scheme=one.code.scheme, value=one.code.value, meaning=one.code.meaning)
    return Finding(id=id, name=one.name, kind=kind, label=value, code=code, measurements=measurements, **more)


@pytest.fixture
def report(tmp_path, drawn):
    labels, series = drawn
    volume = {one.name: labels.counts().get(one.value, 0) * labels.grid.voxel_ml for one in LABELS}
    both = volume["liver"] + volume["liver tumor"]
    findings = (
        finding("liver", 1, "organ", Measurement(name="volume", value=both, unit="ml", low=both - 1, high=both + 2)),
        finding(
            "tumor-1", 2, "lesion",
            Measurement(name="volume", value=volume["liver tumor"] / 2, unit="ml"),
            Measurement(name="longest diameter", value=31.25, unit="mm"),
            Measurement(name="mean", value=55.5, unit="HU"),
            Measurement(name="distance to liver vessels", value=3.5, unit="mm"),
            Measurement(name="distance to liver surface", value=1.5, unit="mm"),
            Measurement(name="bumpiness of edge", value=0.25, unit=""),
            Measurement(name="distance to spleen", value=float("inf"), unit="mm"),
            probability=0.93,
        ),
        finding("right-kidney", 5, "organ", Measurement(name="volume", value=volume["right kidney"], unit="ml")),
        finding("spleen", 4, "organ"),  # its label does not occur: no segment, no group
    )  # fmt: skip
    drawing = Drawing(
        schema="limner.drawing/1",
        study=StudyNote(uid="1.2", modality="CT"),
        pack=PackNote(name="abdomen-ct", version="1.2.3", sha256="ab"),
        findings=findings,
    )
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    write_sr(drawing, labels, series, tmp_path / "a.seg.dcm", tmp_path / "a.sr.dcm")
    return tmp_path / "a.sr.dcm"


def items(node, name):
    return [one for one in node.ContentSequence if one.ConceptNameCodeSequence[0].CodeMeaning == name]


def groups(sr):
    found = items(items(sr, "Imaging Measurements")[0], "Measurement Group")
    return {items(one, "Tracking Identifier")[0].TextValue: one for one in found}


def numbers(group):
    return {
        (one.ConceptNameCodeSequence[0].CodeValue, float(one.MeasuredValueSequence[0].NumericValue)): one
        for one in group.ContentSequence
        if one.ValueType == "NUM"
    }


def test_sr_is_valid(report):
    assert dciodvfy(report) == []


def test_sr_says_what_was_measured_where_and_by_whom(report):
    sr = pydicom.dcmread(report)
    seg = pydicom.dcmread(report.with_name("a.seg.dcm"))
    assert sr.StudyInstanceUID == seg.StudyInstanceUID
    assert sr.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    told = groups(sr)
    assert list(told) == ["liver", "tumor-1", "right-kidney"]
    tumor = told["tumor-1"]
    values = numbers(tumor)
    assert set(values) >= {
        ("L0JK", 31.25),
        ("112031", 55.5),
        ("121206", 3.5),
        ("121206", 1.5),
        ("111012", 93.0),
        ("bumpiness-of-edg", 0.25),
    }
    assert not any(value == float("inf") for _, value in values)
    assert values["L0JK", 31.25].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "mm"
    vessels = items(values["121206", 3.5], "Finding Site")[0].ConceptCodeSequence[0]
    assert (vessels.CodeMeaning, vessels.CodingSchemeDesignator) == ("liver vessels", "99LIMNER")
    reference = items(tumor, "Referenced Segment")[0].ReferencedSOPSequence[0]
    assert reference.ReferencedSOPInstanceUID == seg.SOPInstanceUID
    assert seg.SegmentSequence[int(reference.ReferencedSegmentNumber) - 1].SegmentLabel == "liver tumor"
    assert items(tumor, "Finding")[0].ConceptCodeSequence[0].CodeMeaning == "Neoplasm of liver"
    assert items(tumor, "Finding Site")[0].ConceptCodeSequence[0].CodeMeaning == "Liver"
    observer = {one.ConceptNameCodeSequence[0].CodeMeaning: one for one in sr.ContentSequence}
    assert observer["Device Observer Name"].TextValue == "Limner"
    assert "Not for clinical use" in observer["Comment"].TextValue
    assert "SECRET" not in str(observer["Comment"].TextValue)


def test_sr_tells_where_the_volume_is_not_that_of_the_segment(report):
    told = groups(pydicom.dcmread(report))
    methods = {}
    for id, group in told.items():
        volume = next(one for (code, _), one in numbers(group).items() if code == "118565006")
        methods[id] = [one.ConceptCodeSequence[0].CodeValue for one in items_of(volume, "Measurement Method")]
    assert methods == {"liver": ["whole-organ"], "tumor-1": ["one-part"], "right-kidney": []}


def test_sr_gives_the_interval_of_a_volume_in_millilitres(report):
    volume = next(
        one for (code, _), one in numbers(groups(pydicom.dcmread(report))["liver"]).items() if code == "118565006"
    )
    ends = {
        one.ConceptNameCodeSequence[0].CodeValue: one.MeasuredValueSequence[0]
        for one in volume.ContentSequence
        if one.ValueType == "NUM"
    }
    assert {code: float(end.NumericValue) for code, end in ends.items()} == {"371886008": 2.0, "371885007": 1.0}
    assert {end.MeasurementUnitsCodeSequence[0].CodeValue for end in ends.values()} == {"ml"}


@pytest.mark.parametrize("unsure", [True, False])
def test_sr_says_so_where_nothing_was_found_and_the_model_is_not_sure(tmp_path, drawn, unsure):
    labels, series = drawn
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    drawing = Drawing(
        schema="limner.drawing/1",
        study=StudyNote(uid="1.2", modality="CT"),
        pack=PackNote(name="p", version="1", sha256="a"),
        findings=(finding("body", 10, "tissue"),),
        abstained=unsure,
    )
    write_sr(drawing, labels, series, tmp_path / "a.seg.dcm", tmp_path / "a.sr.dcm")
    assert dciodvfy(tmp_path / "a.sr.dcm") == []
    sr = pydicom.dcmread(tmp_path / "a.sr.dcm")
    answers = items(sr, "How the model judges its finding")
    assert [one.ConceptCodeSequence[0].CodeValue for one in answers] == (["not-sure"] if unsure else [])
    assert any("not sure" in one.TextValue.lower() for one in items(sr, "Comment")) is unsure


def items_of(node, name):
    return items(node, name) if "ContentSequence" in node else []


def test_nothing_found_gives_no_sr(tmp_path, drawn):
    labels, series = drawn
    write_seg(labels, series, tmp_path / "a.seg.dcm", **PACK)
    empty = Drawing(
        schema="limner.drawing/1",
        study=StudyNote(uid="1", modality="CT"),
        pack=PackNote(name="p", version="1", sha256="a"),
    )
    with pytest.raises(InputError, match="nothing to report"):
        write_sr(empty, labels, series, tmp_path / "a.seg.dcm", tmp_path / "a.sr.dcm")
