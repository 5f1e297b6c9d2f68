"""What holds in the loop whatever is trained."""

import csv
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from limner.errors import RecipeError, TrainingError
from limner.train.loop import fit

from .toys import Numbers, score, squared, toy_parts, toy_spec

SETTINGS = {"steps": 60, "checkpoint_every": 7, "check_every": 5, "rate": 0.02}


def _rows(path: Path) -> list[dict[str, str]]:
    """Without the seconds, which differ."""
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_killed_anywhere_it_goes_on_to_the_same_curve(tmp_path):
    whole = fit(toy_parts(dropout=0.3), toy_spec(**SETTINGS), tmp_path)
    cut = tmp_path / "cut"
    cut.mkdir()
    code = (
        "import sys, time; from pathlib import Path; sys.path.insert(0, sys.argv[2]); import toys\n"
        "class Slow(toys.Numbers):\n"
        "    def batch(self, step, size): time.sleep(0.03); return super().batch(step, size)\n"
        "import dataclasses; from limner.train.loop import fit\n"
        "parts = dataclasses.replace(toys.toy_parts(dropout=0.3), sampler=Slow())\n"
        f"fit(parts, toys.toy_spec(**{SETTINGS!r}), Path(sys.argv[1]))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(cut), str(Path(__file__).parent)], env=os.environ)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not (cut / "curve.csv").exists() or len(_rows(cut / "curve.csv")) < 16):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    seen = len(_rows(cut / "curve.csv"))
    assert 16 <= seen < 60, "the run was killed before it began or after it ended"

    resumed = fit(toy_parts(dropout=0.3), toy_spec(**SETTINGS), cut, resume=True)
    assert _rows(cut / "curve.csv") == _rows(tmp_path / "curve.csv")
    assert _rows(cut / "checks.csv") == _rows(tmp_path / "checks.csv")
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_passes_over_what_has_no_last_example_are_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"train\.epochs = 3"):
        fit(replace(toy_parts(), examples=0), toy_spec(epochs=3), tmp_path)


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_interrupted_run_keeps_the_step_that_it_ended(tmp_path, number, raised):
    def loss(output, target):
        if len(_rows(tmp_path / "cut" / "curve.csv")) == 10:
            signal.raise_signal(number)
        return squared(output, target)

    (tmp_path / "cut").mkdir()
    before = signal.getsignal(number)
    with pytest.raises(raised):
        fit(toy_parts(loss=loss), toy_spec(checkpoint_every=1000), tmp_path / "cut")
    assert signal.getsignal(number) is before
    assert len(_rows(tmp_path / "cut" / "curve.csv")) == 11
    page = (tmp_path / "cut" / "live.html").read_text()
    assert "interrupted" in page
    assert "--resume" in page
    assert "http-equiv" not in page
    fit(toy_parts(), toy_spec(), tmp_path / "cut", resume=True)
    fit(toy_parts(), toy_spec(), tmp_path)
    assert _rows(tmp_path / "cut" / "curve.csv") == _rows(tmp_path / "curve.csv")


def test_it_ends_when_checks_get_no_better_and_gives_the_best(tmp_path):
    scores = iter([1.0, 3.0, 2.0, 2.5, 2.9, 9.0])
    kept = []

    def check(net):
        kept.append({name: value.clone() for name, value in net.state_dict().items()})
        return next(scores)

    net = fit(toy_parts(check=check), toy_spec(steps=100, check_every=4, patience=3), tmp_path)
    assert [float(row["score"]) for row in _rows(tmp_path / "checks.csv")] == [1.0, 3.0, 2.0, 2.5, 2.9]
    assert len(_rows(tmp_path / "curve.csv")) == 20
    for name, value in net.state_dict().items():
        assert torch.equal(value, kept[1][name]), name


def test_gradients_are_clipped(tmp_path):
    norms = []

    def record(optimizer, *_):
        grads = [p.grad for group in optimizer.param_groups for p in group["params"]]
        norms.append(float(torch.stack([g.norm() for g in grads]).norm()))

    handle = register_optimizer_step_pre_hook(record)
    try:
        fit(toy_parts(loss=lambda o, t: 1000 * squared(o, t)), toy_spec(steps=5, clip=0.5), tmp_path)
    finally:
        handle.remove()
    assert norms == pytest.approx([0.5] * 5, rel=1e-3)


def test_the_average_follows_the_weights(tmp_path):
    parts, seen = toy_parts(check=None), []

    def loss(output, target):
        seen.append(parts.net[0].bias.detach().clone())  # before the step
        return squared(output, target)

    average = fit(replace(parts, loss=loss), toy_spec(steps=8, ema=0.7), tmp_path)
    seen.append(parts.net[0].bias.detach().clone())
    expected = seen[0]
    for step, weights in enumerate(seen[1:]):
        keep = min(0.7, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * weights
    assert torch.allclose(average[0].bias, expected, atol=1e-6)
    assert not torch.allclose(average[0].bias, parts.net[0].bias, atol=1e-4)


def test_mixed_precision_computes_in_half_and_keeps_whole_weights(tmp_path):
    parts, seen = toy_parts(check=None), set()
    parts.net[0].register_forward_hook(lambda module, given, output: seen.add((output.dtype, module.weight.dtype)))
    fit(parts, toy_spec(steps=3, precision="auto"), tmp_path)
    assert seen == {(torch.bfloat16, torch.float32)}


def test_nan_says_at_which_step_and_keeps_the_last_good_state(tmp_path):
    calls = []

    def loss(output, target):
        calls.append(1)
        return squared(output, target) * (math.nan if len(calls) > 12 else 1.0)

    with pytest.raises(TrainingError, match=r"from step 13 to step 22 .* resume with a lower train\.rate"):
        fit(toy_parts(loss=loss, check=None), toy_spec(steps=100, checkpoint_every=5), tmp_path)
    held = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert held["step"] == 10
    assert all(torch.isfinite(value).all() for value in held["net"].values())
    assert "failed" in (tmp_path / "live.html").read_text()


def test_a_few_bad_steps_are_left_out(tmp_path):
    calls = []

    def loss(output, target):
        calls.append(1)
        return squared(output, target) * (math.inf if len(calls) in (4, 5) else 1.0)

    net = fit(toy_parts(loss=loss, check=None), toy_spec(steps=20), tmp_path)
    assert all(torch.isfinite(value).all() for value in net.state_dict().values())
    assert "steps left out</dt><dd>2" in (tmp_path / "live.html").read_text()


def test_an_input_that_is_not_finite_is_named_at_once(tmp_path):
    class Damaged(Numbers):
        def batch(self, step, size):
            x, y = super().batch(step, size)
            if step == 3:
                x[0, 0, 0, :2] = math.nan
            return x, y

    with pytest.raises(TrainingError, match="batch of step 4 holds 2 values that are NaN"):
        fit(replace(toy_parts(check=None), sampler=Damaged()), toy_spec(), tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to …"),
        MemoryError(),
    ],
)
def test_out_of_memory_says_what_to_change(tmp_path, error):
    def loss(output, target):
        raise error

    with pytest.raises(TrainingError, match=r"Out of memory at step 0\. Lower train\.batch \(4; .*data\.patch"):
        fit(toy_parts(loss=loss), toy_spec(), tmp_path)


def test_another_failure_stays_what_it_is(tmp_path):
    class Broken(nn.Module):
        def forward(self, x):
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    broken = replace(toy_parts(check=None), net=nn.Sequential(nn.Linear(1, 1), Broken()))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        fit(broken, toy_spec(), tmp_path)


def test_the_page_shows_the_whole_curve_after_a_resume(tmp_path):
    fit(toy_parts(), toy_spec(steps=20, check_every=5), tmp_path)
    fit(toy_parts(), toy_spec(steps=40, check_every=5), tmp_path, resume=True)
    page = (tmp_path / "live.html").read_text()
    assert "step 1<" in page
    assert ">40<" in page
    assert "finished" in page
    assert f"{max(float(row['score']) for row in _rows(tmp_path / 'checks.csv')):.4f} at" in page
    assert score(toy_parts().net) < -0.1
