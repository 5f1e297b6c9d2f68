"""``report.pdf``: the report for paper, A4, with what a reader needs when the screen is away."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    PageTemplate,
    Spacer,
    Table,
)

from limner.report import catalogue, figures, provenance, tables, terms, typeset
from limner.report.content import ReportContent
from limner.report.glance import glance
from limner.report.methods import methods
from limner.report.typeset import paragraph
from limner.report.wording import caption, window_note

MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
MOST_LESIONS = 20
"""More rows than this stand only in the HTML report."""

Look = list[tuple[Any, ...]]


def write_pdf(path: Path, content: ReportContent, lang: str = "en") -> None:
    """Writes the report for paper.

    Args:
        path: the file to write.
        content: what to tell.
        lang: ``"en"`` or ``"zh"``.

    Raises:
        InputError: for another language.
    """
    say = catalogue.words(lang)
    typeset.register_fonts()
    title = say["title"].format(modality=content.drawing.study.modality)
    document = BaseDocTemplate(
        str(path), pagesize=A4, title=title, author="Limner", subject=say["not_clinical"],
        lang="zh-CN" if lang == "zh" else "en", invariant=1,
    )  # fmt: skip
    frame = Frame(MARGIN, 20 * mm, WIDTH, A4[1] - MARGIN - 20 * mm, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    story = [
        *_head(content, lang, title),
        *_problems(content, lang),
        *_tiles(content, lang),
        *_pictures(content, lang),
        *_findings(content, lang),
        *_methods(content, lang),
        *_provenance(content, lang),
    ]
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


def _head(content: ReportContent, lang: str, title: str) -> list[Flowable]:
    cells = [
        [paragraph(name, "small", lang), paragraph(value, "cell", lang)]
        for name, value in provenance.study_facts(content, lang)
    ]
    facts = Table(cells, colWidths=[26 * mm, WIDTH - 26 * mm], style=[("LEFTPADDING", (0, 0), (0, -1), 0), *_TIGHT])
    return [paragraph("LIMNER", "small", lang, textColor=typeset.ACCENT), paragraph(title, "title", lang), facts]


def _problems(content: ReportContent, lang: str) -> list[Flowable]:
    say = catalogue.words(lang)
    rows = [(say[one.severity], one.text) for one in content.drawing.problems]
    if not all(one.passed for one in provenance.geometry(content, lang)):
        rows.insert(0, (say["error"], say["geometry_failed"]))
    if not rows:
        return []
    told = [[paragraph(text, "body", lang, bold=kind)] for kind, text in rows]
    cells = [[paragraph(say["problems"], "h3", lang)], *told]
    look: Look = [
        ("BACKGROUND", (0, 0), (-1, -1), typeset.WARN_BACK),
        ("LINEBEFORE", (0, 0), (0, -1), 2.5, typeset.WARN),
    ]
    return [Spacer(0, 3 * mm), Table(cells, colWidths=[WIDTH], style=look)]


def _tiles(content: ReportContent, lang: str) -> list[Flowable]:
    tiles = glance(content, lang)
    lines = [((one.label, "small"), (one.value, "value"), (one.below or " ", "small")) for one in tiles]
    cells = [[paragraph(text, look, lang) for text, look in tile] for tile in lines]
    look: Look = [("BOX", (0, 0), (-1, -1), 0.6, typeset.LINE), ("INNERGRID", (0, 0), (-1, -1), 0.6, typeset.LINE)]
    look += [("VALIGN", (0, 0), (-1, -1), "TOP")]
    return [Spacer(0, 3 * mm), Table([cells], colWidths=[WIDTH / len(cells)] * len(cells), style=look)]


def _pictures(content: ReportContent, lang: str) -> list[Flowable]:
    """Three planes and the scene, two in a row; then the lesions, four in a row."""
    say, images = catalogue.words(lang), figures.key_images(content)
    large = [(one.png, caption(one, lang)) for one in images.overview]
    if content.scene_png:
        large.append((content.scene_png, f"{say['scene']}. {say['scene_alt']}"))
    story: list[Flowable] = [paragraph(say["key_images"], "h2", lang), *_gallery(large, 2, lang)]
    seen = {label.value: label for one in images.overview for label in one.labels}
    legend = [
        paragraph(terms.structure(one.name, lang), "small", lang, color=typeset.hex_of(one.color))
        for one in seen.values()
    ]
    story += _grid(legend, 6)
    story.append(paragraph(f"{window_note(content, lang)} {say['convention']}", "small", lang, spaceBefore=3))
    if images.close_ups:
        story += [Spacer(0, 3 * mm), *_gallery([(one.png, caption(one, lang)) for one in images.close_ups], 4, lang)]
    return story


def _findings(content: ReportContent, lang: str) -> list[Flowable]:
    say = catalogue.words(lang)
    lesions = content.of_kind("lesion", "box")
    others = content.of_kind("vessel", "organ", "tissue", "class")
    story: list[Flowable] = [paragraph(say["findings"], "h2", lang)]
    if lesions:
        story += _table(say["lesions"], tables.measures_table(content, lesions[:MOST_LESIONS], lang), lang)
        if len(lesions) > MOST_LESIONS:
            story.append(paragraph(say["more_lesions"].format(n=len(lesions) - MOST_LESIONS), "small", lang))
        story += _table(say["clearances"], tables.clearance_table(content, lesions[:MOST_LESIONS], lang), lang)
    if others:
        story += _table(say["structures_table"], tables.measures_table(content, others, lang), lang)
    if not lesions and not others:
        story.append(paragraph(say["none_found"], "body", lang))
    if any(one.low is not None for finding in content.drawing.findings for one in finding.measurements):
        story.append(paragraph(say["interval_note"], "small", lang, spaceBefore=3))
    return story


def _methods(content: ReportContent, lang: str) -> list[Flowable]:
    say, text = catalogue.words(lang), methods(content, lang)
    if not text and not content.citations:
        return []
    references = [paragraph(f"{n}. {one}", "small", lang) for n, one in enumerate(content.citations, start=1)]
    return [paragraph(say["methods"], "h2", lang), paragraph(text, "body", lang), *references]


def _provenance(content: ReportContent, lang: str) -> list[Flowable]:
    say = catalogue.words(lang)
    rows = [[paragraph(a, "small", lang), paragraph(b, "cell", lang)] for a, b in provenance.run_facts(content, lang)]
    for check in provenance.geometry(content, lang):
        result = say["passed"] if check.passed else say["failed"]
        cell = paragraph(
            " ".join((check.text, *check.failures)),
            "cell",
            lang,
            bold=result,
            textColor=typeset.INK if check.passed else typeset.BAD,
        )
        rows.append([paragraph(check.file, "small", lang), cell])
    steps = provenance.steps(content, lang)
    if steps:
        costs = ", ".join(f"{one.name} {one.seconds} s ({one.peak_mb or '?'} MB)" for one in steps)
        rows.append([paragraph(say["step"], "small", lang), paragraph(costs, "cell", lang)])
    look: Look = [("LEFTPADDING", (0, 0), (0, -1), 0), ("LINEBELOW", (0, 0), (-1, -1), 0.3, typeset.LINE), *_TIGHT]
    look.append(("VALIGN", (0, 0), (-1, -1), "TOP"))
    table = Table(rows, colWidths=[48 * mm, WIDTH - 48 * mm], style=look)
    return [paragraph(say["provenance"], "h2", lang), table]


def _table(heading: str, table: tables.Table, lang: str) -> list[Flowable]:
    """A table of findings; its header stands again on a new page. Nothing where there is nothing to show."""
    if not table.columns or not table.rows:
        return []
    say = catalogue.words(lang)
    first = 40 * mm
    rest = (WIDTH - first) / len(table.columns)
    head = [paragraph(say["name"], "head", lang), *(paragraph(c, "head", lang, alignment=2) for c in table.columns)]
    body = [
        [
            paragraph(row.title, "cell", lang, color=typeset.hex_of(row.color)),
            *(paragraph(cell or "–", "cell", lang, alignment=2) for cell in row.cells),
        ]
        for row in table.rows
    ]
    look: Look = [("LINEBELOW", (0, 0), (-1, 0), 0.9, typeset.INK), ("LINEBELOW", (0, 1), (-1, -1), 0.3, typeset.LINE)]
    look += [("LEFTPADDING", (0, 0), (0, -1), 0), ("VALIGN", (0, 0), (-1, 0), "BOTTOM"), *_TIGHT]
    grid = Table([head, *body], colWidths=[first, *[rest] * len(table.columns)], repeatRows=1, style=look)
    return [paragraph(heading, "h3", lang), grid]


def _gallery(pictures: Sequence[tuple[bytes, str]], across: int, lang: str) -> list[Flowable]:
    """Pictures with captions, some in a row; a row stays on one page."""
    gap = 4 * mm
    width = (WIDTH - gap * (across - 1)) / across
    room: dict[str, Any] = {"spaceBefore": 2, "spaceAfter": 4}
    cells = [[_fitted(png, width), paragraph(text, "small", lang, **room)] for png, text in pictures]
    return [KeepTogether(one) for one in _grid(cells, across, gap)]


def _grid(cells: Sequence[Any], across: int, gap: float = 0.0) -> list[Flowable]:
    rows = [list(cells[k : k + across]) for k in range(0, len(cells), across)]
    look: Look = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), gap)]
    look += [("VALIGN", (0, 0), (-1, -1), "TOP"), *_TIGHT]
    widths = [(WIDTH + gap) / across] * across
    return [Table([row + [""] * (across - len(row))], colWidths=widths, style=look, hAlign="LEFT") for row in rows]


def _fitted(png: bytes, width: float) -> Image:
    """A picture as wide as its column, but never much higher than broad: two rows must leave a page some room."""
    columns, rows = figures.png_size(png)
    scale = min(width / columns, (0.76 if width > 60 * mm else 1.0) * width / rows)
    return Image(io.BytesIO(png), columns * scale, rows * scale, hAlign="LEFT")


_TIGHT: Look = [("TOPPADDING", (0, 0), (-1, -1), 1.6), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6)]
