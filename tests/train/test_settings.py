"""Settings that the machine finds: the learning rate and the batch size."""

import itertools
import json
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from limner.errors import TrainingError
from limner.train import batch_size
from limner.train.batch_size import choose_batch, one_step
from limner.train.find_rate import find_rate, steepest
from limner.train.loop import fit

from .pictures import write_pictures, write_recipe
from .toys import Numbers, squared, toy_parts, toy_spec


def test_the_rate_lies_where_training_works(tmp_path):
    parts = toy_parts(check=None)
    before = [value.clone() for value in parts.net.state_dict().values()]
    found = find_rate(parts, toy_spec(batch=16), steps=50, high=10.0)
    assert all(torch.equal(a, b) for a, b in zip(before, parts.net.state_dict().values(), strict=True))
    assert list(found.rates) == sorted(found.rates)
    assert 1e-4 < found.suggested < 0.3
    assert found.diverged is None or found.diverged > found.suggested
    picture = found.write(tmp_path)
    assert picture.stat().st_size > 5000
    assert len((tmp_path / "find_rate.csv").read_text().splitlines()) == len(found.rates) + 1

    def end(rate):
        folder = tmp_path / str(rate)
        folder.mkdir()
        net = fit(toy_parts(check=None), toy_spec(rate=rate, batch=16, steps=40), folder)
        x, y = Numbers().batch(10**6, 64)
        return float(squared(net(x), y).detach())

    assert end(found.suggested) < 0.7 * end(found.suggested / 100)


def test_steepest_is_before_the_lowest():
    rates = [10.0**k for k in range(-6, 1)]
    assert steepest(rates, [5, 4.9, 4.5, 2, 1.5, 1.4, 9]) == pytest.approx(1e-3)
    with pytest.raises(TrainingError, match="no learning rate"):
        steepest(rates, [1, 2, 3, 4, 5, 6, 7])
    with pytest.raises(TrainingError, match="no learning rate"):
        find_rate(toy_parts(loss=lambda o, t: squared(o, t) * math.nan), toy_spec())


def test_find_rate_from_the_command_line(tmp_path, capsys):
    from limner.cli.app import main

    recipe = write_recipe(tmp_path / "toy.yaml", write_pictures(tmp_path / "set"))
    with pytest.raises(SystemExit) as left:
        main(["train", str(recipe), "--find-rate", "--json", "-o", str(tmp_path / "run")])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert 1e-6 < told["rate"] < 1
    assert (tmp_path / "run" / "find_rate.png").is_file()
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_a_processor_measures_what_an_example_keeps():
    parts, spec = toy_parts(check=None), toy_spec()
    kept = [one_step(parts, spec, size) for size in (1, 2, 4, 8)]
    steps = [b - a for a, b in itertools.pairwise(kept)]
    assert steps[1] == pytest.approx(2 * steps[0], rel=0.1)
    assert steps[2] == pytest.approx(4 * steps[0], rel=0.1)
    assert steps[0] >= 4 * (64 + 4 * 36)  # the picture and the feature maps in float32
    each = 1.5 * steps[0]
    fixed = 20 * sum(p.numel() for p in parts.net.parameters()) + 2 * kept[0] - kept[1]
    assert choose_batch(parts, spec, (fixed + 20 * each) / 1e9).size == 16
    assert choose_batch(parts, spec, (fixed + 3 * each) / 1e9).size == 2
    assert choose_batch(parts, spec, 1.0).size == batch_size.MOST
    assert choose_batch(replace(parts, examples=50), spec, 1.0).size == 4
    with pytest.raises(TrainingError, match=r"Not even one example fits into 0\.0 GB"):
        choose_batch(parts, spec, 1e-6)


def test_a_gpu_doubles_until_memory_runs_out(monkeypatch):
    tried = []

    def loss(output, target):
        tried.append(len(target))
        if len(target) > 24:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return squared(output, target)

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    choice = batch_size._by_trying(toy_parts(loss=loss), toy_spec(), 256)
    assert choice.size == 16
    assert "the largest that the GPU took" in choice.why
    assert tried == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32]
    assert batch_size._by_trying(toy_parts(loss=squared), toy_spec(), 8).size == 8

    class Huge(nn.Linear):
        def forward(self, x):
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(TrainingError, match="Not even one"):
        batch_size._by_trying(replace(toy_parts(), net=Huge(1, 1)), toy_spec(), 8)


def test_a_batch_that_is_not_known_yet_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="choose_batch"):
        fit(toy_parts(), toy_spec(batch="auto"), tmp_path)
