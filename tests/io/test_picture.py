import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from limner import io
from limner.errors import NotAnImageError


def test_colour_grey_and_sixteen_bits(tmp_path):
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 255, (5, 7, 3)).astype(np.uint8)
    Image.fromarray(colour).save(tmp_path / "a.png")
    np.testing.assert_array_equal(io.read_picture(tmp_path / "a.png").array, np.moveaxis(colour, -1, 0))
    Image.fromarray(colour[..., 0]).save(tmp_path / "b.png")
    np.testing.assert_array_equal(io.read_picture(tmp_path / "b.png").array, colour[None, ..., 0])
    deep = np.array([[0, 1000], [2000, 4000]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "c.png")
    assert io.read_picture(tmp_path / "c.png").array.tolist() == [[[0, 64], [128, 255]]]


def test_a_photograph_is_turned_as_the_camera_was_held(tmp_path):
    array = np.zeros((4, 8), np.uint8)
    array[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by a quarter, clockwise
    Image.fromarray(array).save(tmp_path / "a.png", exif=exif)
    read = io.read_picture(tmp_path / "a.png")
    assert read.size == (8, 4)
    assert read.array[0, 0, 3] == 255


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_damaged_is_refused_by_name(tmp_path, content):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(NotAnImageError, match=r"broken\.png"):
        io.read_picture(path)


def test_half_a_picture_is_damaged(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NotAnImageError, match=r"half\.png"):
        io.read_picture(tmp_path / "half.png")


def test_a_picture_that_fills_the_memory_is_refused(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(NotAnImageError, match=r"huge\.png' is too large .* 2,000 pixels at most"):
        io.read_picture(tmp_path / "huge.png")


def test_a_picture_that_is_not_there(tmp_path):
    with pytest.raises(NotAnImageError, match=r"none\.png"):
        io.read_picture(tmp_path / "none.png")


def radiograph(path, stored, **tags):
    one = pydicom.Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID, one.SOPInstanceUID, one.StudyInstanceUID = DigitalXRayImageStorageForPresentation, "1.2.3", "1.2"
    one.Modality, one.PatientName = "DX", "Secret^Name"
    one.Rows, one.Columns, one.SamplesPerPixel = *stored.shape[:2], stored.shape[2] if stored.ndim == 3 else 1
    one.PhotometricInterpretation = "RGB" if stored.ndim == 3 else "MONOCHROME2"
    one.BitsAllocated = one.BitsStored = 8 * stored.dtype.itemsize
    one.HighBit, one.PixelRepresentation = one.BitsStored - 1, 0
    if stored.ndim == 3:
        one.PlanarConfiguration = 0
    one.PixelData = stored.tobytes()
    for name, value in tags.items():
        setattr(one, name, value)
    one.file_meta.MediaStorageSOPClassUID, one.file_meta.MediaStorageSOPInstanceUID = one.SOPClassUID, "1.2.3"
    one.save_as(path, enforce_file_format=True)
    return path


STORED = np.array([[0, 1000], [2000, 4000]], np.uint16)


@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        ({}, [[0, 64], [128, 255]]),
        ({"PhotometricInterpretation": "MONOCHROME1"}, [[255, 191], [128, 0]]),
        ({"WindowCenter": 1000, "WindowWidth": 2000}, [[0, 128], [255, 255]]),
        ({"WindowCenter": [1000, 5], "WindowWidth": [2000, 5]}, [[0, 128], [255, 255]]),
        ({"WindowCenter": 2000, "WindowWidth": 4000, "VOILUTFunction": "SIGMOID"}, [[30, 69], [128, 225]]),
        (
            {"WindowCenter": 0, "WindowWidth": 2000, "RescaleSlope": 2, "RescaleIntercept": -1000},
            [[0, 255], [255, 255]],
        ),
    ],
)
def test_a_radiograph_is_read_as_a_viewer_shows_it(tmp_path, tags, shown):
    """PS3.3 C.11.2.1.2: what lies in the window spreads from black to white."""
    path = radiograph(tmp_path / "IM0001", STORED, **tags)
    assert io.is_picture(path) and io.study_uid(path) == "1.2"
    np.testing.assert_allclose(io.read_picture(path).array[0], shown, atol=1)


def test_colour_stays_colour_in_dicom(tmp_path):
    colour = np.random.default_rng(0).integers(0, 255, (4, 6, 3)).astype(np.uint8)
    path = radiograph(tmp_path / "a.dcm", colour, Modality="US")
    np.testing.assert_array_equal(io.read_picture(path).array, np.moveaxis(colour, -1, 0))


def test_a_film_and_a_slice_are_no_picture(tmp_path):
    film = radiograph(tmp_path / "a.dcm", np.zeros((2, 2), np.uint16), Modality="US", NumberOfFrames=3)
    with pytest.raises(NotAnImageError, match=r"'a\.dcm' holds 3 frames"):
        io.read_picture(film)
    assert not io.is_picture(radiograph(tmp_path / "b.dcm", STORED, Modality="CT"))


def test_a_radiograph_that_ends_early_is_damaged(tmp_path):
    path = radiograph(tmp_path / "cut.dcm", STORED)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(NotAnImageError, match=r"cut\.dcm"):
        io.read_picture(path)
