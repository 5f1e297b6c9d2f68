"""The scene in an emulated headset (IWER): two eyes, life-size, and a trigger that hits what it points at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from limner.draw import draw
from tests.web.workstation.opened import Opened
from tests.web.workstation.rig import workstation

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EMULATE = """
const { XRDevice, metaQuest3 } = globalThis.IWER;
const device = new XRDevice(metaQuest3);
device.stereoEnabled = true;
device.installRuntime({ forceInstall: true });
globalThis.headset = device;
"""
EYES_APART_M = 0.063


@pytest.fixture
def page(tmp_path, browser, npm_packages, write_ct, thresholds) -> Iterator[Opened]:
    files = write_ct(tmp_path / "ct")
    draw(files[0].parent, tmp_path / "drawing", predictor=thresholds)
    emulator = (npm_packages / "iwer" / "build" / "iwer.min.js").read_text()
    with workstation(tmp_path / "data") as station:
        study = station.send(files)
        station.put_drawing(study, tmp_path / "drawing")
        yield station.open(browser, f"/read/{study.id}?layout=mpr3d", script=emulator + EMULATE)


def _three_frames(page: Opened) -> None:
    begun = page.ask("limnerHeadset.frames()")
    page.wait(f"limnerHeadset.frames() >= {begun + 3}")


def test_the_scene_is_seen_with_both_eyes_and_a_trigger_picks(page):
    page.page.get_by_role("button", name="Headset").click()
    page.wait("globalThis.limnerHeadset?.frames() >= 3")
    assert page.ask("limnerHeadset.eyes()") == 2
    apart = page.ask(
        """() => {
          const [left, right] = limnerScene.stage.renderer.xr.getCamera().cameras;
          return left.matrixWorld.elements.slice(12, 15).map((x, i) => x - right.matrixWorld.elements[12 + i]);
        }"""
    )
    assert sum(one**2 for one in apart) ** 0.5 == pytest.approx(1000 * EYES_APART_M, rel=0.05)

    # the hand, at the height of the middle of the body, which is ahead; then the trigger
    page.ask("headset.controllers.right.position.set(0, 1.25, 0), headset.controllers.right.quaternion.set(0, 0, 0, 1)")
    for pulled in (1, 0):
        _three_frames(page)
        page.ask(f"headset.controllers.right.updateButtonValue('trigger', {pulled})")
    page.wait("limnerHeadset.pointed() !== null")
    assert page.ask("limnerHeadset.pointed()") in page.ask("limnerScene.stage.surfaces.map(one => one.structure.id)")

    page.ask("limnerHeadset.end()")
    page.wait("!limnerScene.stage.renderer.xr.isPresenting")
    assert page.complaints == []
