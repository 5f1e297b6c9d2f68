"""``report.pdf`` of a picture: what a reader needs when the screen is away."""

from __future__ import annotations

from pathlib import Path

from reportlab.graphics.shapes import Drawing as Sketch
from reportlab.graphics.shapes import Line, Rect
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table

from limner.report import catalogue, overlays, picture_page, picture_words, provenance, tables, typeset
from limner.report.overlays import Shown
from limner.report.paper import TIGHT, WIDTH, Look, build, fitted, gallery, head, origins, rows, warnings
from limner.report.picture_content import PictureContent
from limner.report.reason import Reason
from limner.report.reason_paper import reason_text
from limner.report.typeset import paragraph
from limner.report.wording import problems_told

_TRACK, _BAR, _GROUP = colors.HexColor("#ececea"), colors.HexColor("#8ba3b5"), colors.HexColor("#2c6b3f")
_PLATE = 56 * mm  # a picture beside an explanation
MOST_MARKED = 20
"""More rows than this stand only in the HTML report."""


def write_picture_pdf(path: Path, content: PictureContent, lang: str = "en") -> None:
    """Writes the report on a picture for paper.

    Args:
        path: the file to write.
        content: what to tell.
        lang: ``"en"`` or ``"zh"``.

    Raises:
        InputError: for another language.
    """
    say = catalogue.words(lang)
    typeset.register_fonts()
    title = picture_words.title(content, lang)
    told = [(say[one.severity], one.text) for one in problems_told(content.drawing, lang)]
    if not all(one.passed for one in provenance.geometry(content, lang)):
        told.insert(0, (say["error"], say["picture.verify_failed"]))
    story = [
        *head(picture_words.study_facts(content, lang), title, lang),
        *warnings(told, lang),
        *_verdict(content, lang),
        *_pictures(content, lang),
        *_bars(content, lang),
        *_marked(content, lang),
        *_reliability(content, lang),
        *_reasons(content, lang),
        paragraph(f"{say['picture.pack']}: {content.pack.name} {content.pack.version}", "h2", lang),
        rows(picture_words.pack_facts(content, lang), lang),
        *_methods(content, lang),
        *origins(content, lang),
    ]
    build(path, title, story, lang)


def _verdict(content: PictureContent, lang: str) -> list[Flowable]:
    answer = picture_words.verdict(content, lang)
    ink = typeset.WARN if answer.unsure else typeset.INK
    groups = [f"{bar.name}: {bar.text}" for bar in picture_words.bars(content, lang) if bar.group]
    lines = [*answer.text, *groups, *([content.sentence] if content.sentence else [])]
    cells = [[paragraph(answer.title, "title", lang, textColor=ink)]]
    cells += [[paragraph(line, "body", lang)] for line in lines]
    look: Look = [
        ("BOX", (0, 0), (-1, -1), 0.6, typeset.WARN if answer.unsure else typeset.LINE),
        ("LINEBEFORE", (0, 0), (0, -1), 3, typeset.WARN if answer.unsure else typeset.ACCENT),
        *TIGHT,
    ]
    if answer.unsure:
        look.append(("BACKGROUND", (0, 0), (-1, -1), typeset.WARN_BACK))
    return [Spacer(0, 3 * mm), Table(cells, colWidths=[WIDTH], style=look), Spacer(0, 2 * mm)]


def _pictures(content: PictureContent, lang: str) -> list[Flowable]:
    """The picture bare, and with what was marked on it."""
    say, shown = catalogue.words(lang), Shown.of(content.picture)
    bare = overlays.shown_picture(content.picture, shown)
    boxed = [one for one in content.marked if one.kind == "box"]
    over = []
    if content.mask is not None and content.mask.any():
        over.append((say["picture.layer.mask"], overlays.outlines(content.mask, content.labels, shown)))
    if boxed:
        over.append((say["picture.layer.boxes"], overlays.boxes(boxed, shown)))
    two = [(overlays.png(bare), say["picture.shown_alt"])]
    if over:
        marked = overlays.over(bare, *(layer for _, layer in over))
        two.append((overlays.png(marked), say["comma"].join(name for name, _ in over)))
    notes = [paragraph(one, "small", lang) for one in picture_page.picture_notes(content, shown, lang)]
    return [paragraph(say["picture.shown"], "h2", lang), *gallery(two, 2, lang), *notes]


def _bars(content: PictureContent, lang: str) -> list[Flowable]:
    say, bars = catalogue.words(lang), picture_words.bars(content, lang)
    if not bars:
        return []
    width, height, least = 78 * mm, 2.6 * mm, content.least_mark
    cells = []
    for bar in bars:
        sketch = Sketch(width, height + 2)
        color = _GROUP if bar.group else typeset.ACCENT if bar.answer else _BAR
        sketch.add(Rect(0, 1, width, height, fillColor=_TRACK, strokeColor=None))
        sketch.add(Rect(0, 1, max(0.6, width * bar.share), height, fillColor=color, strokeColor=None))
        if least and not bar.group:
            sketch.add(Line(width * least, 0, width * least, height + 2, strokeColor=typeset.INK, strokeWidth=1))
        look = "head" if bar.answer else "cell"
        cells.append([paragraph(bar.name, look, lang), sketch, paragraph(bar.text, look, lang, alignment=2)])
    style: Look = [("LINEBELOW", (0, 0), (-1, -1), 0.3, typeset.LINE), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *TIGHT]
    style.append(("LEFTPADDING", (0, 0), (0, -1), 0))
    table = Table(cells, colWidths=[WIDTH - width - 26 * mm, width + 6 * mm, 20 * mm], style=style)
    story: list[Flowable] = [paragraph(say["picture.probabilities"], "h2", lang), table]
    if least:
        note = say["picture.least_mark"].format(least=picture_words.number(least))
        story.append(paragraph(note, "small", lang, spaceBefore=3))
    return [KeepTogether(story)]


def _marked(content: PictureContent, lang: str) -> list[Flowable]:
    """What was outlined or boxed, with its measurements."""
    say, some = catalogue.words(lang), content.marked[:MOST_MARKED]
    if not some:
        return []
    table = tables.measures_table(content, some, lang)
    names = [say["name"], *table.columns, say["probability"]]
    top = [paragraph(one, "head", lang, alignment=0 if n == 0 else 2) for n, one in enumerate(names)]
    cells = [top]
    for row in table.rows:
        values = [*(cell or "–" for cell in row.cells), picture_page.probability(content, row.id, lang)]
        title = paragraph(row.title, "cell", lang, color=typeset.hex_of(row.color))
        cells.append([title, *(paragraph(one, "cell", lang, alignment=2) for one in values)])
    first = 40 * mm
    widths = [first, *[(WIDTH - first) / (len(names) - 1)] * (len(names) - 1)]
    look: Look = [("LINEBELOW", (0, 0), (-1, 0), 0.9, typeset.INK), ("LINEBELOW", (0, 1), (-1, -1), 0.3, typeset.LINE)]
    look += [("LEFTPADDING", (0, 0), (0, -1), 0), ("VALIGN", (0, 0), (-1, 0), "BOTTOM"), *TIGHT]
    notes = []
    if len(content.marked) > MOST_MARKED:
        notes.append(say["more_lesions"].format(n=len(content.marked) - MOST_MARKED))
    measured = [one for finding in some for one in finding.measurements]
    if any(one.low is not None for one in measured):
        notes.append(say["interval_note"])
    if any(one.unit.startswith("px") for one in measured):
        notes.append(say["picture.px_note"])
    made = Table(cells, colWidths=widths, repeatRows=1, style=look)
    told = [paragraph(note, "small", lang, spaceBefore=2) for note in notes]
    return [paragraph(say["picture.marked"], "h2", lang), made, *told]


def _reliability(content: PictureContent, lang: str) -> list[Flowable]:
    lines = [paragraph(line, "body", lang) for line in picture_words.reliability(content, lang)]
    return [KeepTogether([paragraph(catalogue.words(lang)["picture.reliability"], "h3", lang), *lines])]


def _reasons(content: PictureContent, lang: str) -> list[Flowable]:
    """The explanations, each with its picture, its checks, and what may not be believed of it."""
    if not content.reasons:
        return []
    say = catalogue.words(lang)
    blocks = [_reason(content, reason, lang) for reason in content.reasons]
    first = KeepTogether([paragraph(say["picture.why"], "h2", lang), *blocks[0]])
    return [first, *(KeepTogether(one) for one in blocks[1:])]


def _reason(content: PictureContent, reason: Reason, lang: str) -> list[Flowable]:
    """One explanation: its pictures to the left; warnings, figures and checks to the right."""
    left: list[Flowable] = []
    plates = picture_page.reason_pictures(content, reason, lang)
    for image, caption in plates:
        width = _PLATE if len(plates) == 1 else 0.66 * _PLATE
        left += [fitted(overlays.png(image), width), paragraph(caption, "small", lang, spaceBefore=2, spaceAfter=3)]
    right = reason_text(reason, lang)
    look: Look = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0), *TIGHT]
    widths = [_PLATE + 6 * mm, WIDTH - _PLATE - 6 * mm]
    table = Table([[left or "", right]], colWidths=widths, style=look)
    return [paragraph(picture_words.reason_title(reason, lang), "h3", lang), table]


def _methods(content: PictureContent, lang: str) -> list[Flowable]:
    say, text = catalogue.words(lang), picture_words.methods(content, lang)
    if not text and not content.citations:
        return []
    references = [paragraph(f"{n}. {one}", "small", lang) for n, one in enumerate(content.citations, start=1)]
    return [paragraph(say["methods"], "h2", lang), paragraph(text, "body", lang), *references]
