"""Messages between server and desk: JSON, and bytes beside it. Never pickle: nothing that is read can run.

A frame is two lengths (little endian, 32 and 64 bits), the JSON text, and all bytes one after another. In the JSON
``{"$bytes": [start, stop]}`` stands where they belong.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Protocol

_HEAD = struct.Struct("<IQ")
_MARK = "$bytes"
LARGEST = 1 << 31
"""Bytes of one frame; a slice or a mask is far below."""


class Reads(Protocol):
    """What a frame is read from."""

    def read(self, size: int, /) -> bytes:
        """Up to that many bytes; fewer only at the end."""
        ...


def pack(message: Any) -> bytes:
    """A message as a frame.

    Args:
        message: of dicts with text keys, lists, tuples, text, finite numbers, booleans, None, and bytes.

    Raises:
        TypeError: of something else, e.g. an array: say ``array.tolist()`` or ``array.tobytes()``.
        ValueError: a number that is not finite, which JSON cannot say.
    """
    blobs: list[bytes] = []
    text = json.dumps(_without_bytes(message, blobs, [0]), allow_nan=False, separators=(",", ":")).encode()
    body = b"".join(blobs)
    return _HEAD.pack(len(text), len(body)) + text + body


def unpack(stream: Reads) -> Any:
    """The next message.

    Raises:
        EOFError: the other side is gone.
    """
    text_size, body_size = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if text_size + body_size > LARGEST:
        raise EOFError
    text = _exactly(stream, text_size)
    body = _exactly(stream, body_size)
    return json.loads(text, object_hook=lambda one: _bytes_of(one, body))


def _without_bytes(value: Any, blobs: list[bytes], end: list[int]) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        start, end[0] = end[0], end[0] + len(value)
        blobs.append(bytes(value))
        return {_MARK: [start, end[0]]}
    if isinstance(value, dict):
        if wrong := [key for key in value if not isinstance(key, str) or key == _MARK]:
            raise TypeError(f"Keys of a message are text; got {wrong[0]!r}.")
        return {key: _without_bytes(one, blobs, end) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_bytes(one, blobs, end) for one in value]
    return value


def _bytes_of(value: dict[str, Any], body: bytes) -> Any:
    if list(value) != [_MARK]:
        return value
    start, stop = value[_MARK]
    return body[start:stop]


def _exactly(stream: Reads, size: int) -> bytes:
    parts = []
    while size:
        part = stream.read(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
