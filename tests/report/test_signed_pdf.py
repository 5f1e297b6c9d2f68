"""The signed report on paper: what the model was unsure of stands before "nothing was marked"."""

from __future__ import annotations

import subprocess

import pytest

from limner.findings import Drawing, SignedReport
from limner.report.signed_pdf import SignedContent, write_signed_pdf

DRAWING = {
    "schema": "limner.drawing/1",
    "study": {"uid": "1.2", "modality": "CT", "date": None},
    "pack": {"name": "abdomen-ct", "version": "0.1.0", "sha256": "0"},
    "findings": [],
    "abstained": True,
    "problems": [{"code": "missing-slice", "severity": "error", "text": "3 slices are missing."}],
    "files": {},
}


@pytest.mark.parametrize(
    "lang, unsure, nothing", [("en", "not sure of this drawing", "marked nothing"), ("zh", "无法判定", "没有标出")]
)
def test_a_model_that_was_not_sure_is_not_told_as_having_found_nothing(tmp_path, lang, unsure, nothing):
    report = SignedReport(by="Ann", organization="Here", at="2026-01-02T03:04:05+00:00", text="Read.")
    content = SignedContent(report, Drawing.model_validate(DRAWING), 1)
    write_signed_pdf(tmp_path / "a.pdf", content, lang)
    told = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True).stdout
    told = " ".join(told.split())
    assert told.index(unsure) < told.index(nothing) and told.index("3 slices") < told.index(nothing)
