"""Drafts on a machine that many share: sealed, back after a login, told where not kept, gone when void."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from limner.serve.tables import Result, Session, Study
from tests.infer.packs import threshold_pack
from tests.serve.corrected import LEVELS, PACK, drawn, write_phantom
from tests.serve.live import PASSWORD
from tests.serve.planned import write_drawing
from tests.web.workstation.opened import Opened
from tests.web.workstation.painting import STATE, kept, labels, paint
from tests.web.workstation.rig import Sent, Workstation, workstation

pytestmark = pytest.mark.browser
COMMENT, REPORT = "Rand der Metastase, Segment VIII", "Herr Beispiel: zwei Herde"
INPUT = {"modality": ["CT"], "window_hu": [-1000.0, 1000.0], "patch": [24, 48, 48], "divisible": [1, 1, 1]}
STORED = """async () => {
  const told = [];
  const walk = (one) => {
    if (one instanceof ArrayBuffer) told.push(new TextDecoder("latin1").decode(one));
    else if (ArrayBuffer.isView(one)) walk(one.buffer);
    else if (one && typeof one === "object") Object.entries(one).forEach((pair) => pair.forEach(walk));
    else told.push(String(one));
  };
  walk({ ...localStorage });
  walk({ ...sessionStorage });
  const answer = (asked) => new Promise((done, no) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = no;
  });
  for (const { name } of await indexedDB.databases()) {
    const base = await answer(indexedDB.open(name));
    for (const store of base.objectStoreNames) walk(await answer(base.transaction(store).objectStore(store).getAll()));
    base.close();
  }
  return told.join(" ");
}"""
NO_ROOM = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (value, ...rest) {
  if (value.sealed?.data.byteLength > 3_000) throw new DOMException("no room", "QuotaExceededError");
  return put.call(this, value, ...rest);
};"""


@pytest.fixture(scope="module")
def ward(tmp_path_factory) -> Iterator[Workstation]:
    folder = tmp_path_factory.mktemp("drafts")
    threshold_pack(folder / "data" / "packs" / PACK, LEVELS, name=PACK, input=INPUT | {"spacing_mm": [4, 2, 2]})
    with workstation(folder / "data") as made:
        made.add_person("night", "planner", "Dr. Night")
        yield made


@pytest.fixture(scope="module")
def study(ward, tmp_path_factory) -> tuple[Sent, Path]:
    folder = tmp_path_factory.mktemp("phantom")
    made = write_phantom(folder / "scan.nii.gz")
    sent = ward.send([folder / "scan.nii.gz"])
    with ward.house.database.session() as db:
        db.get_one(Study, sent.id).shared = True
    return sent, write_drawing(folder / "drawing", drawn(made))


@pytest.fixture
def result(ward, study) -> str:
    return ward.put_drawing(*study)


def log_out(page: Opened) -> None:
    page.page.get_by_role("button", name="Account of").click()
    page.page.get_by_role("menuitem", name="Log out").click()
    page.page.get_by_label("Name").wait_for()


def log_in(page: Opened, name: str) -> None:
    page.page.get_by_label("Name").fill(name)
    page.page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.page.get_by_role("button", name="Log in").click()
    page.page.locator("input[name=username]").wait_for(state="detached")


def stroke(page: Opened, y: int, *, radius_mm: float = 2, deep: bool = False) -> None:
    brush = f"{STATE}.radius_mm.value = {radius_mm}; {STATE}.deep.value = {int(deep)} === 1;"
    page.ask(f"() => {{ {STATE}.active.value = 2; {brush} }}")
    nz, _, nx = page.ask("() => limnerCorrect.desk.reading.view.volume.value.info.shape")
    paint(page, [nx // 2, y, nz // 2])


def test_after_a_logout_drafts_are_ciphertext_and_their_owner_gets_them_back(ward, browser, study, result):
    page = ward.open(browser, f"/correct/{result}")
    page.page.route("**/measures/*", lambda route: route.abort())  # what the server does not take stays a draft
    stroke(page, 8)
    page.page.get_by_label("Comment").fill(COMMENT)
    kept(page, 1)
    painted = labels(page)
    read = f"/read/{study[0].id}?drawing={result}&layout=one"
    page.go(read)
    page.whole()
    page.page.get_by_role("button", name="Sign", exact=True).click()
    page.page.get_by_role("dialog").get_by_role("textbox").fill(REPORT)
    page.ask(
        "() => { const { reading, main } = limnerRead.desk; reading.measures.value = [{ id: 'a'.repeat(24), "
        "kind: 'probe', plane: 'axial', series: main.series.value.id, points: [[12.625, 3, 4]] }]; }"
    )
    page.page.reload()
    page.page.wait_for_selector("body[data-ready=true]")
    page.whole()
    page.wait("limnerRead.desk.reading.measures.value.length === 1")
    page.page.get_by_role("button", name="Sign", exact=True).click()
    page.page.wait_for_function(
        "text => document.querySelector('[role=dialog] textarea, dialog textarea')?.value === text", arg=REPORT
    )
    page.press("Escape")
    log_out(page)
    lying = page.page.evaluate(STORED)
    assert result in lying
    assert ward.user in lying
    for told in (COMMENT, REPORT, "12.625", "Metastase", "probe", "comment"):
        assert told not in lying

    log_in(page, "night")
    page.go(f"/correct/{result}")
    assert page.ask(f"() => {STATE}.edits.value") == 0
    assert page.page.get_by_label("Comment").input_value() == ""
    assert page.page.evaluate(STORED).count(ward.user) == lying.count(ward.user)
    log_out(page)

    log_in(page, "planner")
    page.go(f"/correct/{result}")
    page.wait(f"{STATE}.edits.value === 1")
    assert (labels(page) == painted).all()
    assert page.page.get_by_label("Comment").input_value() == COMMENT


def test_what_the_browser_has_no_room_for_is_told_until_it_is_kept(ward, browser, result):
    page = ward.open(browser, f"/correct/{result}", script=NO_ROOM)
    stroke(page, 8)
    kept(page, 1)
    stroke(page, 20, radius_mm=20, deep=True)
    page.page.get_by_text("Not kept in this browser: 1 of the edits").wait_for()
    stroke(page, 4)  # smaller, and would fit; it stands on one that is not kept
    page.page.get_by_text("Not kept in this browser: 2 of the edits").wait_for()
    assert page.page.locator(".co-kept").inner_text() == "3 edits."
    page.press("Control+z")
    page.press("Control+z")
    kept(page, 1)
    page.press("Control+y")
    page.page.get_by_text("Not kept in this browser: 1 of the edits").wait_for()
    page.page.get_by_role("button", name="Save now").click()
    page.page.get_by_text("Saved. Its measures wait for their turn.").wait_for()


def test_an_ended_session_and_a_newer_version_lose_nothing(ward, browser, study, result):
    page = ward.open(browser, f"/correct/{result}")
    stroke(page, 8)
    kept(page, 1)
    painted = labels(page)
    with ward.house.database.session() as db:
        db.execute(delete(Session))
    page.page.locator("[data-act=save]").click()
    page.page.get_by_text("You were logged out").wait_for()
    log_in(page, "planner")
    page.page.wait_for_url(f"**/correct/{result}**")
    page.wait(f"window.limnerCorrect && {STATE}.edits.value === 1")
    assert (labels(page) == painted).all()
    with ward.house.database.reading() as db:
        base = db.get_one(Result, result).version
    newer = ward.put(study[1], study=study[0].id, parent=result, series_id=study[0].series, version=base + 1, pack=PACK)
    page.page.locator("[data-act=save]").click()
    page.page.get_by_text(f"Version {base + 1} was saved by Dr. Planner").wait_for()
    page.page.reload()
    page.page.wait_for_selector("body[data-ready=true]")
    page.wait(f"{STATE}.edits.value === 1")
    assert (labels(page) == painted).all()
    page.page.get_by_role("button", name=f"Take my edits to version {base + 1}").click()
    page.page.wait_for_url(f"**/correct/{newer}**")
    page.wait(f"limnerCorrect?.desk.id === '{newer}' && {STATE}.edits.value === 1 && {STATE}.kept.value === 'kept'")
    assert (labels(page) == painted).all()
    page.page.wait_for_function(f"async old => !(await ({STORED})()).includes(old)", arg=result)  # it moved


def test_drafts_that_became_a_version_or_whose_drawing_has_gone_are_taken_away(ward, browser, study, result):
    page = ward.open(browser, f"/correct/{result}")
    stroke(page, 8)
    kept(page, 1)
    page.page.locator("[data-act=save]").click()
    page.wait("limnerCorrect.desk.job.value")
    page.ask("() => limnerCorrect.desk.kept()")
    page.go("/studies")  # nobody waits for the version
    ward.work("correct")
    gone = ward.put_drawing(*study)
    page.go(f"/correct/{gone}")
    stroke(page, 8)
    kept(page, 1)
    with ward.house.database.session() as db:
        db.execute(delete(Result).where(Result.id == gone))
    page.go("/studies")
    page.wait("indexedDB.databases")
    page.page.wait_for_function(f"async gone => !(await ({STORED})()).includes(gone)", arg=gone)
    assert result not in page.page.evaluate(STORED)
