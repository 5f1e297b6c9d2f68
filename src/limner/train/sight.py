"""What a shipped pack sees in slices of MR, while another net is trained: the judge of its checks, and of its loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from limner import nets
from limner.errors import RecipeError
from limner.image import fit_picture
from limner.nets.features import activations
from limner.packs import Pack
from limner.tasks.fidelity import perceptual_distance

STAGES = "encoders"
"""Of a U-Net: what it sees before it answers."""


class Sight:
    """Features of slices, and how far those of a made slice lie from the truth's.

    Args:
        pack: a U-Net on pictures with named channels.
        names: channels of the slices that it is shown.
        wanted: the one of them that is made.

    Raises:
        RecipeError: the pack does not read these channels, or is no U-Net.
    """

    def __init__(self, pack: Pack, names: Sequence[str], wanted: str) -> None:
        spec, build = pack.main.picture, pack.spec.net
        if not spec.channel_names or set(spec.channel_names) - set(names) or wanted not in spec.channel_names:
            raise RecipeError(
                f"data.judge {pack.name!r} reads the channels {', '.join(spec.channel_names) or 'without names'}; a "
                f"pack on {wanted} with others of {', '.join(names)} is expected. Without one: data.judge=null."
            )
        if build is None or build.name not in ("unet", "cbam-unet"):
            raise RecipeError(f"data.judge {pack.name!r} is no U-Net, whose features could judge: data.judge=null.")
        net = nets.load(build.name, spec.channels, len(pack.spec.classes), pack.main.weights, **build.options)
        self.net = net.eval().requires_grad_(False)
        self.modules = [f"{STAGES}.{k}" for k in range(len(getattr(self.net, STAGES)))]
        self.size = spec.size
        self.places = [list(names).index(one) for one in spec.channel_names]
        self.wanted = list(names).index(wanted)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def features(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Feature maps ``(1, C, y, x)``, finest first, of a slice ``(all channels, Y, X)``."""
        x = fit_picture(np.ascontiguousarray(image[self.places]), self.size)[0][None].astype(np.float32) / 255.0
        with torch.autocast("cpu", torch.bfloat16):
            found = activations(self.net, torch.from_numpy(x), self.modules)
        return [one.float().numpy() for one in found]

    def distance(self, made: NDArray[np.float32], image: NDArray[np.uint8], truth: list[NDArray[np.float32]]) -> float:
        """How far a slice with its wanted channel made ``(Y, X)`` in 0–255 lies from what is seen in the true one."""
        shown = image.copy()
        shown[self.wanted] = np.clip(made + 0.5, 0, 255).astype(np.uint8)
        return float(perceptual_distance(self.features(shown), truth)[0])

    def loss(self, made: Tensor, both: Tensor, whole: tuple[int, int]) -> Tensor:
        """The same distance, a mean over stages and slices that has slopes: what a net is held to.

        Args:
            made: ``(N, 1, Y, X)`` in 0–1, in place of the wanted channel.
            both: ``(N, all channels, Y, X)``, the truth; may be crops.
            whole: pixels of a whole slice, so that crops are seen as large as the pack saw such things.
        """
        self.net.to(made.device)
        shown = both.clone()
        shown[:, self.wanted] = made[:, 0]
        step = 2 ** (len(self.modules) - 1)  # sides that go through the U-Net and come out as they were
        pairs = zip(both.shape[2:], self.size, whole, strict=True)
        sides = [max(round(n * at / of / step), 1) * step for n, at, of in pairs]
        pair = F.interpolate(torch.cat([shown, both])[:, self.places], size=sides, mode="bilinear", antialias=True)
        apart = [
            (F.normalize(one.float(), dim=1).chunk(2)) for one in activations(self.net, pair.clamp(0, 1), self.modules)
        ]
        return torch.stack([(a - b).square().sum(1).mean() for a, b in apart]).mean()
