"""ONNX Runtime on the processor, in float32."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import EngineError
from limner.infer.engines.layers import giving_out
from limner.packs import Net


class OnnxRuntimeEngine:
    """Runs a net."""

    def __init__(self, net: Net) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        options.enable_mem_pattern = False  # windows differ in shape at the borders
        try:
            with _model(net) as model:
                self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the package raises its own classes, one per status code
            raise EngineError(f"ONNX Runtime cannot load {net.model.name!r} of pack {net.pack!r}: {error}") from error
        self._outputs = list(net.inner) or [output.name for output in self._session.get_outputs()]

    def run(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """See :class:`limner.infer.engines.Engine`."""
        return dict(zip(self._outputs, self._session.run(self._outputs, inputs), strict=True))


@contextmanager
def _model(net: Net) -> Iterator[Path]:
    """The file to load: the pack's own, or a copy that gives inner values out, with its weights beside it."""
    if not net.inner:
        yield net.model
        return
    with tempfile.TemporaryDirectory(prefix="limner-") as folder:
        made = Path(folder) / net.model.name
        made.write_bytes(giving_out(net.model.read_bytes(), net.inner))
        if net.weights.is_file():
            shutil.copy(net.weights, made.with_name(net.weights.name))
        yield made
