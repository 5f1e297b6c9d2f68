"""The net in numpy gives the numbers of the net that was trained."""

from __future__ import annotations

import numpy as np
import pytest

from limner.errors import PackError
from limner.scene.vessels import small_net


def test_numpy_and_torch_agree(tmp_path):
    import torch

    from limner.nets.liver_segments import LiverSegmentsNet
    from limner.train.liver_segments import save_segments

    torch.manual_seed(0)
    net = LiverSegmentsNet().eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(weight.half().float())
            if weight.ndim == 1:
                weight.add_(0.25)  # norms and biases that do something, exact in half precision
                weight.copy_(weight.half().float())
    save_segments(net, tmp_path / "net.safetensors", {"task": "test"})
    x = np.random.default_rng(0).normal(size=(6, 8, 12, 16)).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(x)[None])[0].numpy()
    found = small_net.run(small_net.read_weights(tmp_path / "net.safetensors"), x)
    assert found.shape == (8, 8, 12, 16) and expected.std() > 0.05
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_damaged_weights_teach(tmp_path):
    (tmp_path / "net.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{not json")
    with pytest.raises(PackError, match="bench segments COHORT --learn"):
        small_net.read_weights(tmp_path / "net.safetensors")
