"""A net asked around one point says what it says of the whole scan, on the scan's own voxels."""

from __future__ import annotations

import numpy as np
import pytest

from limner.errors import PackError
from limner.image import Grid, Image, LabelMap
from limner.image.anatomy import label
from limner.infer.sight import asked_of, see
from tests.infer.packs import threshold_pack

LEVELS = {"background": -1000.0, "liver": 110.0, "liver tumor": 40.0}
COARSE = {"background": -1000.0, "liver": 90.0, "spleen": 300.0}
NAMES = (label("liver", 1), label("liver tumor", 2), label("spleen", 3))
AT = (20, 30, 32)


def scan():
    """A liver with a tumour, air around it."""
    grid = Grid.axial((40, 60, 64), (2.0, 2.0, 2.0), (-60, -50, 0))
    z, y, x = np.ogrid[:40, :60, :64]
    far = (z - 20) ** 2 + (y - 30) ** 2 + (x - 32) ** 2
    labels = (far <= 15**2).astype(np.uint8)
    array = np.where(labels == 1, 110, -1000)
    array[far <= 5**2] = 40
    return Image(array.astype(np.int16), grid, "CT", "HU"), LabelMap(labels, grid, NAMES), far


@pytest.mark.parametrize("locator", [None, COARSE])
def test_what_lies_inside_is_probable_and_what_lies_outside_is_not(tmp_path, locator):
    pack = threshold_pack(tmp_path, LEVELS, locator=locator)
    image, labels, far = scan()
    sight = see(pack, image, labels, 2, AT, "onnxruntime")
    whole = sight[tuple(slice(0, n) for n in image.grid.shape)]
    assert whole.shape == image.grid.shape
    assert whole[far <= 4**2].min() > 0.5
    assert whole[(far > 8**2) & (far < 12**2)].max() < 0.1
    box = (slice(15, 25), slice(28, 33), slice(30, 36))
    assert sight[box] == pytest.approx(whole[box], abs=1e-5)


def test_far_from_the_window_nobody_looked(tmp_path):
    pack = threshold_pack(tmp_path, LEVELS)  # windows of 24 × 32 × 32 voxels of 2 mm
    image, labels, _ = scan()
    sight = see(pack, image, labels, 1, AT, "onnxruntime")
    assert sight.p.shape == (24, 32, 32)
    corner = sight[(slice(0, 4), slice(0, 4), slice(0, 4))]
    assert not corner.any()


def test_only_what_a_net_draws_can_be_asked(tmp_path):
    pack = threshold_pack(tmp_path, LEVELS, locator=COARSE)
    assert set(asked_of(pack)) == {"liver", "liver tumor", "spleen"}
    image, labels, _ = scan()
    with pytest.raises(PackError, match="No net of the pack 'threshold' draws 'this structure'"):
        see(pack, image, labels, 9, AT)
    empty = LabelMap(np.zeros_like(labels.array), labels.grid, NAMES)
    with pytest.raises(PackError, match="works inside the liver, which is drawn nowhere"):
        see(pack, image, empty, 2, AT)
