"""Findings as rows of text: the same numbers in the page, on paper and in the scene."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from limner.findings import Finding, Measurement
from limner.report import catalogue, terms
from limner.report.content import MESHLESS_GRAY, Told

_ORDER = (
    "volume",
    "area",
    "longest diameter",
    "RECIST diameter",
    "RECIST short diameter",
    "mean",
    "standard deviation",
    "median",
)
_UNITS = {"[hnsf'U]": "HU", "hnsf'U": "HU", "mL": "ml", "1": "", "{ratio}": "", "px2": "px²", "mm2": "mm²"}
_DISTANCE = "distance to "


@dataclass(frozen=True)
class Row:
    """One finding in a table.

    Args:
        id: of the finding.
        title: its name for readers.
        color: sRGB of its label.
        cells: one text per column of the table; empty where it was not measured.
    """

    id: str
    title: str
    color: tuple[int, int, int]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Findings against what was measured of them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def measures_table(content: Told, findings: Sequence[Finding], lang: str) -> Table:
    """Volume, diameters and densities; a column for each measurement that any of the findings has."""
    names = [name for name in _names(findings) if not name.startswith(_DISTANCE)]
    if "mean" in names:  # its cell says the spread, and the scene's card says the rest
        names = [name for name in names if name not in ("standard deviation", "median")]
    return _table(content, findings, lang, names)


def clearance_table(content: Told, findings: Sequence[Finding], lang: str) -> Table:
    """Distances to what surrounds the findings; columns are the places, nearest first."""
    names = [name for name in _names(findings) if name.startswith(_DISTANCE)]
    least = {name: min(one.value for finding in findings if (one := finding.measure(name))) for name in names}
    names.sort(key=lambda name: (least[name], name))
    places = tuple(_capital(place_of(name, lang)) for name in names)
    return Table(places, _table(content, findings, lang, names).rows)


def title(finding: Finding, lang: str) -> str:
    """Its name for readers, numbered where the id is.

    >>> from limner.findings import CodedConcept
    >>> code = CodedConcept(scheme="SCT", value="126851005", meaning="Neoplasm of liver")
    >>> title(Finding(id="tumor-2", name="liver tumor", kind="lesion", label=2, code=code), "en")
    'Liver tumor 2'
    """
    number = re.search(r"-(\d+)$", finding.id)
    name = finding.name if not number or re.search(r"\d$", finding.name) else f"{finding.name} {number[1]}"
    return _capital(terms.structure(name, lang))


def judged_title(finding: Finding, lang: str) -> str:
    """Its name for readers, with "not sure" where the model is not."""
    unsure = f" ({catalogue.words(lang)['abstained']})" if finding.abstained else ""
    return title(finding, lang) + unsure


def quantity(one: Measurement, lang: str) -> str:
    """A measurement as text, with its interval where it is known.

    >>> quantity(Measurement(name="volume", value=84.12, unit="ml", low=79.04, high=90.2), "en")
    '84.1 ml (79.0–90.2)'
    >>> quantity(Measurement(name="distance to liver surface", value=0.0, unit="mm"), "en")
    'touches'
    """
    if one.name.startswith(_DISTANCE) and one.value == 0 and not one.high:
        return catalogue.words(lang)["touching"]
    unit = unit_of(one)
    text = f"{number(one.value, unit)} {unit}".strip()
    return f"{text} ({interval(one)})" if one.low is not None and one.high is not None else text


def interval(one: Measurement) -> str:
    """Its interval as text, empty where it is not known."""
    if one.low is None or one.high is None:
        return ""
    unit = unit_of(one)
    return f"{number(one.low, unit)}–{number(one.high, unit)}"


def number(value: float, unit: str) -> str:
    """A value with the digits that its unit deserves: whole HU, tenths of a mm and of a ml, more for small volumes.

    >>> number(1489.33, "ml"), number(0.0312, "ml"), number(-3.7, "HU"), number(12.04, "mm")
    ('1489', '0.031', '−4', '12.0')
    """
    if unit == "HU":
        text = f"{value:.0f}"
    elif unit == "ml":
        text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"
    elif unit in ("mm", "px"):
        text = f"{value:.1f}"
    elif unit in ("mm²", "px²"):
        text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"
    else:
        text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return "0" if text == "-0" else text.replace("-", "−")


def unit_of(one: Measurement) -> str:
    """Its unit as readers write it."""
    return _UNITS.get(one.unit, one.unit)


def place_of(name: str, lang: str) -> str:
    """What a measurement ``distance to …`` is measured to, for readers."""
    return terms.place(name.removeprefix(_DISTANCE), lang)


def facts(finding: Finding, lang: str, modality: str = "CT") -> list[tuple[str, str]]:
    """``(name, value)`` of everything that was measured of a finding."""
    rows = [(terms.measure(one.name, lang, modality), quantity(one, lang)) for one in finding.measurements]
    if finding.probability is not None:
        rows.append((catalogue.words(lang)["probability"], f"{finding.probability:.2f}"))
    return rows


def color_of(content: Told, finding: Finding) -> tuple[int, int, int]:
    """The colour of its label."""
    label = content.label_of(finding)
    return label.color if label else MESHLESS_GRAY


def _table(content: Told, findings: Sequence[Finding], lang: str, names: Sequence[str]) -> Table:
    rows = []
    for finding in findings:
        cells = tuple(_cell(finding, name, lang) for name in names)
        rows.append(Row(finding.id, judged_title(finding, lang), color_of(content, finding), cells))
    modality = content.drawing.study.modality
    return Table(tuple(terms.measure(name, lang, modality) for name in names), tuple(rows))


def _cell(finding: Finding, name: str, lang: str) -> str:
    one, spread = finding.measure(name), finding.measure("standard deviation")
    if one is None:
        return ""
    if name == "mean" and spread:
        unit = unit_of(one)
        return f"{number(one.value, unit)} ± {number(spread.value, unit)} {unit}".strip()
    return quantity(one, lang)


def _names(findings: Iterable[Finding]) -> list[str]:
    """Every measurement's name, the known ones first, the others as they come."""
    seen = dict.fromkeys(one.name for finding in findings for one in finding.measurements)
    known = [name for name in _ORDER if name in seen]
    return known + [name for name in seen if name not in known]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
