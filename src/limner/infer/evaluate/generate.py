"""Generated pictures beside real ones that the pack has not learned from: how far apart, how varied, whether copied.

All in the features of a named net of ours (:mod:`limner.infer.features`), beside what real pictures reach that were
learned from: no generator can be expected to come nearer than those.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.examples import Examples, View, read_examples
from limner.errors import CohortError, PackError
from limner.infer.copies import LEAST_HELD, find_copies
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, view_of
from limner.infer.features import Features
from limner.infer.generate import Generator, open_generator
from limner.packs import Pack, PictureSpec, list_packs, load_pack
from limner.tasks.realism import frechet_distance, kernel_distance, overlap

Progress = Callable[[str, float], None]
MADE = 500
"""Pictures that are made; as many as there are real ones where those are more."""
SEED = 1_000_000_000
"""Of the first: none of those that `limner generate` or `--add synthetic` begin with."""


def evaluate_generator(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Progress | None = None
) -> Evaluation:
    """Makes pictures and compares them with those of a cohort.

    Args:
        pack: of the task ``generate``.
        cohort: its split ``options.split`` is compared with; its split ``train`` is searched for copies.
        options: ``features`` names the pack whose net looks.

    Raises:
        CohortError: fewer than 20 real pictures; PackError: no net of ours reads such pictures.
    """
    spec = pack.main.picture
    view = view_of(spec, options, label=None)
    real = read_examples(cohort, view, options.split, progress)
    if len(real.rows) < LEAST_HELD:
        raise CohortError(
            f"{len(real.rows)} real pictures in split {options.split!r} are too few to hold generated ones against; "
            f"{LEAST_HELD} are the least."
        )
    generator = open_generator(pack, options.engine)
    made = make_pictures(generator, max(MADE, len(real.rows)), progress)
    seen = Features(load_pack(options.features) if options.features else fitting_features(spec))
    a, b = (seen.features(some, progress=progress) for some in (real.stack(), made))
    apart, both = kernel_distance(a, b), overlap(a, b[: len(a)])  # fair for sets of one size
    metrics = {
        "kernel_distance": Interval(value=apart.value, low=apart.low, high=apart.high),
        "frechet_distance": Interval(value=frechet_distance(a, b[: len(a)])),
        "precision": Interval(value=both.precision),
        "recall": Interval(value=both.recall),
        "density": Interval(value=both.density),
        "coverage": Interval(value=both.coverage),
    }
    problems = [f"Distances, precision and recall are in the {seen.name}."]
    learned = _learned(cohort, view, options)
    baseline: dict[str, float] = {}
    if learned is None:
        problems.append(
            "The cohort has no split 'train' beside this one: whether pictures are copied was not looked at."
        )
    else:
        c = seen.features(learned.stack(), progress=progress)
        known = kernel_distance(a, c)
        baseline = {
            "kernel_distance": known.value,
            "kernel_distance_low": known.low,
            "kernel_distance_high": known.high,
        }
        if len(c) >= len(a):
            chosen = np.random.default_rng(options.seed).permutation(len(c))[: len(a)]
            baseline["frechet_distance"] = frechet_distance(a, c[chosen])
        problems += _copied(metrics, made, learned, real, seen, progress)
    return Evaluation(
        task="generate", pack=pack.name, n=len(real.rows), metrics=metrics, per_class={}, per_site={}, calibration={},
        baseline=baseline, problems=problems,
    )  # fmt: skip


def _copied(
    metrics: dict[str, Interval],
    made: NDArray[np.uint8],
    learned: Examples,
    real: Examples,
    seen: Features,
    progress: Progress | None,
) -> list[str]:
    """Adds the share of copies; where held-out pictures are training pictures it cannot be told, and says so."""
    try:
        copies = find_copies(made, learned.stack(), real.stack(), seen, progress)
    except CohortError as error:
        return [f"Whether pictures are copied cannot be told. {error}"]
    metrics["copied"] = Interval(value=len(copies.copied) / copies.asked)
    if not copies.copied:
        return []
    return [f"{len(copies.copied)} of {copies.asked} generated pictures are copies: do not ship this pack."]


def make_pictures(
    generator: Generator, count: int, progress: Progress | None = None, first: int = 0
) -> NDArray[np.uint8]:
    """Pictures ``(N, C, H, W)`` of conditions as often as they were learned from; ``first`` counts from ``SEED``."""
    found = []
    for start in range(0, count, 16):
        if progress:
            progress("generate", start / count)
        latents = [generator.latent(SEED + first + k) for k in range(start, min(count, start + 16))]
        found.append(np.rint(generator.pictures(latents) * 255).astype(np.uint8))
    return np.concatenate(found)


def fitting_features(spec: PictureSpec) -> Pack:
    """The shipped pack whose net looks at such pictures.

    Raises:
        PackError: none reads this modality with as many channels.
    """
    for pack in list_packs():
        given = pack.spec.input
        reads = pack.spec.generator is None and isinstance(given, PictureSpec)
        if reads and given.channels == spec.channels and {*given.modality} & {*spec.modality}:
            return pack
    raise PackError(
        f"No shipped pack reads {'/'.join(spec.modality)} pictures of {spec.channels} channels, in whose features "
        "generated ones could be held against real ones; name one with --features."
    )


def _learned(cohort: Path, view: View, options: EvaluateOptions) -> Examples | None:
    if options.split in (None, "train"):
        return None
    try:
        return read_examples(cohort, view, "train")
    except CohortError:
        return None
