"""What a surgeon must be told: a scan that ends inside the liver, a lesion by its name alone, rules that contradict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from limner.errors import InputError, LimnerError
from limner.image import LabelMap
from limner.plan import PlanOptions, plan
from tests.plan.conftest import WriteDrawing

NEEDLES = PlanOptions(resection=False)


@pytest.fixture(autouse=True)
def no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise LimnerError("OpenGL is missing.")

    monkeypatch.setattr("limner.scene.render_png", refuse)


def test_a_scan_that_ends_inside_the_liver_says_so_first(
    torso: LabelMap, write_drawing: WriteDrawing, tmp_path: Path
) -> None:
    middle = int(np.argwhere(torso.mask("liver tumor"))[:, 0].mean())
    low = middle - 12
    array = np.ascontiguousarray(torso.array[low : middle + 1])
    cut = LabelMap(array, torso.grid.crop((low, 0, 0), array.shape), torso.labels)
    made = plan(write_drawing(tmp_path / "drawing", cut), tmp_path / "plan", options=NEEDLES)
    assert made.problems[0].code == "cut-off"
    assert "tumor-" in made.problems[0].text and "liver" in made.problems[0].text


def test_a_whole_liver_says_nothing_of_it(bare: Path, tmp_path: Path) -> None:
    made = plan(bare, tmp_path / "plan", options=NEEDLES)
    assert "cut-off" not in {one.code for one in made.problems}


def test_a_lesion_is_one_by_its_name_alone(torso: LabelMap, write_drawing: WriteDrawing, tmp_path: Path) -> None:
    labels = tuple(replace(one, kind="tissue") if one.name == "liver tumor" else one for one in torso.labels)
    folder = write_drawing(tmp_path / "drawing", LabelMap(torso.array, torso.grid, labels))
    made = plan(folder, tmp_path / "plan")
    assert made.paths and made.resection is not None


def test_a_speck_is_no_target_and_the_message_says_why(
    torso: LabelMap, write_drawing: WriteDrawing, tmp_path: Path
) -> None:
    tumor, liver = torso.label("liver tumor").value, torso.label("liver").value
    array = np.where(torso.array == tumor, liver, torso.array).astype(np.uint8)
    array[tuple(int(one) for one in np.argwhere(torso.array == tumor).mean(axis=0))] = tumor
    folder = write_drawing(tmp_path / "drawing", LabelMap(array, torso.grid, torso.labels))
    with pytest.raises(InputError, match=r"all parts of 'liver tumor' are under 0\.02 ml or 3 voxels"):
        plan(folder, tmp_path / "plan")


def test_rules_that_contradict_are_said_to(bare: Path, tmp_path: Path) -> None:
    strict = "needle: {max_length_mm: 20, max_angle_deg: 1, vessel_margin_mm: 60, bone_margin_mm: 60}\n"
    (tmp_path / "strict.yaml").write_text(strict)
    options = PlanOptions(settings=tmp_path / "strict.yaml", resection=False)
    made = plan(bare, tmp_path / "plan", options=options)
    assert not made.paths
    [note] = [one for one in made.problems if one.code == "no-path"]
    assert "no single rule" in note.text


def test_endless_rules_are_refused(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "endless.yaml").write_text("needle: {max_length_mm: .inf}\n")
    with pytest.raises(InputError, match="max_length_mm"):
        plan(bare, tmp_path / "plan", options=PlanOptions(settings=tmp_path / "endless.yaml"))
