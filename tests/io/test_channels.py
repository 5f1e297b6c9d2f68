"""Which series of an MR study is which channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from limner.errors import InputError, SeriesChoiceError
from limner.image import Grid, MRFacts
from limner.image.mr import sequence_of
from limner.io import open_channels, open_studies, summarize
from limner.packs import PictureSpec
from tests.mr import FLAIR, POST, PRE, MRStudy

GRID = Grid.axial((6, 16, 16), (5.0, 10.0, 10.0), (-75.0, -75.0, 0.0))
SAGITTAL = Grid((6, 16, 16), np.array([[25.0, 0, 0, -62.5], [0, 0, 10.0, -75], [0, -5.0, 0, 62.5], [0, 0, 0, 1]]))
ASKED = PictureSpec(
    modality=["MR"], size=(64, 64), channels=3, channel_names=["pre", "flair", "post"], reference="flair",
    stand_ins={"pre": ["post", "flair"], "post": ["flair"]},
)  # fmt: skip


def study(folder: Path, *series: dict[str, Any], grids: dict[int, Grid] | None = None) -> Path:
    """A study of these series, on one grid or on grids of their own."""
    made = MRStudy(folder)
    for number, attributes in enumerate(series):
        grid = (grids or {}).get(number, GRID)
        made.add(np.full(grid.shape, 100 * (number + 1), np.uint16), grid, **attributes)
    return folder


def nifti(path: Path, grid: Grid = GRID) -> Path:
    """A NIfTI on a grid."""
    affine = np.diag([-1.0, -1, 1, 1]) @ grid.affine[:, [2, 1, 0, 3]]
    nibabel.save(nibabel.Nifti1Image(np.ones(grid.shape[::-1], np.int16), affine), path)
    return path


@pytest.mark.parametrize(
    ("description", "facts", "sequence"),
    [
        ("", MRFacts(("SE", "IR"), 9000, 120, 2500), "flair"),
        ("AX T2 FLAIR +C", MRFacts(("SE", "IR"), 9000, 120, 2500, True), "flair"),
        ("AX T1 FLAIR", MRFacts(("SE", "IR"), 2000, 20, 800), "t1"),
        ("3D SPC", MRFacts(("GR", "IR"), 2300, 3, 900, True), "post"),
        ("AX SE", MRFacts(("SE",), 550, 12), "t1"),
        ("AX T2", MRFacts(("SE",), 4000, 100), None),
        ("TOF 3D", MRFacts(("GR",), 25, 4), None),
        ("ADC", MRFacts(("EP",), 5000, 90, derived=True), None),
        ("T1 pre gad", None, "pre"),
        ("T1 without contrast", None, "pre"),
        ("T1 post-op", None, "t1"),
        ("sub-01_ce-gadolinium_T1w.nii.gz", None, "post"),
        ("BraTS_01_t1ce.nii.gz", None, "post"),
        ("flair.nii.gz", None, "flair"),
        ("scan.nii.gz", None, None),
    ],
)
def test_a_sequence_is_told_by_words_and_times(description: str, facts: MRFacts | None, sequence: str | None) -> None:
    assert sequence_of(facts, description) == sequence


def test_a_study_of_three_series_names_its_channels(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", PRE, POST, FLAIR)
    found = open_channels([folder], ASKED)
    assert {name: int(one.load().array.max()) for name, one in found.series.items()} == {
        "pre": 100, "post": 200, "flair": 300,
    }  # fmt: skip
    assert found.reference is found.series["flair"] and found.reference.problems == ()
    assert "TR 9000, TE 120, TI 2500 ms" in found.told()["flair"] and "T2 FLAIR" not in str(found.told())


def test_inspect_tells_how_each_series_was_acquired_and_names_no_unit(tmp_path: Path) -> None:
    series = summarize(open_studies(study(tmp_path / "s", FLAIR, POST)))["studies"][0]["series"]
    by_sequence = {one["mr"]["sequence"]: one for one in series}
    assert set(by_sequence) == {"flair", "post"}
    assert all(one["drawable"] and not one["hu"] for one in series)
    assert by_sequence["flair"]["mr"]["inversion_ms"] == 2500.0 and not by_sequence["flair"]["mr"]["contrast"]
    assert by_sequence["post"]["mr"]["contrast"] and "GADOLINIUM" not in str(series)


def test_of_several_the_one_in_the_plane_of_flair_is_taken_and_said(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", FLAIR, POST, POST, grids={2: SAGITTAL})
    found = open_channels([folder], ASKED)
    assert int(found.series["post"].load().array.max()) == 200
    assert [one.code for one in found.reference.problems] == ["chosen-series", "stand-in"]


def test_what_is_missing_is_stood_in_for_and_said(tmp_path: Path) -> None:
    found = open_channels([study(tmp_path / "s", FLAIR)], ASKED)
    [problem] = found.reference.problems
    assert problem.code == "stand-in" and "may miss most of a lesion" in problem.text
    strict = ASKED.model_copy(update={"stand_ins": {}})
    with pytest.raises(SeriesChoiceError, match=r"No T1 before .*--channel pre=PATH"):
        open_channels([tmp_path / "s"], strict)


def test_two_t1_of_one_plane_that_say_nothing_are_refused_until_they_are_named(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", FLAIR, {**PRE, "SeriesDescription": "T1 a"}, {**PRE, "SeriesDescription": "T1 b"})
    with pytest.raises(SeriesChoiceError, match="may be before and after contrast medium"):
        open_channels([folder], ASKED)
    found = open_channels([folder], ASKED, {"pre": "t1 b", "post": "t1 a"})
    assert int(found.series["pre"].load().array.max()) == 300
    assert int(found.series["post"].load().array.max()) == 200


def test_without_flair_nothing_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(SeriesChoiceError, match=r"No FLAIR series(.|\n)*T1 after contrast medium"):
        open_channels([study(tmp_path / "s", PRE, POST)], ASKED)


def test_a_channel_that_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    far = Grid(GRID.shape, GRID.affine + np.pad([[300.0]], ((0, 3), (3, 0))))
    with pytest.raises(SeriesChoiceError, match="reaches 0 %"):
        open_channels([study(tmp_path / "s", FLAIR, PRE, grids={1: far})], ASKED)


def test_another_frame_of_reference_is_said(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", FLAIR, {**PRE, "FrameOfReferenceUID": "1.2.3"}, POST)
    assert [one.code for one in open_channels([folder], ASKED).reference.problems] == ["other-frame"]


def test_two_patients_are_refused(tmp_path: Path) -> None:
    study(tmp_path / "a", FLAIR)
    study(tmp_path / "b", {**PRE, "PatientID": "other", "StudyInstanceUID": "1.2.3"})
    with pytest.raises(SeriesChoiceError, match="One patient"):
        open_channels([tmp_path / "a", tmp_path / "b"], ASKED)


def test_niftis_are_told_by_their_names_or_named(tmp_path: Path) -> None:
    for name in ("p_flair", "p_t1", "p_t1ce"):
        nifti(tmp_path / f"{name}.nii.gz")
    found = open_channels([tmp_path], ASKED)
    assert {name: one.files[0].name for name, one in found.series.items()} == {
        "flair": "p_flair.nii.gz", "pre": "p_t1.nii.gz", "post": "p_t1ce.nii.gz",
    }  # fmt: skip
    assert found.reference.modality == "MR" and found.reference.load().modality == "MR"
    assert not any("CT in HU" in one.text for one in found.reference.problems)
    nameless = nifti(tmp_path / "scan.nii.gz")
    with pytest.raises(SeriesChoiceError, match="No FLAIR"):
        open_channels([nameless], ASKED)
    assert open_channels([], ASKED, {"flair": str(nameless)}).reference.files == (nameless,)


def test_no_file_name_stands_in_what_is_written_of_a_nifti(tmp_path: Path) -> None:
    found = open_channels([nifti(tmp_path / "Zyxwvut_flair.nii.gz"), nifti(tmp_path / "Zyxwvut_t1.nii.gz")], ASKED)
    texts = [one.text for one in found.reference.problems]
    assert any("the series is taken as FLAIR, as its name says" in one for one in texts)
    assert "Zyxwvut" not in " ".join(texts)


def test_t1_that_says_nothing_of_contrast_is_before_it_when_named_by_its_folder_too(tmp_path: Path) -> None:
    study(tmp_path / "s", FLAIR, PRE)
    found = open_channels([tmp_path / "s"], ASKED, {"pre": str(tmp_path / "s")})
    assert int(found.series["pre"].load().array.max()) == 200
    study(tmp_path / "s", {**PRE, "SeriesDescription": "T1 pre gad"})  # one that says so goes first
    found = open_channels([tmp_path / "s"], ASKED, {"pre": str(tmp_path / "s")})
    assert "pre gad" in found.series["pre"].description


def test_a_series_named_by_its_path_is_no_second_channel(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", FLAIR, PRE)
    found = open_channels([folder], ASKED, {"post": str(folder / "series2")})
    assert set(found.series) == {"flair", "post"}
    assert [one.code for one in found.reference.problems] == ["stand-in"]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"t2": "x"}, "no channel 't2'"),
        ({"pre": "nonsense"}, "no path, and no series"),
        ({"pre": "ax"}, "3 series have these words"),
    ],
)
def test_names_that_fit_nothing_are_refused(tmp_path: Path, named: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_channels([study(tmp_path / "s", FLAIR, PRE, POST)], ASKED, named)


def test_a_pack_names_its_channels_whole_or_not_at_all() -> None:
    given = ASKED.model_dump()
    for change in (
        {"channel_names": ["pre", "flair"]},
        {"channel_names": ["pre", "flair", "t9"]},
        {"reference": None},
        {"stand_ins": {"pre": ["t2"]}},
        {"size": (8, 8, 8)},
    ):
        with pytest.raises(ValueError, match=r"channel_names|reference|stand_ins"):
            PictureSpec.model_validate(given | change)
    assert PictureSpec.model_validate({"modality": ["XC"], "size": [8, 8]}).channel_names == []
