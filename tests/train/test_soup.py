"""The mean of nets: what is in the middle of their weights, and nothing of another net."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from limner.errors import RecipeError
from limner.train import train
from limner.train.soup import averaged

from .pictures import write_pictures, write_recipe


def _net(seed, width=3):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.LayerNorm(width))


def test_weights_become_the_mean(tmp_path):
    nets = [_net(k) for k in range(3)]
    expected = torch.stack([net[0].weight for net in nets]).mean(0)
    for k in (1, 2):
        save_file(nets[k].state_dict(), tmp_path / f"{k}.safetensors")
    made = averaged(nets[0], [tmp_path / "1.safetensors", tmp_path / "2.safetensors"])
    assert torch.allclose(made[0].weight, expected)


def test_another_net_no_file_and_batch_norm_are_refused(tmp_path):
    save_file(_net(0, width=4).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(RecipeError, match="another net"):
        averaged(_net(0), [tmp_path / "w.safetensors"])
    with pytest.raises(RecipeError, match="no file of weights"):
        averaged(_net(0), [tmp_path / "nowhere.safetensors"])
    (tmp_path / "text.safetensors").write_text("weights")
    with pytest.raises(RecipeError, match="no file of weights"):
        averaged(_net(0), [tmp_path / "text.safetensors"])
    with pytest.raises(RecipeError, match="batch normalization"):
        averaged(torch.nn.BatchNorm1d(3), [tmp_path / "w.safetensors"])


def _masks(tmp_path):
    cohort = write_pictures(tmp_path / "set")
    lines = cohort.read_text().splitlines()
    cohort.write_text("\n".join([lines[0] + ",mask", *(f"{line},{line.split(',')[1]}" for line in lines[1:])]) + "\n")
    return write_recipe(
        tmp_path / "toy.yaml",
        cohort,
        task="segment",
        net={"name": "unet", "options": {"channels": [4, 8], "deep": 0}},
        data={
            "size": [16, 16],
            "classes": {"0": "background", "1": "light"},
            "sources": [{"cohort": str(cohort), "licence": "CC0"}],
        },
    )


def test_a_recipe_asks_for_it_and_is_refused_before_it_trains(tmp_path):
    recipe = _masks(tmp_path)
    one = load_file(train(recipe, ["train.steps=2"], tmp_path / "one").pack / "weights.safetensors")
    path = str(tmp_path / "one" / "pack" / "weights.safetensors")
    same = [f"train.start_from={path}", "train.steps=1", "train.rate=1e-12", "train.ema=0"]
    save_file({name: value * 3 for name, value in one.items()}, tmp_path / "three.safetensors")
    two = train(recipe, [*same, f"train.average_with=[{tmp_path / 'three.safetensors'}]"], tmp_path / "two")
    for name, value in load_file(two.pack / "weights.safetensors").items():
        assert torch.allclose(value.float(), 2 * one[name].float(), rtol=5e-3, atol=2e-3), name
    for setting in ("train.average_with=[nowhere.safetensors]", "train.start_from=nowhere.safetensors"):
        with pytest.raises(RecipeError, match="no file of weights"):
            train(recipe, [setting], tmp_path / "three")
        assert not (tmp_path / "three" / "curve.csv").exists()
