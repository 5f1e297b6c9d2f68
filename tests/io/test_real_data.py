"""Real scans: our door against SimpleITK's reader, and against masks that others drew."""

from __future__ import annotations

import time

import numpy as np
import pytest
import SimpleITK

from limner.io import choose_series, dicom_obstacle, open_studies, read_nifti_labels


def simpleitk(folder):
    """The series as SimpleITK's GDCM reader sees it."""
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def same_geometry(grid, image):
    assert grid.shape == image.GetSize()[::-1]
    for index in ((0, 0, 0), tuple(n - 1 for n in grid.shape), (1, 2, 3)):
        other = image.TransformIndexToPhysicalPoint([int(k) for k in index[::-1]])
        np.testing.assert_allclose(grid.world(index), other, atol=0.01)


@pytest.fixture(scope="module")
def chaos(limner_data):
    studies = open_studies(limner_data / "ct_liver_chaos03" / "dicom")
    study, series = choose_series(studies)
    return study, series, series.load()


def test_chaos_is_seen_as_simpleitk_sees_it(chaos, limner_data):
    _, series, image = chaos
    other = simpleitk(limner_data / "ct_liver_chaos03" / "dicom")
    same_geometry(image.grid, other)
    assert image.grid.spacing_mm == pytest.approx((2.0, 0.7265625, 0.7265625))  # its SliceThickness says 3.2
    assert (image.array == np.maximum(SimpleITK.GetArrayFromImage(other), -1024)).all()
    assert series.problems == ()


def test_a_mask_by_others_lies_on_our_chaos_grid_and_holds_liver(chaos, limner_data):
    _, _, image = chaos
    liver = read_nifti_labels(limner_data / "ct_liver_chaos03" / "liver.nii.gz")
    assert liver.grid.same_as(image.grid, tolerance_mm=0.01)
    assert (liver.array == 1).sum() * liver.grid.voxel_ml == pytest.approx(1417, abs=1)
    inside = image.array[liver.array == 1]
    assert 100 < np.median(inside) < 180  # portal phase
    assert np.percentile(inside, 5) > 40  # a mirrored or shifted mask would hold lung, fat and bone
    center = liver.grid.world(np.argwhere(liver.array == 1).mean(axis=0))
    assert center[0] < image.grid.world((np.array(image.grid.shape) - 1) / 2)[0]  # to the patient's right


def test_ircad_from_its_archive(limner_data):
    started = time.perf_counter()
    studies = open_studies(limner_data / "ct_liver_ircad01" / "dicom.tar.xz")
    image = choose_series(studies)[1].load()
    assert time.perf_counter() - started < 20
    assert image.grid.shape == (129, 512, 512)
    assert image.grid.spacing_mm == pytest.approx((1.6, 0.57, 0.57), abs=1e-4)
    labels = read_nifti_labels(limner_data / "ct_liver_ircad01" / "labels.nii.gz")
    assert labels.grid.same_as(image.grid, tolerance_mm=0.01)
    assert np.median(image.array[labels.array == 1]) > 200  # bone
    assert np.median(image.array[(labels.array == 10) | (labels.array == 11)]) < -700  # lungs
    center = {value: labels.grid.world(np.argwhere(labels.array == value).mean(axis=0)) for value in (8, 9)}
    assert center[8][0] < center[9][0]  # the right kidney lies to the right of the left one, in LPS


def test_crlm_has_its_padding_turned_to_air(limner_data):
    folder = limner_data / "ct_liver_crlm1004" / "dicom"
    study, series = choose_series(open_studies(folder))
    image = series.load()
    other = simpleitk(folder)
    same_geometry(image.grid, other)
    theirs = SimpleITK.GetArrayFromImage(other)
    assert theirs.min() == -3024
    assert image.array.min() == -1024
    assert (image.array[theirs >= -1024] == theirs[theirs >= -1024]).all()
    assert (image.array[theirs < -1024] == -1024).all()
    assert dicom_obstacle(series) is None
    assert "crlm" not in repr(study).lower().replace(str(limner_data).lower(), "").replace("ct_liver_crlm1004", "")


def test_jpeg_2000_without_uids(limner_data):
    folder = limner_data / "ct_totalseg_tests" / "example_ct_dicom"
    _, series = choose_series(open_studies(folder))
    image = series.load()
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in series.files])
    other = reader.Execute()
    same_geometry(image.grid, other)
    assert (image.array == np.maximum(SimpleITK.GetArrayFromImage(other), -1024)).all()
    assert [one.code for one in series.problems] == ["no-uid"]
    assert "no UIDs" in dicom_obstacle(series)
    labels = read_nifti_labels(limner_data / "ct_totalseg_tests" / "example_seg_dicom.nii.gz")  # stored as LAS
    assert labels.grid.same_as(image.grid, tolerance_mm=0.05)
