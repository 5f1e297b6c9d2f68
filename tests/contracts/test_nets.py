"""Every net passes the same test: shapes, gradients, a state that goes round, and an export that answers alike."""

import itertools
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from limner import nets

from .test_generators import SMALL as GENERATORS
from .test_translators import SMALL as TRANSLATORS

SMALL = {
    "unet": {"channels": (4, 8, 8)},
    "cbam-unet": {"channels": (4, 8, 8)},
    "unet++": {"features": (4, 4, 4, 8, 8, 4)},
    "basic-unet": {"features": (4, 4, 4, 8, 8, 4)},
    "dynunet": {"channels": (4, 8, 8)},
    "swin-unetr": {"width": 12, "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "window": 4},
    "attention-unet": {"channels": (4, 8)},
    "resnet18": {"width": 4, "stem": "small"},
    "resnet50": {"width": 4, "stem": "patch"},
    "densenet121": {"growth": 4},
    "center-net": {"channels": (4, 8, 8)},
}
PICTURES = {"resnet18", "resnet50", "densenet121"}
CENTERS = {"center-net"}
ATTENTIVE = [name for name in SMALL if name != "cbam-unet"]
SIZES = {2: (32, 64), 3: (16, 16, 32)}
LARGER = {"swin-unetr": (32, 32, 64), "densenet121": (32, 32, 32)}  # in 3-D, where a net halves so often
CASES = list(itertools.product(SMALL, (2, 3)))


def small(name: str, dims: int, **more: object) -> nn.Module:
    torch.manual_seed(0)
    return nets.build(name, 2, 3, **{"dims": dims, **SMALL[name], **more})


def image(name: str, dims: int, seed: int = 1) -> torch.Tensor:
    size = LARGER.get(name, SIZES[3]) if dims == 3 else SIZES[2]
    return torch.randn(2, 2, *size, generator=torch.Generator().manual_seed(seed))


def test_every_net_is_tested():
    thinners = {"sharpen", "sharpen-vae"}  # tests/nets/test_sharpen.py: they give back as many channels as they take
    assert set(SMALL) | set(GENERATORS) | set(TRANSLATORS) | thinners == set(nets.NETS)


@pytest.mark.parametrize(("name", "dims"), CASES)
def test_shapes_gradients_and_state(name, dims):
    net, x = small(name, dims), image(name, dims)
    trained = net.train()(x)
    assert isinstance(trained, tuple)
    size = tuple(x.shape[2:])
    if name in PICTURES:
        logits, maps = trained
        assert logits.shape == (2, 3)
        assert maps.shape[:2] == (2, 3)
        assert maps.dim() == dims + 2
        bias = net.bias.detach()
        assert torch.allclose(logits, maps.flatten(2).mean(2) + bias, atol=1e-5)  # maps are exact activation maps
    elif name in CENTERS:
        centers, sizes, offsets = trained
        cells = tuple(n // 4 for n in size)
        assert centers.shape == (2, 2, *cells)  # the background has no map
        assert sizes.shape == offsets.shape == (2, dims, *cells)
    else:
        assert trained[0].shape == (2, 3, *size)
        assert all(one.shape[:2] == (2, 3) for one in trained)
        voxels = [one[0, 0].numel() for one in trained]
        assert voxels == sorted(voxels, reverse=True)  # the finest first
    sum(one.square().mean() for one in trained).backward()
    assert not [key for key, value in net.named_parameters() if value.grad is None]
    assert all(torch.isfinite(value.grad).all() for value in net.parameters())

    # what a killed run reads back, and what a pack holds: every weight once
    storages = [value.data_ptr() for value in net.state_dict().values() if value.numel()]
    assert len(storages) == len(set(storages))
    with torch.no_grad():
        for value in net.parameters():
            value.add_(0.01)
    other = small(name, dims)
    other.load_state_dict(net.state_dict())
    with torch.inference_mode():
        ours, theirs = net.eval()(x), other.eval()(x)
    assert len(ours) == (3 if name in CENTERS else 2 if name in PICTURES else 1)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("name", "dims"), [case for case in CASES if case != ("swin-unetr", 3)])
def test_an_exported_net_answers_alike(name, dims, tmp_path):
    _hold_export(small(name, dims), image(name, dims), tmp_path / "net.onnx")


@pytest.mark.slow
def test_an_exported_transformer_answers_alike(tmp_path):
    _hold_export(small("swin-unetr", 3), image("swin-unetr", 3), tmp_path / "net.onnx")


def _hold_export(net: nn.Module, x: torch.Tensor, path) -> None:
    import onnxruntime

    net.train()(x)  # norms that keep running figures have some
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter warns of its successor
        torch.onnx.export(
            net.eval(),
            (x[:1],),
            str(path),
            input_names=["image"],
            dynamic_axes={"image": {0: "n"}},
            opset_version=17,
            dynamo=False,
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    answers = onnxruntime.InferenceSession(str(path), options).run(None, {"image": x.numpy()})
    with torch.inference_mode():
        expected = net(x)
    assert len(answers) == len(expected)
    for answer, one in zip(answers, expected, strict=True):
        scale = max(1.0, float(one.abs().max()))
        assert np.abs(answer - one.numpy()).max() < 1e-4 * scale


@pytest.mark.parametrize("name", ATTENTIVE)
def test_attention_can_stand_in_any_net(name):
    more = {"channels": (4, 8, 8, 8)} if name in ("unet", "dynunet", "attention-unet") else {}
    plain, attentive = small(name, 2, **more), small(name, 2, **more, cbam=True)
    added = set(attentive.state_dict()) - set(plain.state_dict())
    assert any("mlp" in key for key in added)
    assert any("gate" in key for key in added)
    x = image(name, 2)
    out = attentive.train()(x)
    assert [one.shape for one in out] == [one.shape for one in plain.train()(x)]
    sum(one.square().mean() for one in out).backward()
    assert not [key for key, value in attentive.named_parameters() if value.grad is None]


def test_an_unknown_net_names_the_nearest():
    with pytest.raises(KeyError, match="'unet'"):
        nets.build("unett", 1, 2)


def test_a_transformer_names_the_sizes_that_it_takes():
    with pytest.raises(ValueError, match="multiples of 32; got 32 × 48"):
        small("swin-unetr", 2)(torch.zeros(1, 2, 32, 48))
    with pytest.raises(ValueError, match="multiple of 12; got 20"):
        nets.build("swin-unetr", 1, 2, width=20)


def test_dynunet_wants_a_kernel_and_a_stride_per_level():
    with pytest.raises(ValueError, match="3 channels, 2 kernels, 3 strides"):
        nets.build("dynunet", 1, 2, channels=(4, 4, 4), kernels=((3, 3, 3), (3, 3, 3)))
    with pytest.raises(ValueError, match="got featurez"):
        nets.build("dynunet", 1, 2, featurez=3)
