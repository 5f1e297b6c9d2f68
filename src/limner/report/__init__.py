"""Pages for people: the HTML report with its 3D scene, the PDF, and the key images in both.

A report is told from a :class:`ReportContent` (of a picture: :class:`PictureContent`) alone and computes no
measurement of its own. English and Chinese come from one catalogue of words.
"""

from limner.report.content import ReportContent
from limner.report.html import write_html
from limner.report.pdf import write_pdf
from limner.report.picture_content import PictureContent
from limner.report.picture_page import write_picture_html
from limner.report.picture_pdf import write_picture_pdf
from limner.report.reason import Held, Reason, Why

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
