"""How well a person tells generated pictures from real ones: a page with as many of each, to be passed round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limner.data.examples import read_examples
from limner.errors import CohortError, OutputExistsError
from limner.infer.evaluate.figures import EvaluateOptions, view_of
from limner.infer.evaluate.generate import make_pictures
from limner.infer.generate import Generator, open_generator
from limner.packs import load_pack
from limner.report.quiz import write_quiz

Progress = Callable[[str, float], None]
SEEDS, MOST = 1 << 20, 1 << 10
"""Of a quiz's pictures: how many firsts, and how far apart, so that the pictures of two quizzes are others."""


@dataclass(frozen=True)
class QuizBench:
    """What is asked.

    Args:
        pack: that generates.
        cohort: real pictures.
        split: of the cohort: one that the pack has not learned from.
        count: pictures of each kind.
        mode: one picture at a time, or a real and a made one side by side.
        lang: ``en`` or ``zh``.
        seed: of what is made, the choice and the order.
        engine: see :func:`limner.infer.engines.open_engine`.
    """

    pack: str
    cohort: Path
    split: str | None = "test"
    count: int = 20
    mode: Literal["one", "pair"] = "one"
    lang: str = "en"
    seed: int = 0
    engine: str = "auto"


def bench_quiz(quiz: QuizBench, out: Path, *, force: bool = False, progress: Progress | None = None) -> Path:
    """Writes the page; it holds real pictures, and whoever passes it on passes them on.

    Args:
        quiz: see there.
        out: the HTML file.
        force: replace one that is there.

    Raises:
        CohortError: fewer real pictures than asked; OutputExistsError: the page is there.
    """
    if out.exists() and not force:
        raise OutputExistsError(f"{str(out)!r} is already there. Give another -o, or --force.")
    pack = load_pack(quiz.pack)
    generator = open_generator(pack, quiz.engine)
    spec = generator.picture
    real = read_examples(quiz.cohort, view_of(spec, EvaluateOptions(), label=None), quiz.split, progress).stack()
    if len(real) < quiz.count:
        raise CohortError(f"Split {quiz.split!r} holds {len(real)} pictures, and {quiz.count} were asked for.")
    rng = np.random.default_rng(quiz.seed)
    chosen = real[rng.permutation(len(real))[: quiz.count]]
    write_quiz_of(generator, list(chosen), out, Asked(quiz.lang, quiz.mode, quiz.seed), rng, progress)
    return out


@dataclass(frozen=True)
class Asked:
    """How a quiz asks; see :class:`QuizBench`."""

    lang: str = "en"
    mode: Literal["one", "pair"] = "one"
    seed: int = 0


def write_quiz_of(
    generator: Generator,
    real: list[NDArray[np.uint8]],
    out: Path,
    asked: Asked,
    rng: np.random.Generator | None = None,
    progress: Progress | None = None,
) -> None:
    """Writes the page for real pictures that are at hand, beside as many that are made now.

    Args:
        generator: makes the others.
        real: ``(C, H, W)`` each, of the generator's size and channels.
        out: the HTML file.
        asked: how.
        rng: says which others are made; by the seed where None.
        progress: see :func:`limner.infer.evaluate.generate.make_pictures`.
    """
    rng = rng or np.random.default_rng(asked.seed)
    made = make_pictures(generator, len(real), progress, int(rng.integers(SEEDS)) * MOST)
    pack = generator.pack
    write_quiz(
        out, real, list(made), asked.lang, mode=asked.mode, pack=f"{pack.name} {pack.version}", sha256=pack.sha256,
        seed=asked.seed,
    )  # fmt: skip
