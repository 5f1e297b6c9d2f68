"""The bench of marks counts what it says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from limner.bench import MarksBench, bench_marks
from limner.errors import InputError
from limner.image import watermark


def test_counts_marks_and_false_alarms(tmp_path):
    smooth = gaussian_filter(np.random.default_rng(0).normal(size=(2, 96, 80)), (0, 2, 2))
    pixels = ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)
    Image.fromarray(pixels[0]).save(tmp_path / "real.png")
    Image.fromarray(watermark.embed(pixels[1], 1)).save(tmp_path / "already-marked.png")
    found = bench_marks(MarksBench((tmp_path,), (64,), (90, 5)))
    good, bad = found.rows
    assert (good.n, good.found, good.tags) == (2, 2, 2) and good.psnr_least > 42
    assert bad.quality == 5 and bad.found == 0
    assert (found.unmarked, found.false_alarms) == (2, 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="No picture"):
        bench_marks(MarksBench((tmp_path / "empty",)))
