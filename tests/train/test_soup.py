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
    return torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.BatchNorm1d(width))


def test_weights_become_the_mean(tmp_path):
    nets = [_net(k) for k in range(3)]
    expected = torch.stack([net[0].weight for net in nets]).mean(0)
    for k in (1, 2):
        save_file(nets[k].state_dict(), tmp_path / f"{k}.safetensors")
    made = averaged(nets[0], [tmp_path / "1.safetensors", tmp_path / "2.safetensors"])
    assert torch.allclose(made[0].weight, expected)
    assert made[1].num_batches_tracked.dtype == torch.int64


def test_another_net_is_refused(tmp_path):
    save_file(_net(0, width=4).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(RecipeError, match="another net"):
        averaged(_net(0), [tmp_path / "w.safetensors"])


def test_a_recipe_asks_for_it(tmp_path):
    cohort = write_pictures(tmp_path / "set")
    recipe = write_recipe(tmp_path / "toy.yaml", cohort)
    one = load_file(train(recipe, ["train.steps=2"], tmp_path / "one").pack / "weights.safetensors")
    path = str(tmp_path / "one" / "pack" / "weights.safetensors")
    same = [f"train.start_from={path}", "train.steps=1", "train.rate=1e-12", "train.ema=0"]
    doubled = {name: value * 3 if value.is_floating_point() else value for name, value in one.items()}
    save_file(doubled, tmp_path / "three.safetensors")
    asked = f"train.average_with=[{tmp_path / 'three.safetensors'}]"
    two = load_file(train(recipe, [*same, asked], tmp_path / "two").pack / "weights.safetensors")
    assert torch.allclose(two["bias"].float(), 2 * one["bias"].float(), atol=2e-3)
    assert torch.allclose(two["head.weight"].float(), 2 * one["head.weight"].float(), rtol=5e-3, atol=2e-3)
