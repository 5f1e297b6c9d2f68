"""A rival learns beside the net, rests while the net learns, and comes back from a checkpoint as it was."""

import csv
from dataclasses import replace

import pytest
import torch
from torch import nn

from limner.train.loop import Parts, fit
from limner.train.rival import Rival

from .toys import Numbers, toy_net, toy_parts, toy_spec


def parts(seen: list | None = None) -> Parts:
    net = toy_net()
    torch.manual_seed(7)
    judge = nn.Sequential(nn.Linear(1, 4), nn.Dropout(0.2), nn.ReLU(), nn.Linear(4, 1))

    def loss(output, target):
        if seen is not None:
            seen.append([value.requires_grad for value in judge.parameters()])
        return -judge(output).mean() + 0.1 * (output[:, 0] - target).square().mean()

    def against(model, output, image, target):
        assert not output.requires_grad
        return model(output).mean() - model(target[:, None]).mean() + 0.1 * model(target[:, None]).square().mean()

    return Parts(net, Numbers(), loss, rival=Rival(judge, against, rate=0.5))


def rows(path):
    return [row[:-1] for row in csv.reader(path.read_text().splitlines())]


def test_both_learn_and_the_rival_rests_meanwhile(tmp_path):
    seen: list = []
    made = parts(seen)
    before = [value.clone() for value in made.rival.net.parameters()]
    fit(made, toy_spec(steps=5), tmp_path)
    assert seen
    assert not any(any(one) for one in seen)
    moved = [not torch.equal(a, b) for a, b in zip(before, made.rival.net.parameters(), strict=True)]
    assert all(moved)


def test_a_resumed_game_goes_on_to_the_same_curve(tmp_path):
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    fit(parts(), toy_spec(steps=30, checkpoint_every=10), tmp_path / "whole")

    class Stops(Numbers):
        def batch(self, step, size):
            if step == 15:
                raise RuntimeError("stopped here")
            return super().batch(step, size)

    with pytest.raises(RuntimeError, match="stopped here"):
        fit(replace(parts(), sampler=Stops()), toy_spec(steps=30, checkpoint_every=10), tmp_path / "cut")
    fit(parts(), toy_spec(steps=30, checkpoint_every=10), tmp_path / "cut", resume=True)
    assert rows(tmp_path / "cut" / "curve.csv") == rows(tmp_path / "whole" / "curve.csv")


def test_without_a_rival_nothing_of_one_is_kept(tmp_path):
    fit(toy_parts(), toy_spec(steps=3), tmp_path)
    assert "rival" not in torch.load(tmp_path / "checkpoint.pt", weights_only=True)
