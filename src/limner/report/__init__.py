"""Pages for people: the HTML report with its 3D scene, the PDF, and the key images in both.

A report is told from a :class:`ReportContent` alone and computes no measurement of its own. English and Chinese come
from one catalogue of words.
"""

from limner.report.content import ReportContent
from limner.report.html import write_html
from limner.report.pdf import write_pdf

__all__ = ["ReportContent", "write_html", "write_pdf"]
