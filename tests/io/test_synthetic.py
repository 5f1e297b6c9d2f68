"""Marks of synthetic images: written by every writer, read back, and shown by ``look``."""

from __future__ import annotations

import json
import shutil
import subprocess

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter

from limner.errors import InputError, NotAnImageError
from limner.image import Grid, Image, Picture
from limner.io import choose_series, look, open_studies, read_marks, read_nifti
from limner.io.synthetic import Origin, sidecar, write_nifti, write_picture
from limner.io.synthetic_dicom import PRIVATE_CREATOR, PRIVATE_GROUP, write_dicom_picture, write_dicom_volume

ORIGIN = Origin("skin-stylegan2 0.1.0", "abcdef" + "0" * 58, seed=42)


def picture(channels: int = 3) -> Picture:
    rng = np.random.default_rng(channels)
    smooth = gaussian_filter(rng.normal(size=(channels, 64, 72)), (0, 2, 2))
    return Picture(((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8))


def volume(modality: str = "CT") -> Image:
    rng = np.random.default_rng(8)
    smooth = gaussian_filter(rng.normal(size=(5, 48, 56)), (1, 2, 2))
    grid = Grid.axial((5, 48, 56), (3.0, 0.9, 0.8), (-10.5, 4.25, 100.0))
    if modality == "CT":
        return Image((smooth * 3000).clip(-1024, 2000).astype(np.int16), grid, "CT", "HU")
    return Image(np.abs(smooth).astype(np.float32), grid, "MR")


def errors(path) -> list[str]:
    checker = shutil.which("dciodvfy")
    assert checker, "dciodvfy is not installed: apt-get install dicom3tools"
    done = subprocess.run([checker, str(path)], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert said
    # The checker is older than Synthetic Data and takes it for no standard attribute.
    return [line for line in said if line.startswith("Error") and "(0x0008,0x001c)" not in line]


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_carry_both_marks(tmp_path, name, channels):
    path = tmp_path / name
    write_picture(picture(channels), path, ORIGIN)
    found = read_marks(path)
    assert found.explicit == ORIGIN and found.invisible and found.invisible.tag == ORIGIN.tag
    assert list(tmp_path.iterdir()) == [path]
    if name == "a.png":
        with Pillow.open(path) as opened:
            said = opened.text
        assert said["Synthetic"] == "true" and said["Limner-Pack"] == ORIGIN.pack and said["Limner-Seed"] == "42"
        assert said["Limner-Pack-SHA256"] == ORIGIN.sha256 and said["Software"].startswith("Limner ")
    else:
        with Pillow.open(path) as opened:
            exif = opened.getexif()
        assert exif[0x010E].startswith("SYNTHETIC. Generated") and exif[0x0131].startswith("Limner ")


def test_the_watermark_outlives_the_metadata(tmp_path):
    write_picture(picture(), tmp_path / "a.png", ORIGIN)
    with Pillow.open(tmp_path / "a.png") as opened:
        opened.convert("RGB").save(tmp_path / "b.jpg", quality=90)
    found = read_marks(tmp_path / "b.jpg")
    assert found.explicit is None and found.synthetic and "abcdef" in found.told()
    Pillow.fromarray(np.moveaxis(picture().array, 0, -1)).save(tmp_path / "real.png")
    assert not read_marks(tmp_path / "real.png").synthetic and read_marks(tmp_path / "real.png").told() == ""


def test_only_formats_that_hold_the_mark_are_written(tmp_path):
    with pytest.raises(InputError, match="hold its mark"):
        write_picture(picture(), tmp_path / "a.bmp", ORIGIN)
    with pytest.raises(InputError, match="flat picture"):
        write_picture(Picture(np.zeros((1, 8, 8, 8), np.uint8)), tmp_path / "a.png", ORIGIN)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_nifti(tmp_path, modality):
    made, path = volume(modality), tmp_path / "v.nii.gz"
    write_nifti(made, path, ORIGIN)
    found = read_marks(path)
    assert found.explicit == ORIGIN and found.invisible and found.invisible.tag == ORIGIN.tag
    assert bytes(nibabel.load(path).header["descrip"].item()).startswith(b"SYNTHETIC Limner")
    back = read_nifti(path)
    assert back.grid.same_as(made.grid)
    assert np.abs(back.array - made.array).max() <= (6 if modality == "CT" else 0.02 * np.ptp(made.array))
    assert json.loads(sidecar(path).read_text())["Synthetic"] == "true"
    plain = nibabel.load(path)  # the extension is lost, the file beside it is not
    nibabel.save(nibabel.Nifti1Image(np.asarray(plain.dataobj), plain.affine), path)
    assert read_marks(path, pixels=False).explicit == ORIGIN
    sidecar(path).unlink()
    assert read_marks(path).explicit is None and read_marks(path).synthetic


@pytest.mark.parametrize(
    "beside",
    ['{"InstitutionName": "Hôpital"}'.encode("latin-1"), b"no JSON", b"", b"[1, 2]", b"[" * 100_000, b"9" * 5000],
    ids=["latin-1", "words", "empty", "list", "brackets", "long number"],
)
def test_a_file_beside_a_volume_may_be_anybody_s(tmp_path, beside):
    path = tmp_path / "v.nii.gz"
    write_nifti(volume(), path, ORIGIN)
    held = nibabel.load(path)
    nibabel.save(nibabel.Nifti1Image(np.asarray(held.dataobj), held.affine), path)
    sidecar(path).write_bytes(beside)
    assert read_marks(path, pixels=False).explicit is None


def test_a_mark_in_latin_1_is_read(tmp_path):
    path = tmp_path / "v.nii.gz"
    write_nifti(volume(), path, ORIGIN)
    held = nibabel.load(path)
    nibabel.save(nibabel.Nifti1Image(np.asarray(held.dataobj), held.affine), path)
    words = {**ORIGIN.words(), "InstitutionName": "Hôpital"}
    sidecar(path).write_bytes(json.dumps(words, ensure_ascii=False).encode("latin-1"))
    assert read_marks(path, pixels=False).explicit == ORIGIN


@pytest.mark.parametrize("across", [0, 1])
def test_nifti_whose_slices_are_not_axial(tmp_path, across):
    """Sagittal slices of MR are marked as they are, and turned when they are read."""
    rng = np.random.default_rng(3)
    values = (np.abs(gaussian_filter(rng.normal(size=(9, 48, 56)), (0, 2, 2))) * 3000).astype(np.int16)
    steps = {0: ((3, 0, 0), (0, 0, 1), (0, 1, 0)), 1: ((0, 3, 0), (0, 0, 1), (1, 0, 0))}[across]
    affine = np.eye(4)
    affine[:3, :3] = np.array(steps, float).T
    write_nifti(Image(values, Grid((9, 48, 56), affine), "MR"), tmp_path / "v.nii.gz", ORIGIN)
    assert read_nifti(tmp_path / "v.nii.gz").array.shape != (9, 48, 56)
    found = read_marks(tmp_path / "v.nii.gz")
    assert found.explicit == ORIGIN and found.invisible and found.invisible.tag == ORIGIN.tag


@pytest.mark.parametrize("channels", [1, 3])
def test_secondary_capture_is_valid_and_says_so(tmp_path, channels):
    path = tmp_path / "a.dcm"
    write_dicom_picture(picture(channels), path, ORIGIN)
    assert errors(path) == []
    found, one = read_marks(path), pydicom.dcmread(path)
    assert found.explicit == ORIGIN and found.invisible and found.invisible.tag == ORIGIN.tag
    assert one.SyntheticData == "YES" and one.ImageType[:2] == ["DERIVED", "SECONDARY"] and one.ConversionType == "SYN"
    assert one.BurnedInAnnotation == "NO" and "SYNTHETIC" in one.DerivationDescription
    assert str(one.PatientName) == "SYNTHETIC^LIMNER"
    assert one.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)[0x03].value == "42"
    del one[PRIVATE_GROUP, 0x10]  # a PACS that drops private elements
    one.save_as(tmp_path / "b.dcm")
    assert read_marks(tmp_path / "b.dcm", pixels=False).synthetic


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_generated_volume_as_slices(tmp_path, modality):
    made = volume(modality)
    files = write_dicom_volume(made, tmp_path / "out", ORIGIN)
    assert len(files) == 5 and errors(files[0]) == []
    [study] = open_studies(tmp_path / "out")
    series = study.series[0]
    back = series.load()
    assert back.grid.same_as(made.grid) and back.modality == modality
    if modality == "CT":
        assert np.abs(back.array.astype(int) - made.array).max() <= 6
    else:
        assert np.corrcoef(back.array.ravel(), made.array.ravel())[0, 1] > 0.999
    found = look(tmp_path / "out")
    [row] = found["studies"][0]["series"]
    assert row["marks"]["synthetic"] and row["marks"]["explicit"]["seed"] == 42
    assert row["marks"]["watermark"]["tag"] == "abcdef" and "watermark" in row["marks"]["told"]
    with pytest.raises(InputError, match="already there"):
        write_dicom_volume(made, tmp_path / "out", ORIGIN)


def test_an_enhanced_scan_stays_with_its_patient_and_points_at_its_source(tmp_path, write_series):
    rng = np.random.default_rng(1)
    smooth = gaussian_filter(rng.normal(size=(5, 48, 56)), (0, 2, 2)) * 3000
    write_series(tmp_path / "real", smooth.astype(np.int16))
    source = choose_series(open_studies(tmp_path / "real"))[1]
    origin = Origin("ct-superres 0.1.0", "1" * 64, "superresolve")
    files = write_dicom_volume(source.load(), tmp_path / "out", origin, source)
    assert errors(files[2]) == []
    one, real = pydicom.dcmread(files[2]), pydicom.dcmread(source.files[0])
    for word in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert one[word].value == real[word].value
    assert one.SeriesInstanceUID != real.SeriesInstanceUID and one.SOPInstanceUID != real.SOPInstanceUID
    pointed = {item.ReferencedSOPInstanceUID for item in one.SourceImageSequence}
    assert pointed == {pydicom.dcmread(file).SOPInstanceUID for file in source.files}
    assert [item.CodeValue for item in one.DerivationCodeSequence] == ["113085", "SYNTH"]
    assert read_marks(files[2]).explicit == origin
    assert not look(tmp_path / "real")["studies"][0]["series"][0]["marks"]["synthetic"]


def test_look_at_pictures_and_at_a_folder_of_both(tmp_path, write_series, ramp):
    write_series(tmp_path / "both" / "ct", ramp)
    write_picture(picture(), tmp_path / "both" / "made.png", ORIGIN)
    Pillow.fromarray(np.moveaxis(picture().array, 0, -1)).save(tmp_path / "both" / "real.png")
    found = look(tmp_path / "both")
    assert len(found["studies"]) == 1
    assert [(one["file"], one["marks"]["synthetic"]) for one in found["pictures"]] == [
        ("made.png", True),
        ("real.png", False),
    ]
    json.dumps(found)
    assert look(tmp_path / "both" / "made.png")["studies"] == []
    (tmp_path / "nothing.txt").write_text("no image")
    with pytest.raises(NotAnImageError):
        look(tmp_path / "nothing.txt")
