"""The mean of several nets' weights: as fast as one net, and steadier on scans unlike those it learned from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from limner.errors import RecipeError


def weights_for(net: nn.Module, path: str | Path, setting: str) -> dict[str, Tensor]:
    """The weights in a file, if they are those of such a net.

    Args:
        net: that they must fit.
        path: of a ``weights.safetensors``.
        setting: of the recipe that names the file, for the message.

    Raises:
        RecipeError: no such file, no safetensors, or another net's.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        held: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RecipeError(f"{setting}: {str(path)!r} is no file of weights that can be read ({error}).") from error
    if {k: v.shape for k, v in held.items()} != {k: v.shape for k, v in net.state_dict().items()}:
        raise RecipeError(f"{setting}: {str(path)!r} holds the weights of another net than this recipe's.")
    return held


def refuse_what_cannot_be_averaged(net: nn.Module, others: Sequence[str | Path]) -> None:
    """Looks at the files before a long training, not after it.

    Raises:
        RecipeError: a file that does not fit; a net with batch norm, whose running means belong to its own weights.
    """
    if others and any(isinstance(one, nn.modules.batchnorm._BatchNorm) for one in net.modules()):
        raise RecipeError(
            "train.average_with: this net has batch normalization, whose running statistics fit one set of weights and "
            "not a mean of several. Nets with instance norm, such as unet, can be averaged."
        )
    for path in others:
        weights_for(net, path, "train.average_with")


def averaged(net: nn.Module, others: Sequence[str | Path]) -> nn.Module:
    """The net, changed in place: the mean of its own weights and those of other files.

    Nets that were trained on from the same weights have a valley between them, and its middle is often better than
    either end; nets that began apart have a ridge, and their mean knows nothing.

    Args:
        net: trained.
        others: safetensors of the same net.

    Raises:
        RecipeError: see :func:`refuse_what_cannot_be_averaged`.

    Source: Wortsman et al., Model soups, ICML 2022, section 2 (the uniform soup).
    """
    refuse_what_cannot_be_averaged(net, others)
    total = {name: value.detach().clone() for name, value in net.state_dict().items()}
    for path in others:
        for name, value in weights_for(net, path, "train.average_with").items():
            total[name] += value.to(total[name])
    net.load_state_dict({name: value / (len(others) + 1) for name, value in total.items()})
    return net
