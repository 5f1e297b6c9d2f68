"""What a net sees on its way to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn


def activations(net: nn.Module, image: Tensor, modules: Sequence[str]) -> list[Tensor]:
    """Outputs of some modules of a net for an image, in the order of their names.

    Args:
        net: any; its answer is not looked at.
        image: as the net takes it.
        modules: names as in ``net.named_modules()``, such as ``encoders.0``.

    Raises:
        AttributeError: the net has no such module.
    """
    found: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            found[name] = output

        return hook

    hooks = [net.get_submodule(name).register_forward_hook(keep(name)) for name in modules]
    try:
        net(image)
    finally:
        for one in hooks:
            one.remove()
    return [found[name] for name in modules]
