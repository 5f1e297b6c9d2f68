"""Copies of a net whose weights are shuffled: what an explanation of it must not resemble."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from limner.errors import MissingExtraError
from limner.infer.engines import Engine, open_engine
from limner.packs import Net


def can_shuffle() -> bool:
    """Whether the package that edits ONNX files is here (it comes with the extra ``train``)."""
    return find_spec("onnx") is not None


@contextmanager
def shuffled_engine(net: Net, rng: np.random.Generator) -> Iterator[Engine]:
    """An engine for a copy of the net in which the values of every weight tensor are permuted.

    Permuting keeps each layer's distribution of weights, and so the scale of what flows through; what was learned is
    gone. ONNX Runtime runs it: it loads a net ten times sooner than OpenVINO compiles one.

    Raises:
        MissingExtraError: the package onnx is not installed.
    """
    if not can_shuffle():
        raise MissingExtraError("onnx", "train", "The parameter randomisation check")
    import onnx
    from onnx import TensorProto, numpy_helper

    model = onnx.load(str(net.model))
    for tensor in model.graph.initializer:
        if tensor.data_type not in (TensorProto.FLOAT, TensorProto.FLOAT16):
            continue
        values = numpy_helper.to_array(tensor)
        mixed = rng.permutation(values.ravel()).reshape(values.shape)
        tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, str(path))
        yield open_engine("onnxruntime", replace(net, model=path))[1]
