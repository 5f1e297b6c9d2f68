"""PyTorch, from ``weights.safetensors``: on a GPU where there is one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner import nets
from limner.errors import EngineError
from limner.packs import Net, PictureSpec, SlicesSpec


class TorchEngine:
    """Builds the pack's net and loads its weights, in float32."""

    def __init__(self, net: Net) -> None:
        if net.build is None or not net.weights.is_file():
            raise EngineError(
                f"Pack {net.pack!r} holds no trainable weights, which engine 'torch' needs; use openvino."
            )
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        build = net.build
        ports = net.ports or (net.input.channels, len(net.classes))
        module = nets.load(build.name, *ports, net.weights, **build.options)
        module = getattr(module, net.part) if net.part else module
        planes = (isinstance(net.input, PictureSpec) and len(net.input.size) == 2) or isinstance(net.input, SlicesSpec)
        self._format = torch.channels_last if planes else torch.channels_last_3d
        self._axes = 4 if self._format == torch.channels_last else 5
        self._outputs = net.outputs
        self._net = module.to(self._device, memory_format=self._format)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def run(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """See :class:`limner.infer.engines.Engine`."""
        found = self._net(*(self._given(one) for one in inputs.values()))
        found = (found,) if isinstance(found, Tensor) else found
        return {name: one.float().cpu().numpy() for name, one in zip(self._outputs, found, strict=False)}

    def _given(self, array: NDArray[np.float32]) -> Tensor:
        tensor = torch.from_numpy(array).to(self._device)
        return tensor.to(memory_format=self._format) if tensor.dim() == self._axes else tensor
