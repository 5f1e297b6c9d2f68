"""The report for paper, read back by poppler."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.findings import ProblemNote
from limner.report import figures, write_pdf
from limner.report.typeset import markup
from tests.report.phantom import content, drawing, findings


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    monkeypatch.setattr(figures, "OVERVIEW_PIXELS", 240)
    monkeypatch.setattr(figures, "CLOSE_UP_PIXELS", 160)


@pytest.fixture(scope="module")
def poppler() -> str:
    if not shutil.which("pdftotext"):
        pytest.fail("poppler-utils is not installed; `make test` installs it.")
    return "pdftotext"


def pages(poppler, path):
    done = subprocess.run([poppler, "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\f").split("\f")


def test_the_paper_tells_the_drawing(tmp_path, poppler):
    write_pdf(tmp_path / "report.pdf", content())
    told = pages(poppler, tmp_path / "report.pdf")
    assert 2 <= len(told) <= 4
    for n, page in enumerate(told, start=1):
        assert f"Page {n} of {len(told)}" in page
        assert "Not for clinical use." in page
    whole = "\n".join(told)
    for text in (
        "Drawing of a CT study",
        "Slice 7 is missing.",
        "Liver tumor 2",
        "11.5 ml",
        "60 ± 12 HU",
        "First A. 2020.",
        "ab" * 32,
    ):
        assert text in whole, text


def test_the_paper_speaks_chinese_with_letters_of_its_own(tmp_path, poppler):
    write_pdf(tmp_path / "report.pdf", content(), lang="zh")
    whole = "\n".join(pages(poppler, tmp_path / "report.pdf"))
    for text in ("不用于临床。", "肝肿瘤 2", "关键图像", "第 1 页"):
        assert text in whole, text
    raw = (tmp_path / "report.pdf").read_bytes()
    assert b"STSong" not in raw and b"+DroidSansFallback" in raw


def test_many_lesions_stay_on_few_pages(tmp_path, poppler):
    lesion = findings()[-1]
    many = tuple(lesion.model_copy(update={"id": f"tumor-{n}"}) for n in range(1, 61))
    write_pdf(tmp_path / "report.pdf", content(drawing=drawing(findings=(*findings()[:3], *many))))
    told = pages(poppler, tmp_path / "report.pdf")
    assert len(told) <= 4
    assert "40 smaller lesions stand in report.html." in "\n".join(told)


def test_text_of_a_study_is_no_markup(tmp_path, poppler):
    text = 'a < b & </para><font size="90">big</font> \x00\x1b 龘 é ≤'
    problem = ProblemNote(code="x", severity="error", text=text)
    write_pdf(tmp_path / "report.pdf", content(drawing=drawing(problems=(problem,))))
    whole = re.sub(r"\s+", " ", "\n".join(pages(poppler, tmp_path / "report.pdf")))
    assert 'a < b & </para><font size="90">big</font>' in whole
    assert "é" in whole and "≤" in whole
    assert "\x00" not in markup(text) and "\x1b" not in markup(text)


def test_the_pictures_are_on_it(tmp_path, poppler):
    write_pdf(tmp_path / "report.pdf", content())
    subprocess.run(
        ["pdftoppm", "-r", "40", "-png", "-f", "1", "-l", "1", str(tmp_path / "report.pdf"), str(tmp_path / "p")],
        check=True,
    )
    (shown,) = tmp_path.glob("p*.png")
    page = np.asarray(Pillow.open(shown).convert("RGB"), np.int32)
    assert (page.max(axis=-1) < 20).mean() > 0.05  # the air around the body
    assert ((page[..., 0] - page[..., 2] > 60) & (page[..., 1] > 120)).sum() > 50  # the yellow of the tumour


def test_the_same_drawing_gives_the_same_paper(tmp_path):
    paths = tmp_path / "a.pdf", tmp_path / "b.pdf"
    for path in paths:
        write_pdf(path, content())
    assert paths[0].read_bytes() == paths[1].read_bytes()
