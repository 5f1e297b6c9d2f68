"""The page about a picture: the answer or "not sure" first, how far to trust it, why, and nothing that runs."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.errors import InputError, LimnerError
from limner.findings import PackNote, ProblemNote, StudyNote
from limner.image import Picture, anatomy
from limner.report import Reason, overlays, picture_words, typeset, write_picture_html
from limner.report.overlays import Shown
from limner.report.picture_catalogue import PICTURE_WORDS
from tests.report.picture import answer, content, drawing, outlined, photo, run, spec, unsure
from tests.report.test_html import EVIL, Page

TEMPLATES = Path(overlays.__file__).parent / "templates"


def page(tmp_path, lang="en", told=None):
    path = tmp_path / "report.html"
    write_picture_html(path, told or content(), lang=lang)
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_tells_the_answer_and_how_far_to_trust_it(tmp_path):
    told = page(tmp_path)
    for text in (
        "Drawing of a photograph", "Not for clinical use.", "The picture is grey.", "Melanoma", "0.83", "0.12",
        "Malignant (its classes together)", "mainly because of an irregular border", "2.1 percentage points",
        "9.3 before", "300 cases of the check split", "gives one of them to any picture", "0.40",
        "An irregular border (index 1.8)",
        "auc 0.900 (0.860–0.930)", "cohort (CC BY-NC 4.0)", "First A. 2020.", "cd" * 32, "temperature of 1.4",
    ):  # fmt: skip
        assert text in told.text, text
    assert "Not sure" not in told.text


def test_not_sure_stands_where_the_answer_would(tmp_path):
    told = page(tmp_path, told=unsure())
    title = re.search(r"The answer\s*(.*?)\n", told.text)
    assert title and title[1].startswith("Not sure")
    assert "The likeliest is melanoma, with a probability of 0.41" in told.text
    assert "answers only from 0.55 on" in told.text
    assert any(a.get("class") == "verdict unsure" for _, a in told.elements)


def test_a_failed_check_is_a_warning_beside_its_explanation(tmp_path):
    told = page(tmp_path)
    assert "did not pass its check (Fit of the local model, R²)" in told.text
    assert told.text.count("failed") == 1 and not re.search(r"\bnan\b", told.text)
    bare = page(tmp_path, told=content(reasons=(Reason("grad-cam", heat=np.ones((60, 80), np.float32)),)))
    assert "was not tested on this picture" in bare.text


def test_probabilities_without_calibration_are_called_an_order(tmp_path):
    assert "read them as an order, not as rates" in page(tmp_path, told=content(pack=spec(calibration=None))).text


def test_outlines_boxes_and_intervals(tmp_path):
    told = page(tmp_path, told=outlined())
    for text in ("Drawing of an ultrasound picture", "Breast lesion: 1 found; Opacity: 1 found", "400 px² (371–433)",
                 "28.3 px", "0.91", "does not say what a pixel measures", "In brackets"):  # fmt: skip
        assert text in told.text, text
    boxes = [a for tag, a in told.elements if tag == "input"]
    assert [("checked" in one) for one in boxes] == [True, True, False]


def test_marks_that_the_whole_contradicts_are_not_sure(tmp_path):
    whole = outlined()
    healthy = answer(name="normal", probability=0.9)
    told = picture_words.verdict(
        outlined(drawing=whole.drawing.model_copy(update={"findings": (healthy, *whole.drawing.findings)})), "en"
    )
    assert told.unsure and "is rated normal (probability 0.90)" in " ".join(told.text)


def test_nothing_found_is_no_proof(tmp_path):
    told = page(tmp_path, told=outlined(drawing=drawing(findings=()), mask=np.zeros((60, 80), np.uint8)))
    assert "Nothing found" in told.text and "no proof" in told.text


@pytest.mark.parametrize("make", [content, unsure, outlined])
def test_the_page_speaks_chinese(tmp_path, make):
    made = make(sentence="")
    told = page(tmp_path, lang="zh", told=replace(made, drawing=made.drawing.model_copy(update={"problems": ()})))
    assert told.elements[0][1]["lang"] == "zh-Hans"
    assert "不用于临床。" in told.text
    english = {words[0] for words in PICTURE_WORDS.values() if " " in words[0] and "{" not in words[0]}
    assert not [text for text in english if text in told.text]


def test_chinese_words_of_classes_can_be_printed():
    said = "".join(chinese for _, chinese in PICTURE_WORDS.values())
    assert {letter for letter in said if typeset.font_of(letter) == typeset.RARE} == set()


def test_no_script_runs_and_nothing_is_fetched(tmp_path):
    told = page(tmp_path)
    policy = next(a["content"] for _, a in told.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert {"script", "link", "iframe", "object", "form"}.isdisjoint(tag for tag, _ in told.elements)
    assert all(src.startswith("data:image/png;base64,") for src in told.attribute("src"))


def test_nothing_that_a_pack_says_becomes_markup(tmp_path):
    evil = drawing(
        study=StudyNote(uid=EVIL, modality=EVIL),
        pack=PackNote(name=EVIL, version=EVIL, sha256=EVIL),
        problems=(ProblemNote(code="x", severity="error", text=EVIL),),
        findings=(answer(name=EVIL),),
        files={"image": 'javascript:alert(3)//"onclick="x'},
    )
    pack = spec(description=EVIL, classes=[EVIL, "b"], licence=EVIL)
    steps = [{"name": EVIL, "seconds": 1.0, "peak_mb": 1.0}]
    said = {"probabilities": {EVIL: 1.0}, "groups": {EVIL: 0.5}, "sentence": EVIL, "citations": (EVIL,)}
    told = page(tmp_path, told=content(drawing=evil, pack=pack, run=run(engine=EVIL, steps=steps), **said))
    assert "script" not in {tag for tag, _ in told.elements}
    assert not [name for _, attributes in told.elements for name in attributes if name.startswith("on")]
    assert all(re.fullmatch(r"[\w.%/-]+", href) for href in told.attribute("href"))
    assert EVIL in told.text


@pytest.mark.parametrize("make", [content, outlined])
def test_the_same_drawing_gives_the_same_page(tmp_path, make):
    pages = []
    for name in ("a.html", "b.html"):
        write_picture_html(tmp_path / name, make())
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]


def test_another_language_and_another_grid_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"en or zh.*'de'"):
        write_picture_html(tmp_path / "x.html", content(), lang="de")
    with pytest.raises(LimnerError, match="on its pixels"):
        content(mask=np.zeros((3, 3), np.uint8))


def test_layers_lie_on_the_picture(tmp_path):
    told = page(tmp_path, told=outlined())
    images = [Image.open(io.BytesIO(base64.b64decode(src.split(",")[1]))) for src in told.attribute("src")]
    assert {one.size for one in images} == {(480, 360)}
    shown = Shown.of(photo())
    assert shown.times == 6
    rim = np.asarray(overlays.outlines(outlined().mask, outlined().labels, shown))
    inside = (rim[..., 3] > 0) & (rim[..., :3] == anatomy.named("breast lesion", 1).color).all(-1)
    rows, columns = np.nonzero(inside)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (120, 240, 180, 300)
    frame = np.asarray(overlays.boxes([outlined().marked[1]], shown))[..., 3] > 250
    rows, columns = np.nonzero(frame)
    assert np.allclose((columns.min(), rows.min(), columns.max(), rows.max()), (30, 30, 150, 120), atol=4)


def test_heat_is_orange_for_and_blue_against():
    heat = np.asarray(overlays.heat(content().reasons[0].heat, Shown.of(photo())))
    assert heat[180, 240, 0] > 200 > heat[180, 240, 2] and heat[180, 240, 3] > 180
    assert heat[12, 12, 2] > 150 > heat[12, 12, 0] and heat[300, 100, 3] == 0


def test_large_pictures_are_shown_smaller_and_the_page_says_so(tmp_path):
    large = Picture(np.random.default_rng(0).integers(0, 255, (1, 900, 2800), np.uint8))
    assert Shown.of(large).size == (450, 1400)
    told = page(tmp_path, told=content(picture=large, reasons=()))
    assert "picture.png has every pixel" in told.text


@pytest.mark.parametrize(
    ("p", "text"), [(1.0, "> 0.99"), (0.9939, "0.99"), (0.5, "0.50"), (0.004, "< 0.01"), (0.0, "< 0.01")]
)
def test_no_probability_is_said_to_be_sure(p, text):
    assert picture_words.number(p) == text


def luminance(color: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_has_the_contrast_of_wcag_aa(scheme):
    style = (TEMPLATES / "report.css").read_text()
    block = re.findall(r":root \{(.*?)\}", style, re.S)[scheme]
    colors = dict(re.findall(r"--([\w-]+): ?(#[0-9a-f]{6})", block))
    pairs = [(ink, ground) for ink in ("ink", "muted", "accent", "good", "bad") for ground in ("paper", "panel")]
    for ink, ground in [*pairs, ("warn", "warn-back"), ("ink", "warn-back"), ("muted", "warn-back")]:
        light, dark = sorted((luminance(colors[ink]), luminance(colors[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
