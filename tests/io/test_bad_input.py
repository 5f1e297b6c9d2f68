"""What people really hand in: each is refused, or told, in words that say what to do."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEGLSLossless, SecondaryCaptureImageStorage, generate_uid

from limner.errors import GeometryError, InputError, NotAnImageError, SeriesChoiceError
from limner.io import choose_series, open_studies, summarize


def codes(problems):
    return {one.code: one.severity for one in problems}


def series_of(path):
    return open_studies(path)[0].series[0]


def refused(path):
    """The message with which drawing the path is refused."""
    with pytest.raises(SeriesChoiceError) as caught:
        choose_series(open_studies(path))
    return str(caught.value)


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="nothing at"):
        open_studies(tmp_path / "absent")


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="is empty"):
        open_studies(tmp_path)


def test_a_text_file_named_dcm(tmp_path):
    (tmp_path / "note.dcm").write_text("Dear colleague, " * 40)
    with pytest.raises(NotAnImageError, match=r"note\.dcm"):
        open_studies(tmp_path)
    with pytest.raises(NotAnImageError, match="not-dicom"):
        open_studies(tmp_path / "note.dcm")


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\x02\0\0\0UL\x04\0", b"\x08\0\x05\0CS"]
)
def test_stubs_of_dicom(tmp_path, content):
    (tmp_path / "stub.dcm").write_bytes(content)
    with pytest.raises(NotAnImageError):
        open_studies(tmp_path)


def test_foreign_files_beside_a_study_are_told_and_left_out(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp)
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "DICOMDIR").write_bytes(b"x")
    study, series = choose_series(open_studies(tmp_path))
    assert codes(study.problems) == {"not-dicom": "warning"}
    assert "1 file is not DICOM" in study.problems[0].text
    assert series.drawable


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.999])
def test_a_truncated_slice_keeps_the_series_from_being_drawn(tmp_path, write_series, ramp, keep):
    path = write_series(tmp_path, np.repeat(ramp, 30, axis=2))[2]
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    message = refused(tmp_path)
    assert "end before their pixels" in message
    assert path.name in message


def test_a_slice_truncated_in_its_header_is_told(tmp_path, write_series, ramp):
    path = write_series(tmp_path, ramp)[2]
    path.write_bytes(path.read_bytes()[:700])
    message = refused(tmp_path)
    assert "1 slice is missing" in message
    assert "cut off inside the header" in message


def test_a_truncated_compressed_slice(tmp_path, write_series, ramp):
    path = write_series(tmp_path, ramp)[2]
    packed = pydicom.dcmread(path)
    packed.compress(JPEGLSLossless, generate_instance_uid=False)
    packed.save_as(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-60])
    assert codes(series_of(tmp_path).problems) == {"truncated": "error"}
    path.write_bytes(whole)
    assert series_of(tmp_path).drawable


def test_damaged_pixels_name_their_file(tmp_path, write_series, ramp):
    path = write_series(tmp_path, ramp)[2]
    packed = pydicom.dcmread(path)
    packed.compress(JPEGLSLossless, generate_instance_uid=False)
    packed.save_as(path)
    whole = bytearray(path.read_bytes())
    at = whole.rindex(b"\xff\xd8")
    whole[at : at + 40] = b"\0" * 40
    path.write_bytes(bytes(whole))
    with pytest.raises(NotAnImageError, match=path.name):
        series_of(tmp_path).load()


def test_two_patients(tmp_path, write_series, ramp):
    write_series(tmp_path / "a", ramp)
    write_series(tmp_path / "b", ramp, edit=lambda one, k: setattr(one, "PatientID", "OTHER"))
    studies = open_studies(tmp_path)
    assert len(studies) == 2
    assert all(codes(one.problems) == {"two-patients": "error"} for one in studies)
    assert "2 patients" in refused(tmp_path)
    assert summarize(studies)["patients"] == 2


def test_two_patients_under_one_study_uid_are_two(tmp_path, write_series, ramp):
    def edit(one, k):
        one.StudyInstanceUID = "1.2.3"
        one.PatientName = f"P{k % 2}"

    write_series(tmp_path, ramp, edit=edit)
    assert "2 patients" in refused(tmp_path)


def test_a_missing_slice_says_which(tmp_path, write_series, ramp):
    paths = write_series(tmp_path, ramp)
    paths[2].unlink()
    series = series_of(tmp_path)
    assert codes(series.problems) == {"missing-slice": "error"}
    assert "34.00 mm" in series.problems[0].text  # 30 + 2 * 2
    assert series.grid is None
    assert "34.00 mm" in refused(tmp_path)
    with pytest.raises(GeometryError, match=r"34\.00 mm"):
        series.load()


def test_several_missing_slices(tmp_path, write_series):
    paths = write_series(tmp_path, np.zeros((20, 4, 4), np.int16))
    for k in (3, 4, 11):
        paths[k].unlink()
    text = series_of(tmp_path).problems[0].text
    assert text.startswith("3 slices are missing, at 36.00, 38.00, 52.00 mm")


def test_irregular_spacing(tmp_path, write_series, ramp):
    def edit(one, k):
        one.ImagePositionPatient = [0, 0, [0, 2, 4, 5.1, 8, 10][k]]

    write_series(tmp_path, ramp, edit=edit)
    assert codes(series_of(tmp_path).problems) == {"irregular-spacing": "error"}


def test_positions_rounded_by_the_scanner_are_no_irregularity(tmp_path, write_series):
    def edit(one, k):
        one.ImagePositionPatient = [0, 0, round(k * 0.67, 1)]

    write_series(tmp_path, np.zeros((40, 4, 4), np.int16), edit=edit)
    series = series_of(tmp_path)
    assert series.drawable
    assert series.grid.spacing_mm[0] == pytest.approx(0.67, abs=0.003)


def test_a_slice_copied_twice_is_taken_once(tmp_path, write_series, ramp):
    path = write_series(tmp_path, ramp)[2]
    (tmp_path / "copy.dcm").write_bytes(path.read_bytes())
    again = pydicom.dcmread(path)
    again.SOPInstanceUID = generate_uid()  # the same pixels, stored again under another name
    again.save_as(tmp_path / "again.dcm")
    series = series_of(tmp_path)
    assert codes(series.problems) == {"duplicate-slice": "warning"}
    assert (series.load().array == ramp).all()


def test_two_different_slices_at_one_place_are_an_error(tmp_path, write_series, ramp):
    path = write_series(tmp_path, ramp)[2]
    other = pydicom.dcmread(path)
    other.SOPInstanceUID, other.PixelData = generate_uid(), bytes(len(other.PixelData))
    other.save_as(tmp_path / "other.dcm")
    assert codes(series_of(tmp_path).problems) == {"duplicate-slice": "error"}
    assert "at 34.00 mm" in refused(tmp_path)


def test_a_localizer_is_set_apart_from_its_series(tmp_path, write_series, ramp):
    def edit(one, k):
        if k == 0:
            one.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
            one.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]

    write_series(tmp_path, ramp, edit=edit)
    volume, scout = open_studies(tmp_path)[0].series
    assert volume.drawable
    assert volume.grid.shape[0] == 5
    assert codes(scout.problems) == {"localizer": "error"}


def test_only_a_localizer(tmp_path, write_series, ramp):
    write_series(
        tmp_path, ramp[:2], edit=lambda one, k: setattr(one, "ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"])
    )
    assert "localizer" in refused(tmp_path)


def test_a_colour_photograph_in_dicom(tmp_path, write_series, ramp):
    def edit(one, k):
        one.SOPClassUID, one.Modality = SecondaryCaptureImageStorage, "XC"
        one.SamplesPerPixel, one.PhotometricInterpretation, one.PlanarConfiguration = 3, "RGB", 0
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 8, 8, 7, 0
        one.PixelData = bytes(10 * 12 * 3)
        del one.ImagePositionPatient, one.ImageOrientationPatient, one.PixelSpacing

    write_series(tmp_path, ramp[:1], edit=edit)
    assert codes(series_of(tmp_path).problems) == {"no-geometry": "error"}
    assert "colour picture" in refused(tmp_path)


def test_a_photograph_that_is_no_dicom(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(500))
    with pytest.raises(NotAnImageError, match="photograph is not enough"):
        open_studies(tmp_path / "photo.jpg")


@pytest.mark.parametrize("gone", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_slices_without_a_place(tmp_path, write_series, ramp, gone):
    write_series(tmp_path, ramp, edit=lambda one, k: delattr(one, gone))
    assert codes(series_of(tmp_path).problems) == {"no-geometry": "error"}


def test_a_tilted_gantry(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp, step_mm=(0, 2 * np.tan(np.radians(12)), 2.0))
    series = series_of(tmp_path)
    assert codes(series.problems) == {"gantry-tilt": "error"}
    assert "12.0°" in series.problems[0].text


def test_slices_that_wander(tmp_path, write_series, ramp):
    def edit(one, k):
        one.ImagePositionPatient = [3.0 * (k == 3), 0, 2 * k]

    write_series(tmp_path, ramp, edit=edit)
    assert codes(series_of(tmp_path).problems) == {"shifted-slices": "error"}


def test_a_bad_orientation(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp, cosines=(1, 0, 0, 0.5, 0.5, 0))
    assert codes(series_of(tmp_path).problems) == {"bad-orientation": "error"}


def test_one_slice(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp[:1])
    assert codes(series_of(tmp_path).problems) == {"single-slice": "error"}


def test_a_multi_frame_file_is_refused_in_words(tmp_path, write_series, ramp):
    def edit(one, k):
        one.NumberOfFrames, one.PixelData = 6, ramp.tobytes()

    write_series(tmp_path, ramp[:1], edit=edit)
    assert codes(series_of(tmp_path).problems) == {"multi-frame": "error"}


def test_ct_without_rescale_is_not_taken_for_hounsfield_units(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp, edit=lambda one, k: delattr(one, "RescaleIntercept"))
    assert codes(series_of(tmp_path).problems) == {"no-rescale": "error"}


def test_no_text_names_the_patient(tmp_path, write_series, ramp):
    paths = write_series(tmp_path, ramp)
    paths[1].unlink()
    paths[4].write_bytes(paths[4].read_bytes()[:-50])
    studies = open_studies(tmp_path)
    told = json.dumps(summarize(studies)) + refused(tmp_path) + repr(studies)
    assert "secret" not in told.lower()
    assert len(studies[0].patient_key) == 12


def test_an_archive_that_reaches_outside_is_refused(tmp_path):
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as packed:
        entry = tarfile.TarInfo("../outside.dcm")
        entry.size = 3
        packed.addfile(entry, io.BytesIO(b"abc"))
    with pytest.raises(NotAnImageError, match=r"evil\.tar\.gz"):
        open_studies(tmp_path / "evil.tar.gz")
    assert not (tmp_path / "outside.dcm").exists()


@pytest.mark.parametrize("name", ["a.zip", "a.tar.xz", "a.nii.gz", "a.nii"])
def test_damaged_containers(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(NotAnImageError, match="a"):
        open_studies(tmp_path / name)
