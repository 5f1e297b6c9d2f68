"""What a quiz refuses, and that its words stand in both languages."""

from __future__ import annotations

import re

import numpy as np
import pytest

from limner.errors import InputError
from limner.report import quiz_words
from limner.report.quiz import write_quiz


def images(n: int, size: int = 16, channels: int = 1) -> list[np.ndarray]:
    return [np.full((channels, size, size), k, np.uint8) for k in range(n)]


@pytest.mark.parametrize(
    ("real", "made", "said"),
    [
        (images(3), images(2), "as many real"),
        ([], [], "as many real"),
        (images(2), images(2, 17), "one size"),
        (images(2), images(2, channels=3), "one size"),
        (images(2, channels=2), images(2, channels=2), "grey or colour"),
    ],
)
def test_what_would_tell_them_apart_is_refused(tmp_path, real, made, said):
    with pytest.raises(InputError, match=said):
        write_quiz(tmp_path / "q.html", real, made)
    assert not list(tmp_path.iterdir())


def test_words_have_the_same_places_in_both_languages():
    english, chinese = quiz_words.words("en"), quiz_words.words("zh")
    for key, text in english.items():
        assert text != chinese[key]
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
    with pytest.raises(InputError, match="en or zh"):
        quiz_words.words("de")


def test_the_same_seed_gives_the_same_page(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_quiz(tmp_path / name, images(20), images(20), seed=seed)
    a, b, c = ((tmp_path / name).read_text() for name in "abc")
    assert a == b != c
