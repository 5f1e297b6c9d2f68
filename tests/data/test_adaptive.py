"""Adaptive augmentation: nothing at p 0, the same for pictures and their label maps, and a p that follows."""

import torch

from limner.data.augment.adaptive import adapted, apply_changes, sample_changes


def changes(p: float, n: int = 64):
    torch.manual_seed(3)
    return sample_changes(n, torch.tensor(p), torch.device("cpu"))


def test_at_zero_nothing_is_changed():
    x = torch.rand(64, 3, 12, 12) * 2 - 1
    assert torch.allclose(apply_changes(x, changes(0.0), 3), x, atol=1e-5)


def test_each_change_comes_as_often_as_p_says():
    made = changes(0.5, 4000)
    for one in (made.gain != 1, made.offset != 0, made.saturation != 1, (made.hole[:, 2] > made.hole[:, 0])):
        assert abs(float(one.float().mean()) - 0.5) < 0.04


def test_a_label_map_moves_with_its_picture_and_keeps_its_values():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 48), torch.linspace(-1, 1, 48), indexing="ij")
    blob = ((y - 0.2) ** 2 + (x + 0.1) ** 2 < 0.1).float()
    both = blob.expand(64, 2, 48, 48)
    made = changes(1.0)
    out = apply_changes(both, made, 1)
    picture, label = out[:, 0], out[:, 1]
    assert label.min() >= 0
    assert label.max() <= 1 + 1e-6
    back = (picture - made.offset[:, None, None]) / made.gain[:, None, None]
    kept = picture != 0  # outside what is greyed out
    assert torch.allclose(back[kept], label[kept], atol=1e-4)
    assert (label - blob).abs().amax((1, 2)).gt(0.5).float().mean() > 0.9  # and it does move


def test_gradients_pass_to_the_picture():
    x = torch.rand(4, 3, 8, 8, requires_grad=True)
    apply_changes(x, changes(0.8, 4), 3).square().sum().backward()
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().sum() > 0


def test_p_rises_while_the_discriminator_is_too_sure_and_falls_again():
    p = torch.zeros(())
    for _ in range(50):
        p = adapted(p, torch.tensor(0.9), 16, 1000.0)
    assert float(p) > 0.7
    assert float(adapted(torch.tensor(0.8), torch.tensor(0.9), 10**6, 1000.0)) < 0.81  # never always
    assert float(adapted(p, torch.tensor(0.1), 16, 1000.0)) < float(p)
