"""The page holds as many made pictures as real ones, of the split that was asked for."""

import numpy as np
import pytest

from limner.bench import QuizBench, bench_quiz
from limner.errors import CohortError, OutputExistsError
from tests.infer.test_generate import make
from tests.train.pictures import write_pictures


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return make(tmp_path_factory.mktemp("plain"))


def test_the_seed_says_what_is_made(pack, tmp_path, monkeypatch):
    cohort, made = write_pictures(tmp_path / "cohort", count=60), {}

    def keep(out, real, generated, lang, *, seed, **more):
        made.setdefault(out.stem, np.stack(generated))

    monkeypatch.setattr("limner.bench.quiz.write_quiz", keep)
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        bench_quiz(QuizBench(str(pack.folder), cohort, count=4, seed=seed), tmp_path / f"{name}.html")
    assert np.array_equal(made["one"], made["again"])
    apart = np.abs(made["one"][:, None].astype(int) - made["two"][None]).mean((2, 3, 4))
    assert apart.min() > 0


def test_a_page_is_made_and_not_overwritten(pack, tmp_path):
    cohort = write_pictures(tmp_path / "cohort", count=60)
    quiz = QuizBench(str(pack.folder), cohort, count=4)
    page = bench_quiz(quiz, tmp_path / "quiz.html").read_text()
    assert page.count("data:image/png;base64,") == 8
    with pytest.raises(OutputExistsError, match="--force"):
        bench_quiz(quiz, tmp_path / "quiz.html")
    with pytest.raises(CohortError, match="40 were asked for"):
        bench_quiz(QuizBench(str(pack.folder), cohort, count=40), tmp_path / "more.html")
