"""Every generator passes the same test: a square picture, gradients everywhere, graphs that answer as the net does."""

import numpy as np
import onnx
import pytest
import torch

from limner import nets
from limner.nets.discriminator import Discriminator
from limner.train.export_generator import export_generator
from limner.train.recipe import FITTING, Recipe
from limner.train.recipe_generate import CodeSpec
from limner.train.vae import Likeness, laid_behind

SMALL = {
    "stylegan2": {"size": 16, "features": (8, 8, 4), "latent": 6, "width": 8, "depth": 2},
    "vae": {"size": 16, "features": (4, 8, 8), "latent": 6, "grain": 2},
}
CONDITIONS = {"none": (0, ()), "label": (3, ()), "mask": (2, (16, 16))}


def small(name: str, by: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return nets.build(name, CONDITIONS[by][0], 3, labels=by == "mask", **SMALL[name])


def condition(by: str, n: int = 3) -> torch.Tensor:
    kinds, size = CONDITIONS[by]
    if by == "label":
        return torch.eye(kinds)[torch.arange(n) % kinds]
    return (torch.rand(n, kinds, *size, generator=torch.Generator().manual_seed(2)) < 0.3).float()


def given(name: str, by: str) -> torch.Tensor:
    """What a net takes: a condition; an autoencoder, pictures with the condition laid behind them."""
    if name == "stylegan2":
        return condition(by)
    pictures = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(3)) * 2 - 1
    return laid_behind(pictures, condition(by))


def stir(net: torch.nn.Module) -> torch.nn.Module:
    """Weights that begin at 0 say something."""
    generator = torch.Generator().manual_seed(4)
    for value in net.parameters():
        if not value.any():
            value.data.normal_(0, 0.2, generator=generator)
    return net


def test_every_generator_is_held_to_this():
    assert set(SMALL) == set(FITTING["generate"])


@pytest.mark.parametrize("by", CONDITIONS)
@pytest.mark.parametrize("name", SMALL)
def test_pictures_gradients_and_state(name, by):
    net = stir(small(name, by)).train()
    torch.manual_seed(1)
    made = net(given(name, by))
    assert made.pictures.shape == (3, 3, 16, 16)
    kinds = CONDITIONS[by][0]
    if name == "vae":
        judge = None
        Likeness(CodeSpec(free_nats=0), 3)(made, given(name, by), torch.tensor(5)).backward()
    else:  # through a discriminator, as in a game: every weight of both takes part
        judge = Discriminator(3, (4, 8, 8), classes=kinds if by == "label" else 0, maps=kinds if by == "mask" else 0)
        judge(made.pictures, made.condition).sum().backward()
    lost = [key for one in (net, judge) if one for key, value in one.named_parameters() if value.grad is None]
    assert not lost
    storages = [value.data_ptr() for value in net.state_dict().values() if value.numel()]
    assert len(storages) == len(set(storages))


@pytest.mark.parametrize("by", ["label", "mask"])
@pytest.mark.parametrize("name", SMALL)
def test_what_a_picture_is_made_from_matters(name, by):
    net = stir(small(name, by)).eval()
    one = given(name, by)
    kinds = CONDITIONS[by][0]
    other = one.flip(0) if name == "stylegan2" else torch.cat([one[:, :-kinds], one[:, -kinds:].flip(0)], 1)
    pictures = []
    for each in (one, other):
        torch.manual_seed(1)
        pictures.append(net(each).pictures)
    assert (pictures[0] - pictures[1]).abs().max() > 1e-3


def exported(net, by, tmp_path, monkeypatch):
    """The graphs of a net in a folder, and what the pack says of it."""
    from safetensors.torch import save_file

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
    return export_generator(net, recipe, tmp_path)


def weights_stand_once(path):
    stored = onnx.load(str(path), load_external_data=False).graph.initializer
    large = [one for one in stored if np.prod(one.dims) >= 256]
    assert large
    assert all(one.external_data for one in large)  # they stand in the safetensors


def same(found, expected):
    assert np.abs(found - expected).max() < 1e-3 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("by", CONDITIONS)
def test_exported_styles_answer_alike_for_any_number(by, tmp_path, monkeypatch):
    import onnxruntime

    net = stir(small("stylegan2", by)).eval()  # noise must be seen in the graph
    known = exported(net, by, tmp_path, monkeypatch)
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
    same(picture, expected)
    weights_stand_once(tmp_path / "model.onnx")


@pytest.mark.parametrize("by", CONDITIONS)
def test_exported_codes_answer_alike_for_any_number(by, tmp_path, monkeypatch):
    import onnxruntime

    net = stir(small("vae", by)).eval()
    net.mapping.factor += 0.1 * torch.randn(6, 6, generator=torch.Generator().manual_seed(5))
    known = exported(net, by, tmp_path, monkeypatch)
    assert (known.encoder, known.condition) == (True, {"mask": "place"}.get(by, by))
    rng = np.random.default_rng(0)
    numbers = rng.uniform(0.2, 0.8, (3, known.width - known.latent)).astype(np.float32)
    images = rng.uniform(-1, 1, (3, 3, 16, 16)).astype(np.float32)
    given = {
        "mapping.onnx": [("z", rng.normal(size=(3, known.latent)).astype(np.float32)), ("condition", numbers)],
        "model.onnx": [("styles", rng.normal(size=(3, 1, known.width)).astype(np.float32) / 2)],
        "encoder.onnx": [("image", images)],
    }
    parts = {"mapping.onnx": net.mapping, "model.onnx": net.synthesis, "encoder.onnx": net.encoder}
    for file, inputs in given.items():
        inputs = [(key, value) for key, value in inputs if value.size]
        found = onnxruntime.InferenceSession(str(tmp_path / file)).run(None, dict(inputs))
        with torch.inference_mode():
            expected = parts[file](*(torch.from_numpy(value) for _, value in inputs))
        expected = expected[0] if isinstance(expected, tuple) else expected
        assert len(found) == 1
        same(found[0], expected.numpy())
    for file in ("model.onnx", "encoder.onnx"):
        weights_stand_once(tmp_path / file)
