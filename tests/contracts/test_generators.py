"""Every generator passes the same test: a square picture, gradients everywhere, graphs that answer as the net does."""

import numpy as np
import onnx
import pytest
import torch

from limner import nets
from limner.nets.discriminator import Discriminator
from limner.train.export_generator import export_generator
from limner.train.recipe import Recipe

SMALL = {"stylegan2": {"size": 16, "features": (8, 8, 4), "latent": 6, "width": 8, "depth": 2}}
CONDITIONS = {"none": (0, ()), "label": (3, ()), "mask": (2, (16, 16))}


def small(name: str, by: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return nets.build(name, CONDITIONS[by][0], 3, labels=by == "mask", **SMALL[name])


def condition(by: str, n: int = 3) -> torch.Tensor:
    kinds, size = CONDITIONS[by]
    if by == "label":
        return torch.eye(kinds)[torch.arange(n) % kinds]
    return (torch.rand(n, kinds, *size, generator=torch.Generator().manual_seed(2)) < 0.3).float()


@pytest.mark.parametrize("by", CONDITIONS)
@pytest.mark.parametrize("name", SMALL)
def test_pictures_gradients_and_state(name, by):
    net = small(name, by).train()
    torch.manual_seed(1)
    made = net(condition(by))
    assert made.pictures.shape == (3, 3, 16, 16)
    # through a discriminator, as in a game: every weight of both takes part
    kinds = CONDITIONS[by][0]
    judge = Discriminator(3, (4, 8, 8), classes=kinds if by == "label" else 0, maps=kinds if by == "mask" else 0)
    for strength in [value for key, value in net.named_parameters() if key.endswith("strength")]:
        strength.data.fill_(0.1)
    judge(made.pictures, made.condition).sum().backward()
    lost = [key for one in (net, judge) for key, value in one.named_parameters() if value.grad is None]
    assert not lost
    storages = [value.data_ptr() for value in net.state_dict().values() if value.numel()]
    assert len(storages) == len(set(storages))


@pytest.mark.parametrize("by", ["label", "mask"])
@pytest.mark.parametrize("name", SMALL)
def test_what_a_picture_is_made_from_matters(name, by):
    net = small(name, by).eval()
    pictures = []
    for given in (condition(by), condition(by).flip(0)):
        torch.manual_seed(1)
        pictures.append(net(given).pictures)
    assert (pictures[0] - pictures[1]).abs().max() > 1e-3


@pytest.mark.parametrize("by", CONDITIONS)
def test_exported_graphs_answer_alike_for_any_number(by, tmp_path, monkeypatch):
    import onnxruntime
    from safetensors.torch import save_file

    net = small("stylegan2", by).eval()
    for key, value in net.named_parameters():
        if key.endswith("strength"):
            value.data.fill_(0.2)  # noise must be seen in the graph
    net.half().float()
    data = {"size": [16, 16], "channels": 3, "condition": by, "sources": [{"cohort": "none.csv", "licence": "CC0"}]}
    if by != "none":
        data["classes"] = {str(k): f"kind {k}" for k in range(3)}
    recipe = Recipe.model_validate(
        {"task": "generate", "data": data, "augment": {}, "pack": {"name": "x", "description": "x"}}
    )
    seen = condition(by, 6).numpy().astype(np.uint8)
    monkeypatch.setattr("limner.train.export_generator.conditions_of", lambda learned, data: seen)
    monkeypatch.setattr("limner.train.export_generator.load_pictures", lambda recipe, data: type("L", (), {"train": 0}))
    save_file({k: v.half().contiguous() for k, v in net.state_dict().items()}, tmp_path / "weights.safetensors")
    known = export_generator(net, recipe, tmp_path)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3, known.latent)).astype(np.float32)
    given = {"condition": condition("label").numpy()} if by == "label" else {}
    mapping = onnxruntime.InferenceSession(str(tmp_path / "mapping.onnx"))
    style = mapping.run(None, {"z": z, **given})[0]
    with torch.inference_mode():
        expected = net.mapping(torch.from_numpy(z), *(torch.from_numpy(one) for one in given.values())).numpy()
    assert np.abs(style - expected).max() < 1e-3
    styles = np.repeat(style[:, None], known.layers, 1)
    noise = rng.normal(size=(3, known.noises)).astype(np.float32)
    label = {"label": condition("mask").numpy()} if by == "mask" else {}
    synthesis = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    picture = synthesis.run(None, {"styles": styles, "noise": noise, **label})[0]
    with torch.inference_mode():
        given_to_torch = [torch.from_numpy(one) for one in (styles, noise, *label.values())]
        expected = net.synthesis(*given_to_torch).numpy()
    assert np.abs(picture - expected).max() < 1e-3 * max(1, np.abs(expected).max())
    stored = onnx.load(str(tmp_path / "model.onnx"), load_external_data=False).graph.initializer
    large = [one for one in stored if np.prod(one.dims) >= 256]
    assert large
    assert all(one.external_data for one in large)  # weights stand in the safetensors, once
