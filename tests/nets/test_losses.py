import numpy as np
import torch

from limner.nets.losses import deeply_supervised, dice_cross_entropy, merge_logits

SHAPE = (2, 4, 3, 5, 6)  # N, C, Z, Y, X


def _logits(seed=0):
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def test_merging_nothing_is_log_softmax():
    logits = _logits()
    merge = torch.arange(4).repeat(2, 1)
    assert torch.allclose(merge_logits(logits, merge), logits.log_softmax(1))


def test_merged_probabilities_add():
    logits = _logits()
    merged = merge_logits(logits, torch.tensor([[0, 1, 1, 0], [0, 1, 2, 3]])).exp()
    p = logits.softmax(1)
    assert torch.allclose(merged[0, 0], p[0, 0] + p[0, 3], atol=1e-6)
    assert torch.allclose(merged[0, 1], p[0, 1] + p[0, 2], atol=1e-6)
    assert float(merged[0, 2:].max()) < 1e-12
    assert torch.allclose(merged[1], p[1], atol=1e-6)


def test_what_a_case_cannot_tell_apart_costs_nothing():
    target = torch.ones(SHAPE[0], *SHAPE[2:], dtype=torch.uint8)
    merge = torch.tensor([[0, 1, 1, 0]] * 2)
    one, other = torch.full(SHAPE, -9.0), torch.full(SHAPE, -9.0)
    one[:, 1], other[:, 2] = 9.0, 9.0  # class 1 or class 2: the same thing here
    assert torch.allclose(dice_cross_entropy(one, target, merge), dice_cross_entropy(other, target, merge))


def test_against_a_slow_oracle():
    logits = _logits(3)
    rng = np.random.default_rng(0)
    target = torch.from_numpy(rng.integers(0, 4, (2, 3, 5, 6)).astype(np.uint8))
    found = float(dice_cross_entropy(logits, target, torch.arange(4).repeat(2, 1)))
    p, t = logits.softmax(1).numpy(), target.numpy()
    entropy = -np.mean([np.log(p[n, t[n, z, y, x], z, y, x]) for n, z, y, x in np.ndindex(*t.shape)])
    dices = [(2 * p[:, c][t == c].sum() + 1) / (p[:, c].sum() + (t == c).sum() + 1) for c in (1, 2, 3)]
    assert np.isclose(found, entropy + 1 - np.mean(dices), atol=1e-5)


def test_unknown_voxels_teach_nothing():
    logits = _logits().requires_grad_()
    target = torch.full((2, 3, 5, 6), 255, dtype=torch.uint8)
    dice_cross_entropy(logits, target, torch.arange(4).repeat(2, 1)).backward()
    assert float(logits.grad.abs().max()) < 1e-7


def test_deep_supervision_of_equal_outputs_is_one_output():
    logits = _logits()
    target = torch.ones(2, 3, 5, 6, dtype=torch.uint8)
    merge = torch.arange(4).repeat(2, 1)
    alone = dice_cross_entropy(logits, target, merge)
    assert torch.allclose(deeply_supervised([logits, logits], target, merge), alone)
