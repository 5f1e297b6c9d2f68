"""OpenVINO on the processor, in float32: it would silently take bfloat16 on some processors."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import EngineError
from limner.packs import Net


def library() -> Any:
    """OpenVINO without its telemetry.

    On import it would tell a web service of its maker, from a forked process that a program waits for at its end: no
    program on a hospital's network may, and some waits never ended. It takes a stub where the package is missing.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # Python's word for "not there"
    import openvino

    return openvino


class OpenVINOEngine:
    """Compiles a net with dynamic shapes."""

    def __init__(self, net: Net) -> None:
        core = library().Core()
        options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        try:
            model = core.read_model(str(net.model))
            if net.inner:
                past = model.get_results()
                model.add_outputs(list(net.inner))
                for result in past:
                    model.remove_result(result)  # what lies past the inner values is not computed
            self._model = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot load {net.model.name!r} of pack {net.pack!r}: {error}") from error
        # A tensor may carry several names, and "any" of them need not be the one that the graph gives out.
        self._outputs = list(net.inner or net.outputs)

    def run(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """See :class:`limner.infer.engines.Engine`."""
        results = self._model(inputs)
        return {name: np.asarray(results[name]) for name in self._outputs}
