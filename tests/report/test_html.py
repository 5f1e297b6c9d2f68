"""The page: whole, closed to the network, and safe whatever a study calls itself."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from limner.findings import PackNote, ProblemNote, StudyNote
from limner.report import figures, write_html
from tests.report.phantom import content, drawing, findings, run

EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\'"&<!--'


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    monkeypatch.setattr(figures, "OVERVIEW_PIXELS", 240)
    monkeypatch.setattr(figures, "CLOSE_UP_PIXELS", 160)


class Page(HTMLParser):
    """Elements, attributes, text outside of scripts, and the content of scripts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.scripts, self._in = "", [], ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._in = tag if tag in ("script", "style") else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "script":
            self.scripts[-1] += data
        elif not self._in:
            self.text += data

    def attribute(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def page(tmp_path, lang="en", **changes):
    path = tmp_path / "report.html"
    write_html(path, content(**changes), lang=lang)
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_tells_the_drawing(tmp_path):
    told = page(tmp_path)
    for text in (
        "Drawing of a CT study", "Not for clinical use.", "Slice 7 is missing.", "Liver tumor 2", "11.5 ml", "7.9 mm",
        "268.1 ml (250.0–280.0)", "First A. 2020.", "abdomen-ct 1.0.0", "ab" * 32, "openvino", "2024-01-02",
        "labels.nii.gz",
        "1 of 1 comparisons within tolerance",
    ):  # fmt: skip
        assert text in told.text, text
    assert sum(tag == "img" for tag, _ in told.elements) == 3 + 2


def test_the_page_speaks_chinese(tmp_path):
    told = page(tmp_path, lang="zh")
    assert told.elements[0][1]["lang"] == "zh-Hans"
    for text in ("不用于临床。", "肝肿瘤 2", "关键图像", "肝内血管", "几何自检"):
        assert text in told.text, text
    assert "Findings" not in told.text


def test_nothing_that_a_study_says_becomes_markup(tmp_path):
    evil = drawing(
        study=StudyNote(uid=EVIL, modality=EVIL, date=EVIL),
        pack=PackNote(name=EVIL, version=EVIL, sha256=EVIL),
        problems=(ProblemNote(code="x", severity="error", text=EVIL),),
        findings=tuple(one.model_copy(update={"name": EVIL}) for one in findings()),
        files={"labels": 'javascript:alert(3)//"onclick="x'},
    )
    steps = [{"name": EVIL, "seconds": 1.0, "peak_mb": 1.0}]
    told = page(tmp_path, drawing=evil, run=run(engine=EVIL, steps=steps), citations=(EVIL,))
    assert [attributes.get("id") for tag, attributes in told.elements if tag == "script"] == [
        "limner-scene",
        "limner-glb",
        None,
    ]
    assert not [name for _, attributes in told.elements for name in attributes if name.startswith("on")]
    assert all(src.startswith("data:image/png;base64,") for src in told.attribute("src"))
    assert all(re.fullmatch(r"[\w.%/-]+", href) for href in told.attribute("href"))
    assert EVIL in told.text
    assert json.loads(told.scripts[0])["structures"][0]["title"].lower().startswith(EVIL[:20])


def test_only_the_viewer_may_run_and_nothing_is_fetched(tmp_path):
    told = page(tmp_path)
    policy = next(a["content"] for tag, a in told.elements if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(told.scripts[2].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert {"link", "iframe", "object", "form"}.isdisjoint(tag for tag, _ in told.elements)


def test_the_scene_is_inside(tmp_path):
    told = page(tmp_path)
    whole = content()
    assert base64.b64decode(told.scripts[1]) == whole.glb
    structures = json.loads(told.scripts[0])["structures"]
    assert [one["id"] for one in structures] == ["tumor-1", "tumor-2", "liver-vessels", "liver", "body"]
    assert structures[3]["color"] == [178, 94, 76]
    assert {"name": "Volume", "value": "11.5 ml"} in structures[0]["facts"]


def test_a_failed_self_test_stands_at_the_top(tmp_path):
    check = {"file": "scene.glb", "what": "x", "expected": (1.0,), "got": (2.0,), "ok": False, "hint": ""}
    told = page(tmp_path, run=run(geometry=[check]))
    assert told.text.index("geometry self-test did not pass") < told.text.index("At a glance")


def test_an_empty_drawing_has_a_page(tmp_path):
    told = page(tmp_path, drawing=drawing(findings=(), problems=(), files={}), run={}, citations=())
    assert "Nothing was found in this study." in told.text
    assert "Read this first" not in told.text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_same_drawing_gives_the_same_page(tmp_path, lang):
    paths = tmp_path / "a.html", tmp_path / "b.html"
    for path in paths:
        write_html(path, content(), lang=lang)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_page_stays_small_beside_its_scene(tmp_path):
    path = tmp_path / "report.html"
    write_html(path, content())
    assert path.stat().st_size < 4 / 3 * len(content().glb) + 2.5e6
