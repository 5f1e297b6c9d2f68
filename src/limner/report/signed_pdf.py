"""``report.pdf`` of a signed report: who signed, when, what they wrote and measured, and what the model found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Table

from limner.errors import InputError
from limner.findings import Drawing, Finding, Mark, Measurement, SignedReport
from limner.report import catalogue, tables, terms, typeset
from limner.report.content import LANGUAGES
from limner.report.paper import TIGHT, WIDTH, Look, build, head, warnings
from limner.report.typeset import paragraph
from limner.report.wording import problems_told

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Signed report", "已签署的报告"),
    "patient": ("Patient", "患者"),
    "patient_id": ("Patient ID", "患者编号"),
    "birth_date": ("Date of birth", "出生日期"),
    "study": ("Study", "检查"),
    "accession": ("Accession number", "检查号"),
    "drawing": ("Drawing", "绘图"),
    "version": ("version {n}, by {pack}", "第 {n} 版，{pack}"),
    "signed_by": ("Signed by", "签署者"),
    "signed_at": ("Signed at", "签署时间"),
    "impression": ("Impression", "印象"),
    "marks": ("Measured by the reader", "阅片者的测量"),
    "no_marks": ("The reader measured nothing by hand.", "阅片者没有手工测量。"),
    "findings": ("Found by the model", "模型所见"),
    "none_found": ("The model marked nothing.", "模型没有标出任何所见。"),
    "not_dicom": (
        "The study is not DICOM: this report is a PDF only, and no DICOM object was made.",
        "该检查不是 DICOM：本报告仅为 PDF，未生成 DICOM 对象。",
    ),
    "read_first": ("Note", "注意"),
    "length": ("Length", "长度"),
    "angle": ("Angle", "角度"),
    "ellipse": ("Region", "区域"),
    "probe": ("Value", "数值"),
    "value": ("Value", "数值"),
    "area": ("Area", "面积"),
    "mean": ("Mean", "均值"),
    "standard deviation": ("SD", "标准差"),
    "minimum": ("Minimum", "最小值"),
    "maximum": ("Maximum", "最大值"),
    "axial": ("axial", "横断面"),
    "coronal": ("coronal", "冠状面"),
    "sagittal": ("sagittal", "矢状面"),
    "at": ("{plane}, at {x}, {y}, {z} mm (LPS)", "{plane}，位于 {x}, {y}, {z} mm (LPS)"),
}
_UNITS = {"mm2": "mm²", "deg": "°", "1": ""}


@dataclass(frozen=True)
class SignedContent:
    """One signed report with all that its pages show.

    Args:
        report: who signed what and when.
        drawing: that was read.
        version: of the drawing.
        patient: names and values, in the order of the page: keys of the words above.
        dicom: whether DICOM objects are made of it, too.
    """

    report: SignedReport
    drawing: Drawing
    version: int
    patient: tuple[tuple[str, str], ...] = ()
    dicom: bool = True


def write_signed_pdf(path: Path, content: SignedContent, lang: str = "en") -> None:
    """Writes the signed report for paper; the same bytes for the same report.

    Raises:
        InputError: for another language.
    """
    if lang not in LANGUAGES:
        raise InputError(f"Reports are written in {', '.join(LANGUAGES)}; got {lang!r}.")
    say = {key: both[LANGUAGES.index(lang)] for key, both in _WORDS.items()}
    typeset.register_fonts()
    report, pack = content.report, content.drawing.pack
    who = f"{report.by}, {report.organization}"
    facts = [
        *((say[key], value) for key, value in content.patient if value),
        (say["drawing"], say["version"].format(n=content.version, pack=f"{pack.name} {pack.version}")),
        (say["signed_by"], who),
        (say["signed_at"], f"{report.at[:19].replace('T', ' ')} UTC"),
    ]
    text = [paragraph(line, "body", lang) for line in report.text.splitlines() if line.strip()]
    story: list[Flowable] = [
        *head(facts, say["title"], lang),
        *warnings(_notes(content, say, lang), lang, heading=""),
        paragraph(say["impression"], "h2", lang),
        *text,
        paragraph(say["marks"], "h2", lang),
        *_marks(report.marks, say, lang),
        paragraph(say["findings"], "h2", lang),
        *_findings(content.drawing, say, lang),
    ]
    build(path, say["title"], story, lang)


def _notes(content: SignedContent, say: dict[str, str], lang: str) -> list[tuple[str, str]]:
    """What must be known before the page is believed: it stands before what was found, and before "nothing"."""
    words, drawing = catalogue.words(lang), content.drawing
    notes = [] if content.dicom else [(say["read_first"], say["not_dicom"])]
    if drawing.abstained:
        notes.append((say["read_first"], words["abstained_all"]))
    return notes + [(words[one.severity], one.text) for one in problems_told(drawing, lang)]


def _marks(marks: Sequence[Mark], say: dict[str, str], lang: str) -> list[Flowable]:
    if not marks:
        return [paragraph(say["no_marks"], "body", lang)]
    rows = []
    for number, mark in enumerate(marks, start=1):
        x, y, z = (f"{one:.1f}".replace("-", "−") for one in mark.points_mm[0])
        where = say["at"].format(plane=say[mark.plane], x=x, y=y, z=z)
        told = [quantity(one) for one in mark.measurements]
        if mark.kind == "ellipse":
            told = [f"{say[one.name]} {quantity(one)}" for one in mark.measurements]
        rows.append((f"{number}. {say[mark.kind]}", ", ".join(told) or "–", where))
    return [_table(rows, (34 * mm, WIDTH - 104 * mm, 70 * mm), lang)]


def quantity(one: Measurement) -> str:
    """A measurement by hand as text: tenths of millimetres and degrees, whole HU.

    >>> quantity(Measurement(name="length", value=12.345, unit="mm"))
    '12.3 mm'
    """
    unit = _UNITS.get(one.unit, one.unit)
    text = f"{one.value:.1f}".replace("-", "−")
    return f"{text}{'' if unit == '°' else ' '}{unit}".strip()


def _findings(drawing: Drawing, say: dict[str, str], lang: str) -> list[Flowable]:
    if not drawing.findings:
        return [paragraph(say["none_found"], "body", lang)]
    rows = [(tables.judged_title(one, lang), _told(one, drawing, lang)) for one in drawing.findings]
    return [_table(rows, (50 * mm, WIDTH - 50 * mm), lang)]


def _told(finding: Finding, drawing: Drawing, lang: str) -> str:
    """Its measurements in a line; distances stand in the drawing's own report."""
    named = [one for one in finding.measurements if not one.name.startswith("distance to ")]
    told = [f"{terms.measure(one.name, lang, drawing.study.modality)} {tables.quantity(one, lang)}" for one in named]
    return "; ".join(told) or "–"


def _table(rows: Sequence[Sequence[str]], widths: Sequence[float], lang: str) -> Table:
    look: Look = [("LINEBELOW", (0, 0), (-1, -1), 0.3, typeset.LINE), ("LEFTPADDING", (0, 0), (0, -1), 0), *TIGHT]
    look.append(("VALIGN", (0, 0), (-1, -1), "TOP"))
    cells = [[paragraph(cell, "cell", lang) for cell in row] for row in rows]
    return Table(cells, colWidths=list(widths), style=look)
