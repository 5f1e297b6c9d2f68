"""A rival learns beside the net, rests while the net learns, and comes back from a checkpoint as it was."""

import csv
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from limner.errors import TrainingError
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
    return [[*row[:3], *row[4:]] for row in csv.reader(path.read_text().splitlines())]


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


def test_what_the_rival_says_stands_in_the_curve_and_on_the_page(tmp_path):
    made = parts()
    made = replace(made, rival=replace(made.rival, told=lambda: {"p": 0.25}))
    fit(made, toy_spec(steps=4), tmp_path)
    header, *lines = csv.reader((tmp_path / "curve.csv").read_text().splitlines())
    assert header == ["step", "loss", "rate", "seconds", "rival", "p"]
    assert all(math.isfinite(float(row[4])) and float(row[5]) == 0.25 for row in lines)
    page = (tmp_path / "live.html").read_text()
    assert "Loss of the rival" in page and "How likely pictures are changed" in page


def test_a_run_that_knew_nothing_of_this_is_resumed(tmp_path):
    fit(parts(), toy_spec(steps=10, checkpoint_every=10), tmp_path)
    held = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    del held["rival_skipped"]
    torch.save(held, tmp_path / "checkpoint.pt")
    lines = [row[:4] for row in csv.reader((tmp_path / "curve.csv").read_text().splitlines())]
    (tmp_path / "curve.csv").write_text("\n".join(map(",".join, lines)) + "\n")
    fit(parts(), toy_spec(steps=14), tmp_path, resume=True)
    found = list(csv.DictReader((tmp_path / "curve.csv").read_text().splitlines()))
    assert len(found) == 14 and [one["rival"] is None for one in found] == [True] * 10 + [False] * 4


def test_a_rival_that_is_never_finite_ends_the_run(tmp_path):
    made = parts()

    def never(model, output, image, target):
        return model(output).mean() * float("nan")

    with pytest.raises(TrainingError, match=r"The rival's loss .* from step 1 to step 10"):
        fit(replace(made, rival=replace(made.rival, loss=never)), toy_spec(steps=30), tmp_path)


def test_a_gradient_is_shortened_as_the_task_asks_where_the_recipe_says_nothing(tmp_path):
    assert toy_spec().clip is None
    ends = []
    for number, (clip, asked) in enumerate(((1.0, None), (1e-6, None), (1e-6, 1.0))):
        (folder := tmp_path / str(number)).mkdir()
        fit(replace(toy_parts(), clip=clip), toy_spec(steps=3, clip=asked, check_every=None), folder)
        ends.append(rows(folder / "curve.csv")[-1][1])
    assert ends[0] != ends[1] and ends[0] == ends[2]


def test_without_a_rival_nothing_of_one_is_kept(tmp_path):
    fit(toy_parts(), toy_spec(steps=3), tmp_path)
    assert "rival" not in torch.load(tmp_path / "checkpoint.pt", weights_only=True)
