"""Pictures and pages of a plan: they show what they are told, in both languages, on two pages."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.errors import InputError
from limner.findings import BlindSpot, Interval, Nearest, NeedlePath, Plan, ProblemNote, Relaxation
from limner.image import Grid, Image, LabelMap
from limner.image.anatomy import label
from limner.report.needle_views import SHAPE, needle_view
from limner.report.plan_pdf import PlanContent, write_plan_pdf
from limner.report.refused_map import SAFE, SkinMap, refused_map, unrolled

ENTRY, TARGET = (0.0, -40.0, 0.0), (0.0, 0.0, 0.0)


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def labels() -> LabelMap:
    grid = Grid.axial((60, 60, 60), (2.0, 2.0, 2.0), (-60.0, -60.0, -60.0))
    array = np.zeros(grid.shape, np.uint8)
    array[10:50, 10:50, 10:50] = 3
    array[25:35, 25:35, 25:35] = 2
    return LabelMap(array, grid, (label("liver tumor", 2), label("body", 3)))


def test_a_needle_is_drawn_down_the_middle_of_both_planes(labels: LabelMap) -> None:
    image = Image(np.full(labels.grid.shape, -1000, np.int16), labels.grid, "CT", "HU")
    shown = _pixels(needle_view(image, labels, ENTRY, TARGET))
    yellow = (shown[..., 0] > 200) & (shown[..., 1] > 170) & (shown[..., 2] < 120)
    quarter = SHAPE[1] // 2
    for middle in (quarter, SHAPE[1] + quarter + 2):
        assert yellow[: SHAPE[0] // 2, middle - 4 : middle + 5].any(axis=1).mean() > 0.3


def test_the_image_is_seen_where_it_is_given(labels: LabelMap) -> None:
    bright = Image(np.full(labels.grid.shape, 240, np.int16), labels.grid, "CT", "HU")
    assert _pixels(needle_view(bright, labels, ENTRY, TARGET)).mean() > 150
    assert _pixels(needle_view(None, labels, ENTRY, TARGET)).mean() < 120
    assert needle_view(bright, labels, ENTRY, TARGET) == needle_view(bright, labels, ENTRY, TARGET)


def test_the_patients_right_lies_left_of_the_front() -> None:
    flat = unrolled(np.array([[-50.0, -1, 0], [50.0, -1, 0], [0, -50.0, 0]]), np.zeros(3))
    assert flat[0, 0] < flat[2, 0] == 0 < flat[1, 0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_safe_skin_is_green_where_it_lies(lang: str) -> None:
    angles, heights = np.meshgrid(np.radians(np.arange(-180, 180, 2)), np.arange(0, 100, 2.0))
    points = np.stack([100 * np.sin(angles), -100 * np.cos(angles), heights], -1).reshape(-1, 3)
    right = points[:, 0] < 0
    skin = SkinMap(points, np.where(right, -1, 0), ("bones",), np.zeros((0, 3)))
    words = {"en": ("safe", "Skin", ["back", "right", "front", "left", "back"])}
    words["zh"] = ("安全", "皮肤", ["背", "右", "前", "左", "背"])
    safe, title, sides = words[lang]
    shown = _pixels(refused_map(skin, safe=safe, title=title, sides=sides, lang=lang))
    green = np.abs(shown - [int(SAFE[k : k + 2], 16) for k in (1, 3, 5)]).max(-1) < 12
    columns = green[: int(0.7 * len(green))].any(axis=0)
    found = np.flatnonzero(columns)
    assert found.max() < 0.6 * len(columns)


def _plan(paths: int) -> Plan:
    path = NeedlePath(
        id="path-1", entry_mm=ENTRY, target_mm=TARGET, length_mm=40, angle_deg=3, score=0.8, safe_only_at_mean=True,
        clearance_mm=Interval(value=8, low=5, high=11), nearest=Nearest(name="liver vessels", mm=8),
    )  # fmt: skip
    some = tuple(path.model_copy(update={"id": f"path-{k + 1}"}) for k in range(paths))
    return Plan(
        schema="limner.plan/1",
        target="tumor-1",
        rules={"needle": {"max_length_mm": 150.0}},
        paths=some,
        relax=() if paths else (Relaxation(rule="max_length_mm", now=20, needed=41),),
        blind_spots=(BlindSpot(name="bowel", text="not drawn"),),
        problems=tuple(ProblemNote(code="left-out", severity="warning", text="Not drawn: spleen.") for _ in range(6)),
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("paths", [0, 8])
def test_a_plan_is_two_pages_that_say_what_matters(tmp_path: Path, labels: LabelMap, lang: str, paths: int) -> None:
    view = needle_view(None, labels, ENTRY, TARGET)
    content = PlanContent(_plan(paths), "liver tumor", 12.3, views={f"path-{k + 1}": view for k in range(paths)})
    write_plan_pdf(tmp_path / "plan.pdf", content, lang)
    told = subprocess.run(["pdfinfo", tmp_path / "plan.pdf"], capture_output=True, text=True, check=True).stdout
    assert "Pages:           2" in told
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "plan.pdf", "-"], capture_output=True, text=True, check=True
    )
    assert "max_length_mm" in text.stdout and "12.3 ml" in text.stdout
    expected = {
        ("en", 0): "No safe path was found", ("en", 8): "safe only",
        ("zh", 0): "未找到安全路径", ("zh", 8): "仅按最佳",
    }  # fmt: skip
    assert expected[lang, paths] in "".join(text.stdout.split("\n")).replace("  ", " ")


def test_another_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="en, zh"):
        write_plan_pdf(tmp_path / "plan.pdf", PlanContent(_plan(1), "liver tumor", 1.0), "fr")
