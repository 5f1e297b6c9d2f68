"""What the page and the paper about a picture both say: verdict, bars, reliability, reasons, pack, methods."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limner.packs.inputs import PictureSpec
from limner.report import catalogue, tables, terms
from limner.report.content import LANGUAGES
from limner.report.methods import step_names
from limner.report.picture_content import PictureContent
from limner.report.reason import Reason


@dataclass(frozen=True)
class Verdict:
    """The answer in large letters, what must be known beside it, and whether it is none."""

    title: str
    text: tuple[str, ...]
    unsure: bool


@dataclass(frozen=True)
class Bar:
    """One probability: name, as text, as share of 1, and whether it is the answer or a group."""

    name: str
    text: str
    share: float
    answer: bool
    group: bool


def title(content: PictureContent, lang: str) -> str:
    """The title of the report."""
    say, modality = catalogue.words(lang), content.drawing.study.modality
    what = say.get(f"picture.what.{modality}", say["picture.what.other"])
    return say["picture.title"].format(what=what)


def study_facts(content: PictureContent, lang: str) -> list[tuple[str, str]]:
    """What the head of a page says; no name of a file, a person or a place."""
    say, study, pack, picture = catalogue.words(lang), content.drawing.study, content.drawing.pack, content.picture
    rows, columns = picture.size
    colour = say["picture.grey"] if picture.array.shape[0] == 1 else say["picture.colour"]
    size = say["picture.size_value"].format(x=columns, y=rows, colour=colour)
    if picture.spacing_mm:
        size += say["picture.pixel_mm"].format(mm=" × ".join(f"{one:.3g}" for one in picture.spacing_mm[::-1]))
    return [
        (say["modality"], study.modality),
        (say["picture.size"], size),
        (say["pack"], f"{pack.name} {pack.version}"),
        (say["study_uid"], study.uid),
    ]


def verdict(content: PictureContent, lang: str) -> Verdict:
    """The answer, or that there is none."""
    if content.pack.multi_label:
        return _several_verdict(content, lang)
    return _class_verdict(content, lang) if content.pack.task == "classify" else _marked_verdict(content, lang)


def _class_verdict(content: PictureContent, lang: str) -> Verdict:
    say, answer = catalogue.words(lang), content.answer
    if answer is None or answer.probability is None:
        return Verdict(say["picture.not_sure"], (), True)
    name, p = terms.structure(answer.name, lang), number(answer.probability)
    if answer.abstained:
        why = say["picture.not_sure_why"].format(name=name, p=p, least=number(content.abstain_below))
        return Verdict(say["picture.not_sure"], (why,), True)
    return Verdict(_capital(name), (say["picture.sure"].format(p=p),), False)


def _several_verdict(content: PictureContent, lang: str) -> Verdict:
    """Every class that is there, and those of which the pack is not sure, yes or no."""
    say, there, doubt = catalogue.words(lang), content.classes_there, content.doubtful
    sure = [one for one in there if not one.abstained]
    text = [
        say["picture.class_p"].format(name=_capital(terms.structure(one.name, lang)), p=number(one.probability or 0.0))
        for one in sure
    ]
    if doubt:
        told = say["comma"].join(f"{terms.structure(name, lang)} ({number(p)})" for name, p in doubt.items())
        least = number(content.abstain_below)
        text.append(say["picture.doubtful"].format(names=told, least=least))
    if sure:
        return Verdict("; ".join(_capital(terms.structure(one.name, lang)) for one in sure), tuple(text), bool(doubt))
    if doubt:
        return Verdict(say["picture.not_sure"], tuple(text), True)
    names = say["comma"].join(terms.structure(name, lang) for name in content.pack.classes)
    return Verdict(say["picture.nothing"], (say["picture.none_of"].format(names=names),), False)


def _marked_verdict(content: PictureContent, lang: str) -> Verdict:
    say, marked, answer = catalogue.words(lang), content.marked, content.answer
    if not marked and answer is not None and answer.abstained:
        return _class_verdict(content, lang)
    if not marked:
        names = say["comma"].join(terms.structure(name, lang) for name in content.pack.classes[1:])
        why = say["picture.nothing_why"].format(names=names)
        if content.drawing.abstained:
            return Verdict(say["picture.not_sure"], (say["picture.abstained_all"], why), True)
        return Verdict(say["picture.nothing"], (why,), False)
    titles, text = [], []
    for name in dict.fromkeys(one.name for one in marked):
        count = sum(one.name == name for one in marked)
        titles.append(say["picture.found"].format(name=_capital(terms.structure(name, lang)), n=count))
    areas = [area for one in marked if (area := one.measure("area"))]
    if areas and content.pack.task == "segment":
        largest = max(areas, key=lambda one: one.value)
        text.append(say["picture.found_area"].format(area=tables.quantity(largest, lang)))
    surest = max((one.probability for one in marked if one.probability is not None), default=None)
    if surest is not None:
        text.append(say["picture.found_most"].format(p=number(surest)))
    unsure = all(one.abstained for one in marked)
    if answer is not None and answer.name not in {one.name for one in marked}:
        p = number(answer.probability or 0.0)
        text.append(say["picture.disagree"].format(name=terms.structure(answer.name, lang), p=p))
        unsure = True
    head = [say["picture.not_sure"]] if unsure else []
    return Verdict("; ".join([*head, *titles]), tuple(text), unsure)


def bars(content: PictureContent, lang: str) -> list[Bar]:
    """Classes, likeliest first, then groups."""
    say, answer = catalogue.words(lang), content.answer
    chosen = {one.name for one in content.classes_there} if content.pack.multi_label else {answer and answer.name}
    found = sorted(content.probabilities.items(), key=lambda item: -item[1])
    made = [Bar(_capital(terms.structure(n, lang)), number(p), p, n in chosen, False) for n, p in found]
    for name, p in content.groups.items():
        text = say["picture.group"].format(name=_capital(terms.structure(name, lang)))
        made.append(Bar(text, number(p), p, False, True))
    return made


def reliability(content: PictureContent, lang: str) -> list[str]:
    """How far the probabilities may be trusted, in sentences."""
    say, known = catalogue.words(lang), content.pack.calibration
    told = []
    if known is None:
        told.append(say["picture.not_calibrated"])
    else:
        cases = known.fitted_on if lang == "en" and known.fitted_on else say["picture.held_out"]
        if known.ece_after is None:
            told.append(say["picture.calibrated_unknown"].format(cases=cases))
        else:
            before = "–" if known.ece_before is None else f"{100 * known.ece_before:.1f}"
            told.append(
                say["picture.calibrated"].format(cases=cases, after=f"{100 * known.ece_after:.1f}", before=before)
            )
    if content.pack.task == "classify":
        told.append(say["picture.each_alone" if content.pack.multi_label else "picture.none_other"])
    return [*told, say["picture.kind_only"]]


def reason_title(reason: Reason, lang: str) -> str:
    """What an explanation is, and of which finding where there are several."""
    say = catalogue.words(lang)
    return reason.about + (" · " if reason.about else "") + say[f"picture.explanation.{reason.kind}"]


def reason_warnings(reason: Reason, lang: str) -> list[str]:
    """What may not be believed of it: its own warnings, or at least which checks failed, or that none was made."""
    say = catalogue.words(lang)
    told = list(reason.warnings)
    if reason.failed and not told:
        names = say["comma"].join(check_name(name, lang) for name in reason.failed)
        told.append(say["picture.check_failed"].format(checks=names))
    if not reason.held and reason.kind != "attributes":
        told.append(say["picture.unchecked"])
    return told


def check_value(value: float) -> str:
    """A check's figure, a dash where there is none."""
    return f"{value:.2f}" if math.isfinite(value) else "–"


def check_name(name: str, lang: str) -> str:
    """A check's name for readers."""
    return catalogue.words(lang).get(f"picture.check.{name}", name.replace("_", " "))


def pack_facts(content: PictureContent, lang: str) -> list[tuple[str, str]]:
    """The pack's card, in short."""
    say, spec = catalogue.words(lang), content.pack
    sources = dict.fromkeys(f"{row.source} ({row.licence})" for row in spec.training)
    named = [name for name in spec.classes if spec.task == "classify" or name != spec.classes[0]]
    rows = [
        (say["picture.pack_says"], spec.description),
        (say["picture.pack_classes"], say["comma"].join(terms.structure(name, lang) for name in named)),
    ]
    if isinstance(spec.input, PictureSpec):
        size = " × ".join(map(str, spec.input.size[::-1]))
        rows.append((say["picture.pack_input"], say["picture.pack_input_value"].format(size=size)))
    if sources:
        rows.append((say["picture.pack_learned"], "; ".join(sources)))
    rows.append((say["picture.pack_terms"], spec.licence))
    figures = "; ".join(map(_figure, _main_figures(spec.figures, spec.groups)))
    rows.append((say["picture.pack_figures"], figures or say["picture.pack_no_figures"]))
    return rows


def _main_figures(rows: Sequence[dict[str, Any]], groups: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Over all and of groups, where a pack tells that; each class stands on its card."""
    told = [row for row in rows if not row.get("explain")]
    return [row for row in told if row.get("region") in ("all", *groups)] or told


def methods(content: PictureContent, lang: str) -> str:
    """The paragraph, a sentence for every step that ran."""
    say, pack = catalogue.words(lang), content.drawing.pack
    facts = {"pack": pack.name, "version": pack.version, "n": len(content.pack.classes)}
    facts["engine"] = content.run.get("engine", "?")
    known, measured = content.pack.calibration, [one for f in content.marked for one in f.measurements]
    told = []
    for name in step_names(content.run):
        key = f"picture.methods.{name}" + (f".{content.pack.task}" if name == "predict" else "")
        if key in say and (name != "explain" or content.reasons):
            told.append(say[key].format(**facts))
        if name != "predict":
            continue
        if known and known.temperature != 1.0:
            told.append(say["picture.methods.calibrated"].format(temperature=f"{known.temperature:g}"))
        if any(one.name == "area" for one in measured):
            told.append(say["picture.methods.measure"])
        if any(one.low is not None for one in measured):
            told.append(say["picture.methods.interval"])
    return ("" if LANGUAGES.index(lang) else " ").join(told)


def number(p: float) -> str:
    """A probability with two digits, never 0 or 1: no net is that sure.

    >>> number(0.9999), number(0.414), number(0.001)
    ('> 0.99', '0.41', '< 0.01')
    """
    return "> 0.99" if p > 0.994 else "< 0.01" if p < 0.005 else f"{p:.2f}"


def _figure(row: dict[str, Any]) -> str:
    """One row of figures of a pack: where it was measured, and what came out."""
    metrics = row.get("metrics", {})
    told = [
        f"{name.replace('_', ' ')} {_interval(one)}" for name, one in metrics.items() if one.get("value") is not None
    ]
    region = "" if row.get("region") in (None, "all") else f", {row['region']}"
    return f"{row.get('data', '?')}{region} (n = {row.get('n', '?')}): {', '.join(told)}"


def _interval(one: dict[str, Any]) -> str:
    low, high = one.get("low"), one.get("high")
    ends = f" ({low:.3f}–{high:.3f})" if low is not None and high is not None else ""
    return f"{one['value']:.3f}{ends}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
