"""The page holds as many made pictures as real ones, of the split that was asked for."""

import pytest

from limner.bench import QuizBench, bench_quiz
from limner.errors import CohortError, OutputExistsError
from tests.infer.test_generate import make
from tests.train.pictures import write_pictures


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return make(tmp_path_factory.mktemp("plain"))


def test_a_page_is_made_and_not_overwritten(pack, tmp_path):
    cohort = write_pictures(tmp_path / "cohort", count=60)
    quiz = QuizBench(str(pack.folder), cohort, count=4)
    page = bench_quiz(quiz, tmp_path / "quiz.html").read_text()
    assert page.count("data:image/png;base64,") == 8
    with pytest.raises(OutputExistsError, match="--force"):
        bench_quiz(quiz, tmp_path / "quiz.html")
    with pytest.raises(CohortError, match="40 were asked for"):
        bench_quiz(QuizBench(str(pack.folder), cohort, count=40), tmp_path / "more.html")
