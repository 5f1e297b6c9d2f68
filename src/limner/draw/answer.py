"""What a pack says of a picture, as findings: one way to ask for every task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limner.draw.outline import measure_box, measure_part, parts
from limner.errors import PackError
from limner.findings import CodedConcept, Finding
from limner.image import Fit, Label, Picture, anatomy
from limner.packs import Pack


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer, whatever the task.

    Args:
        findings: a class (several, or none, where the pack says so), boxes or outlined lesions, without evidence.
        fit: how the picture was brought to the net's size.
        engine: that ran.
        probabilities: class → probability; empty where the task gives none.
        groups: group → probability of its classes together.
        mask: ``(Y, X)`` label values on the picture, None where the task outlines nothing.
        labels: what the values mean.
        unsure: ``(Y, X)`` 0 to 1, where the outline is unsure; None where it is not known.
        abstained: the answer as a whole is "not sure", also where nothing was marked.
    """

    findings: tuple[Finding, ...]
    fit: Fit
    engine: str
    probabilities: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, float] = field(default_factory=dict)
    mask: NDArray[np.uint8] | None = None
    labels: tuple[Label, ...] = ()
    unsure: NDArray[np.float32] | None = None
    abstained: bool = False


def answer(pack: Pack, picture: Picture, engine: str) -> Answer:
    """Asks the pack, as its task asks.

    Raises:
        PackError: a task that does not draw pictures. EngineError: the engine cannot load the pack.
    """
    if pack.spec.task not in _ASKED:
        known = ", ".join(_ASKED)
        raise PackError(f"Pack {pack.name!r} has the task {pack.spec.task!r}; pictures are drawn by {known}.")
    return _ASKED[pack.spec.task](pack, picture, engine)


def _classified(pack: Pack, picture: Picture, engine: str) -> Answer:
    from limner.infer.classify import classify

    found = classify(pack, picture, engine=engine)
    probabilities = {name: round(p, 4) for name, p in found.probabilities.items()}
    groups = {name: round(p, 4) for name, p in found.groups.items()}
    if pack.spec.multi_label:
        there = _classes_there(pack, found.classes, probabilities, groups)
        return Answer(there, found.fit, found.engine, probabilities, groups, abstained=found.abstained)
    finding = _class(found.name, probabilities, groups, found.abstained)
    return Answer((finding,), found.fit, found.engine, probabilities, groups, abstained=found.abstained)


def _detected(pack: Pack, picture: Picture, engine: str) -> Answer:
    from limner.infer.detect import detect

    found = detect(pack, picture, engine=engine)
    probabilities = {name: round(p, 4) for name, p in found.probabilities.items()}
    boxes = [
        Finding(
            id=f"box-{number}",
            name=one.name,
            kind="box",
            label=0,
            code=_code(one.name),
            probability=round(one.probability, 4),
            abstained=found.abstained,
            measurements=tuple(measure_box(one.box, picture.spacing_mm)),
            box=list(one.box),
        )
        for number, one in enumerate(found.boxes, start=1)
    ]
    findings = (_class(found.name, probabilities, {}, found.abstained), *boxes)
    return Answer(findings, found.fit, found.engine, probabilities, abstained=found.abstained)


def _outlined(pack: Pack, picture: Picture, engine: str) -> Answer:
    from limner.data.fitted import fit_for
    from limner.infer.masks import draw_mask

    found = draw_mask(pack, picture, engine=engine)
    labels = tuple(anatomy.named(name, value) for value, name in enumerate(found.names) if value)
    findings: list[Finding] = []
    for label in labels:
        area = found.areas.get(label.name)
        interval = (area.low / area.value, area.high / area.value) if area and area.value else None
        certain = found.probabilities[label.value]
        findings += [
            Finding(
                id=f"{label.name.replace(' ', '-')}-{number}",
                name=label.name,
                kind=label.kind,
                label=label.value,
                code=_code(label.name),
                probability=round(float(certain[part].mean()), 4),
                abstained=found.abstained,
                measurements=tuple(measure_part(part, picture.spacing_mm, interval)),
                expected_dice=round(found.confidence, 4),
            )
            for number, part in enumerate(parts(found.labels == label.value), start=1)
        ]
    probabilities: dict[str, float] = {}
    if found.picture:  # the pack was also taught what the whole picture shows
        values = found.picture.items()  # keys as cohorts call them: "normal" is the picture without anything
        named = [(value if k == 0 else found.names[k], p) for k, (value, p) in enumerate(values)]
        probabilities = {name: round(p, 4) for name, p in named}
        likeliest = max(probabilities, key=lambda name: probabilities[name])
        findings.insert(0, _class(likeliest, probabilities, {}, found.abstained))
    fit = fit_for(picture, pack.main.picture)[1]
    return Answer(
        tuple(findings), fit, found.engine, probabilities,
        mask=found.labels, labels=labels, unsure=found.uncertainty, abstained=found.abstained,
    )  # fmt: skip


def _classes_there(
    pack: Pack, classes: Sequence[str], probabilities: dict[str, float], groups: dict[str, float]
) -> tuple[Finding, ...]:
    """A finding for every class that is there, the likeliest first; each is sure or not by itself."""
    from limner.tasks.multilabel import sureness

    least = pack.spec.calibration.abstain_below if pack.spec.calibration else 0.0
    return tuple(
        _class(name, probabilities, groups, bool(sureness(np.array([probabilities[name]])) < least), number)
        for number, name in enumerate(classes, start=1)
    )


def _class(
    name: str, probabilities: dict[str, float], groups: dict[str, float], abstained: bool, number: int = 1
) -> Finding:
    """A class that the whole picture was given; all probabilities stand beside it."""
    beside = {"probabilities": probabilities, "groups": groups}
    return Finding(
        id=f"class-{number}",
        name=name,
        kind="class",
        label=0,
        code=_code(name),
        probability=probabilities[name],
        abstained=abstained,
        **beside,
    )


def _code(name: str) -> CodedConcept:
    code = anatomy.concept(name)
    return CodedConcept(scheme=code.scheme, value=code.value, meaning=code.meaning)


_ASKED: dict[str, Callable[[Pack, Picture, str], Answer]] = {
    "classify": _classified,
    "detect": _detected,
    "segment": _outlined,
}
