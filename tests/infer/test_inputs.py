import numpy as np
import pytest

from limner import io
from limner.errors import InputError, OutputExistsError, PackError
from limner.infer.inputs import predict_inputs
from tests.infer.packs import threshold_pack
from tests.train.conftest import write_cohort

LEVELS = {"background": -90.0, "liver": 110.0, "liver tumor": 62.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_cohort(tmp_path_factory.mktemp("cohort"), cases=2).parent


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return threshold_pack(tmp_path_factory.mktemp("pack"), LEVELS)


def test_a_row_and_a_label_map_per_input(pack, folder, tmp_path):
    rows = predict_inputs(pack, [folder / "case0.nii.gz", folder / "case1.nii.gz"], tmp_path / "out")
    assert [row["id"] for row in rows] == ["case0", "case1"]
    for row in rows:
        labels = io.read_nifti_labels(row["labels"])
        ml = (labels.array == 1).sum() * labels.grid.voxel_ml
        assert row["volumes_ml"]["liver"] == pytest.approx(ml, abs=0.01)
    assert not list((tmp_path / "out").glob(".*"))


def test_one_bad_input_does_not_stop_the_others(pack, folder, tmp_path):
    bad = tmp_path / "bad.nii.gz"
    bad.write_text("no image")
    rows = predict_inputs(pack, [bad, folder / "case0.nii.gz"], tmp_path / "out")
    assert "error" in rows[0]
    assert "labels" in rows[1]
    with pytest.raises(InputError, match="bad"):
        predict_inputs(pack, [bad], tmp_path / "out2")


def test_nothing_is_overwritten_unasked(pack, folder, tmp_path):
    (tmp_path / "case0.nii.gz").write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match="case0"):
        predict_inputs(pack, [folder / "case0.nii.gz"], tmp_path)
    assert (tmp_path / "case0.nii.gz").read_bytes() == b"mine"
    predict_inputs(pack, [folder / "case0.nii.gz"], tmp_path, force=True)
    assert np.any(io.read_nifti_labels(tmp_path / "case0.nii.gz").array)


def test_two_inputs_of_one_name_are_refused(pack, folder, tmp_path):
    with pytest.raises(InputError, match="different names"):
        predict_inputs(pack, [folder / "case0.nii.gz", folder / "case0.nii.gz"], tmp_path)


@pytest.mark.parametrize("size", [[24, 24], [12, 24, 24]])
def test_a_limit_of_memory_that_would_not_hold_is_refused(folder, tmp_path, size):
    read = {"modality": ["CT"], "size": size, "channels": 1}
    pack = threshold_pack(tmp_path / "pack", LEVELS, input=read, class_values=["0", "1", "2"])
    with pytest.raises(PackError, match=r"'threshold' asks .* the limit would not hold"):
        predict_inputs(pack, [folder / "case0.nii.gz"], tmp_path / "out", max_memory_gb=2.0)
    assert not (tmp_path / "out").exists()
