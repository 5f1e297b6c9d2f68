"""Every net that translates passes the same test: a picture as large as what it sees, gradients, an export alike."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from limner import nets
from limner.nets.medgan import stride_of
from limner.train.export import export_onnx
from limner.train.recipe import Recipe

SMALL = {"casnet": {"blocks": 2, "features": (4, 8, 8)}, "cyclegan": {"features": (4, 8, 8)}}


def small(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return nets.build(name, 2, 1, **SMALL[name])


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("size", [(16, 16), (8, 24)])
def test_any_size_that_its_stride_divides(name, size):
    assert stride_of(SMALL[name]["features"]) == 4
    made = small(name).eval()(torch.rand(2, 2, *size))
    assert made.shape == (2, 1, *size)


def test_every_weight_of_a_cascade_takes_part():
    net = small("casnet").train()
    net(torch.rand(2, 2, 16, 16)).sum().backward()
    assert all(value.grad is not None for value in net.parameters())


def test_a_cycle_leads_there_and_back():
    net = small("cyclegan").train()
    given, wanted = torch.rand(2, 2, 16, 16), torch.rand(2, 1, 16, 16)
    cycle = net(torch.cat([given, wanted], 1))
    assert (cycle.made.shape, cycle.given.shape) == (wanted.shape, given.shape)
    assert (cycle.imagined.shape, cycle.wanted.shape) == (given.shape, wanted.shape)
    (cycle.given.sum() + cycle.wanted.sum()).backward()
    assert all(value.grad is not None for value in net.parameters())
    assert not cycle.detach().made.requires_grad


@pytest.mark.parametrize("options", [{"blocks": 0}, {"features": (4,)}, {"dims": 3}])
def test_what_cannot_be_built_is_refused(options):
    with pytest.raises(ValueError, match="got"):
        nets.build("casnet", 2, 1, **options)


@pytest.mark.parametrize("name", SMALL)
def test_an_exported_net_answers_alike_at_another_size(name, tmp_path):
    import onnxruntime

    net = small(name).eval().half().float()
    unpaired = name == "cyclegan"
    loss = {"l1": 0, "adversarial": 1, "cycle": 1} if unpaired else {}
    data = {
        "size": [16, 16], "channel_names": ["pre", "flair", "post"], "given": ["pre", "post"], "wanted": "flair",
        "unpaired": unpaired, "sources": [{"cohort": "none.csv", "licence": "CC0"}],
    }  # fmt: skip
    recipe = Recipe.model_validate(
        {"task": "translate", "data": data, "net": {"name": name}, "loss": loss, "augment": {},
         "pack": {"name": "x", "description": "x"}}
    )  # fmt: skip
    weights = tmp_path / "weights.safetensors"
    save_file({k: v.half().contiguous() for k, v in net.state_dict().items()}, weights)
    export_onnx(net, recipe, tmp_path / "model.onnx", weights)
    x = np.random.default_rng(0).random((3, 2, 8, 24), np.float32)
    [found] = onnxruntime.InferenceSession(str(tmp_path / "model.onnx")).run(["picture"], {"image": x})
    with torch.inference_mode():
        expected = net(torch.from_numpy(x)).numpy()
    assert np.abs(found - expected).max() < 1e-3
