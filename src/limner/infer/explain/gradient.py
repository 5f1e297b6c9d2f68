"""Grad-CAM by gradients, for nets that do not end in pooling and a linear layer.

It needs torch and a pack with trainable weights; torch is loaded on use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import EngineError, MissingExtraError
from limner.infer.explain.ask import Question, as_seen
from limner.packs import Net

if TYPE_CHECKING:
    from torch import Tensor, nn

Target = Callable[[Any], "Tensor"]


def can_differentiate(net: Net) -> bool:
    """Whether torch is here and the pack holds weights for it."""
    return find_spec("torch") is not None and net.build is not None and net.weights.is_file()


def open_net(net: Net) -> nn.Module:
    """The pack's net in torch, for gradients.

    Raises:
        MissingExtraError: torch is not installed. EngineError: the pack holds no trainable weights.
    """
    if find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "Grad-CAM by gradients")
    if net.build is None or not net.weights.is_file():
        raise EngineError(f"Pack {net.pack!r} holds no trainable weights, which Grad-CAM by gradients needs; use lime.")
    from limner import nets

    build = net.build
    module: nn.Module = nets.load(build.name, net.input.channels, len(net.classes), net.weights, **build.options)
    return module


COARSE, FEATURES = 4, 8
"""How much smaller than the picture the maps of :func:`chosen_layer` are along each axis, and how many there are at
least: fewer are the answer itself, or attention."""


FINE, HEADS = 2, ("centers", "extents")
"""The same for windows of scans, in which a nodule is a few voxels wide; and a detector's last parts, each of which
serves one of its outputs alone."""


def chosen_layer(module: nn.Module, size: tuple[int, ...], channels: int, task: str, local: bool = False) -> str:
    """Where Grad-CAM looks: at the coarsest maps of a classifier, late on the way back up of what draws or marks.

    On the check split of the glioma recipe the hottest point of the coarsest maps never lay in the tumour (they carry
    what is around it), and of the maps at a quarter of the size in 93 of 100. Of a 7 mm nodule in
    a phantom chest no heat at a quarter of the size lay within 5 mm of its middle, and .84 of it at half the size,
    place by place (``local``).
    """
    seen = _layers(module, size, channels)
    if task != "classify":
        smaller = (FINE if local else COARSE) ** len(size)
        late = [
            one
            for one in seen
            if one[0] * smaller <= np.prod(size) and -one[1] >= FEATURES and one[2].split(".")[0] not in HEADS
        ]
        if late:
            return late[-1][2]
    best = min(one[:2] for one in seen)
    return [name for *rank, name in seen if tuple(rank) == best][-1]


def _layers(module: nn.Module, size: tuple[int, ...], channels: int) -> list[tuple[int, int, str]]:
    """Cells, minus the channels, and name of every part that gives a map of more than one cell, in order of use."""
    import torch

    seen: list[tuple[int, int, str]] = []

    def record(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor) and output.dim() == len(size) + 2 and min(output.shape[2:]) > 1:
                seen.append((int(np.prod(output.shape[2:])), -output.shape[1], name))

        return hook

    handles = [one.register_forward_hook(record(name)) for name, one in module.named_modules() if name]
    with torch.no_grad():
        module(torch.zeros(1, channels, *size))
    for handle in handles:
        handle.remove()
    if not seen:
        raise EngineError("No layer of this net keeps a map in space; use lime.")
    return seen


@dataclass(frozen=True, eq=False)
class GradCam:
    """Grad-CAM of one net at one layer.

    Args:
        module: that gives a tuple.
        layer: name of the layer whose output is weighed.
        local: each place is weighed by its own gradient, not by the mean over all places: for an answer about one
            small place of a large window, of which the mean knows nothing (HiResCAM).

    Source: Selvaraju et al., *Grad-CAM*, ICCV 2017, equations 1 and 2; for segmentation Vinogradova et al.,
    *Towards interpretable semantic segmentation via gradient-weighted class activation mapping*, AAAI 2020, equation 1;
    ``local`` Draelos & Carin, *Use HiResCAM instead of Grad-CAM*, 2020, equation 5.
    """

    module: nn.Module
    layer: str
    local: bool = False

    def __call__(self, image: NDArray[Any], target: Target) -> NDArray[np.float32]:
        """The map before the ReLU, ``(*smaller)``.

        Args:
            image: ``(C, *size)``, as :class:`limner.infer.explain.ask.Question` holds it.
            target: outputs to the number whose gradient is taken.
        """
        import torch

        kept: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            copy = output.clone()  # what follows may write in place
            kept.append(copy)
            return copy

        handle = dict(self.module.named_modules())[self.layer].register_forward_hook(keep)
        try:
            with torch.enable_grad():
                x = torch.from_numpy(as_seen(image[None])).requires_grad_()
                score = target(self.module(x))
                [gradient] = torch.autograd.grad(score, kept[-1])
        finally:
            handle.remove()
        weight = gradient if self.local else gradient.mean(tuple(range(2, gradient.dim())), keepdim=True)
        cam = (weight * kept[-1]).sum(1)[0]
        return np.asarray(cam.detach().numpy(), np.float32)


def target_of(question: Question) -> Target:
    """What a task's answer is before it is a probability: the number that Grad-CAM differentiates."""
    members = list(question.members)
    task = question.pack.spec.task
    if question.pack.spec.multi_label:  # the log odds of a class that is there or not are its logit
        return lambda outputs: outputs[0][0, members].max()
    if task == "classify":

        def odds(outputs: Any) -> Tensor:
            import torch

            logits = outputs[0][0]
            others = [k for k in range(len(logits)) if k not in members]
            inside = torch.logsumexp(logits[members], 0)
            return inside - torch.logsumexp(logits[others], 0) if others else inside

        return odds
    if task == "segment":
        region = question.region

        def drawn(outputs: Any) -> Tensor:
            import torch

            logits = outputs[0][0]
            others = [k for k in range(len(logits)) if k not in members]
            odds = torch.logsumexp(logits[members], 0) - torch.logsumexp(logits[others], 0)
            return odds[torch.from_numpy(region)].sum()

        return drawn

    def peak(outputs: Any) -> Tensor:
        import torch

        return outputs[0][0, [k - 1 for k in members]][:, torch.from_numpy(question.cells)].max()

    return peak


def shuffled(module: nn.Module, rng: np.random.Generator) -> nn.Module:
    """A copy whose weights are permuted, tensor by tensor."""
    import copy

    import torch

    other = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in other.parameters():
            flat = parameter.reshape(-1)
            parameter.copy_(flat[torch.from_numpy(rng.permutation(flat.numel()))].reshape(parameter.shape))
    return other
