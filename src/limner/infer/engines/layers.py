"""The stages of a net in an ONNX file, by name, and how to have them given out; without the ``onnx`` package.

An ONNX file is a protocol-buffer message, and two facts of that encoding suffice: fields are (number, type, bytes),
and a message that is appended to another of its kind is merged into it.

Source: onnx.proto (ModelProto.graph = 7; GraphProto.node = 1, .output = 12; NodeProto.output = 2, .name = 3,
.op_type = 4; ValueInfoProto.name = 1); Protocol Buffers, Encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_STAGE = re.compile(r"/net/(?:features/)?(stem|(?:encoders|downs|features)\.\d+)/")
_ENDS = ("Relu", "LeakyRelu", "PRelu", "Mul")  # what a stage ends with: an activation, or attention's product


def stages(model: Path) -> dict[str, str]:
    """The encoder's stages in their order: short name → name of the value that the stage ends with.

    Args:
        model: an ONNX file that Limner exported.
    """
    found: dict[str, str] = {}
    for op, name, value in _nodes(model.read_bytes()):
        stage = _STAGE.match(name)
        if stage and op in _ENDS:
            found.pop(stage[1], None)  # a later node of the stage: it moves to the end
            found[stage[1]] = value
    return found


def giving_out(model: bytes, names: Sequence[str]) -> bytes:
    """The model with further outputs."""
    extra = b"".join(_field(12, _field(1, name.encode())) for name in names)
    return model + _field(7, extra)


def _nodes(model: bytes) -> Iterator[tuple[str, str, str]]:
    """``(operator, name, first output)`` of each node."""
    for number, graph in _fields(model):
        if number == 7:
            for part, node in _fields(graph):
                if part == 1:
                    texts = {key: value.decode() for key, value in reversed(list(_fields(node))) if key in (2, 3, 4)}
                    yield texts.get(4, ""), texts.get(3, ""), texts.get(2, "")


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a message; numbers are skipped."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            _, at = _varint(message, at)
        elif kind == 1:
            at += 8
        elif kind == 5:
            at += 4
        else:
            size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
