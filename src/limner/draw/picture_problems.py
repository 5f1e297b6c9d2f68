"""What a reader of a picture's answer must know before it: of the pack, of the picture, of the explanations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.draw.answer import Answer
from limner.draw.reasons import AllReasons
from limner.draw.synthetic import CODE, synthetic_input
from limner.findings import ProblemNote
from limner.image import Picture
from limner.io import Marks
from limner.packs import Pack

SMALL = 2.0
"""A picture that must be enlarged this much for the net has less detail than the net learned from."""
PADDED = 0.5
"""Share of the net's input that is black padding, from which on the report says so."""


def picture_problems(
    pack: Pack, picture: Picture, answer: Answer, marks: Marks, lang: str, reasons: AllReasons | None = None
) -> tuple[ProblemNote, ...]:
    """The warnings, in a language of the reports."""
    from limner.report import catalogue

    fit, facts = answer.fit, dict[str, dict[str, str]]()
    if pack.spec.calibration is None and pack.spec.task != "segment":
        facts["not-calibrated"] = {}
    if fit.scale >= SMALL:
        size = " × ".join(map(str, picture.size[::-1]))
        facts["small-picture"] = {"size": size, "times": f"{fit.scale:.1f}"}
    inner = float(np.prod([one.stop - one.start for one in fit.inner]) / np.prod(fit.size))
    if 1 - inner >= PADDED:
        facts["long-picture"] = {"share": f"{100 * (1 - inner):.0f}"}
    if pack.main.picture.channels == 3 and _is_grey(picture.array):
        facts["no-colour"] = {}
    if reasons and reasons.failed:
        facts["explanation-failed"] = {"names": ", ".join(reasons.failed)}
    if reasons and reasons.why_none:
        facts["not-explained"] = {"why": reasons.why_none}
    say, synthetic = catalogue.words(lang), synthetic_input([marks], lang)
    texts = {CODE: synthetic.text} if synthetic else {}
    texts |= {code: say[f"picture.problem.{code}"].format(**told) for code, told in facts.items()}
    return tuple(ProblemNote(code=code, severity="warning", text=text) for code, text in texts.items())


def _is_grey(array: NDArray[np.uint8]) -> bool:
    return array.shape[0] == 1 or bool((array == array[:1]).all())
