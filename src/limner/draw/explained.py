"""From a picture, or one finding of a scan, to a folder that says what a pack answers, and why.

A drawing explains its first findings, too; here a person asks about one thing, at once, with every method side by side.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limner.draw.answer import Answer, answer
from limner.draw.explainable import reads_pictures
from limner.draw.picture import check_picture, write_pixels
from limner.draw.picture_problems import picture_problems
from limner.draw.reasons import suitable_method, where_of
from limner.errors import InputError, NothingFoundError, PackError
from limner.findings import Finding, ProblemNote
from limner.image import Picture
from limner.infer.explain import Explanation, More, as_dict, explain, read_source, write_explanation
from limner.infer.explain.layers import fewer
from limner.packs import Pack

Progress = Callable[[str, float], None]
ANSWER, PICTURE, LABELS = "answer.json", "picture.png", "labels.png"


@dataclass(frozen=True)
class Ask:
    """What is to be explained, and how.

    Args:
        about: a class or group of a classifier; a finding's id (``benign-lesion-1``, ``nodule-2``) elsewhere; what the
            pack is surest of where None.
        method: a key of :data:`limner.infer.explain.METHODS`; None for Grad-CAM and LIME side by side, and attributes
            where a clinician names some.
        engine: of :data:`limner.infer.engines.ENGINES`, or ``auto``.
        lang: of the sentences, ``en`` or ``zh``.
        seed: of LIME and of the checks.
        samples: inputs that LIME asks about; see :class:`limner.infer.explain.More`.
    """

    about: str | None = None
    method: str | None = None
    engine: str = "auto"
    lang: str = "en"
    seed: int = 0
    samples: int | None = None


def explain_picture(
    pack: Pack, source: Path, out: Path, ask: Ask | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Answers about a picture and explains the answer.

    Args:
        pack: that reads flat pictures.
        source: the picture; only its pixels, and whether it is synthetic, are kept.
        out: a folder that is there and is the caller's to put in place.
        ask: what is explained.
        progress: called with a step and the share of it that is done.

    Returns:
        What stands in ``answer.json``: the probabilities, the findings, what was explained (or ``why_none``), files.

    Raises:
        PackError: a pack that reads no flat pictures. InputError: a picture that it cannot answer, no such finding.
    """
    from limner.io import read_marks, read_picture

    if not reads_pictures(pack):
        raise PackError(f"Pack {pack.name!r} gives no answer about pictures that could be explained.")
    ask, progress = ask or Ask(), progress or _silent
    progress("open", 0.0)
    picture, marks = read_picture(source), read_marks(source)
    check_picture(picture, pack)
    progress("predict", 0.0)
    found = answer(pack, picture, ask.engine)
    why, why_none, about = _why(pack, picture, found, ask, progress)
    progress("export", 0.0)
    small = Picture(np.ascontiguousarray(fewer(np.moveaxis(picture.array, 0, -1)).transpose(2, 0, 1)))
    write_pixels(small, out / PICTURE, marks.explicit)
    files = {"picture": PICTURE, **_write_outline(found, out)}
    if why is not None:
        files |= write_explanation(why, out)
    problems = picture_problems(pack, picture, found, marks, ask.lang)
    return _write_answer(pack, found, ask.lang, out, _Told(why, why_none, about, problems, files, picture.size))


def explain_finding(
    pack: Pack, scan: Path, out: Path, ask: Ask | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Asks the pack again about a scan and explains one finding of it.

    Args:
        pack: that reads scans.
        scan: a folder or an archive of DICOM, or NIfTI.
        out: a folder that is there and is the caller's to put in place.
        ask: ``about`` is the finding's id in the drawing.
        progress: called with a step and the share of it that is done.

    Returns:
        What stands in ``explanation.json``.

    Raises:
        PackError: of another kind, or no such finding. NothingFoundError: nothing was found in the scan.
    """
    ask = ask or Ask()
    given, _ = read_source(pack, scan)
    more = More(target=ask.about, samples=ask.samples, progress=progress)
    why = explain(
        pack, given, method=ask.method or "all", engine=ask.engine, lang=ask.lang, seed=ask.seed, more=more
    )  # fmt: skip
    return as_dict(why, write_explanation(why, out))


def _why(
    pack: Pack, picture: Picture, found: Answer, ask: Ask, progress: Progress
) -> tuple[Explanation | None, str, str | None]:  # fmt: skip
    """The explanation, or why there is none; and what it is about: a class, or a finding's id."""
    told = pack.spec.task == "classify"
    method = ask.method or (suitable_method(pack) if told else "both")
    if told:
        about = _class_asked(pack, found, ask.about)
        more = More(target=about, samples=ask.samples, progress=progress)
    else:
        chosen = _finding_asked(found, ask.about)
        if chosen is None:
            return None, "Nothing was found in this picture that could be explained.", None
        about, where = chosen.id, where_of(chosen, found, picture)
        more = More(where=where, samples=ask.samples, progress=progress)
    try:
        why = explain(
            pack, picture, method=method, engine=ask.engine, lang=ask.lang, seed=ask.seed, more=more
        )  # fmt: skip
    except NothingFoundError as error:  # the net says less of the plain picture than of all its views together
        return None, str(error), about
    return why, "", about or why.name


def _class_asked(pack: Pack, found: Answer, about: str | None) -> str | None:
    """The class that a classifier is asked about; of several that may be there at once the likeliest one."""
    if about is None and pack.spec.multi_label:
        return max(found.probabilities, key=lambda name: found.probabilities[name])
    return about


def _finding_asked(found: Answer, about: str | None) -> Finding | None:
    marked = [one for one in found.findings if one.kind != "class"]
    if about is None:
        return marked[0] if marked else None
    for one in marked:
        if one.id == about:
            return one
    there = ", ".join(one.id for one in marked) or "none"
    raise InputError(f"There is no finding {about!r} in this picture; the pack found {there}.")


def _write_outline(found: Answer, out: Path) -> dict[str, str]:
    from limner.io import write_picture_labels

    if found.mask is None:
        return {}
    write_picture_labels(np.ascontiguousarray(fewer(found.mask)), out / LABELS)
    return {"labels": LABELS}


@dataclass(frozen=True)
class _Told:
    """What an answer holds beside the answer."""

    why: Explanation | None
    why_none: str
    about: str | None
    problems: tuple[ProblemNote, ...]
    files: dict[str, str]
    size: tuple[int, ...]


def _write_answer(pack: Pack, found: Answer, lang: str, out: Path, told: _Told) -> dict[str, Any]:
    why = told.why
    calibration = pack.spec.calibration
    answered = {
        "schema": "limner.answer/1",
        "pack": {"name": pack.name, "version": pack.version, "sha256": pack.sha256},
        "task": pack.spec.task,
        "multi_label": pack.spec.multi_label,
        "calibrated": calibration is not None,
        "abstain_below": calibration.abstain_below if calibration else None,
        "size": list(told.size),
        "abstained": found.abstained,
        "probabilities": dict(found.probabilities),
        "groups": dict(found.groups),
        "findings": [one.model_dump(mode="json", by_alias=True) for one in found.findings],
        "labels": [{"value": one.value, "name": one.name, "color": list(one.color)} for one in found.labels],
        "about": told.about,
        "explained": {"name": why.name, "probability": round(why.probability, 4)} if why else None,
        "why_none": told.why_none,
        "lang": lang,
        "problems": [one.model_dump(mode="json") for one in told.problems],
        "files": told.files,
        "note": "Not for clinical use.",
    }
    (out / ANSWER).write_text(json.dumps(answered, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return answered


def _silent(step: str, share: float) -> None:
    """Nobody listens."""
