"""The learning-rate finder: the rate rises from step to step, and where the loss falls fastest is a good one."""

from __future__ import annotations

import csv
import math
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from limner.errors import TrainingError
from limner.train.devices import launch
from limner.train.loop import Parts, Progress, memory_format
from limner.train.recipe import TrainSpec


@dataclass(frozen=True)
class RateSearch:
    """What was found.

    Args:
        rates: tried, rising.
        losses: the loss at each, smoothed.
        suggested: where it falls fastest per factor of the rate.
        diverged: where it broke away, None where it never did.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float
    diverged: float | None

    def write(self, folder: Path) -> Path:
        """``find_rate.csv`` and ``find_rate.png``.

        Returns:
            The picture.
        """
        from matplotlib.figure import Figure

        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "find_rate.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["rate", "loss"])
            writer.writerows([f"{r:.3e}", f"{v:.5f}"] for r, v in zip(self.rates, self.losses, strict=True))
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.semilogx(self.rates, self.losses, color="#3f7d6e", linewidth=1.8)
        axes.axvline(self.suggested, color="#b4552d", linewidth=1.2)
        axes.annotate(
            f" {self.suggested:.1e}", (self.suggested, 0.97), xycoords=("data", "axes fraction"), va="top",
            color="#b4552d",
        )  # fmt: skip
        axes.set(xlabel="learning rate", ylabel="loss, smoothed", title="Where the loss falls fastest")
        before = self.losses[: int(np.argmin(self.losses)) + 1]
        axes.set_ylim(top=min(max(self.losses), max(before) + 0.5 * (max(before) - min(before))))  # not all of its rise
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        figure.savefig(folder / "find_rate.png", dpi=120)
        return folder / "find_rate.png"


def find_rate(
    parts: Parts,
    spec: TrainSpec,
    *,
    low: float = 1e-6,
    high: float = 1.0,
    steps: int = 80,
    progress: Progress | None = None,
) -> RateSearch:
    """Trains a copy of the net while the rate rises from ``low`` to ``high``, until the loss breaks away.

    Args:
        parts: nothing of it is changed.
        spec: for batch, clipping, decay and precision.
        low, high: rates at both ends.
        steps: between them.
        progress: called with a text and the share done.

    Raises:
        TrainingError: the loss was never finite, or never fell.

    Source: Smith, *Cyclical learning rates for training neural networks*, WACV 2017, section 3.3; the end at four
    times the best loss as in Gugger, *How do you find a good learning rate*, 2018.
    """
    assert isinstance(spec.batch, int)
    fabric = launch(spec.precision)
    net = deepcopy(parts.net).to(memory_format=memory_format(parts.net))
    plain = torch.optim.AdamW(net.parameters(), lr=low, weight_decay=spec.weight_decay)
    model, optimizer = fabric.setup(net, plain)
    model.train()
    torch.manual_seed(0)
    rates: list[float] = []
    losses: list[float] = []
    means: list[float] = []  # of the last losses: by it one sees at once that they break away
    mean, keep, diverged = 0.0, 0.9, None
    for step, rate in enumerate(np.geomspace(low, high, steps).tolist()):
        for group in optimizer.param_groups:
            group["lr"] = rate
        image, *rest = parts.sampler.batch(step, spec.batch)
        loss = parts.loss(model(image.to(fabric.device)), *(one.to(fabric.device) for one in rest))
        value = float(loss.detach())
        mean = keep * mean + (1 - keep) * value
        smooth = mean / (1 - keep ** (step + 1))
        if not math.isfinite(value) or (step > steps // 8 and smooth > 4 * min(means)):
            diverged = rate
            break
        rates.append(rate)
        means.append(smooth)
        losses.append(value)
        optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        fabric.clip_gradients(
            model, optimizer, max_norm=parts.clip if spec.clip is None else spec.clip, error_if_nonfinite=False
        )
        optimizer.step()
        if progress:
            progress(f"rate {rate:.1e}, loss {smooth:.3f}", (step + 1) / steps)
    width = max(1.0, steps / 25)
    smoothed = gaussian_filter1d(losses, width, mode="nearest").tolist() if losses else []
    first = int(2 * width)  # nearer to the end the mean is of fewer losses, and falls or rises by chance
    return RateSearch(tuple(rates), tuple(smoothed), steepest(rates, smoothed, first), diverged)


def steepest(rates: list[float], losses: list[float], first: int = 0) -> float:
    """The rate where the loss falls most per factor of the rate, from place ``first`` on and before it is lowest.

    Raises:
        TrainingError: too few losses, or they never fall.
    """
    lowest = int(np.argmin(losses)) if losses else 0
    if lowest < first + 3:
        raise TrainingError(
            "The loss fell at no learning rate: look at the labels and at data.classes, or give more steps."
        )
    slope = np.gradient(np.array(losses[: lowest + 1]), np.log(rates[: lowest + 1]))
    return float(rates[first + int(np.argmin(slope[first:]))])
