"""Why a pack said so: explanations as the drawing, its folder and its report take them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from limner.draw.answer import Answer
from limner.draw.options import DrawOptions
from limner.draw.outline import parts
from limner.errors import InputError
from limner.findings import Evidence, Finding
from limner.image import Picture
from limner.packs import Pack

if TYPE_CHECKING:
    from limner.infer.explain import AttributeTable, Check, Explanation, HeatMap
    from limner.report import Held, Reason, Why

EXPLAIN = ("auto", "none", "grad-cam", "lime", "both", "attributes", "all")
"""What ``DrawOptions.explain`` takes."""
MOST = 3
"""Findings of a picture that are explained, and of a scan where nets are asked."""
SAMPLES = 150
"""Pictures that LIME asks about here, half of what `limner explain` asks: someone waits for the drawing. Of the second
and third finding half as many."""
_ATTRIBUTES = ("XC", "DMS", "US", "CT", "MR")
"""DICOM modalities on whose pictures a clinician names attributes of one lesion."""


@dataclass(frozen=True, eq=False)
class Reasons:
    """The explanations of one finding.

    Args:
        id: of the finding.
        explanation: of it.
        lang: of the report.
        place: folder of its files within that of the explanations, ending with a slash; empty for that folder itself.
        about: name of the finding in the language of the report; empty where no other is explained.
    """

    id: str
    explanation: Explanation
    lang: str
    place: str = ""
    about: str = ""

    @property
    def sentence(self) -> str:
        """All of them in words, with the finding named in the language of the report."""
        from limner.report import terms

        one = self.explanation
        return one.sentence.replace(one.name, terms.structure(one.name, self.lang))

    @cached_property
    def shown(self) -> tuple[Reason, ...]:
        """As the report takes them."""
        one = self.explanation
        maps = [_map(one, made) for made in one.maps]
        found = [*maps, *([self._attributes(one.attributes)] if one.attributes else [])]
        if found:  # what concerns the whole is said at the first
            found[0] = replace(found[0], warnings=(*one.warnings, *found[0].warnings))
        return tuple(replace(reason, about=self.about) for reason in found)

    @property
    def failed(self) -> tuple[str, ...]:
        """Kinds of explanation that did not pass a check, in the order in which they are shown."""
        return tuple(one.kind for one in self.shown if one.failed)

    @property
    def citations(self) -> tuple[str, ...]:
        """Where the checks and the formulas come from, none twice."""
        one = self.explanation
        some = [check.source for made in one.maps for check in made.checks]
        if one.attributes:
            some += [effect.source for effect in one.attributes.effects]
        return tuple(dict.fromkeys(some))

    def evidence(self, prefix: str) -> tuple[Evidence, ...]:
        """As ``drawing.json`` has them: each with the sentence, its checks, and the names of those that failed."""
        one = self.explanation
        failed = {reason.kind: list(reason.failed) for reason in self.shown}
        warned = {reason.kind: list(reason.warnings) for reason in self.shown}
        return tuple(
            made.model_copy(
                update={
                    "sentence": self.sentence,
                    "checks": {name: value for name, value in made.checks.items() if math.isfinite(value)},
                    "failed": failed[made.kind],
                    "warnings": warned[made.kind],
                }
            )
            for made in one.evidence(f"{prefix}{self.place}")
        )

    def write(self, folder: Path) -> None:
        """Writes the explanations into their place in a folder."""
        from limner.infer.explain import write_explanation

        write_explanation(self.explanation, folder / self.place)

    def _attributes(self, table: AttributeTable) -> Reason:
        from limner.infer.explain import planes_of
        from limner.infer.explain.words import Speaker
        from limner.report import Reason

        say = Speaker(self.lang)
        rows = [  # what was only measured stands in the sentence
            (_capital(say.attribute(one)), f"{one.without:.2f}") for one in table.effects if one.without is not None
        ]
        drawn = planes_of(self.explanation)
        return Reason(
            kind="attributes",
            outline=None if drawn else table.mask,
            edited=None if table.edited is None else np.moveaxis(table.edited, 0, -1),
            held=_held(table.checks),
            warnings=table.warnings,
            rows=tuple(rows),
            drawn=drawn,
        )


@dataclass(frozen=True, eq=False)
class AllReasons:
    """The explanations of a drawing.

    Args:
        of: each explained finding's.
        why_none: why an answer that could have been explained was not.
    """

    of: tuple[Reasons, ...] = ()
    why_none: str = ""

    @property
    def sentence(self) -> str:
        """All of them in words."""
        return ("" if self.of and self.of[0].lang == "zh" else " ").join(one.sentence for one in self.of)

    @property
    def shown(self) -> tuple[Reason, ...]:
        """All of them, as the report of a picture takes them."""
        return tuple(reason for one in self.of for reason in one.shown)

    @property
    def whys(self) -> tuple[Why, ...]:
        """All of them, as the report of a scan takes them."""
        from limner.report import Why

        return tuple(Why(one.id, one.sentence, one.shown) for one in self.of)

    @property
    def failed(self) -> tuple[str, ...]:
        """Kinds of explanation of which one did not pass a check, none twice."""
        return tuple(dict.fromkeys(kind for one in self.of for kind in one.failed))

    @property
    def citations(self) -> tuple[str, ...]:
        """Where the checks and the formulas come from, none twice."""
        return tuple(dict.fromkeys(source for one in self.of for source in one.citations))

    def on(self, findings: Sequence[Finding], prefix: str) -> tuple[Finding, ...]:
        """The findings, each with its evidence, whose files lie in the folder ``prefix``."""
        known = {one.id: one.evidence(prefix) for one in self.of}
        return tuple(one.model_copy(update={"evidence": known[one.id]}) if one.id in known else one for one in findings)

    def write(self, folder: Path) -> None:
        """Writes all files; no folder where there are none."""
        for one in self.of:
            one.write(folder)


def check_explain(explain: str) -> None:
    """Refuses an unknown method, before any work.

    Raises:
        InputError: names those that are known.
    """
    if explain not in EXPLAIN:
        raise InputError(f"Unknown explanation {explain!r}; known are {', '.join(EXPLAIN)}.")


def find_reasons(
    pack: Pack, picture: Picture, found: Answer, options: DrawOptions, done: Callable[[float], None]
) -> AllReasons:
    """Explains the first findings of an answer, as the options say.

    ``auto`` is every method that suits the task and needs no torch: class maps, LIME and, where a clinician would name
    them, attributes of a lesion for classifiers; LIME for outlines and boxes.

    Raises:
        InputError: for an unknown method.
    """
    check_explain(options.explain)
    told = pack.spec.task == "classify"
    asked = [one for one in found.findings if (one.kind == "class") == told][:MOST]
    if options.explain == "none":
        return AllReasons()
    from limner.infer.explain import More, explain
    from limner.report import terms

    method = suitable_method(pack) if options.explain == "auto" else options.explain
    made: list[Reasons] = []
    why_none = ""
    for number, one in enumerate(asked):
        more = More(
            target=one.name if pack.spec.multi_label else None,
            where=None if told else where_of(one, found, picture),
            samples=SAMPLES if number == 0 else SAMPLES // 2,
            progress=lambda step, share, number=number: done((number + share) / len(asked)),  # type: ignore[misc]
        )
        try:
            why = explain(pack, picture, method=method, engine=options.engine, lang=options.lang, more=more)
        except InputError as error:  # the net says less of the plain picture than of all its views together
            why_none = why_none or str(error)
            continue
        about = _capital(terms.structure(_numbered(one), options.lang)) if len(asked) > 1 else ""
        made.append(Reasons(one.id, why, options.lang, f"{one.id}/" if made else "", about))
    return AllReasons(tuple(made), "" if made else why_none)


def where_of(finding: Finding, found: Answer, picture: Picture) -> NDArray[np.bool_] | None:
    """The pixels ``(Y, X)`` of an outlined or boxed finding."""
    if found.mask is not None:
        number = int(finding.id.rsplit("-", 1)[1])
        return parts(found.mask == finding.label)[number - 1]
    x0, y0, x1, y1 = getattr(finding, "box")  # noqa: B009 - a key beside the contract's, which pydantic keeps
    where = np.zeros(picture.size, bool)
    where[
        max(0, int(y0)) : max(int(np.ceil(y1)), int(y0) + 1), max(0, int(x0)) : max(int(np.ceil(x1)), int(x0) + 1)
    ] = True
    return where


def _numbered(finding: Finding) -> str:
    """Its name, with its number where several of its name may be there."""
    number = finding.id.rsplit("-", 1)[-1]
    return finding.name if finding.kind == "class" or not number.isdigit() else f"{finding.name} {number}"


def suitable_method(pack: Pack) -> str:
    """What ``auto`` is: every method that suits the task and needs no torch."""
    if pack.spec.task != "classify":
        return "lime"
    return "all" if set(pack.main.picture.modality) & set(_ATTRIBUTES) else "both"


def _map(explanation: Explanation, made: HeatMap) -> Reason:
    from limner.infer.explain import planes_of
    from limner.report import Reason

    drawn = planes_of(explanation, made)
    heat = None if drawn else np.nan_to_num(made.values)  # a map of nothing has no scale
    return Reason(kind=made.kind, heat=heat, held=_held(made.checks), warnings=made.warnings, drawn=drawn)


def _held(checks: tuple[Check, ...]) -> tuple[Held, ...]:
    from limner.report import Held

    return tuple(Held(one.name, one.value, one.baseline, one.passed) for one in checks)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
