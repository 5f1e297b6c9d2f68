"""A pack held against a cohort: metrics with confidence intervals by patient, per class and per site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from limner.errors import PackError
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval
from limner.packs import Pack, PictureSpec

__all__ = ["EvaluateOptions", "Evaluation", "Interval", "evaluate"]


def evaluate(
    pack: Pack,
    cohort: Path,
    options: EvaluateOptions | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Evaluation:
    """Predicts every case of a cohort whose truth is known and compares, as the pack's task asks.

    Args:
        pack: any pack.
        cohort: CSV or JSONL; for pictures also a MedMNIST archive.
        options: split, columns, engine, bootstrap.
        progress: called with a case and the share done.

    Raises:
        CohortError: no case has a truth, or labels are unknown to the pack.
        PackError: a region's name is unknown to the pack (with the nearest).
    """
    options = options or EvaluateOptions()
    if options.skip_damaged and not isinstance(pack.spec.input, PictureSpec):
        raise PackError(
            f"Pack {pack.name!r} reads scans, and damaged ones are skipped in cohorts of pictures only. Take the rows "
            "out of the cohort instead."
        )
    if pack.spec.task == "generate" and not isinstance(pack.spec.input, PictureSpec):
        raise PackError(
            f"Pack {pack.name!r}: generated volumes are not held against real ones here, as no shipped net reads such "
            "volumes whose features could be compared. Look at them (`limner generate`, sheet.png), or train on them "
            "and evaluate what was trained."
        )
    if pack.spec.task == "superresolve":
        from limner.infer.evaluate.superresolve import evaluate_thin

        return evaluate_thin(pack, cohort, options, progress)
    if pack.spec.task == "detect" and not isinstance(pack.spec.input, PictureSpec):
        from limner.infer.evaluate.nodules import evaluate_nodules

        return evaluate_nodules(pack, cohort, options, progress)
    if not isinstance(pack.spec.input, PictureSpec):
        from limner.infer.evaluate.segment import evaluate_masks

        return evaluate_masks(pack, cohort, options, progress)
    if pack.spec.task == "generate":
        from limner.infer.evaluate.generate import evaluate_generator

        return evaluate_generator(pack, cohort, options, progress)
    if pack.spec.task == "translate":
        from limner.infer.evaluate.translate import evaluate_translation

        return evaluate_translation(pack, cohort, options, progress)
    if pack.spec.multi_label:
        from limner.infer.evaluate.multilabel import evaluate_multilabel

        return evaluate_multilabel(pack, cohort, options, progress)
    if pack.spec.task == "classify":
        from limner.infer.evaluate.classify import evaluate_classes

        return evaluate_classes(pack, cohort, options, progress)
    if pack.spec.task == "detect":
        from limner.infer.evaluate.detect import evaluate_boxes

        return evaluate_boxes(pack, cohort, options, progress)
    if pack.spec.task == "segment":
        from limner.infer.evaluate.masks import evaluate_picture_masks

        return evaluate_picture_masks(pack, cohort, options, progress)
    raise PackError(f"Pack {pack.name!r}: evaluating task {pack.spec.task!r} on pictures is not built yet.")
