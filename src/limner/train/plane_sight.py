"""What a shipped pack on CT pictures sees in planes, while a net that makes voxels finer is trained."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from limner import nets
from limner.errors import RecipeError
from limner.nets.features import activations
from limner.packs import Pack
from limner.tasks.fidelity import perceptual_distance, ssim
from limner.tasks.tiles import as_bytes, tiles
from limner.train.sight import STAGES

RANGE = (1, 99)
"""Percentiles of the true plane that become black and white: crops of nodules were stretched so, too."""


class PlaneSight:
    """Features of planes in grey, tile by tile.

    Args:
        pack: a U-Net on pictures of one channel.

    Raises:
        RecipeError: the pack is something else.
    """

    def __init__(self, pack: Pack) -> None:
        spec, build = pack.main.picture, pack.spec.net
        if spec.channels != 1 or len(spec.size) != 2 or build is None or build.name not in ("unet", "cbam-unet"):
            raise RecipeError(
                f"data.judge {pack.name!r} is no U-Net on grey pictures, whose features could judge: data.judge=null."
            )
        self.net = nets.load(build.name, 1, len(pack.spec.classes), pack.main.weights, **build.options)
        self.modules = [f"{STAGES}.{k}" for k in range(len(getattr(self.net, STAGES)))]
        self.size = spec.size

    def score(self, made: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
        """SSIM less the perceptual distance of a stage, of a plane ``(Y, X)``.

        A blurred plane has the better SSIM and an invented one the better features: neither wins by itself.
        """
        low, high = np.percentile(truth, RANGE)
        ours, theirs = (as_bytes(one, low, high) for one in (made, truth))
        a, b = (self._features(one) for one in (ours, theirs))
        return ssim(ours, theirs, 255) - float(perceptual_distance(a, b).mean()) / len(a)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _features(self, plane: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        x = torch.from_numpy(tiles(plane, self.size).astype(np.float32) / 255.0)
        with torch.autocast("cpu", torch.bfloat16):
            found = activations(self.net, x, self.modules)
        return [one.float().numpy() for one in found]
