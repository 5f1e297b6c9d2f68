"""ONNX Runtime on the processor, in float32."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from limner.errors import EngineError
from limner.packs import Net


class OnnxRuntimeEngine:
    """Runs a net."""

    def __init__(self, net: Net) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        options.enable_mem_pattern = False  # windows differ in shape at the borders
        try:
            self._session = onnxruntime.InferenceSession(str(net.model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the package raises its own classes, one per status code
            raise EngineError(f"ONNX Runtime cannot load {net.model.name!r} of pack {net.pack!r}: {error}") from error
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """See :class:`limner.infer.engines.Engine`."""
        return dict(zip(self._outputs, self._session.run(self._outputs, inputs), strict=True))
