"""What the server says in English is read in Chinese, by the same book and the same rules as in the reports."""

from __future__ import annotations

import re

import pytest

from limner.report.phrasebook import phrase

pytestmark = pytest.mark.browser

ALLOWED = re.compile(
    r"limner|DICOM|NIfTI|SEG|SR|PDF|CT|MR|US|XC|DMS|CR|DX|HU|FLAIR|T1|Dice|AUC|FROC|PSNR|SSIM|dB|PACS|ID|EN|n = [\d,]+|"
    r"mm|ml|cm|MiB|[\w-]+-[\w-]+|\d[\w.]*",
    re.IGNORECASE,
)
"""Names of formats, units, measures and packs."""


def _seen(page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def test_packs_are_described_in_chinese(station, browser):
    seen = station.open(browser, "/packs", locale="zh-CN")
    packs = station.client.get("/api/packs").json()["items"]
    shown = _seen(seen.page, ".pack-about")
    assert sorted(shown) == sorted(phrase(one["description"], "zh") for one in packs)
    assert [text for text in shown if not re.search("[\u4e00-\u9fff]", text)] == []
    tags = set(_seen(seen.page, ".pack-card .tag-accent, .page-head *"))
    assert [tag for tag in tags if re.search("[A-Za-z]{3,}", ALLOWED.sub("", tag))] == []


def test_rules_have_chinese_names_and_reasons(station, browser):
    seen = station.open(browser, "/admin/rules", locale="zh-CN")
    seen.page.wait_for_selector(".rule")
    names, about = _seen(seen.page, ".rule label"), _seen(seen.page, ".rule p")
    assert len(names) == len(about) > 50
    assert [text for text in (*names, *about) if not re.search("[\u4e00-\u9fff]", text)] == []
    assert phrase("From the axis to another lesion: it is not crossed. Choice.", "zh") in about


@pytest.mark.parametrize("typed", ["陈", "伟", "chen", "Wei"])
def test_a_patient_is_found_by_either_script(station, typed):
    found = station.client.post("/api/studies/search", json={"text": typed}).json()["items"]
    assert len(found) == 1 and "陈" in found[0]["patient"]["name"]
