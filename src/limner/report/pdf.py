"""``report.pdf``: the report for paper, A4, with what a reader needs when the screen is away."""

from __future__ import annotations

from pathlib import Path

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from limner.report import catalogue, figures, provenance, tables, terms, typeset
from limner.report.content import ReportContent
from limner.report.glance import glance
from limner.report.methods import methods
from limner.report.paper import TIGHT, WIDTH, Look, build, gallery, grid, head, origins, warnings
from limner.report.reason_paper import whys
from limner.report.typeset import paragraph
from limner.report.wording import caption, problems_told, unsure_note, window_note

MOST_LESIONS = 20
"""More rows than this stand only in the HTML report."""


def write_pdf(path: Path, content: ReportContent, lang: str = "en") -> None:
    """Writes the report for paper.

    Args:
        path: the file to write.
        content: what to tell.
        lang: ``"en"`` or ``"zh"``.

    Raises:
        InputError: for another language.
    """
    typeset.register_fonts()
    title = catalogue.study_title(content.drawing.study.modality, lang)
    story = [
        *head(provenance.study_facts(content, lang), title, lang),
        *_problems(content, lang),
        *_tiles(content, lang),
        *_pictures(content, lang),
        *_findings(content, lang),
        *whys(content, lang),
        *_methods(content, lang),
        *origins(content, lang),
    ]
    build(path, title, story, lang)


def _problems(content: ReportContent, lang: str) -> list[Flowable]:
    say = catalogue.words(lang)
    rows = [(say[one.severity], one.text) for one in problems_told(content.drawing, lang)]
    if not all(one.passed for one in provenance.geometry(content, lang)):
        rows.insert(0, (say["error"], say["geometry_failed"]))
    return warnings(rows, lang)


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
    story: list[Flowable] = [paragraph(say["key_images"], "h2", lang), *gallery(large, 2, lang)]
    seen = {label.value: label for one in images.overview for label in one.labels}
    legend = [
        paragraph(terms.structure(one.name, lang), "small", lang, color=typeset.hex_of(one.color))
        for one in seen.values()
    ]
    story += grid(legend, 6)
    story.append(paragraph(f"{window_note(content, lang)} {say['convention']}", "small", lang, spaceBefore=3))
    if images.close_ups:
        story += [Spacer(0, 3 * mm), *gallery([(one.png, caption(one, lang)) for one in images.close_ups], 4, lang)]
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
    if note := unsure_note(content, lang):
        story.append(paragraph(note, "small", lang, spaceBefore=3))
    if any(one.low is not None for finding in content.drawing.findings for one in finding.measurements):
        story.append(paragraph(say["interval_note"], "small", lang, spaceBefore=3))
    return story


def _methods(content: ReportContent, lang: str) -> list[Flowable]:
    say, text = catalogue.words(lang), methods(content, lang)
    if not text and not content.citations:
        return []
    references = [paragraph(f"{n}. {one}", "small", lang) for n, one in enumerate(content.citations, start=1)]
    return [paragraph(say["methods"], "h2", lang), paragraph(text, "body", lang), *references]


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
    look += [("LEFTPADDING", (0, 0), (0, -1), 0), ("VALIGN", (0, 0), (-1, 0), "BOTTOM"), *TIGHT]
    made = Table([head, *body], colWidths=[first, *[rest] * len(table.columns)], repeatRows=1, style=look)
    return [paragraph(heading, "h3", lang), made]
