"""The report on a picture for paper, read back by poppler."""

from __future__ import annotations

import pytest

from limner.report import write_picture_pdf
from tests.report.picture import content, outlined, unsure
from tests.report.test_pdf import pages, poppler  # noqa: F401 - a fixture


def test_the_paper_tells_the_drawing(tmp_path, poppler):  # noqa: F811
    write_picture_pdf(tmp_path / "report.pdf", content())
    told = pages(poppler, tmp_path / "report.pdf")
    text = "\n".join(told)
    assert 2 <= len(told) <= 4
    for word in (
        "Drawing of a photograph", "Melanoma", "0.83", "Malignant (its classes together)", "percentage points",
        "irregular border", "Grad-CAM", "failed", "skin 2.0", "First A. 2020.", "openvino", "Read this first",
    ):  # fmt: skip
        assert word in text, word
    assert all("Not for clinical use" in one for one in told)
    assert "Not sure" not in text


def test_not_sure_stands_on_the_first_page(tmp_path, poppler):  # noqa: F811
    write_picture_pdf(tmp_path / "report.pdf", unsure())
    first = pages(poppler, tmp_path / "report.pdf")[0]
    assert first.index("Not sure") < first.index("Probabilities")


def test_marks_and_their_measures_are_on_it(tmp_path, poppler):  # noqa: F811
    write_picture_pdf(tmp_path / "report.pdf", outlined())
    text = "\n".join(pages(poppler, tmp_path / "report.pdf"))
    assert "400 px² (371–433)" in text and "28.3 px" in text and "0.91" in text


@pytest.mark.parametrize("make", [content, unsure, outlined])
def test_the_paper_speaks_chinese(tmp_path, poppler, make):  # noqa: F811
    write_picture_pdf(tmp_path / "report.pdf", make(), lang="zh")
    text = "\n".join(pages(poppler, tmp_path / "report.pdf"))
    assert "影像绘图" in text and "不用于临床" in text and "Probabilities" not in text


def test_the_same_drawing_gives_the_same_paper(tmp_path):
    for name in ("a.pdf", "b.pdf"):
        write_picture_pdf(tmp_path / name, content())
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
