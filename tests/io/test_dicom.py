"""DICOM in: geometry, Hounsfield units, order, and who belongs together."""

from __future__ import annotations

import gc
import tarfile
import zipfile

import numpy as np
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from limner.io import choose_series, open_studies


def only(studies):
    assert len(studies) == 1
    assert len(studies[0].series) == 1
    return studies[0].series[0]


def codes(problems):
    return {one.code: one.severity for one in problems}


def formula(header, row, column):
    """PS3.3 C.7.6.2.1.1, straight from a header: the slow, obvious way."""
    across, down = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
    between_rows, between_columns = map(float, header.PixelSpacing)
    return np.array(header.ImagePositionPatient, float) + across * between_columns * column + down * between_rows * row


TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
ORIENTATIONS = {
    "axial": ((1, 0, 0, 0, 1, 0), (0, 0, 2.0)),
    "axial, feet up": ((1, 0, 0, 0, 1, 0), (0, 0, -2.0)),
    "prone": ((-1, 0, 0, 0, -1, 0), (0, 0, 2.0)),
    "sagittal": ((0, 1, 0, 0, 0, -1), (2.0, 0, 0)),
    "coronal": ((1, 0, 0, 0, 0, -1), (0, 2.0, 0)),
    "left-handed": ((-1, 0, 0, 0, 1, 0), (0, 0, 2.0)),
    "oblique": (tuple(TURN[:, :2].T.ravel()), tuple(2.0 * np.cross(TURN[:, 0], TURN[:, 1]))),
}


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_every_voxel_stands_where_the_standard_says(tmp_path, write_series, ramp, name):
    cosines, step = ORIENTATIONS[name]
    paths = write_series(tmp_path, ramp, cosines=cosines, step_mm=step)
    image = only(open_studies(tmp_path)).load()
    assert image.array.flags.c_contiguous
    assert image.array.dtype == np.int16
    for k, path in enumerate(paths):
        header = pydicom.dcmread(path)
        for row, column in ((0, 0), (9, 0), (0, 11), (4, 7)):
            index = np.argwhere(image.array == ramp[k, row, column])
            assert len(index) == 1
            np.testing.assert_allclose(image.grid.world(index[0]), formula(header, row, column), atol=1e-4)


def test_axes_come_out_nearest_to_head_back_left(tmp_path, write_series, ramp):
    for name in ("axial, feet up", "prone", "sagittal", "coronal", "left-handed"):
        cosines, step = ORIENTATIONS[name]
        write_series(tmp_path / name, ramp, cosines=cosines, step_mm=step)
        series = only(open_studies(tmp_path / name))
        assert series.grid.axis_codes == "SPL"
        assert series.grid.same_as(series.load().grid)


def test_spacing_comes_from_positions_and_not_from_thickness(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp, step_mm=(0, 0, 1.25))
    assert only(open_studies(tmp_path)).grid.spacing_mm == pytest.approx((1.25, 0.8, 0.7))


def test_files_are_ordered_along_the_slice_axis(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp, step_mm=(0, 0, -2.0))
    places = [pydicom.dcmread(one).ImagePositionPatient[2] for one in only(open_studies(tmp_path)).files]
    assert places == sorted(places)


def test_hounsfield_units(tmp_path, write_series):
    stored = np.array([[[-2000, 0, 100], [24, 1024, 4000]]] * 2, np.int16)

    def edit(one, k):
        one.RescaleSlope, one.RescaleIntercept = ("1", "-1024") if k == 0 else ("0.5", "-500.4")
        one.PixelPaddingValue = -2000

    write_series(tmp_path, stored, edit=edit)
    image = only(open_studies(tmp_path)).load()
    assert (image.modality, image.unit) == ("CT", "HU")
    assert image.array[0].tolist() == [[-1024, -1024, -924], [-1000, 0, 2976]]
    assert image.array[1].tolist() == [[-1024, -500, -450], [-488, 12, 1500]]


def test_padding_far_above_tissue_becomes_air_and_padding_inside_tissue_is_not_believed(tmp_path, write_series):
    stored = np.array([[[32000, 40, -1000]]] * 2, np.int16)
    write_series(tmp_path / "far", stored, edit=lambda one, k: setattr(one, "PixelPaddingValue", 32000))
    write_series(tmp_path / "tissue", stored, edit=lambda one, k: setattr(one, "PixelPaddingValue", 40))
    assert only(open_studies(tmp_path / "far")).load().array[0, 0].tolist() == [-1024, 40, -1000]
    assert only(open_studies(tmp_path / "tissue")).load().array[0, 0].tolist() == [32000, 40, -1000]


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless, RLELossless], ids=lambda one: one.name)
def test_compressed_pixels_are_the_same_pixels(tmp_path, write_series, ramp, syntax):
    paths = write_series(tmp_path, np.tile(ramp, (1, 4, 4)))  # openjpeg asks for 32 pixels
    before = only(open_studies(tmp_path)).load().array
    for path in paths:
        packed = pydicom.dcmread(path)
        packed.compress(syntax, generate_instance_uid=False)
        packed.save_as(path)
    series = only(open_studies(tmp_path))
    assert series.problems == ()
    assert (series.load().array == before).all()


def test_twelve_bit_pixels_with_other_things_in_the_high_bits(tmp_path, write_series):
    def edit(one, k):
        one.BitsStored, one.HighBit, one.PixelRepresentation = 12, 11, 0

    write_series(tmp_path, np.array([[[0x0123, 0x0FFF]]] * 2, np.int16), edit=edit)
    assert only(open_studies(tmp_path)).load().array[0, 0].tolist() == [0x123, 0xFFF]


def test_magnetic_resonance_keeps_its_numbers_and_is_not_drawn_as_ct(tmp_path, write_series, ramp):
    def edit(one, k):
        one.Modality = "MR"
        del one.RescaleSlope, one.RescaleIntercept

    write_series(tmp_path, ramp, edit=edit)
    series = only(open_studies(tmp_path))
    assert series.drawable
    image = series.load()
    assert (image.modality, image.unit) == ("MR", "")
    assert (image.array == ramp).all()


def test_one_series_uid_with_two_phases_gives_two_series(tmp_path, write_series, ramp):
    write_series(tmp_path / "a", ramp)
    uid = pydicom.dcmread(next((tmp_path / "a").iterdir())).SeriesInstanceUID
    study = pydicom.dcmread(next((tmp_path / "a").iterdir())).StudyInstanceUID

    def second(one, k):
        one.SeriesInstanceUID, one.StudyInstanceUID, one.AcquisitionNumber = uid, study, 2

    write_series(tmp_path / "b", ramp + 1, edit=second)
    studies = open_studies(tmp_path)
    assert [len(one.files) for one in studies[0].series] == [6, 6]
    assert all(one.drawable for one in studies[0].series)
    assert {int(one.load().array.min()) for one in studies[0].series} == {0, 1}


def test_an_acquisition_number_that_counts_up_along_one_volume_does_not_split_it(tmp_path, write_series, ramp):
    write_series(tmp_path, ramp, edit=lambda one, k: setattr(one, "AcquisitionNumber", k // 3))
    assert only(open_studies(tmp_path)).grid.shape == (6, 10, 12)


def test_the_largest_ct_is_chosen(tmp_path, write_series, ramp):
    write_series(tmp_path / "small", ramp[:3])
    header = pydicom.dcmread(next((tmp_path / "small").iterdir()))

    def same_study(one, k):
        one.StudyInstanceUID = header.StudyInstanceUID

    write_series(tmp_path / "large", ramp, edit=same_study)
    study, series = choose_series(open_studies(tmp_path))
    assert len(study.series) == 2
    assert series.grid.shape == (6, 10, 12)
    assert study.date == "2024-01-02"


@pytest.mark.parametrize("kind", ["zip", "tar.xz", "tar.gz"])
def test_archives_are_read_like_folders_and_their_copies_go(tmp_path, write_series, ramp, kind):
    paths = write_series(tmp_path / "in", ramp)
    archive = tmp_path / f"study.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in paths:
                packed.write(path, f"deep/{path.name}")
    else:
        with tarfile.open(archive, f"w:{kind[4:]}") as packed:
            packed.add(tmp_path / "in", "deep")
    studies = open_studies(archive)
    series = only(studies)
    folder = series.files[0].parents[1]
    del studies
    gc.collect()
    assert (series.load().array == ramp).all()  # the series alone keeps the copies
    assert folder.is_dir()
    del series
    gc.collect()
    assert not folder.exists()


def test_the_files_of_one_series_may_come_by_several_paths(tmp_path, write_series, ramp):
    paths = write_series(tmp_path / "all", ramp)
    (tmp_path / "rest").mkdir()
    rest = [path.rename(tmp_path / "rest" / path.name) for path in paths[3:5]]
    with zipfile.ZipFile(tmp_path / "last.zip", "w") as packed:
        packed.write(paths[5], paths[5].name)
    last = paths.pop()
    last.unlink()
    (tmp_path / "note.txt").write_text("what a shell's * takes along")
    asked = [*paths[:3], tmp_path / "rest", str(rest[0]), tmp_path / "last.zip", tmp_path / "note.txt"]
    studies = open_studies(asked)
    series = only(studies)
    assert [one.code for one in studies[0].problems] == ["not-dicom"] and series.problems == ()
    del studies
    gc.collect()
    assert (series.load().array == ramp).all()


def test_a_single_file_without_preamble_is_found(tmp_path, write_series, ramp):
    for path in write_series(tmp_path, ramp[:2]):
        bare = DicomBytesIO()
        bare.is_implicit_VR, bare.is_little_endian = True, True
        write_dataset(bare, pydicom.dcmread(path))
        path.write_bytes(bare.getvalue())
    assert (only(open_studies(tmp_path)).load().array == ramp[:2]).all()
