import numpy as np
import pytest
from PIL import Image

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


def test_a_picture_that_is_not_there(tmp_path):
    with pytest.raises(NotAnImageError, match=r"none\.png"):
        io.read_picture(tmp_path / "none.png")
