"""The Plan page in a real browser: what is dragged is asked, what is answered is said, and stands where the mm say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from limner.image import LabelMap
from limner.image.anatomy import named
from limner.io.nifti import read_nifti_labels
from tests.serve.planned import torso, write_drawing
from tests.web.workstation.opened import Opened
from tests.web.workstation.rig import SMALL, Workstation, workstation

pytestmark = pytest.mark.browser
KINDS = {"bone": "tissue", "artery": "vessel", "portal vein": "vessel", "hepatic and systemic veins": "vessel"}
KINDS |= {"liver tumour": "lesion", "other body": "tissue"}
QUIET = "!bench.needleAsks.pending && !bench.asking.value"


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Workstation]:
    with workstation(tmp_path_factory.mktemp("plan") / "data", screen=SMALL) as made:
        yield made


@pytest.fixture(scope="module")
def drawing(tmp_path_factory) -> Path:
    return write_drawing(tmp_path_factory.mktemp("drawn") / "drawing", torso())


@pytest.fixture(scope="module")
def address(bench, drawing) -> str:
    return f"/plan/{bench.put(drawing)}"


@pytest.fixture(scope="module")
def shared(bench, browser, address) -> Opened:
    """One page for the tests that leave it as they found it, once its skin stands."""
    opened = bench.open(browser, address)
    opened.wait("scene.hasSkin")
    opened.settle()
    return opened


@pytest.fixture
def page(shared) -> Iterator[Opened]:
    yield shared
    shared.ask("(bench.mode.value = 'needle', bench.choose('path-1'))")
    shared.wait(QUIET)
    assert shared.complaints == []


def drag(page: Opened, start: tuple[float, float], by: tuple[float, float], steps: int = 8) -> None:
    mouse = page.page.mouse
    mouse.move(*start)
    mouse.down()
    for k in range(1, steps + 1):
        mouse.move(start[0] + by[0] * k / steps, start[1] + by[1] * k / steps)
        page.settle()
    mouse.up()
    page.wait(QUIET)
    page.settle()


def test_paths_are_ranked_with_their_intervals_and_what_is_not_seen_is_said(page):
    rows = page.page.locator(".plan-paths .plan-row")
    paths = page.ask("bench.offered.value")
    assert rows.count() == len(paths) > 0
    for k, path in enumerate(paths):
        told = rows.nth(k).inner_text()
        clearance = path["clearance_mm"]
        assert f"{clearance['value']:.1f} mm ({clearance['low']:.1f}–{clearance['high']:.1f})" in told
        assert f"{path['length_mm']:.0f} mm" in told
    assert "bowel" in page.page.locator(".plan-blind").inner_text()
    assert "Not for clinical use" in page.page.locator("body").inner_text()


def test_the_needle_on_screen_goes_where_the_mm_say(page):
    """Entry and tip of the scene, seen through its camera by our own arithmetic, lie where the page draws them."""
    line = page.ask("bench.line.value")
    camera = page.ask(
        "(scene.stage.camera.updateMatrixWorld(), {view: scene.stage.camera.matrixWorldInverse.elements, "
        "lens: scene.stage.camera.projectionMatrix.elements, "
        "size: [scene.stage.canvas.clientWidth, scene.stage.canvas.clientHeight]})"
    )
    view, lens = (np.array(camera[name]).reshape(4, 4).T for name in ("view", "lens"))
    for name, point in (("entry", line["entry_mm"]), ("tip", line["target_mm"])):
        x, y, z = point
        clip = lens @ view @ np.array([x, z, -y, 1.0])
        seen = (clip[:2] / clip[3] * [1, -1] + 1) / 2 * camera["size"]
        drawn = page.ask(f"scene.project(scene.needle('needle-in-hand').{name}.position)")
        assert [drawn["x"], drawn["y"]] == pytest.approx(seen.tolist(), abs=0.5)
    # and seen from the front, the patient's left is on the right of the picture, the head up
    left, head = (page.ask(f"scene.project({point})") for point in ([50, 0, 0], [0, 0, 50]))
    middle = page.ask("scene.project([0, 0, 0])")
    assert left["x"] > middle["x"]
    assert head["y"] < middle["y"]


def test_dragging_the_entry_asks_the_server_and_changes_the_figures(page):
    page.page.get_by_role("button", name="From the front").click()
    page.settle()
    before, sent = page.ask("bench.path.value"), page.ask("bench.needleAsks.sent")
    page.asked.clear()
    drag(page, page.place("scene.needle('needle-in-hand').entry.position"), (40, 25))
    after = page.ask("bench.path.value")
    assert after["entry_mm"] != before["entry_mm"]
    assert after["target_mm"] == before["target_mm"]
    assert after["length_mm"] != pytest.approx(before["length_mm"], abs=0.05)
    asked = [one for one in page.asked if one.endswith("/planner/score")]
    assert len(asked) == page.ask("bench.needleAsks.sent") - sent > 0
    assert f"{after['length_mm']:.1f} mm" in page.page.locator(".plan-needle").inner_text()
    # the ball went with the pointer, onto the skin
    on_skin = page.ask("scene.project(bench.line.value.entry_mm)")
    ball = page.ask("scene.project(scene.needle('needle-in-hand').entry.position)")
    assert on_skin == pytest.approx(ball)
    assert page.page.get_by_text("moved by hand", exact=True).is_visible()


def test_a_refused_entry_is_told_in_words_and_the_needle_turns_red(page):
    """The tip stays, the entry goes behind the patient: the table is in the way."""
    page.ask("bench.place({entry_mm: [0, 400, bench.line.value.target_mm[2]]})")
    page.wait(QUIET)
    page.settle()
    verdict = page.page.locator(".plan-verdict")
    assert "refused" in verdict.get_attribute("class")
    told = verdict.inner_text()
    assert "Refused" in told
    assert "above the table" in told or "over the table" in told
    assert verdict.get_attribute("aria-live") == "polite"
    red = page.ask("(rod => [rod.r, rod.g, rod.b])(scene.needle('needle-in-hand').group.children[0].material.color)")
    assert red[0] > 3 * max(red[1:])
    page.page.get_by_role("button", name="Back to the offer").click()
    page.settle()
    assert "refused" not in verdict.get_attribute("class")


def test_a_needle_through_a_structure_names_it(page):
    inside = page.ask(
        "(one => [one.box.min.x + one.box.max.x, -(one.box.min.z + one.box.max.z), one.box.min.y + one.box.max.y]"
        ".map(v => v / 2))(scene.stage.surfaces.find(one => one.structure.title.includes('kidney')))"
    )
    name = page.ask("scene.stage.surfaces.find(one => one.structure.title.includes('kidney')).structure.title")
    page.ask("bench.place({target_mm: argument})", inside)
    page.wait(QUIET)
    assert f"through {name}" in page.page.locator(".plan-verdict").inner_text()


def test_arrow_keys_move_the_entry_by_a_millimetre(page):
    page.page.locator(".plan-stage canvas").focus()
    before = np.array(page.ask("bench.line.value.entry_mm"))
    page.page.keyboard.press("ArrowUp")
    page.wait(QUIET)
    moved = np.array(page.ask("bench.line.value.entry_mm")) - before
    assert 0.5 < np.linalg.norm(moved) < 3  # a millimetre across the line, then along it onto the skin
    assert moved[2] > 0.3
    tip = np.array(page.ask("bench.line.value.target_mm"))
    page.page.keyboard.press("t")
    page.page.keyboard.press("PageDown")
    page.wait(QUIET)
    deeper = np.array(page.ask("bench.line.value.target_mm")) - tip
    assert np.linalg.norm(deeper) == pytest.approx(1, abs=0.01)
    assert page.ask("bench.path.value.length_mm") == pytest.approx(
        np.linalg.norm(np.subtract(*page.ask("[bench.line.value.entry_mm, bench.line.value.target_mm]"))), abs=0.3
    )
    page.page.keyboard.press("e")


def test_the_map_of_refused_entries_has_a_legend_with_reasons(page):
    page.page.get_by_role("checkbox", name="Where a needle may enter").check()
    page.settle()
    legend = page.page.locator(".plan-legend li")
    told = [one.inner_text() for one in legend.all()]
    assert told[0].startswith("open")
    assert any("table" in one for one in told)
    # what lies under the pointer is said: the entry of an offered path is open
    page.page.mouse.move(*page.place("bench.offered.value[0].entry_mm"))
    page.wait("document.querySelector('.plan-legend .hint').textContent.includes('may enter')")
    assert "map=1" in page.page.url
    page.page.get_by_role("checkbox", name="Where a needle may enter").uncheck()


def test_two_paths_are_compared_and_a_moved_one_is_kept_over_a_reload(bench, browser, address):
    page = bench.open(browser, address)
    page.page.locator(".plan-stage canvas").focus()
    page.page.keyboard.press("ArrowLeft")
    page.wait(QUIET)
    page.page.get_by_role("button", name="Keep as a draft").click()
    kept = page.ask("bench.own.value[0].path")
    page.page.get_by_label("Compare Path 1").check()
    page.page.get_by_label("Compare Draft 1").check()
    table = page.page.locator(".plan-compared").inner_text()
    assert f"{kept['length_mm']:.1f} mm" in table
    with page.page.expect_download() as coming:
        page.page.get_by_role("button", name="Export").click()
    told = json.loads(Path(coming.value.path()).read_text())
    assert told["drafts"][0]["path"]["entry_mm"] == kept["entry_mm"]
    page.page.reload()
    page.page.wait_for_selector("body[data-ready=true]")
    assert page.ask("bench.own.value[0].path.entry_mm") == kept["entry_mm"]
    page.page.get_by_role("button", name="Delete Draft 1").click()
    assert page.ask("bench.own.value") == []
    assert page.complaints == []


def test_a_cut_is_moved_with_live_figures_and_two_colours(page):
    page.page.get_by_role("radio", name="Resection").click()
    page.wait("bench.state.value.step === 'done'")
    page.page.get_by_role("button", name="Take a plane").click()
    page.wait("bench.cut.value?.answer?.points")
    page.settle()
    before = page.ask("{cut: bench.cut.value, share: scene.takenShare}")
    plane = before["cut"]["cut"]
    # the liver's points are coloured by the side of the plane they lie on
    points, sides = page.ask(
        "(mesh => [Array.from(mesh.geometry.getAttribute('position').array), "
        "Array.from(mesh.geometry.getAttribute('aSide').array)])"
        "(scene.stage.surfaces.find(one => one.structure.title === 'liver').mesh)"
    )
    metres = np.array(points).reshape(-1, 3)
    world = np.stack([metres[:, 0], -metres[:, 2], metres[:, 1]], axis=1) * 1000
    away = (world - plane["point_mm"]) @ np.array(plane["normal"])
    near = np.abs(away) < 15
    assert near.sum() > 50
    assert np.abs(away - sides)[near].max() < 0.3
    # pulled out along its normal, it takes less, and says so
    page.asked.clear()
    start = page.place("scene.cutting.handles.move.position")
    toward = page.ask(
        "(([n, p]) => { const a = scene.project(p), b = scene.project(p.map((v, k) => v + 20 * n[k])); "
        "return [b.x - a.x, b.y - a.y] })(argument)",
        [plane["normal"], plane["point_mm"]],
    )
    mouse = page.page.mouse
    mouse.move(*start)
    mouse.down()
    for k in range(1, 7):
        mouse.move(start[0] + toward[0] * k / 6, start[1] + toward[1] * k / 6)
        page.settle()
    mouse.up()
    page.wait("!bench.cutAsks.pending && bench.cut.value.answer.points")
    page.settle()
    after = page.ask("{cut: bench.cut.value, share: scene.takenShare}")
    assert after["cut"]["cut"]["normal"] == pytest.approx(plane["normal"])
    assert after["share"] < before["share"]
    taken = [one["cut"]["resection"]["resected_ml"]["value"] for one in (before, after)]
    assert taken[1] < taken[0]
    assert any(one.endswith("/planner/cut") for one in page.asked)
    assert f"{after['cut']['resection']['remnant_ml']['value']:,.0f} ml" in page.page.locator(".plan-cut").inner_text()


def test_a_tilted_cut_turns_around_its_middle(page):
    page.page.get_by_role("radio", name="Resection").click()
    page.wait("bench.state.value.step === 'done'")
    page.page.get_by_role("button", name="Take a plane").click()
    page.wait("bench.cut.value?.answer?.points")
    before = np.array(page.ask("bench.cut.value.cut.normal"))
    page.page.get_by_role("button", name="Tilt up or down +2°").click()
    page.wait("!bench.cutAsks.pending")
    after = np.array(page.ask("bench.cut.value.cut.normal"))
    assert np.degrees(np.arccos(np.clip(before @ after, -1, 1))) == pytest.approx(2, abs=0.01)


def test_a_drawing_without_a_tumour_says_so(bench, browser, tmp_path):
    whole = torso()
    healthy = [one for one in whole.labels if one.kind != "lesion"]
    array = np.where(np.isin(whole.array, [one.value for one in healthy]), whole.array, 0).astype(np.uint8)
    empty = write_drawing(tmp_path / "drawing", LabelMap(array, whole.grid, tuple(healthy)))
    page = bench.open(browser, f"/plan/{bench.put(empty)}")
    assert "tumour to aim at" in page.page.get_by_role("alert").first.inner_text()


def test_a_draft_too_many_or_one_that_is_not_kept_is_said(bench, browser, address):
    broken = "IDBFactory.prototype.open = () => { throw new DOMException('forbidden', 'SecurityError'); };"
    page = bench.open(browser, address, script=broken)
    page.page.get_by_role("button", name="Keep as a draft").click()
    page.page.locator(".plan-paths .note-bad").get_by_text("The drafts live as long as this page.").wait_for()
    assert page.ask("bench.own.value.length") == 1
    page.ask("() => { for (let n = 1; n < 40; n++) bench.keep(); }")
    newest = page.ask("bench.drafts.value.map(one => one.id)")
    assert len(set(newest)) == 40
    page.page.get_by_role("button", name="Keep as a draft").click()
    page.page.get_by_text("40 drafts are kept for this drawing already").wait_for()
    assert page.ask("bench.drafts.value.map(one => one.id)") == newest  # none left without a word
    assert page.complaints == []


def test_beside_the_pointer_stands_why_a_needle_may_not_enter(page):
    page.page.get_by_role("checkbox", name="Where a needle may enter").check()
    page.page.get_by_role("button", name="From the front").click()
    page.settle()
    box = page.page.locator(".plan-stage canvas").bounding_box()
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.page.locator(".plan-pointed")
    tip.wait_for()
    assert tip.inner_text() == page.page.locator(".plan-legend .hint").inner_text()
    at = tip.bounding_box()
    assert 0 < at["x"] - box["x"] - box["width"] / 2 < 40
    page.page.get_by_role("checkbox", name="Where a needle may enter").uncheck()
    tip.wait_for(state="hidden")


@pytest.mark.parametrize("mode", ["needle", "resection"])
def test_axe_finds_nothing_in_either_theme(page, mode):
    from axe_playwright_python.sync_playwright import Axe

    page.ask(f"(bench.mode.value = '{mode}')")
    for theme in ("dark", "light"):
        page.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.settle()
        found = Axe().run(page.page).response["violations"]
        assert found == [], [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
    page.page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")


@pytest.mark.slow
def test_on_a_real_abdomen_the_entry_is_dragged_and_answered(bench, browser, limner_data, tmp_path):
    folder = limner_data / "ct_liver_ircad01"
    names = json.loads((folder / "labels.json").read_text())["labels"]
    plain = {int(value): name.split(" (")[0].replace(" parenchyma", "") for value, name in names.items()}
    labels = tuple(named(name, value, KINDS.get(name, "organ")) for value, name in plain.items())
    read = read_nifti_labels(folder / "labels.nii.gz", labels)
    real = write_drawing(tmp_path / "drawing", read)
    page = bench.open(browser, f"/plan/{bench.put(real)}")
    page.wait("scene.hasSkin")
    before = page.ask("bench.path.value")
    drag(page, page.place("scene.needle('needle-in-hand').entry.position"), (20, 10), steps=5)
    assert page.ask("bench.path.value.entry_mm") != before["entry_mm"]
    print(f"moved needle, real abdomen, browser to browser: {page.ask('bench.spent_ms.value'):.0f} ms")
    assert page.complaints == []
