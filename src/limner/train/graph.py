"""A net as an ONNX graph whose weights lie in a safetensors file beside it, in half precision and only once."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from torch import Tensor, nn


def write_graph(
    net: nn.Module,
    inputs: dict[str, Tensor],
    axes: dict[str, dict[int, str]],
    path: Path,
    weights: Path,
    *,
    fold: bool = True,
) -> None:
    """One net as ONNX whose weights are those of a safetensors file beside it.

    Args:
        net: of which the weights' names there are the names, but for a leading ``net.``.
        inputs: examples by name, in the order that it takes them.
        axes: the free axes of each input and output by name; the names that are no inputs are the outputs.
        path: of the graph.
        weights: of the pack.
        fold: work out what is constant; not where weights are scaled in use, which would then be stored again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter warns of its successor, which needs another package
        torch.onnx.export(
            net.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=[name for name in axes if name not in inputs],
            dynamic_axes=axes,
            opset_version=17,
            do_constant_folding=fold,
            training=torch.onnx.TrainingMode.PRESERVE,  # batch norm stays apart, so that weights are stored once
            dynamo=False,
        )
    model = onnx.load(str(path))
    halve(model, weights)
    onnx.save(model, str(path))
    onnx.checker.check_model(str(path))


def halve(model: onnx.ModelProto, weights: Path, least: int = 256) -> None:
    """Large float32 initializers become half precision followed by a cast, in place; arithmetic stays float32.

    Those that stand unchanged in ``weights`` (safetensors, same folder) are not stored again: ONNX external data points
    into that file.

    Source: onnx.proto, TensorProto.external_data; the safetensors layout (8 bytes length, JSON header, raw data).
    """
    raw = weights.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = {k: v for k, v in json.loads(raw[8 : 8 + length]).items() if k != "__metadata__"}
    casts = []
    for initializer in model.graph.initializer:
        values = numpy_helper.to_array(initializer)
        if values.dtype != np.float32 or values.size < least:
            continue
        name, half = initializer.name, values.astype(np.float16)
        initializer.CopyFrom(numpy_helper.from_array(half, name + ".half"))
        casts.append(helper.make_node("Cast", [name + ".half"], [name], to=TensorProto.FLOAT))
        held = header.get(name.removeprefix("net."))
        if held is None:
            continue
        start, stop = (8 + length + offset for offset in held["data_offsets"])
        if raw[start:stop] == half.tobytes():
            set_external_data(initializer, weights.name, offset=start, length=stop - start)
            initializer.ClearField("raw_data")
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
