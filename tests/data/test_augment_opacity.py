"""Painted opacities: where they are said to be, and nowhere else."""

import numpy as np

from limner.data.augment.opacity import paint_opacities, sample_opacities


def _lungs():
    y, x = np.mgrid[:96, :96]
    lungs = sum(((x - c) / 16) ** 2 + ((y - 45) / 28) ** 2 <= 1 for c in (30, 66))
    return np.where(lungs, 0.25, 0.75).astype(np.float32)


def test_they_lie_in_dark_parts_and_brighten_only_around_their_box():
    image = _lungs()
    for seed in range(12):
        opacities = sample_opacities(np.random.default_rng(seed), image)
        assert opacities
        painted, boxes = paint_opacities(image[None], opacities)
        change = painted[0] - image
        inside = np.zeros(image.shape, bool)
        for (y0, x0, y1, x1), one in zip(boxes, opacities, strict=True):
            assert image[int(one.center[0]), int(one.center[1])] < 0.5
            reach_y, reach_x = 0.4 * (y1 - y0), 0.4 * (x1 - x0)
            top, left = (int(max(0, v)) for v in (y0 - reach_y, x0 - reach_x))
            inside[top : int(y1 + reach_y) + 2, left : int(x1 + reach_x) + 2] = True
            assert change[int(one.center[0]), int(one.center[1])] > 0.02
        assert np.abs(change[~inside]).max(initial=0) < 0.01
        assert painted.min() >= 0
        assert painted.max() <= 1


def test_they_repeat():
    image = _lungs()
    one, again = (sample_opacities(np.random.default_rng(3), image) for _ in range(2))
    assert one == again
    assert np.array_equal(paint_opacities(image[None], one)[0], paint_opacities(image[None], again)[0])


def test_a_bright_picture_gets_none_outside_its_dark_half():
    assert paint_opacities(_lungs()[None], ())[1].shape == (0, 4)
