"""How to draw: what a caller may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DrawOptions:
    """How to draw.

    Args:
        pack: name or folder of the model pack; None for a scan of the abdomen. A picture needs one.
        engine: ``auto``, ``openvino``, ``onnxruntime`` or ``torch``.
        max_memory_gb: what inference may hold at most; None leaves it to the pack.
        force: replace a drawing that is already at the output, once the new one is whole.
        lang: of the reports, ``en`` or ``zh``.
        explain: how an answer is explained: ``auto``, ``none``, ``grad-cam``, ``lime``, ``both``, ``attributes`` or
            ``all``. Of lesions in a scan ``auto`` measures the shape and asks no net.
        channels: channel → a path, or words of a series' description, where a pack on slices of MR cannot tell.
        citations: what the report must name besides the methods, such as the source of the images.
        confidence: also write how sure each labelled voxel is, for a viewer to lay over the scan.
    """

    pack: str | None = None
    engine: str = "auto"
    max_memory_gb: float | None = None
    force: bool = False
    lang: str = "en"
    explain: str = "auto"
    channels: Mapping[str, str] = field(default_factory=dict)
    citations: tuple[str, ...] = ()
    confidence: bool = False
