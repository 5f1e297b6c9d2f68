"""Clicking is simulated fairly: in the middle of what is wrong; phantoms come out well, and few clicks come far."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest

from limner.bench import ClickBench, bench_click
from limner.bench.click import innermost
from limner.errors import CohortError
from limner.image import Grid


def test_the_innermost_point_is_in_the_middle_of_the_largest_part():
    mask = np.zeros((9, 20, 20), bool)
    mask[1:8, 3:10, 4:11] = True
    mask[0, 15:17, 15:17] = True
    point, size = innermost(mask, Grid.axial(mask.shape, (1, 1, 1)))
    assert (point, size) == ((4, 6, 7), 7 * 7 * 7)
    assert innermost(np.zeros((2, 2, 2), bool), Grid.axial((2, 2, 2), (1, 1, 1)))[1] == 0


def test_phantoms_come_out_well():
    result = bench_click(ClickBench(clicks=3))
    assert len(result.rows) >= 6
    assert result.dice[1].value > 0.85
    assert result.dice[3].value >= result.dice[1].value - 0.01
    assert result.slowest_s < 1.0


@pytest.fixture
def cohort(tmp_path):
    rng = np.random.default_rng(0)
    mask = np.zeros((40, 40, 16), np.uint8)
    mask[4:36, 4:36, 2:14] = 1
    mask[10:20, 10:20, 5:10] = 2
    image = np.where(mask == 2, 50, np.where(mask == 1, 110, -50)) + rng.normal(0, 5, mask.shape)
    for name, array in (("image", image.astype(np.int16)), ("mask", mask)):
        nibabel.save(nibabel.Nifti1Image(array, np.diag([-1.5, -1.5, 3, 1])), tmp_path / f"{name}.nii.gz")
    (tmp_path / "regions.json").write_text(json.dumps({"liver": [1, 2], "liver tumor": [2]}))
    (tmp_path / "cohort.csv").write_text("id,image,mask,split\na,image.nii.gz,mask.nii.gz,val\n")
    return tmp_path / "cohort.csv"


def test_a_cohort_is_clicked_lesion_by_lesion(cohort):
    result = bench_click(ClickBench(cohort, clicks=2))
    [row] = result.rows
    assert row.id == "a-1"
    assert row.dice[0] > 0.9
    assert result.as_dict()["dice"]["1"]["value"] == row.dice[0]


def test_a_cohort_without_lesions_says_so(cohort):
    with pytest.raises(CohortError, match=r"No lesion of 900 ml or more in split 'val' of 'cohort\.csv'"):
        bench_click(ClickBench(cohort, smallest_ml=900))
