"""Sentences about the drawing and its key images, the same on the page and on paper."""

from __future__ import annotations

from limner.findings import Drawing, ProblemNote
from limner.report import catalogue, figures, tables
from limner.report.content import ReportContent
from limner.report.phrasebook import phrase


def caption(image: figures.KeyImage, lang: str) -> str:
    """Plane, position and what it passes through, as one line."""
    say = catalogue.words(lang)
    where = say["at"].format(
        plane=say[image.frame.plane], axis=image.frame.axis, mm=f"{image.frame.position_mm:.1f}".replace("-", "−")
    )
    name = tables.title(image.subject, lang) if image.subject else say["centre_of_image"]
    if image.close_up:
        near = say["close_up"].format(name=name)
        return f"{near}；{where}" if lang == "zh" else f"{near}; {_small(where)}"
    through = say["through"].format(name=_small(name))
    return f"{where}，{through}" if lang == "zh" else f"{where}, {through}"


def problems_told(drawing: Drawing, lang: str) -> tuple[ProblemNote, ...]:
    """What must be known before the drawing is believed, in the reader's language."""
    return tuple(one.model_copy(update={"text": phrase(one.text, lang)}) for one in drawing.problems)


def window_note(content: ReportContent, lang: str) -> str:
    """How the gray values were shown."""
    say, (low, high) = catalogue.words(lang), figures.window_of(content)
    if content.image.unit == "HU":
        return say["window_hu"].format(width=f"{high - low:.0f}", level=f"{(low + high) / 2:.0f}")
    return say["window_values"].format(low=f"{low:.4g}", high=f"{high:.4g}")


def unsure_note(content: ReportContent, lang: str) -> str:
    """What "not sure" means, where the report says it; empty where it does not."""
    if content.drawing.abstained:  # where nothing was found, too: the model may have missed what is there
        return catalogue.words(lang)["abstained_all"]
    unsure = any(one.abstained for one in content.of_kind("lesion"))
    return catalogue.words(lang)["abstained_note"] if unsure else ""


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
