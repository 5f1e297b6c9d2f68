"""What cannot be drawn is refused with a clear message, exit code 2, and nothing is left behind."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from limner.draw import workflow
from tests.cli.conftest import Limner
from tests.conftest import WriteCT

pytestmark = pytest.mark.usefixtures("without_model")


def _refused(limner: Limner, study: Path, out: Path, *words: str, code: int = 2) -> None:
    ended = limner("draw", study, "-o", out)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err and ended.out == ""
    assert ended.err.startswith("Error: ")
    for word in words:
        assert word.lower() in ended.err.lower(), ended.err
    assert list(out.parent.glob(f"{out.name}*")) == []


def test_nothing_there(limner: Limner, tmp_path: Path) -> None:
    _refused(limner, tmp_path / "nowhere", tmp_path / "out", "nowhere", "nothing")


def test_an_empty_folder(limner: Limner, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    _refused(limner, tmp_path / "study", tmp_path / "out", "empty")


def test_a_text_file_named_dcm(limner: Limner, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "1.dcm").write_text("hello")
    _refused(limner, tmp_path / "study", tmp_path / "out", "1.dcm", "DICOM")


@pytest.mark.parametrize("left", [0.05, 0.5, 0.9])
def test_a_truncated_file(limner: Limner, tmp_path: Path, write_ct: WriteCT, left: float) -> None:
    victim = write_ct(tmp_path / "study")[5]
    content = victim.read_bytes()
    victim.write_bytes(content[: int(len(content) * left)])
    _refused(limner, tmp_path / "study", tmp_path / "out")


def test_two_patients_in_one_folder(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study" / "a", PatientID="one", PatientName="One^Patient")
    write_ct(tmp_path / "study" / "b", PatientID="two", PatientName="Two^Patient")
    _refused(limner, tmp_path / "study", tmp_path / "out", "2 patients")


def test_a_missing_slice(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study")[7].unlink()
    _refused(limner, tmp_path / "study", tmp_path / "out", "missing", "slice")


def test_a_localizer(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    _refused(limner, tmp_path / "study", tmp_path / "out", "localizer")


def test_a_colour_photograph_in_dicom(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    pixels = np.zeros((64, 64, 3), np.uint8).tobytes()
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0, "Modality": "XC"}
    bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0, "PixelData": pixels}
    first, *others = write_ct(tmp_path / "study", **colour, **bits)
    for other in others:
        other.unlink()
    _refused(limner, first.parent, tmp_path / "out", "colour")


def test_a_photograph(limner: Limner, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "photo.jpg")
    _refused(limner, tmp_path / "photo.jpg", tmp_path / "out", "photo")


def test_an_output_that_exists_is_kept(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    for arguments in ([], ["--force"]):
        ended = limner("draw", tmp_path / "study", "-o", tmp_path / "out", *arguments)
        assert ended.code == 2
        assert "already there" in ended.err or "not made by Limner" in ended.err
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_full_disk(limner: Limner, tmp_path: Path, write_ct: WriteCT, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, *rest: object) -> None:
        (folder / "labels.nii.gz").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    write_ct(tmp_path / "study")
    monkeypatch.setattr(workflow, "_export", full)
    _refused(limner, tmp_path / "study", tmp_path / "out", "full")


def test_a_fault_of_ours_is_said_so(limner: Limner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*paths: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(workflow, "_see", broken)
    _refused(limner, tmp_path, tmp_path / "out", "the fault is ours", "a bug", "--debug", code=1)
    ended = limner("draw", tmp_path, "-o", tmp_path / "out", "--debug")
    assert ended.code == 1 and "Traceback" in ended.err


@pytest.mark.parametrize("arguments", [["draw"], ["draw", "x"], ["paint"], ["draw", "x", "-o", "y", "--lang", "la"]])
def test_a_command_that_is_mistyped(limner: Limner, arguments: list[str]) -> None:
    assert limner(*arguments).code == 2
