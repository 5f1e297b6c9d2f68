"""PyTorch, from ``weights.safetensors``: on a GPU where there is one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from limner import nets
from limner.errors import EngineError
from limner.packs import Net, PictureSpec


class TorchEngine:
    """Builds the pack's net and loads its weights, in float32."""

    def __init__(self, net: Net) -> None:
        if net.build is None or not net.weights.is_file():
            raise EngineError(
                f"Pack {net.pack!r} holds no trainable weights, which engine 'torch' needs; use openvino."
            )
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        build = net.build
        module = nets.load(build.name, net.input.channels, len(net.classes), net.weights, **build.options)
        self._format = (
            torch.channels_last
            if isinstance(net.input, PictureSpec) and len(net.input.size) == 2
            else torch.channels_last_3d
        )
        self._outputs = net.outputs
        self._net = module.to(self._device, memory_format=self._format)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def run(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """See :class:`limner.infer.engines.Engine`."""
        image = torch.from_numpy(inputs["image"]).to(self._device, memory_format=self._format)
        found = self._net(image)
        return {name: one.float().cpu().numpy() for name, one in zip(self._outputs, found, strict=False)}
