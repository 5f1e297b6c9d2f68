"""Pages for people: the HTML report with its 3D scene, the PDF, and the key images in both.

A report is told from a :class:`ReportContent` (of a picture: :class:`PictureContent`) alone and computes no
measurement of its own. English and Chinese come from one catalogue of words.
What a name needs is loaded when the name is used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limner.report.content import ReportContent
    from limner.report.html import write_html
    from limner.report.pdf import write_pdf
    from limner.report.picture_content import PictureContent
    from limner.report.picture_page import write_picture_html
    from limner.report.picture_pdf import write_picture_pdf
    from limner.report.reason import Held, Reason, Why

_HOME = {
    "Held": "limner.report.reason",
    "PictureContent": "limner.report.picture_content",
    "Reason": "limner.report.reason",
    "ReportContent": "limner.report.content",
    "Why": "limner.report.reason",
    "write_html": "limner.report.html",
    "write_pdf": "limner.report.pdf",
    "write_picture_html": "limner.report.picture_page",
    "write_picture_pdf": "limner.report.picture_pdf",
}

__all__ = [
    "Held",
    "PictureContent",
    "Reason",
    "ReportContent",
    "Why",
    "write_html",
    "write_pdf",
    "write_picture_html",
    "write_picture_pdf",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
