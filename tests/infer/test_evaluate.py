import json

import numpy as np
import pytest

from limner import io
from limner.errors import CohortError, PackError
from limner.image import Grid, LabelMap
from limner.infer.evaluate import EvaluateOptions, evaluate
from tests.infer.packs import threshold_pack
from tests.train.conftest import write_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    levels = {"background": -1000.0, "liver": 110.0, "liver tumor": 62.0}
    return threshold_pack(tmp_path_factory.mktemp("pack"), levels)


def test_the_contract_of_the_json(pack, cohort):
    found = json.loads(evaluate(pack, cohort).model_dump_json())
    assert {"task", "n", "metrics", "per_class", "per_site", "calibration", "baseline"} <= set(found)
    assert found["n"] == 3
    assert set(found["per_class"]) == {"liver", "liver tumor"}
    for name in ("dice", "hd95_mm", "nsd", "sensitivity"):
        assert set(found["metrics"][name]) == {"value", "low", "high"}
    liver = found["per_class"]["liver"]["dice"]
    assert liver["low"] <= liver["value"] <= liver["high"]
    assert liver["value"] > found["baseline"]["dice"]


def test_a_split_and_a_repeat_give_the_same_numbers(pack, cohort):
    options = EvaluateOptions(split="val")
    one, other = evaluate(pack, cohort, options), evaluate(pack, cohort, options)
    assert one == other
    assert one.n == 1


def test_without_regions_the_mask_is_the_first_region(pack, cohort, tmp_path):
    for path in cohort.parent.iterdir():
        if path.name != "regions.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    found = evaluate(pack, tmp_path / "cohort.csv", EvaluateOptions(split="val"))
    assert set(found.per_class) == {"liver"}
    assert any("regions.json" in text for text in found.problems)


def test_what_cannot_be_evaluated_is_refused_before_work(pack, cohort):
    with pytest.raises(PackError, match="'liver'"):
        evaluate(pack, cohort, EvaluateOptions(regions={"livre": (1,)}))
    with pytest.raises(CohortError, match="'vessels'"):
        evaluate(pack, cohort, EvaluateOptions(mask="vessels"))


def test_a_mask_on_another_grid_is_brought_over(pack, cohort, tmp_path):
    for path in cohort.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    read = io.read_nifti_labels(tmp_path / "mask2.nii.gz")
    shape = read.array.shape
    shifted = LabelMap(np.pad(read.array, 2), Grid.crop(read.grid, (-2, -2, -2), tuple(n + 4 for n in shape)))
    io.write_nifti_labels(shifted, tmp_path / "mask2.nii.gz")
    options = EvaluateOptions(split="val")
    found = evaluate(pack, tmp_path / "cohort.csv", options)
    assert found.metrics == evaluate(pack, cohort, options).metrics
    assert any("another grid" in text and "case2" in text for text in found.problems)


def test_a_mask_of_another_place_is_refused(pack, cohort, tmp_path):
    for path in cohort.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    read = io.read_nifti_labels(tmp_path / "mask2.nii.gz")
    far = Grid(read.grid.shape, read.grid.affine + 500 * np.eye(4, k=3))
    io.write_nifti_labels(LabelMap(read.array, far), tmp_path / "mask2.nii.gz")
    with pytest.raises(CohortError, match=r"'case2'.*lies elsewhere"):
        evaluate(pack, tmp_path / "cohort.csv", EvaluateOptions(split="val"))
