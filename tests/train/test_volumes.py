"""Segmentation of whole scans: what is refused before the first step, and the checks on scans not learned from."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from limner import io
from limner.data.patches import Patch
from limner.errors import CohortError, RecipeError
from limner.image import Grid, LabelMap
from limner.infer import load_pack
from limner.infer.inputs import predict_inputs
from limner.train import train
from limner.train.recipe import read_recipe
from limner.train.run import make_parts
from limner.train.volume_check import CheckedPatches


@pytest.fixture
def copied(cohort, recipe, tmp_path):
    """The recipe's own cohort, to be spoiled."""
    folder = tmp_path / "spoiled"
    folder.mkdir()
    for path in cohort.parent.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    recipe.write_text(recipe.read_text().replace(str(cohort), str(folder / "cohort.csv")))
    return folder


def _rewrite(path, change):
    read = io.read_nifti_labels(path)
    io.write_nifti_labels(change(read), path)


def test_masks_of_another_place_are_refused_before_training_and_not_kept(recipe, copied, tmp_path):
    path = copied / "mask1.nii.gz"
    good = path.read_bytes()
    _rewrite(path, lambda m: LabelMap(m.array, Grid(m.grid.shape, m.grid.affine + 500 * np.eye(4, k=3))))
    with pytest.raises(CohortError, match=r"'case1'.*'mask1.nii.gz' lies elsewhere"):
        make_parts(read_recipe(recipe), tmp_path / "cache")
    path.write_bytes(good)
    assert make_parts(read_recipe(recipe), tmp_path / "cache").notes == ()


def test_a_mask_on_a_wider_grid_is_resampled_and_told_of_again(recipe, copied, tmp_path):
    def wider(mask):
        grid = Grid.crop(mask.grid, (-1, -1, -1), tuple(n + 2 for n in mask.grid.shape))
        return LabelMap(np.pad(mask.array, 1), grid)

    _rewrite(copied / "mask0.nii.gz", wider)
    for _ in range(2):  # made, then from the cache
        (told,) = make_parts(read_recipe(recipe), tmp_path / "cache").notes
        assert told.startswith("1 case(s)")
        assert "case0" in told


def test_a_training_set_without_marks_is_refused(recipe, copied, tmp_path):
    values = "data.sources.0.layers=[{column: mask, values: {7: liver}}]"
    with pytest.raises(CohortError, match="None of liver, liver tumor is marked in any of the 2 cases"):
        make_parts(read_recipe(recipe, [values]), tmp_path / "cache")
    (copied / "mask0.nii.gz").touch()
    one = "data.sources.0.layers=[{column: mask, values: {1: liver, 2: liver}}]"
    (told,) = make_parts(read_recipe(recipe, [one, "data.sources.0.paint_tumors=0"]), tmp_path / "cache").notes
    assert told == "No case marks liver tumor: the net can't learn it."


def test_a_class_of_any_name_becomes_a_pack(recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace("liver tumor", "my lesion").replace("paint_tumors: 0.3", ""))
    result = train(recipe, ["train.steps=1", "pack.kinds={my lesion: lesion}"], tmp_path / "run")
    pack = load_pack(result.pack)
    assert [(one.name, one.kind) for one in pack.labels] == [("liver", "organ"), ("my lesion", "lesion")]
    assert json.loads((result.pack / "pack.json").read_text())["kinds"] == {"my lesion": "lesion"}


def test_a_slip_in_decode_is_refused_before_the_first_step(recipe):
    with pytest.raises(RecipeError, match=r"pack\.decode.*'lesion_min_m' is unknown.*Did you mean 'lesion_min_ml'"):
        read_recipe(recipe, ["pack.decode.lesion_min_m=0.2"])
    with pytest.raises(RecipeError, match="'presence_cells' is not read by this task"):
        read_recipe(recipe, ["pack.decode.presence_cells=4"])
    known = read_recipe(recipe, ["pack.decode.lesion_min_ml=0.2"])
    assert known.model_dump(mode="json")["pack"]["decode"] == {"lesion_min_ml": 0.2}


CHECK = "data.sources.0.check=val"


def test_a_check_split_chooses_the_weights_and_fits_a_temperature(recipe, cohort, tmp_path):
    settings = [CHECK, "train.steps=30", "train.check_every=10", "train.patience=9"]
    result = train(recipe, settings, tmp_path / "run")
    rows = (result.folder / "checks.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "10", "20", "30"]
    assert (result.folder / "best.pt").is_file()
    known = load_pack(result.pack).spec.calibration
    assert known.temperature > 0
    assert known.ece_after <= known.ece_before
    assert "check split" in known.fitted_on
    assert "divided by temperature" in (result.pack / "CARD.md").read_text()
    assert {row.case for row in load_pack(result.pack).spec.training} == {"case0", "case1"}


def test_a_check_is_the_same_every_time_and_sees_what_is_right(recipe, tmp_path):
    parts = make_parts(read_recipe(recipe, [CHECK]), tmp_path / "cache")
    held = parts.check.__self__
    again = make_parts(read_recipe(recipe, [CHECK]), tmp_path / "cache").check.__self__
    assert len(held.patches) == 3  # about the tumours, about the liver, anywhere
    assert all((a.image == b.image).all() for a, b in zip(held.patches, again.patches, strict=True))
    assert (held.patches[0].target == 2).any()
    assert 0 <= parts.check(parts.net.eval()) < 0.9


class _Tells(torch.nn.Module):
    """Says what it is told, whatever it sees."""

    def __init__(self, labels, sharp=5.0):
        super().__init__()
        self.told = torch.nn.Parameter(sharp * torch.nn.functional.one_hot(torch.from_numpy(labels), 3).movedim(-1, 0))

    def forward(self, image):
        return (self.told[None].float(),)


def test_dice_leaves_out_what_is_not_known():
    target = np.zeros((4, 4, 4), np.uint8)
    target[1:3] = 1
    said = target.astype(np.int64)
    said[2] = 2  # a class that the case cannot tell from 1
    image = np.zeros((1, 4, 4, 4), np.float32)
    unknown = target.copy()
    unknown[2] = 255

    def dice(one, merge):
        return CheckedPatches((Patch(image, one, merge),), ("p",), ("background", "a", "b")).score(_Tells(said))

    assert dice(target, (0, 1, 1)) == 1
    assert dice(target, (0, 1, 2)) == pytest.approx((2 / 3 + 0) / 2)
    assert dice(unknown, (0, 1, 2)) == 1


def test_a_net_that_is_too_sure_is_cooled():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, (8, 8, 8)).astype(np.uint8)
    said = np.where(rng.random(target.shape) < 0.25, 1 - target, target).astype(np.int64)
    held = CheckedPatches((Patch(np.zeros((1, 8, 8, 8), np.float32), target, (0, 1, 2)),), ("p",), ("b", "c", "d"))
    assert held.calibrate(_Tells(said, sharp=2.9)).temperature > 1.5


def test_lesions_that_are_wrong_put_the_threshold_above_them():
    """Four parts, two of them in no true lesion and less sure: what is left is wrong half as often, or less."""
    p, target = np.full((12, 8, 8), 0.01), np.zeros((12, 8, 8), np.uint8)
    for place, sure, real in ((0, 0.97, True), (3, 0.93, True), (6, 0.7, False), (9, 0.6, False)):
        p[place : place + 2, 2:6, 2:6] = sure
        if real:
            target[place : place + 2, 2:6, 2:6] = 1
    net = _Tells(np.zeros((12, 8, 8), np.int64))
    net.told = torch.nn.Parameter(torch.from_numpy(np.stack([np.log(1 - p), np.log(p)])))
    patch = Patch(np.zeros((1, 12, 8, 8), np.float32), target, (0, 1))
    found = CheckedPatches((patch,), ("p",), ("background", "tumor"), (1,)).calibrate(net)

    def cooled(one: float) -> float:
        return float(1 / (1 + np.exp(-np.log(one / (1 - one)) / found.temperature)))

    assert cooled(0.7) < found.abstain_below <= cooled(0.93)
    right = Patch(patch.image, (p > 0.5).astype(np.uint8), (0, 1))
    assert CheckedPatches((right,), ("p",), ("background", "tumor"), (1,)).calibrate(net).abstain_below == 0.0
    assert CheckedPatches((patch,), ("p",), ("background", "organ")).calibrate(net).abstain_below == 0.0


def test_what_nothing_checks_is_refused_or_said(recipe, tmp_path):
    with pytest.raises(RecipeError, match=r"train\.patience is 2.*data\.sources\.0\.check"):
        make_parts(read_recipe(recipe, ["train.patience=2"]), tmp_path / "cache")
    (told,) = make_parts(read_recipe(recipe, ["train.check_every=2"]), tmp_path / "cache").notes
    assert "check_every does nothing" in told
    with pytest.raises(RecipeError, match="no cases in split 'validation'"):
        make_parts(read_recipe(recipe, ["data.sources.0.check=validation"]), tmp_path / "cache")


def test_a_patient_is_not_learned_from_and_checked_on(recipe, copied, tmp_path):
    with pytest.raises(CohortError, match=r"2 patients are learned from and checked on: patient0, patient1"):
        make_parts(read_recipe(recipe, ["data.sources.0.check=train"]), tmp_path / "cache")


def test_a_pack_is_for_the_modality_of_its_recipe(recipe, cohort, tmp_path):
    result = train(recipe, ["train.steps=1", "data.modality=[MR]"], tmp_path / "run")
    pack = load_pack(result.pack)
    assert pack.spec.input.modality == ["MR"]
    (row,) = predict_inputs(pack, [cohort.parent / "case2.nii.gz"], tmp_path / "out")  # NIfTI names no modality
    assert row["labels"].endswith("case2.nii.gz")
