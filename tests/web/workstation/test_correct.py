"""The Correct page in a real browser: the right voxel on the right side, exact undo, drafts that outlive it."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext

from limner.image.between import between_slices, signed_distance
from limner.io.drawing import read_drawing
from limner.serve.jobs.worker import Worker
from tests.infer.packs import threshold_pack
from tests.serve.corrected import LEVELS, PACK, drawn, write_phantom
from tests.serve.live import PASSWORD
from tests.serve.planned import write_drawing
from tests.web.conftest import FLAGS
from tests.web.workstation.opened import PATIENCE_MS, Opened
from tests.web.workstation.painting import EDITOR, STATE, VIEW, kept, labels, look_at, middle_of, paint, place
from tests.web.workstation.rig import SCREEN, Sent, Workstation, workstation

pytestmark = pytest.mark.browser
INPUT = {"modality": ["CT"], "window_hu": [-1000.0, 1000.0], "patch": [24, 48, 48], "divisible": [1, 1, 1]}


@pytest.fixture(scope="module")
def ward(tmp_path_factory) -> Iterator[Workstation]:
    folder = tmp_path_factory.mktemp("correct")
    threshold_pack(folder / "data" / "packs" / PACK, LEVELS, name=PACK, input=INPUT | {"spacing_mm": [4, 2, 2]})
    with workstation(folder / "data") as made:
        yield made


@pytest.fixture(scope="module")
def study(ward, tmp_path_factory) -> tuple[Sent, Path]:
    """A phantom's scan, and its drawing in a folder."""
    folder = tmp_path_factory.mktemp("phantom")
    made = write_phantom(folder / "scan.nii.gz")
    return ward.send([folder / "scan.nii.gz"]), write_drawing(folder / "drawing", drawn(made))


@pytest.fixture
def result(ward, study) -> str:
    """A fresh drawing."""
    return ward.put_drawing(*study)


@pytest.fixture
def page(ward, browser, result) -> Iterator[Opened]:
    opened = ward.open(browser, f"/correct/{result}")
    yield opened
    assert opened.complaints == []
    opened.page.context.close()
    ward.contexts.remove(opened.page.context)


def test_a_click_paints_that_voxel_and_the_left_stays_left(page, ward, result):
    """The voxel under the pointer, the millimetres that the server knows it by, and the patient's side."""
    page.ask(f"() => {{ {STATE}.radius_mm.value = 0.5; {STATE}.active.value = 2; }}")
    before = labels(page)
    nz, ny, nx = before.shape
    ijk = [nx - 12, ny // 3, nz // 2]  # towards larger x: the patient's left
    paint(page, ijk)
    after = labels(page)
    assert np.argwhere(after != before).tolist() == [ijk[::-1]]
    x, _ = place(page, ijk)
    box = page.page.locator("[data-plane=axial] canvas").bounding_box()
    assert x > box["x"] + box["width"] / 2  # radiological: the left is on the right
    coded = page.ask(
        "async () => { const out = await limnerCorrect.desk.exported(); return Array.from(new Uint8Array(out)); }"
    )
    sent = nibabel.Nifti1Image.from_bytes(gzip.decompress(bytes(coded)))
    there = np.argwhere(np.asarray(sent.dataobj) != before.T)
    assert there.tolist() == [ijk]
    ras = sent.affine @ [*ijk, 1]
    drawn_on = read_drawing(ward.house.result_folder(result)).labels.grid
    lps = drawn_on.world(ijk[::-1])
    assert ras[:3] == pytest.approx([-lps[0], -lps[1], lps[2]], abs=1e-3)
    middle = drawn_on.world(np.array(before.shape) / 2)
    assert lps[0] > middle[0]  # LPS: x grows to the patient's left


@pytest.mark.parametrize("plane", ["coronal", "sagittal"])
def test_other_planes_paint_where_they_show(page, plane):
    page.ask(f"() => {{ {STATE}.radius_mm.value = 0.5; {STATE}.active.value = 2; }}")
    before = labels(page)
    nz, ny, nx = before.shape
    ijk = [nx // 3, ny // 4, nz // 3]
    paint(page, ijk, plane=plane)
    assert np.argwhere(labels(page) != before).tolist() == [ijk[::-1]]


def test_a_stroke_is_as_wide_as_its_brush_and_undo_is_exact(page):
    page.ask(f"() => {{ {STATE}.radius_mm.value = 4; {STATE}.active.value = 2; }}")
    before = labels(page)
    nz, ny, nx = before.shape
    start, end = [nx // 2 - 8, 8, nz // 2], [nx // 2 + 8, 8, nz // 2]
    paint(page, start, end)
    once = labels(page)
    changed = np.argwhere(once != before)
    assert set(changed[:, 0]) == {nz // 2}
    assert (once[once != before] == 2).all()
    sy, sx = page.ask(f"() => {VIEW}.volume.value.info.spacing_mm")[1:]
    y, x = np.ogrid[:ny, :nx]
    inside = np.hypot(np.clip(np.abs(x - nx // 2) - 8, 0, None) * sx, (y - 8) * sy)
    assert once[nz // 2][inside <= 3.9].tolist() == [2] * int((inside <= 3.9).sum())
    assert (once[nz // 2] == before[nz // 2])[inside > 4.1].all()
    paint(page, [nx // 2, 14, nz // 2])
    twice = labels(page)
    page.page.keyboard.press("Control+z")
    assert (labels(page) == once).all()
    page.page.keyboard.press("Control+z")
    assert (labels(page) == before).all()
    page.page.keyboard.press("Control+z")  # nothing is left to take back
    assert (labels(page) == before).all()
    page.page.keyboard.press("Control+y")
    page.page.keyboard.press("Control+Shift+z")
    assert (labels(page) == twice).all()
    kept(page, 2)


def test_locks_values_and_organs_are_respected(page):
    before = labels(page)
    z, y, x = tumor = middle_of(before == 2)
    page.ask(f"() => {{ {STATE}.radius_mm.value = 10; {STATE}.active.value = 1; {STATE}.toggleLock(2); }}")
    paint(page, [x, y, z])
    assert (labels(page)[before == 2] == 2).all()
    page.ask(f"() => {{ {STATE}.toggleLock(2); }}")
    paint(page, [x, y, z])
    assert labels(page)[tumor] == 1
    page.ask(f"() => {EDITOR}.discard()")
    page.ask(f"() => {{ {STATE}.active.value = 2; {STATE}.tool.value = 'erase'; }}")
    paint(page, [x, y, z])
    erased = labels(page)
    assert erased[tumor] == 1  # the tumour lies in the liver: an eraser leaves liver
    assert set(before[erased != before]) == {2}
    page.page.keyboard.press("Control+z")
    page.ask(f"() => {{ {STATE}.tool.value = 'brush'; {STATE}.range.value = {{on: true, low: 5000, high: 6000}}; }}")
    paint(page, [4, 4, z])
    assert (labels(page) == before).all()


def test_fill_needs_a_closed_outline(page):
    page.ask(f"() => {{ {STATE}.radius_mm.value = 0.5; {STATE}.active.value = 2; }}")
    before = labels(page)
    z = before.shape[0] - 2
    assert not before[z, 4:13, 4:13].any()
    look_at(page, [8, 8, z])
    corners = [[5, 5, z], [11, 5, z], [11, 11, z], [5, 11, z], [5, 5, z]]
    mouse = page.page.mouse
    mouse.move(*place(page, corners[0]))
    mouse.down()
    for one in corners[1:4]:
        mouse.move(*place(page, one), steps=6)
    mouse.up()
    page.page.keyboard.press("f")
    mouse.click(*place(page, [8, 8, z]))
    page.page.get_by_text("The area is not closed").wait_for()
    page.page.keyboard.press("b")
    mouse.move(*place(page, corners[3]))
    mouse.down()
    mouse.move(*place(page, corners[4]), steps=6)
    mouse.up()
    page.page.keyboard.press("f")
    mouse.click(*place(page, [8, 8, z]))
    page.settle()
    assert (labels(page)[z, 5:12, 5:12] == 2).all()
    assert not labels(page)[z, 13:, :].any() or (labels(page)[z, 13:, :] == before[z, 13:, :]).all()


def test_slices_between_are_filled_as_the_oracle_fills_them(page):
    page.ask(f"() => {{ {STATE}.active.value = 2; {STATE}.radius_mm.value = 10; }}")
    before = labels(page)
    nz, ny, nx = before.shape
    low, high = nz // 3, nz // 3 + 5
    paint(page, [nx // 2, ny // 2, low])
    page.ask(f"() => {{ {STATE}.radius_mm.value = 5; }}")
    paint(page, [nx // 2 + 6, ny // 2, high])
    painted = (labels(page) == 2) & (before != 2)
    page.page.keyboard.press("i")
    page.settle()
    found = (labels(page) == 2) & (before != 2)
    spacing = page.ask(f"() => {VIEW}.volume.value.info.spacing_mm")[1:]
    wanted = between_slices(painted, spacing_mm=tuple(spacing)) & ~((before == 2) & ~painted)
    assert (found != wanted).sum() <= 2  # where a distance is exactly zero, rounding decides
    assert found.sum() > painted.sum()
    assert np.isfinite(signed_distance(painted[low], tuple(spacing))).all()


def test_a_draft_outlives_a_reload_and_a_killed_browser(ward, browser, result, tmp_path):
    profile = tmp_path / "profile"
    opened = log_in(ward, persistent(browser, profile), f"/correct/{result}")
    opened.ask(f"() => {{ {STATE}.active.value = 2; {STATE}.radius_mm.value = 3; }}")
    nz, _, nx = labels(opened).shape
    paint(opened, [nx // 2, 6, nz // 2])
    paint(opened, [nx // 2, 12, nz // 2])
    third = labels(opened)
    paint(opened, [nx // 2, 18, nz // 2])
    opened.page.keyboard.press("Control+z")
    opened.page.get_by_label("Comment").fill("rim redrawn")
    kept(opened, 2)
    opened.ask("() => limnerCorrect.desk.kept()")
    opened.go(f"/correct/{result}")
    assert (labels(opened) == third).all()
    assert "2 edits that were not saved" in opened.page.locator(".rd-side").inner_text()
    assert opened.page.get_by_label("Comment").input_value() == "rim redrawn"
    kill_browser_of(profile)
    again = persistent(browser, profile)
    opened = log_in(ward, again, f"/correct/{result}")
    assert (labels(opened) == third).all()
    opened.page.keyboard.press("Control+y")  # what was undone can still be done again
    assert labels(opened)[nz // 2, 18, nx // 2] == 2
    opened.page.keyboard.press("Control+z")
    opened.page.keyboard.press("Control+z")
    kept(opened, 1)
    again.close()


def persistent(browser: Browser, profile: Path) -> BrowserContext:
    """A browser of its own, whose database is on the disk."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    context = browser.browser_type.launch_persistent_context(
        str(profile), executable_path=program, args=FLAGS, viewport=SCREEN, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


def log_in(ward: Workstation, context: BrowserContext, address: str) -> Opened:
    asked = context.request.post(f"{ward.url}/api/session", data={"name": "planner", "password": PASSWORD})
    assert asked.ok, asked.text()
    opened = Opened(context.new_page(), ward.url)
    opened.go(address)
    return opened


def told_of(page: Opened, path: str):
    """What the server tells the one who is logged in."""
    answer = page.page.request.get(f"{page.url}{path}")
    assert answer.ok, answer.text()
    return answer.json()


def kill_browser_of(profile: Path) -> None:
    """Ends all processes of the browser with that profile, at once."""
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_bytes()
        except (OSError, NotADirectoryError):
            continue
        if f"--user-data-dir={profile}".encode() in line:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(folder.name), signal.SIGKILL)
    with contextlib.suppress(FileNotFoundError):
        (profile / "SingletonLock").unlink()


def test_a_click_proposes_and_enter_takes_it(page):
    before = labels(page)
    z, y, x = middle_of(before == 2)
    page.ask(f"() => {{ {STATE}.active.value = 2; {STATE}.tool.value = 'click'; }}")
    look_at(page, [x, y, z])
    page.page.mouse.click(*place(page, [x, y, z]))
    page.wait(f"{STATE}.found.value && !{STATE}.asking.value")
    assert page.page.get_by_text("Proposed:").inner_text().endswith("ml")
    assert (labels(page) == before).all()  # a proposal changes nothing
    alone = page.ask(f"() => {STATE}.found.value.ml")
    page.page.keyboard.down("Shift")
    page.page.mouse.click(*place(page, [x + 4, y, z]))
    page.page.keyboard.up("Shift")
    page.wait(f"{STATE}.points.value.length === 2 && !{STATE}.asking.value")
    assert page.ask(f"() => {STATE}.points.value[1].inside") is False
    assert page.ask(f"() => {STATE}.found.value.ml") < alone
    page.page.keyboard.press("Backspace")
    page.wait(f"{STATE}.points.value.length === 1 && !{STATE}.asking.value")
    assert page.ask(f"() => {STATE}.found.value.ml") == alone
    found = page.ask(f"() => ({{...{STATE}.found.value, mask: Array.from({STATE}.found.value.mask)}})")
    page.page.keyboard.press("Enter")
    after = labels(page)
    box = tuple(slice(a, a + n) for a, n in zip(found["start"][::-1], found["size"][::-1], strict=True))
    wanted = before.copy()
    wanted[box][np.array(found["mask"], bool).reshape(found["size"][::-1])] = 2
    assert (after == wanted).all()
    page.page.keyboard.press("Control+z")
    assert (labels(page) == before).all()


def test_a_point_outside_takes_a_leak_away_and_goes_on_with_what_was_accepted(page):
    tumor = labels(page) == 2
    z, y, x = middle_of(tumor)
    page.ask(f"() => {{ {STATE}.active.value = 2; {STATE}.radius_mm.value = 3; }}")
    right = np.flatnonzero(tumor[z, y]).max()
    leak = (z, y, int(right) + 3)
    paint(page, [int(right), y, z], [leak[2], y, z])
    leaked = labels(page)
    assert leaked[leak] == 2
    page.ask(f"() => {{ {STATE}.tool.value = 'click'; }}")
    page.page.mouse.click(*place(page, [x, y, z]))
    page.wait(f"{STATE}.found.value && !{STATE}.asking.value")
    page.page.mouse.click(*place(page, leak[::-1]), button="right")
    page.wait(f"{STATE}.points.value.length === 2 && !{STATE}.asking.value && {STATE}.taken.value")
    page.page.get_by_text("Taken away:").wait_for()
    assert (labels(page) == leaked).all()
    page.press("Enter")
    once = labels(page)
    assert once[leak] == 1  # the tumour lies in the liver
    assert dice(once == 2, tumor) > dice(leaked == 2, tumor)
    page.press("Control+z")
    assert (labels(page) == leaked).all()
    page.press("Control+y")
    # a point outside that follows replaces what was accepted, by the switch as well as by the right button
    edge = [int(np.flatnonzero(once[z, y] == 2).max()), y, z]
    page.page.get_by_role("button", name="Outside", exact=True).click()
    page.page.mouse.click(*place(page, edge))
    page.wait(f"{STATE}.points.value.length === 3 && !{STATE}.asking.value")
    assert (labels(page) == leaked).all()
    page.press("Escape")
    assert (labels(page) == once).all()  # given up: it stands as it was accepted
    page.page.mouse.click(*place(page, edge), button="right")
    page.wait(f"{STATE}.points.value.length === 3 && !{STATE}.asking.value")
    page.press("Enter")
    twice = labels(page)
    assert twice[z, y, edge[0]] != 2
    assert not (twice == 2)[once != 2].any()
    assert page.ask(f"() => {STATE}.edits.value") == 2


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_saving_makes_the_next_version_with_its_author(page, ward, result):
    page.ask(f"() => {{ {STATE}.active.value = 2; {STATE}.radius_mm.value = 5; }}")
    z, y, x = middle_of(labels(page) == 1)
    paint(page, [x, y, z])
    saved = labels(page)
    page.page.get_by_label("Comment").fill("a lesion was missed — 遗漏")
    now = told_of(page, f"/api/results/{result}")["version"]
    page.page.get_by_role("button", name=f"Save as version {now + 1} by Dr. Planner").click()
    page.page.get_by_text("Saved. Its measures wait for their turn.").wait_for()
    Worker(ward.house).run(page.ask("() => limnerCorrect.desk.job.value.id"))
    page.page.wait_for_url(lambda url: "/correct/" in url and result not in url)
    page.page.wait_for_selector("body[data-ready=true]")
    made = page.page.url.split("/correct/")[1].split("?")[0]
    told = told_of(page, f"/api/results/{made}")
    assert (told["version"], told["author"], told["parent_id"]) == (now + 1, "Dr. Planner", result)
    assert told["summary"]["corrected"]["comment"] == "a lesion was missed — 遗漏"
    assert (read_drawing(ward.house.result_folder(made)).labels.array == saved).all()
    page.page.get_by_text(f"Version {now + 1} by Dr. Planner").wait_for()
    page.page.get_by_text("Nothing was changed yet").wait_for()
    page.go(f"/correct/{result}")
    assert f"version {now + 1} is newer" in page.page.locator(".rd-side").inner_text()


def test_the_queue_leads_on_and_the_page_is_accessible(page, ward, result):
    from axe_playwright_python.sync_playwright import Axe

    queue = told_of(page, "/api/cohort/queue")["items"]
    other = next(one["result_id"] for one in queue if one["result_id"] != result)
    page.page.locator(f".co-queue a[href='/correct/{other}']").wait_for()
    for theme in ("dark", "light"):
        page.ask("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.settle()
        found = Axe().run(page.page)
        assert found.violations_count == 0, found.generate_report()
    page.page.locator(f".co-queue a[href='/correct/{other}']").click()
    page.wait(f"limnerCorrect?.desk.id === '{other}' && {EDITOR}")
