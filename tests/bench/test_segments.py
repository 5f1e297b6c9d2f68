"""The bench of segments counts what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from limner.bench import SegmentsBench, bench_segments
from limner.cli import app
from limner.errors import CohortError
from limner.image import LabelMap
from limner.image.anatomy import named
from limner.io import write_nifti_labels
from limner.scene.vessels import couinaud
from tests.scene.vessels.phantoms import Tube, painted
from tests.scene.vessels.test_couinaud import GRID, shape


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Two livers whose segments are Limner's own; in one of them, 5 and 6 are drawn as one."""
    folder = tmp_path_factory.mktemp("livers")
    liver, vessels = shape(), painted(GRID, [Tube((-60, 0, 0), (40, 0, 10), 5)]) & shape()
    alike = couinaud(liver, GRID).array
    other = couinaud(liver, GRID, vessels).array.copy()
    other[other == 6] = 5
    files = {"liver": liver, "vessels": vessels, "alike": alike, "other": other}
    for name, array in files.items():
        labels = LabelMap(array.astype(np.uint8), GRID, (named("liver", 1),))
        write_nifti_labels(labels, folder / f"{name}.nii.gz")
    rows = [
        "a,liver.nii.gz,liver.nii.gz,,alike.nii.gz,test,A",
        "b,liver.nii.gz,liver.nii.gz,vessels.nii.gz,other.nii.gz,test,B",
    ]
    (folder / "cohort.csv").write_text("\n".join(["id,image,mask,vessels,couinaud,split,patient", *rows]) + "\n")
    return folder / "cohort.csv"


def test_what_is_alike_counts_whole_and_what_is_missing_counts_nothing(cohort):
    found = bench_segments(SegmentsBench(cohort, pack=None))
    alike, other = found.rows
    assert (alike.vessels, other.vessels) == ("none", "given") and alike.mean == alike.without == 1.0
    assert other.dice[6] == 0.0 and other.dice[5] < 1.0 and other.dice[1] == 1.0
    assert other.mean == pytest.approx(np.mean(list(other.dice.values())))
    assert found.mean.value == pytest.approx((alike.mean + other.mean) / 2, abs=1e-4)
    assert found.per_segment[6].value == pytest.approx(0.5) and set(found.by_vessels) == {"none", "given"}


def test_the_command_prints_rows_and_json(cohort):
    run = CliRunner().invoke(app, ["bench", "segments", str(cohort), "--pack", "none", "--json"])
    assert run.exit_code == 0
    read = json.loads(run.stdout)
    assert read["n"] == 2 and read["metrics"]["dice"]["value"] < 1 and read["per_case"][0]["vessels"] == "none"
    run = CliRunner().invoke(app, ["bench", "segments", str(cohort), "--pack", "none"])
    assert "Vessels none: 1 livers" in run.stdout and "2 livers" in run.stdout


def test_what_was_learned_from_is_not_measured(cohort, tmp_path):
    with pytest.raises(CohortError, match="cannot be measured on train"):
        bench_segments(SegmentsBench(cohort, "train", None, learn=tmp_path / "w.safetensors"))
    with pytest.raises(CohortError, match="none in this split"):
        bench_segments(SegmentsBench(cohort, "val", None))
