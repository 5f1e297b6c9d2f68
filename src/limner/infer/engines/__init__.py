"""Engines: objects with one method, ``run({name: array}) -> {name: array}``. All pass one contract test.

One registry, name to dotted path; ``auto`` takes the first that is installed, in the order of the dict.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from limner.errors import EngineError, MissingExtraError, PackError

if TYPE_CHECKING:
    from limner.packs import Net

ENGINES: dict[str, tuple[str, str, str]] = {
    # name: dotted path, package that it needs, extra that brings it
    "openvino": ("limner.infer.engines.openvino:OpenVINOEngine", "openvino", ""),
    "onnxruntime": ("limner.infer.engines.onnxruntime:OnnxRuntimeEngine", "onnxruntime", ""),
    "torch": ("limner.infer.engines.torch:TorchEngine", "torch", "train"),
}


class Engine(Protocol):
    """What every engine is."""

    def run(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Arrays by name in, arrays by name out; float32, ``(N, C, Z, Y, X)``."""
        ...


def open_engine(name: str, net: Net) -> tuple[str, Engine]:
    """An engine for one net of a pack.

    Args:
        name: a key of :data:`ENGINES`, or ``auto``.

    Returns:
        The engine's name and the engine.

    Raises:
        EngineError: unknown name (with the nearest), or the model cannot be loaded.
        MissingExtraError: the engine's package is not installed.
    """
    if name == "auto":
        installed = [one for one, (_, package, _) in ENGINES.items() if find_spec(package)]
        if not installed:
            raise EngineError("No inference engine is installed; `pip install limner` brings openvino and onnxruntime.")
        name = installed[0]
    if name not in ENGINES:
        near = difflib.get_close_matches(name, ENGINES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PackError(f"Unknown engine {name!r}; known are auto, {', '.join(ENGINES)}.{hint}")
    if net.inner and name == "torch":
        raise EngineError("Engine 'torch' gives no values inside a net out; use openvino or onnxruntime.")
    path, package, extra = ENGINES[name]
    if not find_spec(package):
        raise MissingExtraError(package, extra or "core", f"The engine {name!r}")
    module, attribute = path.split(":")
    engine: Engine = getattr(import_module(module), attribute)(net)
    return name, engine
