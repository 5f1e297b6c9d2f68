"""Translations held against what was really acquired: values, features, and the tumour that a pack draws on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.cohort import read_cohort
from limner.data.examples import Example, read_examples
from limner.data.pairs import whole_pairs
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, mean_interval, view_of
from limner.infer.evaluate.judge import Judge, open_judge
from limner.infer.translate import Translator, open_translator
from limner.packs import Pack, load_pack
from limner.tasks import translate
from limner.tasks.fidelity import perceptual_distance

Float = NDArray[np.float32]
TISSUE = 12
"""Grey values above which a pixel is no background."""
HIGHER = {"psnr": True, "ssim": True, "mae": False, "perceptual": False, "tumor_dice": True}
"""Figures that methods are compared by, and whether more is better."""


@dataclass
class Slice:
    """One slice: figures, and counts ``(both, sum of sizes)`` of which the Dice of a patient is made, by its name."""

    id: str
    patient: str
    site: str
    scores: dict[str, float] = field(default_factory=dict)
    overlaps: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """All slices of a cohort, and what was left out (id and reason)."""

    slices: tuple[Slice, ...]
    left_out: tuple[tuple[str, str], ...]

    def by_patient(self, name: str) -> dict[str, list[float]]:
        """A figure's values by patient: of his slices, or his Dice, all his slices taken as one volume."""
        found: dict[str, list[float]] = {}
        if any(name in one.overlaps for one in self.slices):
            for patient in dict.fromkeys(one.patient for one in self.slices):
                counts = np.array([one.overlaps[name] for one in self.slices if one.patient == patient]).sum(0)
                if counts[1]:
                    found[patient] = [2 * float(counts[0]) / float(counts[1])]
            return found
        for one in self.slices:
            if name in one.scores:
                found.setdefault(one.patient, []).append(one.scores[name])
        return found

    def interval(self, name: str, options: EvaluateOptions) -> Interval:
        """Mean with its 95 % interval; patients are drawn again."""
        return mean_interval(list(self.by_patient(name).values()), options)

    def names(self) -> list[str]:
        """Every figure that some slice has."""
        return list(dict.fromkeys(name for one in self.slices for name in (*one.scores, *one.overlaps)))


def evaluate_translation(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`.

    ``psnr`` (dB, span 255), ``ssim``, ``mae`` of whole slices at the net's size; ``perceptual``: distance in the
    features of the pack's judge; ``tumor_dice``: by patient, of what the judge draws where what is wanted was made, and
    ``tumor_dice_real`` where it was acquired; ``missed`` and ``invented``: share of slices with (without) a tumour on
    which it draws none (one), and the same of the real ones; ``doubt_rank``: rank correlation of the map of uncertainty
    with the true error within a slice. ``baseline``: the reference channel put in place of what is wanted.

    Raises:
        CohortError: no slice has all sequences.
    """
    found = measure(pack, cohort, options, progress)
    notes = [f"{id}: {why}" for id, why in found.left_out]
    plain = [name for name in found.names() if not name.endswith("_instead")]
    reference = pack.main.picture.reference
    sites = sorted({one.site for one in found.slices})
    per_site = {}
    for site in sites:
        some = Measured(tuple(one for one in found.slices if one.site == site), ())
        per_site[site] = {name: some.interval(name, options) for name in plain if some.by_patient(name)}
    instead = {name: found.interval(name, options).value for name in found.names() if name.endswith("_instead")}
    judge = options.features or pack.translator.judge
    judged = f" Features and tumours are the judge's, {judge}." if judge else ""
    counted = (
        [f"{len(notes)} of {len(notes) + len(found.slices)} slices are left out: no pair.{judged}"] if notes else []
    )
    return Evaluation(
        task="translate",
        pack=f"{pack.name} {pack.version}",
        n=len(found.slices),
        metrics={name: found.interval(name, options) for name in plain},
        per_class={},
        per_site=per_site,
        calibration={},
        baseline={
            f"{reference} instead: {name.removesuffix('_instead')}": value
            for name, value in instead.items()
            if value is not None
        },
        per_case=[{"id": one.id, **{k: round(v, 4) for k, v in one.scores.items()}} for one in found.slices],
        problems=[*counted, *notes],
    )


def measure(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Measured:
    """Every slice of a cohort, translated and held against the truth."""
    translator, known, spec = open_translator(pack, options.engine), pack.translator, pack.main.picture
    masked = cohort.suffix != ".npz" and options.mask in read_cohort(cohort, files=False).cases[0].columns
    view = view_of(spec, options, channels=len(known.channel_names), label=None, mask=options.mask if masked else None)
    asked = [*spec.channel_names, known.wanted]
    examples = whole_pairs(read_examples(cohort, view, options.split), known.channel_names, asked)
    named = options.features or known.judge
    judge = open_judge(load_pack(named), known, options.engine) if named else None
    found = []
    for number, row in enumerate(examples.rows):
        if progress:
            progress(row.id, number / len(examples.rows))
        found.append(_slice(row, translator, judge))
    return Measured(tuple(found), examples.left_out)


def _slice(row: Example, translator: Translator, judge: Judge | None) -> Slice:
    names, known, spec = translator.known.channel_names, translator.known, translator.spec
    truth = row.image[names.index(known.wanted)].astype(np.float32)
    answer = translator(np.ascontiguousarray(row.image[[names.index(one) for one in spec.channel_names]]), doubt=True)
    instead = row.image[names.index(str(spec.reference))].astype(np.float32)
    found = Slice(row.id, row.patient, row.site or "unknown", translate.fidelity(answer.picture, truth))
    found.scores |= {f"{name}_instead": value for name, value in translate.fidelity(instead, truth).items()}
    error, there = np.abs(answer.picture - truth), truth > TISSUE
    if answer.doubt is not None and there.sum() > 1 and answer.doubt[there].std() > 0:
        found.scores["doubt_rank"] = translate.rank_correlation(answer.doubt[there], error[there])
    if judge:
        _judged(found, row, judge, {"": answer.picture, "_real": truth, "_instead": instead})
    return found


def _judged(found: Slice, row: Example, judge: Judge, shown: dict[str, Float]) -> None:
    """Figures by what is shown as the wanted channel: what was made, the truth, another channel."""
    pictures = {end: judge.shown(row.image, values) for end, values in shown.items()}
    truth = judge.features(pictures["_real"])
    for end in ("", "_instead"):
        found.scores[f"perceptual{end}"] = float(perceptual_distance(judge.features(pictures[end]), truth)[0])
    if row.mask is None:
        return
    marked = row.mask > 0
    for end, picture in pictures.items():
        drawn = judge.outline(picture)
        found.overlaps[f"tumor_dice{end}"] = (int((drawn & marked).sum()), int(drawn.sum() + marked.sum()))
        found.scores[f"{'missed' if marked.any() else 'invented'}{end}"] = float(drawn.any() != marked.any())


def differences(one: Measured, other: Measured, options: EvaluateOptions) -> dict[str, Interval]:
    """By how much the first lies above the second, slice by slice and patient by patient, with 95 % intervals."""
    found = {}
    for name in HIGHER:
        a, b = one.by_patient(name), other.by_patient(name)
        pairs: Sequence[list[float]] = [
            [x - y for x, y in zip(a[patient], b[patient], strict=True)] for patient in a if patient in b
        ]
        if pairs:
            found[name] = mean_interval(list(pairs), options)
    return found
