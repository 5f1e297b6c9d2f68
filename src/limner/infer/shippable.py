"""May a generative pack be passed on? Not if it gives back what it learned from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from limner.data.examples import Examples, read_examples
from limner.errors import InputError, OutputExistsError, PackError
from limner.infer.copies import LEAST_HELD, Copies, Images, among, find_copies, write_copies
from limner.infer.evaluate.figures import EvaluateOptions, view_of
from limner.infer.evaluate.generate import fitting_features, make_pictures
from limner.infer.features import Features
from limner.infer.generate import open_generator
from limner.packs import Pack

Progress = Callable[[str, float], None]
ASKED = 500
"""Pictures that are made and looked at."""


def look_for_copies(
    pack: Pack,
    train: Images,
    held: Images,
    pairs: Path | None,
    *,
    engine: str = "auto",
    progress: Progress | None = None,
) -> Copies:
    """Makes pictures, looks for the training pictures in them, and draws the closest pairs.

    They are compared in pixels, and in the features of a shipped pack where one reads such pictures.

    Args:
        pack: that generates.
        train: all that it learned from, ``(N, C, Y, X)``.
        held: of others, at least 20.
        pairs: PNG of the closest pairs, made ones left; it holds training pictures. None draws none.
        engine: see :func:`limner.infer.engines.open_engine`.
        progress: is told the step and its share.

    Raises:
        InputError: too few pictures to say anything; or held ones are among those that it learned from.
    """
    made = make_pictures(open_generator(pack, engine), ASKED, progress)
    try:
        features = Features(fitting_features(pack.main.picture))
    except PackError:  # no shipped net reads such pictures: pixels alone are asked
        features = None
    found = find_copies(made, train, held, features, progress)
    if pairs is not None:
        write_copies(pairs, found, made, train)
    return found


def strangers(held: Examples, learned: Examples) -> Examples:
    """The held-out pictures that tell how near strangers come: of no patient, and no picture, that was learned from."""
    patients = {row.patient for row in learned.rows}
    apart = tuple(row for row in held.rows if row.patient not in patients)
    if not apart or not learned.rows:
        return Examples(apart, held.left_out)
    same = among(Examples(apart).stack(), learned.stack())
    return Examples(tuple(row for row, one in zip(apart, same, strict=True) if not one), held.left_out)


def refuse_copier(
    pack: Pack, cohort: Path, pairs: Path | None = None, *, split: str = "test", progress: Progress | None = None
) -> Copies:
    """Looks for copies of a cohort's split ``train``, held against another of its splits.

    Pictures of that split whose patients were learned from are left out.

    Args:
        pack: that generates.
        cohort: what it learned from, and others.
        pairs: PNG to draw the closest pairs in, which shows training pictures; None draws none.
        split: of the others.
        progress: is told the step and its share.

    Raises:
        PackError: it copies; says what of what, and where the pairs are drawn.
        InputError: the pack generates nothing, or makes volumes; or there are too few pictures.
        OutputExistsError: ``pairs`` is there; before any work.
    """
    if pairs is not None and (pairs.exists() or pairs.is_symlink()):
        raise OutputExistsError(
            f"The file {str(pairs)!r} is already there, and nothing is overwritten. Name another one for the pairs, or "
            "move it away."
        )
    spec = pack.main.picture
    if pack.spec.generator is None or len(spec.size) != 2:
        raise InputError(f"Copies are looked for in what a pack generates of pictures; {pack.name!r} does not.")
    view = view_of(spec, EvaluateOptions(), label=None)
    train, asked = (read_examples(cohort, view, one, progress) for one in ("train", split))
    held = strangers(asked, train)
    if len(held.rows) < LEAST_HELD:
        raise InputError(
            f"Split {split!r} of {cohort.name!r} has {len(held.rows)} pictures of patients that {pack.name!r} did not "
            f"learn from ({len(asked.rows) - len(held.rows)} are of those that it did); {LEAST_HELD} are needed to "
            "tell copies from likeness. Name a split that it did not learn from with --split."
        )
    found = look_for_copies(pack, train.stack(), held.stack(), pairs, progress=progress)
    found.refuse(pack.name, f"The pairs are drawn in {str(pairs)!r}." if pairs else "--pairs FILE draws the pairs.")
    return found
