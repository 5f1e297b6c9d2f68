"""A4 pages: margins, footers, and the blocks that every report on paper is set from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, Image, KeepTogether, PageTemplate, Spacer, Table

from limner.report import catalogue, figures, provenance, typeset
from limner.report.content import Told
from limner.report.typeset import paragraph

MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN

Look = list[tuple[Any, ...]]
TIGHT: Look = [("TOPPADDING", (0, 0), (-1, -1), 1.6), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6)]


def build(path: Path, title: str, story: list[Flowable], lang: str) -> None:
    """Sets a story on A4 pages with their footers; the same bytes for the same story."""
    typeset.register_fonts()
    document = BaseDocTemplate(
        str(path), pagesize=A4, title=title, author="Limner", subject=catalogue.words(lang)["not_clinical"],
        lang="zh-CN" if lang == "zh" else "en", invariant=1,
    )  # fmt: skip
    frame = Frame(MARGIN, 20 * mm, WIDTH, A4[1] - MARGIN - 20 * mm, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(story, canvasmaker=lambda *args, **kwargs: _NumberedCanvas(lang, *args, **kwargs))


class _NumberedCanvas(Canvas):
    """Writes the footers when the number of pages is known."""

    def __init__(self, report_lang: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._report_lang, self._say = report_lang, catalogue.words(report_lang)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  # reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        pages = self._pages
        for number, state in enumerate(pages, start=1):
            self.__dict__.update(state)
            self._footer(number, len(pages))
            super().showPage()
        super().save()

    def _footer(self, number: int, count: int) -> None:
        say, lang = self._say, self._report_lang
        self.setStrokeColor(typeset.LINE)
        self.line(MARGIN, 16 * mm, A4[0] - MARGIN, 16 * mm)
        page = say["page_of"].format(page=number, pages=count)
        note = paragraph(say["not_clinical_long"], "small", lang, bold=say["not_clinical"] + say["stop"])
        right = paragraph(page, "small", lang, alignment=2)
        for flowable, x, width in ((note, MARGIN, WIDTH - 32 * mm), (right, A4[0] - MARGIN - 30 * mm, 30 * mm)):
            _, height = flowable.wrap(width, 20 * mm)
            flowable.drawOn(self, x, 14.5 * mm - height)


def head(facts: Sequence[tuple[str, str]], title: str, lang: str) -> list[Flowable]:
    """The title, and what the study is."""
    return [
        paragraph("LIMNER", "small", lang, textColor=typeset.ACCENT),
        paragraph(title, "title", lang),
        rows(facts, lang),
    ]


def rows(facts: Sequence[tuple[str, str]], lang: str) -> Table:
    """Names and values, a line each."""
    cells = [[paragraph(name, "small", lang), paragraph(value, "cell", lang)] for name, value in facts]
    look: Look = [("LEFTPADDING", (0, 0), (0, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP"), *TIGHT]
    return Table(cells, colWidths=[30 * mm, WIDTH - 30 * mm], style=look)


def warnings(told: Sequence[tuple[str, str]], lang: str, heading: str = "problems") -> list[Flowable]:
    """``(kind, text)`` lines on a coloured ground, under a heading of the catalogue; nothing where there are none."""
    if not told:
        return []
    lines = [[paragraph(text, "body", lang, bold=kind)] for kind, text in told]
    cells = [*([[paragraph(catalogue.words(lang)[heading], "h3", lang)]] if heading else []), *lines]
    look: Look = [
        ("BACKGROUND", (0, 0), (-1, -1), typeset.WARN_BACK),
        ("LINEBEFORE", (0, 0), (0, -1), 2.5, typeset.WARN),
    ]
    return [Spacer(0, 3 * mm), Table(cells, colWidths=[WIDTH], style=look)]


def gallery(pictures: Sequence[tuple[bytes, str]], across: int, lang: str) -> list[Flowable]:
    """Pictures with captions, some in a row; a row stays on one page."""
    gap = 4 * mm
    width = (WIDTH - gap * (across - 1)) / across
    room: dict[str, Any] = {"spaceBefore": 2, "spaceAfter": 4}
    cells = [[fitted(png, width), paragraph(text, "small", lang, **room)] for png, text in pictures]
    return [KeepTogether(one) for one in grid(cells, across, gap)]


def grid(cells: Sequence[Any], across: int, gap: float = 0.0) -> list[Flowable]:
    """Cells, some in a row; a table a row, so that pages break between rows."""
    rows = [list(cells[k : k + across]) for k in range(0, len(cells), across)]
    look: Look = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), gap)]
    look += [("VALIGN", (0, 0), (-1, -1), "TOP"), *TIGHT]
    widths = [(WIDTH + gap) / across] * across
    return [Table([row + [""] * (across - len(row))], colWidths=widths, style=look, hAlign="LEFT") for row in rows]


def fitted(png: bytes, width: float) -> Image:
    """A picture as wide as its column, but never much higher than broad: two rows must leave a page some room."""
    columns, rows = figures.png_size(png)
    scale = min(width / columns, (0.76 if width > 60 * mm else 1.0) * width / rows)
    return Image(io.BytesIO(png), columns * scale, rows * scale, hAlign="LEFT")


def origins(content: Told, lang: str) -> list[Flowable]:
    """Pack, engine, software, machine, self-test and cost."""
    say = catalogue.words(lang)
    cells = [[paragraph(a, "small", lang), paragraph(b, "cell", lang)] for a, b in provenance.run_facts(content, lang)]
    for check in provenance.geometry(content, lang):
        result = say["passed"] if check.passed else say["failed"]
        cell = paragraph(
            " ".join((check.text, *check.failures)),
            "cell",
            lang,
            bold=result,
            textColor=typeset.INK if check.passed else typeset.BAD,
        )
        cells.append([paragraph(check.file, "small", lang), cell])
    steps = provenance.steps(content, lang)
    if steps:
        costs = ", ".join(f"{one.name} {one.seconds} s ({one.peak_mb or '?'} MB)" for one in steps)
        cells.append([paragraph(say["step"], "small", lang), paragraph(costs, "cell", lang)])
    look: Look = [("LEFTPADDING", (0, 0), (0, -1), 0), ("LINEBELOW", (0, 0), (-1, -1), 0.3, typeset.LINE), *TIGHT]
    look.append(("VALIGN", (0, 0), (-1, -1), "TOP"))
    table = Table(cells, colWidths=[48 * mm, WIDTH - 48 * mm], style=look)
    return [paragraph(say["provenance"], "h2", lang), table]
