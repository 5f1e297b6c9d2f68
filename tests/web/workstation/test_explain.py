"""The Explain page in a real browser: both maps side by side, checks in place, one look for all panes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from tests.infer.packs import threshold_pack
from tests.serve.corrected import LEVELS, PACK, write_phantom
from tests.web.workstation import pictures
from tests.web.workstation.rig import Workstation, workstation

pytestmark = pytest.mark.browser
LOOK = {"en": "", "zh": "localStorage.setItem('limner.look', JSON.stringify({lang: 'zh', theme: 'light'}))"}


@dataclass
class Shown:
    """A station with two explained pictures, one that nobody asked about, and a scan with a drawing."""

    station: Workstation
    explained: str
    failing: str
    unasked: str
    scan: str
    answer: dict


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    with workstation(folder / "data") as station:
        contents = [pictures.photograph(seed) for seed in (4, 5, 6)]
        studies = [pictures.send(station, content, f"spot{n}.png") for n, content in enumerate(contents)]
        answer = pictures.explain(station, studies[0], contents[0], folder / "a" / "out")
        (folder / "b").mkdir()
        pictures_b = folder / "b" / "out"
        pictures_b.mkdir()
        _copy(folder / "a" / "out", pictures_b)
        pictures.spoil(pictures_b)
        pictures.put(station, studies[1], pictures_b, answer)
        yield Shown(station, studies[0], studies[1], studies[2], _scan(station, folder / "drawing"), answer)


def _copy(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        if file.is_file():
            (target / file.relative_to(source)).parent.mkdir(exist_ok=True)
            (target / file.relative_to(source)).write_bytes(file.read_bytes())


def _scan(station: Workstation, folder: Path) -> str:
    """A scan whose drawing has two findings: one with evidence that failed a check, one with none."""
    (folder / "explanation").mkdir(parents=True)
    Image.new("L", (60, 40), 90).save(folder / "explanation" / "lime.png")
    evidence = {
        "kind": "lime", "file": "explanation/lime.png", "sentence": "Outlined liver tumor (mean probability 0.81).",
        "checks": {"deletion_auc": 0.7}, "failed": ["deletion_auc"], "warnings": ["LIME failed the deletion check."],
    }  # fmt: skip
    code = {"scheme": "SCT", "value": "1", "meaning": "Liver tumor"}
    common = {"name": "liver tumor", "kind": "lesion", "label": 2, "code": code, "abstained": False, "measurements": []}
    findings = [
        {"id": "liver-tumor-1", "probability": 0.81, "evidence": [evidence], **common},
        {"id": "liver-tumor-2", "probability": 0.4, "evidence": [], **common, "abstained": True},
    ]
    drawing = {
        "schema": "limner.drawing/1", "study": {"uid": "1.2", "modality": "CT", "date": None},
        "pack": {"name": "abdomen-ct", "version": "0.2.0", "sha256": "0" * 64}, "findings": findings, "problems": [],
        "files": {},
    }  # fmt: skip
    (folder / "drawing.json").write_text(json.dumps(drawing))
    study = station.add_study()
    station.put(folder, study=study, pack="abdomen-ct")
    return study


def open_page(shown: Shown, browser, address: str, lang: str = "en"):
    opened = shown.station.open(browser, f"/explain/{address}")
    if lang != "en":
        opened.ask(LOOK[lang])
        opened.go(f"/explain/{address}")
    return opened


@pytest.fixture
def page(shown, browser):
    opened = open_page(shown, browser, f"{shown.explained}?pack=skin-lesion")
    yield opened
    assert opened.complaints == []


def test_the_answer_stands_beside_both_maps(shown, page):
    assert page.page.locator(".ex-pane img").count() == 3
    assert page.page.locator(".ex-figure canvas").count() == 3  # the outline, and a map each
    told = {row.locator("th").inner_text().replace(" together", ""): row.locator(".ex-number").inner_text()
            for row in page.page.locator(".ex-bars tr").all()}  # fmt: skip
    for name, p in {**shown.answer["probabilities"], **shown.answer["groups"]}.items():
        assert told[name] == f"{100 * p:.0f} %"
    headline = page.page.locator(".ex-headline").inner_text()
    assert ("Not sure" in headline) == shown.answer["abstained"]
    assert shown.answer["explained"]["name"].lower() in headline.lower()
    assert page.page.locator(".ex-about").inner_text().count("test") >= 2  # its weakest figures, and on which data
    assert page.page.locator(".ex-about a").get_attribute("href") == "/packs/skin-lesion"


def test_the_strongest_part_of_lime_is_orange_and_heat_is_a_picture_of_its_layer(shown, page):
    colour = page.page.evaluate("""() => {
          const canvas = document.querySelector('[data-kind=lime] canvas');
          const {data, width} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let best = 0;
          for (let at = 0; at < data.length; at += 4) if (data[at + 3] > data[best + 3]) best = at;
          return {rgba: [...data.slice(best, best + 4)], width};
        }""")
    red, _, blue, alpha = colour["rgba"]
    assert alpha == 255 and (red > 200) != (blue > 200) and colour["width"] == 160


def test_all_panes_look_at_the_same_place(page):
    pane = page.page.locator(".ex-pane").nth(1)
    box = pane.bounding_box()
    page.page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    assert page.page.locator(".ex-cross").count() == 3
    readout = page.page.locator(".ex-readout").inner_text()
    assert "Grad-CAM here" in readout and "LIME part" in readout
    page.page.mouse.wheel(0, -400)
    page.wait("document.querySelector('.ex-world').style.transform.includes('scale(1.25)')")
    seen = page.ask("[...document.querySelectorAll('.ex-world')].map(one => one.style.transform)")
    assert len(set(seen)) == 1
    page.page.get_by_role("button", name="Whole picture").click()
    page.wait("document.querySelector('.ex-world').style.transform.includes('scale(1)')")


def test_heat_fades_by_its_slider_and_goes_by_a_key(page):
    slider = page.page.get_by_role("slider", name="Opacity of LIME")
    slider.fill("0.2")
    opacity = "getComputedStyle(document.querySelector('[data-kind={}] canvas')).opacity"
    page.wait(f"{opacity.format('lime')} === '0.2'")
    assert page.ask(opacity.format("grad-cam")) == "0.7"  # each has its own
    page.page.keyboard.press("h")
    page.wait(f"{opacity.format('grad-cam')} === '0'")
    page.page.keyboard.press("h")
    page.wait(f"{opacity.format('lime')} === '0.2'")


def test_a_map_that_failed_says_so_in_its_place(shown, browser):
    opened = open_page(shown, browser, f"{shown.failing}?pack=skin-lesion")
    told = opened.page.locator("[data-kind=grad-cam] .ex-bad").inner_text()
    assert "Don't rely on Grad-CAM here." in told and "1 of 3" in told
    listed = opened.page.locator("[data-kind=grad-cam] .ex-failed").inner_text()
    assert "Deletion" in listed and "failed" in listed and "The answer should fall sooner" in listed
    for shade in ("dark", "light"):
        opened.ask("shade => { document.documentElement.dataset.theme = shade; }", shade)
        opened.settle()
        assert Axe().run(opened.page).response["violations"] == []
    assert opened.complaints == []


def test_who_may_be_asked_and_the_work_that_begins(shown, browser):
    opened = open_page(shown, browser, shown.unasked)
    assert opened.page.locator(".ex-choice").count() == len(shown.station.client.get("/api/explainers").json()["items"])
    ask = opened.page.get_by_role("button", name="Ask why")
    assert ask.is_disabled()
    opened.page.get_by_role("radio", name="skin-lesion").check()
    ask.click()
    opened.page.get_by_text("It waits for its turn.").wait_for()  # this server has no worker
    opened.wait("location.search.includes('pack=skin-lesion')")
    [job] = shown.station.client.get("/api/jobs").json()["items"]
    assert (job["kind"], job["study_id"], job["state"]) == ("explain", shown.unasked, "queued")
    assert opened.complaints == []


def test_another_class_is_asked_about_while_the_answer_stands(shown, page):
    page.page.get_by_role("button", name="Why malignant?").click()
    page.page.get_by_text("It waits for its turn.").first.wait_for()
    assert page.page.locator(".ex-headline").is_visible()
    page.wait("location.search.includes('about=malignant')")


def test_pictures_are_compared_and_a_reload_keeps_them(shown, page):
    page.page.get_by_role("button", name="Compare…").click()
    page.page.locator(".ex-thumb").last.wait_for()
    page.page.locator(".ex-thumb", has_text="spot1").click()
    page.page.locator(".ex-row [data-kind=lime] canvas").nth(1).wait_for()
    assert page.page.locator(".ex-row").count() == 2
    page.wait(f"location.search.includes('{shown.failing}')")
    page.page.reload()
    page.page.locator(".ex-row [data-kind=lime] canvas").nth(1).wait_for()
    page.page.get_by_role("button", name="Take away").click()
    page.page.locator(".ex-row").first.wait_for(state="detached")


def test_a_scan_shows_what_explains_each_finding_and_asks_for_more(shown, browser):
    opened = open_page(shown, browser, shown.scan)
    first, second = opened.page.locator(".ex-finding").all()
    assert "Don't rely on LIME here." in first.inner_text() and first.locator("img").count() == 1
    assert "Nothing explains this finding yet." in second.inner_text() and "Not sure" in second.inner_text()
    second.get_by_role("button", name="LIME").click()
    opened.page.get_by_text("It waits for its turn.").wait_for()
    assert opened.complaints == []


def test_it_speaks_chinese(shown, browser):
    opened = open_page(shown, browser, f"{shown.failing}?pack=skin-lesion", lang="zh")
    opened.page.get_by_text("此处请勿依赖 Grad-CAM。").wait_for()
    assert "黑色素瘤" in opened.page.locator(".ex-bars").inner_text()
    assert opened.page.get_by_role("button", name="用中文说明").is_visible()  # the sentence was made in English


@pytest.mark.slow
def test_a_real_picture_from_sending_to_reasons(tmp_path, browser, limner_data):
    """A real dermoscopy is sent, asked about on the page, and explained by the worker."""
    [path] = sorted((limner_data / "ham10000_224" / "images").glob("*.jpg"))[:1]
    with workstation(tmp_path / "data") as station:
        study = pictures.send(station, path.read_bytes(), "lesion.jpg")
        opened = station.open(browser, f"/explain/{study}")
        opened.page.get_by_role("radio", name="skin-lesion").check()
        opened.page.get_by_role("button", name="Ask why").click()
        opened.page.get_by_role("progressbar").first.wait_for()
        station.work()
        opened.page.locator("[data-kind=lime] canvas").wait_for()
        assert opened.page.locator(".ex-verdict").count() >= 2
        assert opened.page.locator(".ex-attributes tbody tr").count() == 4
        assert opened.complaints == []


@pytest.mark.slow
def test_a_finding_of_a_scan_from_the_button_to_its_heat(tmp_path, browser):
    """A small net draws a phantom and is asked about a lesion on the page; what it says stands below the finding."""
    pack = {"modality": ["CT"], "window_hu": [-1000.0, 1000.0], "patch": [24, 48, 48], "divisible": [1, 1, 1]}
    threshold_pack(tmp_path / "data" / "packs" / PACK, LEVELS, name=PACK, input=pack | {"spacing_mm": [4, 2, 2]})
    write_phantom(tmp_path / "scan.nii.gz")
    with workstation(tmp_path / "data") as station:
        scan = station.send([tmp_path / "scan.nii.gz"])
        wish = {"kind": "draw", "study_id": scan.id, "options": {"pack": PACK}}
        assert station.client.post("/api/jobs", json=wish).is_success
        station.work()
        opened = station.open(browser, f"/explain/{scan.id}")
        finding = opened.page.locator(".ex-finding", has_text="tumor").first
        finding.get_by_role("button", name="LIME").click()
        opened.page.get_by_role("progressbar").first.wait_for()
        station.work()
        finding.locator(".ex-later img").wait_for()
        opened.wait("document.querySelector('.ex-later img').naturalWidth > 200")
        assert "tumor" in finding.locator(".ex-later .ex-sentence").inner_text()
        assert finding.locator(".ex-later .ex-verdict").count() == 1
        assert finding.get_by_text("Nothing explains this finding yet.").count() == 0
        assert opened.complaints == []
