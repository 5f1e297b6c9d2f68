"""An explanation on the page: what ``reason.html.j2`` shows, for pictures and for scans."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from limner.report import catalogue, figures, picture_words, tables
from limner.report.content import ReportContent
from limner.report.reason import Reason

Plate = tuple[bytes, str]
"""A picture, PNG, and its caption."""


def as_page(reason: Reason, plates: Sequence[Plate], lang: str) -> dict[str, Any]:
    """Title, warnings, pictures, rows and checks of one explanation."""
    sizes = [figures.png_size(png) for png, _ in plates]
    return {
        "title": picture_words.reason_title(reason, lang),
        "warnings": picture_words.reason_warnings(reason, lang),
        "pictures": [
            {"src": data_url(png), "width": size[0], "height": size[1], "caption": text}
            for (png, text), size in zip(plates, sizes, strict=True)
        ],
        "rows": reason.rows,
        "held": [
            {
                "name": picture_words.check_name(one.name, lang),
                "value": picture_words.check_value(one.value),
                "passed": one.passed,
            }
            for one in reason.held
        ],
    }


def whys(content: ReportContent, lang: str) -> list[dict[str, Any]]:
    """The explained findings of a scan, each with its explanations."""
    findings = {one.id: one for one in content.drawing.findings}
    return [
        {
            "title": tables.judged_title(findings[why.id], lang),
            "sentence": why.sentence,
            "reasons": [as_page(one, planes(one, lang), lang) for one in why.reasons],
        }
        for why in content.whys
    ]


def notes(content: ReportContent, lang: str) -> list[str]:
    """How far to trust what was measured, and how to learn what is not shown; nothing where nothing was explained."""
    say = catalogue.words(lang)
    if not content.whys:
        return []
    told = [say["why_outline"]]
    if len(content.whys) < len(content.of_kind("lesion")):
        told.append(say["why_some"].format(n=len(content.whys)))
    askable = not content.drawing.study.channels  # nets on slices of several series are not asked
    if askable and all(one.kind == "attributes" for why in content.whys for one in why.reasons):
        told.append(say["why_more"].format(pack=content.drawing.pack.name, id=content.whys[0].id))
    return told


def planes(reason: Reason, lang: str) -> list[Plate]:
    """The picture of an explanation of a scan."""
    if reason.drawn is None:
        return []
    key = "picture.planes" if reason.kind == "attributes" else "picture.planes_warm_cool"
    return [(reason.drawn, catalogue.words(lang)[key])]


def data_url(png: bytes) -> str:
    """A picture as the page holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
