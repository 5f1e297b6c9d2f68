"""How to plan: what a caller may choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PlanOptions:
    """How to plan.

    Args:
        target: id of a lesion (``"tumor-1"``) or a label's name; None for the largest lesion.
        image: the study that was drawn: it shows the slices along each needle, and bowel by its gas.
        settings: ``plan.yaml``; None for the defaults.
        probes: a table of ablation zones in place of the shipped one (JSON); None for that.
        resection: propose resections, where the target lies in a liver.
        lang: of the pages, ``en`` or ``zh``.
        force: replace a plan that is already at the output, once the new one is whole.
    """

    target: str | None = None
    image: Path | None = None
    settings: Path | None = None
    probes: Path | None = None
    resection: bool = True
    lang: str = "en"
    force: bool = False
