"""An explanation on paper, for pictures and for scans."""

from __future__ import annotations

from reportlab.platypus import Flowable, KeepTogether

from limner.report import catalogue, picture_words, reason_page, tables, typeset
from limner.report.content import ReportContent
from limner.report.paper import WIDTH, fitted
from limner.report.reason import Reason, Why
from limner.report.typeset import paragraph


def reason_text(reason: Reason, lang: str) -> list[Flowable]:
    """Warnings on a coloured ground, what was measured, and the checks."""
    say = catalogue.words(lang)
    ground = {"backColor": typeset.WARN_BACK, "borderPadding": 3, "spaceBefore": 4, "spaceAfter": 5}
    cautions = picture_words.reason_warnings(reason, lang)
    right: list[Flowable] = [paragraph(one, "cell", lang, bold=say["warning"], **ground) for one in cautions]
    if reason.rows:
        right.append(paragraph(f"{say['picture.attribute']} → {say['picture.without']}", "head", lang, spaceBefore=3))
    right += [paragraph(f"{value} → {without}", "cell", lang) for value, without in reason.rows]
    if reason.held:
        right.append(paragraph(say["picture.checks"], "head", lang, spaceBefore=4))
    for one in reason.held:
        line = f"{picture_words.check_name(one.name, lang)}: {picture_words.check_value(one.value)}"
        result, ink = (say["passed"], typeset.INK) if one.passed else (say["failed"], typeset.BAD)
        right.append(paragraph(line, "cell", lang, bold=result, textColor=ink))
    return right


def whys(content: ReportContent, lang: str) -> list[Flowable]:
    """The explained findings of a scan: in words, then each explanation with its planes."""
    if not content.whys:
        return []
    heading = paragraph(catalogue.words(lang)["why"], "h2", lang)
    blocks = [_why(content, why, lang, [heading] if n == 0 else []) for n, why in enumerate(content.whys)]
    notes = [paragraph(line, "small", lang, spaceBefore=3) for line in reason_page.notes(content, lang)]
    return [*(part for one in blocks for part in one), *notes]


def _why(content: ReportContent, why: Why, lang: str, above: list[Flowable]) -> list[KeepTogether]:
    """One finding; what stands above it stays on its page."""
    finding = next(one for one in content.drawing.findings if one.id == why.id)
    first: list[Flowable] = [
        *above,
        paragraph(tables.judged_title(finding, lang), "h3", lang),
        paragraph(why.sentence, "body", lang, spaceAfter=3),
    ]
    parts = []
    for reason in why.reasons:
        plates = [
            part
            for png, caption in reason_page.planes(reason, lang)
            for part in (fitted(png, 0.6 * WIDTH), paragraph(caption, "small", lang, spaceBefore=2, spaceAfter=3))
        ]
        title = paragraph(picture_words.reason_title(reason, lang), "head", lang, spaceBefore=4)
        parts.append(KeepTogether([*first, title, *plates, *reason_text(reason, lang)]))
        first = []
    return parts
