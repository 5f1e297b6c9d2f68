"""Why a pack said so of a picture: explanations as the drawing, its folder and its report take them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from limner.draw.answer import Answer
from limner.draw.options import DrawOptions
from limner.errors import InputError
from limner.findings import Evidence
from limner.image import Picture
from limner.packs import Pack

if TYPE_CHECKING:
    from limner.infer.explain import AttributeTable, Check, Explanation, HeatMap
    from limner.report import Held, Reason

EXPLAIN = ("auto", "none", "grad-cam", "lime", "both", "attributes", "all")
"""What ``DrawOptions.explain`` takes."""
SAMPLES = 150
"""Pictures that LIME asks about here, half of what `limner explain` asks: someone waits for the drawing."""
_ATTRIBUTES = ("XC", "DMS", "US", "CT", "MR")
"""DICOM modalities on whose pictures a clinician names attributes of one lesion."""


@dataclass(frozen=True, eq=False)
class Reasons:
    """The explanations of one answer.

    Args:
        explanation: None where none was asked for or nothing was found that could be explained.
        lang: of the report.
        why_none: why an answer that could have been explained was not.
    """

    explanation: Explanation | None
    lang: str
    why_none: str = ""

    @property
    def sentence(self) -> str:
        """All of them in words, with the class named in the language of the report."""
        from limner.report import terms

        one = self.explanation
        return one.sentence.replace(one.name, terms.structure(one.name, self.lang)) if one else ""

    @property
    def shown(self) -> tuple[Reason, ...]:
        """As the report takes them."""
        one = self.explanation
        if one is None:
            return ()
        maps = [_map(made) for made in one.maps]
        found = [*maps, *([self._attributes(one.attributes)] if one.attributes else [])]
        if found:  # what concerns the whole is said at the first
            found[0] = replace(found[0], warnings=(*one.warnings, *found[0].warnings))
        return tuple(found)

    @property
    def failed(self) -> tuple[str, ...]:
        """Kinds of explanation that did not pass a check, in the order in which they are shown."""
        return tuple(one.kind for one in self.shown if one.failed)

    @property
    def citations(self) -> tuple[str, ...]:
        """Where the checks and the formulas come from, none twice."""
        one = self.explanation
        if one is None:
            return ()
        some = [check.source for made in one.maps for check in made.checks]
        if one.attributes:
            some += [effect.source for effect in one.attributes.effects]
        return tuple(dict.fromkeys(some))

    def evidence(self, prefix: str) -> tuple[Evidence, ...]:
        """As ``drawing.json`` has them: each with the sentence, its checks, and the names of those that failed."""
        one = self.explanation
        if one is None:
            return ()
        failed = {reason.kind: list(reason.failed) for reason in self.shown}
        warned = {reason.kind: list(reason.warnings) for reason in self.shown}
        return tuple(
            made.model_copy(
                update={
                    "sentence": one.sentence,
                    "checks": {name: value for name, value in made.checks.items() if math.isfinite(value)},
                    "failed": failed[made.kind],
                    "warnings": warned[made.kind],
                }
            )
            for made in one.evidence(prefix)
        )

    def write(self, folder: Path) -> None:
        """Writes the pictures of the explanations; no folder where there are none."""
        if self.explanation is not None:
            from limner.infer.explain import write_explanation

            write_explanation(self.explanation, folder)

    def _attributes(self, table: AttributeTable) -> Reason:
        from limner.infer.explain.words import Speaker
        from limner.report import Reason

        say = Speaker(self.lang)
        rows = [(_capital(say.attribute(effect)), f"{effect.without:.2f}") for effect in table.effects]
        return Reason(
            kind="attributes",
            outline=table.mask,
            edited=None if table.edited is None else np.moveaxis(table.edited, 0, -1),
            held=_held(table.checks),
            warnings=table.warnings,
            rows=tuple(rows),
        )


def find_reasons(
    pack: Pack, picture: Picture, found: Answer, options: DrawOptions, done: Callable[[float], None]
) -> Reasons:
    """Explains an answer, as the options say.

    ``auto`` is every method that suits the task and needs no torch: class maps, LIME and, where a clinician would name
    them, attributes of a lesion for classifiers; LIME for outlines and boxes.

    Raises:
        InputError: for an unknown method.
    """
    if options.explain not in EXPLAIN:
        raise InputError(f"Unknown explanation {options.explain!r}; known are {', '.join(EXPLAIN)}.")
    told = pack.spec.task == "classify"
    nothing = not any((one.kind == "class") == told for one in found.findings)
    if options.explain == "none" or nothing:
        return Reasons(None, options.lang)
    from limner.infer.explain import More, explain

    method = _method(pack) if options.explain == "auto" else options.explain
    more = More(samples=SAMPLES, progress=lambda step, share: done(share))
    try:
        made = explain(pack, picture, method=method, engine=options.engine, lang=options.lang, more=more)
    except InputError as error:  # the net says less of the plain picture than of all its views together
        return Reasons(None, options.lang, str(error))
    return Reasons(made, options.lang)


def _method(pack: Pack) -> str:
    if pack.spec.task != "classify":
        return "lime"
    return "all" if set(pack.main.picture.modality) & set(_ATTRIBUTES) else "both"


def _map(made: HeatMap) -> Reason:
    from limner.report import Reason

    heat = np.nan_to_num(made.values)  # a map of nothing has no scale
    return Reason(kind=made.kind, heat=heat, held=_held(made.checks), warnings=made.warnings)


def _held(checks: tuple[Check, ...]) -> tuple[Held, ...]:
    from limner.report import Held

    return tuple(Held(one.name, one.value, one.baseline, one.passed) for one in checks)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
