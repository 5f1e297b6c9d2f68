"""``plan.pdf``: a plan on two pages of A4: the ways, what was refused, and the slices along each needle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Table

from limner.findings import Interval, Plan
from limner.report import catalogue, terms, typeset
from limner.report.paper import TIGHT, WIDTH, Look, build, fitted, gallery, head
from limner.report.phrasebook import phrase
from limner.report.plan_words import rule_name, words
from limner.report.typeset import paragraph

MOST_PATHS, MOST_VIEWS = 6, 4
"""As many stand on two pages; ``plan.json`` and ``needles/`` have all."""


@dataclass(frozen=True, eq=False)
class PlanContent:
    """One plan with all that its pages show.

    Args:
        plan: as in ``plan.json``.
        target: what it aims at, for people.
        volume_ml: of the target.
        facts: of the study: names and values.
        views: PNG of the slices along each path, by its id.
        skin_map: PNG of the skin unrolled, None where no entry was asked.
        scene: PNG of the scene, None where the machine draws none.
        citations: references, in order.
    """

    plan: Plan
    target: str
    volume_ml: float
    facts: tuple[tuple[str, str], ...] = ()
    views: Mapping[str, bytes] = field(default_factory=dict)
    skin_map: bytes | None = None
    scene: bytes | None = None
    citations: tuple[str, ...] = ()


def write_plan_pdf(path: Path, content: PlanContent, lang: str = "en") -> None:
    """Writes the plan for paper; the same bytes for the same plan.

    Raises:
        InputError: for another language.
    """
    say = words(lang)
    target = terms.structure(content.target, lang)
    title = say["title"].format(target=target)
    comma = catalogue.words(lang)["comma"]
    shares = [f"{name} ({share:.0%})" for name, share in content.plan.target_segments.items() if share >= 0.05]
    goal = say["target_value"].format(
        name=f"{content.plan.target} ({target})",
        volume=f"{content.volume_ml:.1f}",
        where=say["segments"].format(some=comma.join(shares)) if shares else "",
    )
    story: list[Flowable] = [
        *head([(say["target"], goal), *content.facts], title, lang),
        paragraph(say["first"], "small", lang),
        *_warnings(content.plan, say, lang),
        paragraph(say["paths"], "h2", lang),
        *_paths(content.plan, say, lang),
        *_pictures(content, say, lang),
        *_ablation(content.plan, say, lang),
        PageBreak(),
        *_resection(content.plan, say, lang),
        *_views(content, say, lang),
        *_methods(content, say, lang),
    ]
    build(path, title, story, lang)


def _warnings(plan: Plan, say: Mapping[str, str], lang: str) -> list[Flowable]:
    comma = catalogue.words(lang)["comma"]
    blind = comma.join(terms.structure(one.name, lang) for one in plan.blind_spots)
    told = [(say["blind"], say["blind_long"].format(names=blind))] if blind else []
    codes = dict.fromkeys(one.code for one in plan.problems)

    def joined(texts: Iterable[str]) -> str:
        return ("" if lang == "zh" else " ").join(phrase(text, lang) for text in texts)

    told += [
        (say.get(f"problem.{code}", code), joined(one.text for one in plan.problems if one.code == code))
        for code in codes
    ]
    if not told:
        return []
    cells = [[paragraph(text, "small", lang, bold=name, textColor=typeset.INK)] for name, text in told]
    look: Look = [("BACKGROUND", (0, 0), (-1, -1), typeset.WARN_BACK), *TIGHT]
    look += [("LINEBEFORE", (0, 0), (0, -1), 2.5, typeset.WARN)]
    look += [("LINEBEFORE", (0, 0), (0, 0), 4.0, typeset.BAD)] if blind else []
    return [Table(cells, colWidths=[WIDTH], style=look, spaceBefore=5)]


def _paths(plan: Plan, say: Mapping[str, str], lang: str) -> list[Flowable]:
    if not plan.paths:
        lines = [
            say["relax"].format(rule=rule_name(one.rule, lang), needed=f"{one.needed:g}", now=f"{one.now:g}")
            for one in plan.relax
        ]
        return [paragraph(" ".join([say["no_paths"], *lines]), "body", lang, textColor=typeset.BAD)]
    confidence = f"{100 * plan.confidence:.0f}"
    columns = ["id", "entry", "length", "clearance", "nearest", "angle", "score"]
    titles = [say[one].format(confidence=confidence) for one in columns]
    rows = [
        [
            one.id,
            ", ".join(f"{value:.0f}" for value in one.entry_mm),
            f"{one.length_mm:.0f} mm",
            _interval(one.clearance_mm, "mm") + (f" – {say['mean_only']}" if one.safe_only_at_mean else ""),
            terms.structure(one.nearest.name, lang) if one.nearest else "–",
            f"{one.angle_deg:.0f}°",
            f"{one.score:.2f}",
        ]
        for one in plan.paths[:MOST_PATHS]
    ]
    return [_table(titles, rows, (14, 32, 17, 47, 34, 20, 14), lang)]


def _pictures(content: PlanContent, say: Mapping[str, str], lang: str) -> list[Flowable]:
    """The skin unrolled, with the scene beside it."""
    told = [(content.skin_map, say["map"], 0.64), (content.scene, say["scene"], 0.36)]
    there = [(png, text, share) for png, text, share in told if png]
    if not there:
        return []
    widths = [share * WIDTH for _, _, share in there]
    cells = [
        [fitted(png, width - 2 * mm), paragraph(text, "small", lang, spaceBefore=2)]
        for (png, text, _), width in zip(there, widths, strict=True)
    ]
    look: Look = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "BOTTOM"), *TIGHT]
    return [Table([cells], colWidths=widths, style=look, hAlign="LEFT", spaceBefore=4)]


def _ablation(plan: Plan, say: Mapping[str, str], lang: str) -> list[Flowable]:
    if plan.ablation is None:
        return []
    done, comma = plan.ablation, catalogue.words(lang)["comma"]
    told = [
        f"{phrase(one.probe, lang)}, {one.long_mm:.0f} × {one.short_mm:.0f} mm"
        + (f", {one.power_w:.0f} W" if one.power_w else "")
        + (f", {one.minutes:g} min" if one.minutes else "")
        for one in done.zones
    ]
    zones = "; ".join(f"{told.count(one)} × {one}" for one in dict.fromkeys(told))
    line = say["ablation_line"].format(
        n=len(done.zones), covered=f"{done.covered_percent:.0f}", margin=f"{done.margin_mm:g}",
        target=f"{done.target_percent:.0f}", healthy=f"{done.healthy_ml:.0f}", zones=zones,
        enough=say["covered" if done.covered else "not_covered"],
    )  # fmt: skip
    story = [paragraph(say["ablation"], "h3", lang), paragraph(line, "small", lang)]
    if done.heat_sinks:
        names = comma.join(f"{terms.structure(one.name, lang)} ({one.mm:.1f} mm)" for one in done.heat_sinks)
        story.append(paragraph(say["heat_sink"].format(names=names), "small", lang))
    if done.reached:
        names = comma.join(terms.structure(one, lang) for one in done.reached)
        story.append(paragraph(say["reached"].format(names=names), "small", lang, textColor=typeset.BAD))
    return story


def _resection(plan: Plan, say: Mapping[str, str], lang: str) -> list[Flowable]:
    found = plan.resection or {}
    cuts = found.get("resections", ())
    if not cuts:
        return []
    titles = [say[one] for one in ("kind", "margin", "resected", "remnant", "flow", "cut", "lost")]
    rows = [
        [
            phrase(one["name"], lang),
            _told(one["margin_mm"], "mm"),
            _told(one["resected_ml"], "ml", 0),
            f"{_told(one['remnant_ml'], 'ml', 0)}, {_told(one['remnant_percent'], '%', 0)}",
            _told(one["remnant_counted_percent"], "%", 0),
            ", ".join(f"{vessel['diameter_mm']:.0f}" for vessel in one["vessels"][:4]) or "–",
            f"{_ml(one['without_inflow_ml'])} / {_ml(one['without_outflow_ml'])}",
        ]
        for one in cuts[:3]
    ]
    return [
        paragraph(say["resection"], "h3", lang),
        _table(titles, rows, (28, 30, 28, 36, 24, 16, 20), lang),
        paragraph(phrase(found["sentence"], lang), "small", lang),
    ]


def _told(one: Mapping[str, Any], unit: str, digits: int = 1) -> str:
    if one["value"] is None:
        return "–"
    return _interval(Interval(value=one["value"], low=one["low"], high=one["high"]), unit, digits)


def _views(content: PlanContent, say: Mapping[str, str], lang: str) -> list[Flowable]:
    shown = [one for one in content.plan.paths[:MOST_VIEWS] if one.id in content.views]
    pictures = [(content.views[one.id], say["view"].format(id=one.id, length=f"{one.length_mm:.0f}")) for one in shown]
    if not pictures:
        return []
    return [paragraph(say["views"], "h2", lang), *gallery(pictures, 2, lang)]


def _methods(content: PlanContent, say: Mapping[str, str], lang: str) -> list[Flowable]:
    story: list[Flowable] = [paragraph(say["rules"], "h3", lang), paragraph(_rules(content.plan.rules), "small", lang)]
    story += [paragraph(say["methods"], "h3", lang), paragraph(say["methods_text"], "small", lang)]
    return story + [paragraph(f"{n}. {one}", "small", lang) for n, one in enumerate(content.citations, start=1)]


def _rules(rules: Mapping[str, Any]) -> str:
    """Every number of the settings on one line each section.

    >>> _rules({"needle": {"max_length_mm": 150.0, "weights": {"length": 1.0}}})
    'needle: max_length_mm 150, weights.length 1.'
    """
    return " ".join(f"{section}: {', '.join(_leaves(values))}." for section, values in rules.items())


def _leaves(values: Any, path: str = "") -> list[str]:
    if isinstance(values, Mapping):
        return [one for key, inner in values.items() for one in _leaves(inner, f"{path}.{key}" if path else str(key))]
    if isinstance(values, float):
        return [f"{path} {values:g}"]
    return [] if values is None else [f"{path} {values}"]


def _interval(one: Interval, unit: str, digits: int = 1) -> str:
    return f"{one.value:.{digits}f} ({one.low:.{digits}f}–{one.high:.{digits}f}) {unit}"


def _ml(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ml"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], widths_mm: Sequence[float], lang: str) -> Table:
    scale = WIDTH / (sum(widths_mm) * mm)
    cells = [
        [paragraph(one, "head", lang) for one in titles],
        *([paragraph(one, "cell", lang) for one in row] for row in rows),
    ]
    look: Look = [("LINEBELOW", (0, 0), (-1, 0), 0.9, typeset.INK), ("LINEBELOW", (0, 1), (-1, -1), 0.3, typeset.LINE)]
    look += [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0), *TIGHT]
    return Table(cells, colWidths=[one * mm * scale for one in widths_mm], repeatRows=1, style=look)
