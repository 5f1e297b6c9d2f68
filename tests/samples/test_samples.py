"""The built-in study is what was published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom

from limner.samples import DEMO_CITATION, demo_study


def test_pixels_and_attributes_are_as_published(limner_data: Path) -> None:
    published = sorted((limner_data / "ct_liver_crlm1004" / "dicom").glob("*.dcm"))
    assert len(published) == 41
    for path in published:
        ours, theirs = pydicom.dcmread(demo_study() / path.name), pydicom.dcmread(path)
        assert np.array_equal(ours.pixel_array, theirs.pixel_array)
        del ours.PixelData, theirs.PixelData
        assert ours == theirs


def test_it_is_small_and_names_its_authors() -> None:
    size = sum(one.stat().st_size for one in demo_study().iterdir())
    assert size < 9e6
    attribution = (demo_study().parent / "ATTRIBUTION.md").read_text()
    for text in (attribution, DEMO_CITATION):
        assert "Simpson" in text and "CC BY 4.0" in text.replace("Creative Commons Attribution 4.0", "CC BY 4.0")
