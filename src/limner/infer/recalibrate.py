"""When a scan's lesions are "not sure", fitted anew on scans that are drawn whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from limner.data.learned import refuse_learned, where
from limner.errors import CohortError, PackError
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.packs import Calibration, Pack, PictureSpec
from limner.packs.rewrite import refuse_existing, write_calibrated

LEAST = 10
"""Lesions that must have been marked: of fewer, chance alone chooses."""


def recalibrate_lesions(
    pack: Pack,
    cohort: Path,
    out: Path,
    split: str | None = None,
    column: str | None = None,
    *,
    engine: str = "auto",
    force: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> Path:
    """Draws a cohort and writes the pack anew with the ``abstain_below`` that its lesions choose.

    From that probability on, lesions are wrong (touch no true one) half as often as all that were marked. Training
    fits it on patches, where an organ's other parts, the windows' overlaps and ``decode`` do not yet speak; here it is
    fitted on what users see. Weights and temperature stay. Figures are left out of the new pack.

    Args:
        pack: that segments lesions in scans.
        cohort: CSV or JSONL with masks, and ``regions.json`` beside it that names the lesions' values.
        out: folder of the new pack.
        split: only these cases; all of them where None.
        column: that names the masks; ``mask`` where None.
        engine: see :func:`limner.infer.predict`.
        force: replace an older pack in ``out``.
        progress: called with a case and the share done.

    Returns:
        ``out``.

    Raises:
        PackError: the pack does another task, or draws no lesion; CohortError: it learned from these cases, or they
            cannot say where to be sure; OutputExistsError: something is in ``out``.
    """
    if isinstance(pack.spec.input, PictureSpec) or pack.spec.task != "segment":
        raise PackError(
            f"Pack {pack.name!r} is not fitted on drawn scans: that is for packs that segment lesions in scans. Marks "
            "of detectors in scans are calibrated in training alone."
        )
    if not any(one.kind == "lesion" for one in pack.labels):
        raise PackError(f"Pack {pack.name!r} draws no lesion, and only of lesions it is said that it is not sure.")
    refuse_existing(out, force)
    refuse_learned(pack, cohort, split)
    options = EvaluateOptions(split=split, mask=column or "mask", engine=engine, bootstrap=1)
    found = evaluate(pack, cohort, options, progress)
    marked, right = int(found.calibration.get("lesions_marked", 0)), found.risk_coverage
    wrong = round(marked * right[-1]["risk"]) if right else 0
    if marked < LEAST or wrong in (0, marked):
        raise CohortError(
            f"{where(cohort, split)} cannot say from where on lesions are sure: pack {pack.name!r} marked {marked} in "
            f"{found.n} scan(s), {wrong} of them wrongly, and at least {LEAST} are needed, right ones and wrong ones. "
            "Give more cases; lesions are known by regions.json beside the cohort."
        )
    told = f"the {marked} lesions that it marked in {found.n} scans of {where(cohort, split)}"
    known = pack.spec.calibration or Calibration()
    before = f"{known.fitted_on}; when to be not sure: " if known.ece_before is not None else ""
    changed = {"abstain_below": found.calibration["sure_from"], "fitted_on": before + told}
    return write_calibrated(pack, known.model_copy(update=changed), out)
