"""The findings of a drawing as a workstation lists them: the report's own words, colours and numbers."""

from __future__ import annotations

from typing import Any

from limner.findings import Drawing, Finding
from limner.image.anatomy import named
from limner.report import tables, terms
from limner.report.content import MESHLESS_GRAY

_ORDER = ("lesion", "box", "vessel", "organ", "tissue", "class")
"""In the order in which a reader looks for them."""
_MAPPED = ("organ", "lesion", "vessel", "tissue")


def structures(drawing: Drawing, lang: str) -> list[dict[str, Any]]:
    """One row a finding, lesions first, the largest of a kind first.

    Args:
        drawing: what was found.
        lang: ``"en"`` or ``"zh"``.
    """
    ordered = sorted(drawing.findings, key=lambda one: (_ORDER.index(one.kind), -_volume_ml(one)))
    return [_structure(one, lang, drawing.study.modality) for one in ordered]


def _structure(finding: Finding, lang: str, modality: str) -> dict[str, Any]:
    label = named(finding.name, finding.label, finding.kind) if finding.kind in _MAPPED else None
    volume = finding.measure("volume")
    return {
        "id": finding.id,
        "title": tables.title(finding, lang),
        "name": terms.structure(finding.name, lang),
        "kind": finding.kind,
        "label": finding.label,
        "color": list(label.color if label else MESHLESS_GRAY),
        "opacity": label.opacity if label else 1.0,
        "center_mm": finding.center_mm,
        "probability": finding.probability,
        "abstained": finding.abstained,
        "volume": tables.quantity(volume, lang) if volume else None,
        "facts": [{"name": name, "value": value} for name, value in tables.facts(finding, lang, modality)],
        "reasons": [one.sentence for one in finding.evidence if one.sentence],
    }


def _volume_ml(finding: Finding) -> float:
    volume = finding.measure("volume")
    return volume.value if volume else 0.0
