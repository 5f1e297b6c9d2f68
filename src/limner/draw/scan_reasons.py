"""Why a pack drew a lesion in a scan, as far as a drawing can wait for it: its shape always, its nets where asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from limner.draw.options import DrawOptions
from limner.draw.predictor import PackPredictor, Predictor
from limner.draw.reasons import MOST, AllReasons, Reasons
from limner.errors import InputError
from limner.findings import Finding
from limner.image import Image
from limner.infer import Prediction
from limner.scene import Part

MEASURED = 6
"""Lesions whose shape is measured, as many as the report shows near by."""
ASKING = ("grad-cam", "lime", "both", "all")
"""Values of ``DrawOptions.explain`` by which the nets are asked: a window of a scan takes them up to seconds, and an
explanation a hundred windows, so that ``auto`` only measures."""


def find_scan_reasons(
    predictor: Predictor,
    image: Image,
    predicted: Prediction,
    found: Mapping[str, tuple[Part, Finding]],
    options: DrawOptions,
    done: Callable[[float], None],
) -> AllReasons:
    """Explains the first lesions of a scan: the surest marks of a detector, the largest outlines of others.

    Args:
        predictor: what drew; only a pack's nets can be asked.
        image: the scan.
        predicted: the answer.
        found: each finding, judged, with its voxels, by id.
        options: how to explain.
        done: told the share that is done.
    """
    if options.explain == "none":
        return AllReasons()
    from limner.infer.explain import METHODS, Answered, More, ScanAsker, describe, explain_question

    task = predictor.loaded.spec.task if isinstance(predictor, PackPredictor) else "segment"
    chosen = _first(found, task)
    kinds = tuple(dict.fromkeys((*METHODS.get(options.explain, ()), "attributes")))  # the shape is told with all
    asker = None
    if options.explain in ASKING and isinstance(predictor, PackPredictor):
        parts = tuple(part for part, _ in found.values())
        asker = ScanAsker(predictor.loaded, Answered(image, predicted, parts), options.engine)
    made = []
    for number, (part, finding) in enumerate(chosen):
        done(number / len(chosen))
        stated = finding.probability or 0.0
        if asker is not None and number < MOST:
            more = More(progress=lambda step, share, number=number: done((number + share) / len(chosen)))  # type: ignore[misc]
            why = explain_question(asker.put(part), kinds, lang=options.lang, more=more, stated=stated)
        else:
            note = f"{predictor.pack.name} {predictor.pack.version}"
            try:
                unsure = finding.abstained
                why = describe(image, part, stated, pack=note, task=task, abstained=unsure, lang=options.lang)
            except InputError:  # too few voxels for a shape: its volume and diameters stand in the table
                continue
        made.append(Reasons(part.id, why, options.lang, f"{part.id}/"))
    return AllReasons(tuple(made))


def _first(found: Mapping[str, tuple[Part, Finding]], task: str) -> Sequence[tuple[Part, Finding]]:
    lesions = [one for one in found.values() if one[1].kind == "lesion"]
    if task == "detect":
        lesions.sort(key=lambda one: -(one[1].probability or 0.0))
    return lesions[:MEASURED]
