"""One surface as GLB whose points carry a code each: a colour to see, and a number to look up in a legend."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.io.meshfiles import TO_GLTF

FLOAT, UINT, UBYTE = 5126, 5125, 5121
ARRAY, ELEMENTS = 34962, 34963


def coded_glb(
    points_mm: NDArray[np.floating],
    faces: NDArray[np.integer],
    codes: NDArray[np.uint8],
    colors: NDArray[np.uint8],
    *,
    name: str,
) -> bytes:
    """A surface as glTF binary, metres and Y up like every scene of ours.

    Args:
        points_mm: ``(N, 3)`` LPS.
        faces: ``(M, 3)``, counter-clockwise seen from outside.
        codes: ``(N,)``; the attribute ``_CODE``, a scalar of bytes.
        colors: ``(256, 3)`` of each code, linear; the attribute ``COLOR_0``.
        name: of the node.

    Source: glTF 2.0, 3.6.2.4 data alignment (four bytes) and 3.7.2.1 (application-specific attributes begin with
    an underscore).
    """
    points = (np.asarray(points_mm, np.float64) @ TO_GLTF.T / 1000).astype("<f4")
    paint = np.concatenate([colors[codes], np.full((len(codes), 1), 255, np.uint8)], axis=1).astype(np.uint8)
    spread = np.zeros((len(codes), 4), np.uint8)  # a byte a point, each at a multiple of four
    spread[:, 0] = codes
    parts = [points.tobytes(), paint.tobytes(), spread.tobytes(), np.ascontiguousarray(faces, "<u4").tobytes()]
    starts = np.cumsum([0, *(len(one) for one in parts)]).tolist()
    views: list[dict[str, Any]] = [
        {"buffer": 0, "byteOffset": start, "byteLength": len(one), "target": ELEMENTS if k == 3 else ARRAY}
        for k, (start, one) in enumerate(zip(starts, parts, strict=False))
    ]
    views[2]["byteStride"] = 4
    count = len(points)
    tree = {
        "asset": {"version": "2.0", "generator": "Limner"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 1, "_CODE": 2}, "indices": 3}]}],
        "buffers": [{"byteLength": starts[-1]}],
        "bufferViews": views,
        "accessors": [
            {
                "bufferView": 0, "componentType": FLOAT, "count": count, "type": "VEC3",
                "min": points.min(axis=0).astype(float).tolist(), "max": points.max(axis=0).astype(float).tolist(),
            },
            {"bufferView": 1, "componentType": UBYTE, "normalized": True, "count": count, "type": "VEC4"},
            {"bufferView": 2, "componentType": UBYTE, "count": count, "type": "SCALAR"},
            {"bufferView": 3, "componentType": UINT, "count": int(np.size(faces)), "type": "SCALAR"},
        ],
    }  # fmt: skip
    return _glb(tree, b"".join(parts))


def _glb(tree: dict[str, Any], binary: bytes) -> bytes:
    """Source: glTF 2.0, 4.4: a header of 12 bytes, then chunks of JSON (padded by spaces) and BIN (by zeros)."""
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    whole = 12 + 8 + len(text) + 8 + len(binary)
    head = struct.pack("<4sII", b"glTF", 2, whole)
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
