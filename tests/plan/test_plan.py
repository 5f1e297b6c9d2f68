"""From a drawing to a plan: what is offered holds, what is refused says why, and what is bad is refused whole."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from limner.errors import InputError, LimnerError, OutputExistsError
from limner.findings import Plan
from limner.image import LabelMap
from limner.io import read_drawing, read_glb, read_nifti_labels
from limner.plan import PlanOptions, plan
from limner.plan.workflow import STEPS
from limner.scene.anatomy import Anatomy
from limner.scene.needles import NeedleRules, violations
from tests.plan.conftest import WriteDrawing


@pytest.fixture(autouse=True)
def no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most plans here need no still picture of the scene; the machine that makes them cannot render, and is quicker."""

    def refuse(*arguments: object, **options: object) -> None:
        raise LimnerError("OpenGL is missing.")

    monkeypatch.setattr("limner.scene.render_png", refuse)


@pytest.fixture(scope="module")
def planned(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    """One plan of the torso, which these tests look at and leave as it is."""
    out = tmp_path_factory.mktemp("planned") / "plan"
    return plan(bare, out), out


def test_every_offered_path_holds_in_a_walk_through_the_voxels(planned: tuple[Plan, Path], bare: Path) -> None:
    made, _ = planned
    anatomy = Anatomy.of(read_drawing(bare).labels)
    lesion = anatomy.lesion(made.target)
    organ = anatomy.organ_of(lesion)
    assert organ is not None and len(made.paths) >= 3
    for one in made.paths:
        line = np.array(one.entry_mm), np.array(one.target_mm)
        assert violations(anatomy.labels, lesion, organ.values, line, NeedleRules()) == ()
        assert one.clearance_mm.low <= one.clearance_mm.value <= one.clearance_mm.high
        assert one.length_mm == pytest.approx(np.linalg.norm(np.subtract(one.entry_mm, one.target_mm)), abs=0.01)


def test_plan_json_keeps_the_contract(planned: tuple[Plan, Path]) -> None:
    made, out = planned
    told = json.loads((out / "plan.json").read_text())
    assert told["schema"] == "limner.plan/1"
    assert {"target", "rules", "paths", "refused", "resection"} <= set(told)
    assert {"entry_mm", "target_mm", "length_mm", "clearance_mm", "nearest", "scores"} <= set(told["paths"][0])
    assert set(told["paths"][0]["clearance_mm"]) >= {"value", "low", "high"}
    assert {"reason", "count"} <= set(told["refused"][0])
    assert all((out / name).is_file() for name in made.files.values())
    assert all((out / one.file).is_file() for one in made.paths if one.file)
    assert Plan.model_validate(told) == made


def test_refused_entries_are_counted_by_reason(planned: tuple[Plan, Path]) -> None:
    reasons = {one.structure or one.reason: one.count for one in planned[0].refused}
    assert reasons["table"] > 0 and reasons["bones"] > 0
    assert list(reasons.values()) == sorted(reasons.values(), reverse=True)


def test_the_scene_has_a_rod_for_each_path_from_the_skin_to_the_tip(planned: tuple[Plan, Path]) -> None:
    made, out = planned
    scene = {one.id: one for one in read_glb(out / "scene.glb")}
    assert {"liver", "bones", "tumor-1"} <= set(scene)
    for one in made.paths:
        away = np.linalg.norm(scene[one.id].vertices_mm - np.array(one.target_mm), axis=1).min()
        assert away < 1.5


def test_a_resection_leaves_what_the_voxels_say(planned: tuple[Plan, Path], bare: Path) -> None:
    made, out = planned
    assert made.resection is not None
    best = made.resection["resections"][0]
    voxels = read_nifti_labels(out / "resection.nii.gz")
    drawn = read_drawing(bare).labels
    left = np.isin(voxels.array, [1, 3, 4, 5]) & ~drawn.mask("liver tumor")
    counted = np.count_nonzero(left) * voxels.grid.voxel_ml
    assert counted == pytest.approx(best["remnant_ml"]["value"], rel=0.01)


def test_segments_and_trees_are_written(planned: tuple[Plan, Path], bare: Path) -> None:
    made, out = planned
    segments = read_nifti_labels(out / "segments.nii.gz")
    drawn = read_drawing(bare).labels
    assert set(np.unique(segments.array[drawn.mask("liver")])) <= set(range(1, 9))
    assert not segments.array[drawn.mask("spleen")].any()
    assert sum(made.target_segments.values()) == pytest.approx(1, abs=0.01)
    trees = json.loads((out / "vessels.json").read_text())["trees"]
    assert {one["name"] for one in trees} == {"portal vein", "hepatic veins"}
    assert all(one["branches"] for one in trees)


def test_the_pages_are_two(planned: tuple[Plan, Path]) -> None:
    told = subprocess.run(["pdfinfo", planned[1] / "plan.pdf"], capture_output=True, text=True, check=True).stdout
    assert "Pages:           2" in told


def test_what_is_not_drawn_is_said_to_be_unseen(torso: LabelMap, write_drawing: WriteDrawing, tmp_path: Path) -> None:
    folder = write_drawing(tmp_path / "drawing", torso, without=("liver vessels", "aorta"))
    made = plan(folder, tmp_path / "plan", options=PlanOptions(resection=False))
    assert "vessels" in [one.name for one in made.blind_spots]
    assert made.paths
    assert made.resection is None


def test_where_no_path_is_safe_the_rule_that_must_give_is_named(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text("needle: {max_length_mm: 20}\n")
    options = PlanOptions(settings=tmp_path / "strict.yaml", resection=False)
    made = plan(bare, tmp_path / "plan", options=options)
    assert made.paths == ()
    assert made.ablation is None
    [length] = [one for one in made.relax if one.rule == "max_length_mm"]
    assert length.now == 20 < length.needed
    (tmp_path / "wide.yaml").write_text(f"needle: {{max_length_mm: {length.needed}}}\n")
    again = plan(bare, tmp_path / "wide", options=PlanOptions(settings=tmp_path / "wide.yaml", resection=False))
    assert again.paths


@pytest.mark.parametrize(("without", "match"), [(("liver tumor",), "tumour to aim at"), (("body",), "No skin")])
def test_a_drawing_that_cannot_be_planned_is_refused_and_nothing_is_written(
    torso: LabelMap, write_drawing: WriteDrawing, tmp_path: Path, without: tuple[str, ...], match: str
) -> None:
    folder = write_drawing(tmp_path / "drawing", torso, without=without)
    with pytest.raises(InputError, match=match):
        plan(folder, tmp_path / "plan")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["drawing"]


def test_a_tumour_outside_its_organ_is_refused(torso: LabelMap, write_drawing: WriteDrawing, tmp_path: Path) -> None:
    array = np.where(torso.mask("liver tumor"), torso.label("liver").value, torso.array).astype(np.uint8)
    z, y, x = (int(one) for one in np.argwhere(torso.mask("spleen")).mean(axis=0))
    array[z - 2 : z + 2, y - 2 : y + 2, x - 2 : x + 2] = torso.label("liver tumor").value
    folder = write_drawing(tmp_path / "drawing", LabelMap(array, torso.grid, torso.labels))
    with pytest.raises(InputError, match="outside it"):
        plan(folder, tmp_path / "plan")


def test_an_unknown_target_is_refused_with_the_nearest(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Did you mean 'tumor-1'"):
        plan(bare, tmp_path / "plan", options=PlanOptions(target="tumour1"))


def test_no_drawing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        plan(tmp_path / "nothing", tmp_path / "plan")


def test_an_older_plan_is_replaced_only_with_force_and_a_drawing_never(bare: Path, tmp_path: Path) -> None:
    options = PlanOptions(resection=False)
    plan(bare, tmp_path / "plan", options=options)
    with pytest.raises(OutputExistsError, match="already there"):
        plan(bare, tmp_path / "plan", options=options)
    plan(bare, tmp_path / "plan", options=PlanOptions(resection=False, force=True))
    with pytest.raises(InputError, match="would replace"):
        plan(bare, bare, options=PlanOptions(resection=False, force=True))
    copy = shutil.copytree(bare, tmp_path / "other")
    with pytest.raises(OutputExistsError, match=r"holds no plan\.json"):
        plan(bare, copy, options=PlanOptions(resection=False, force=True))


def test_a_whole_drawing_gives_dicom_and_names_nobody(drawn: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    options = PlanOptions(image=drawn.parent / "study", lang="zh")
    made = plan(drawn, tmp_path / "plan", options=options, progress=lambda step, _: steps.append(step))
    assert tuple(dict.fromkeys(steps)) == STEPS
    report = pydicom.dcmread(tmp_path / "plan" / "plan.sr.dcm")
    seg = pydicom.dcmread(drawn / "labels.seg.dcm", stop_before_pixels=True)
    assert report.StudyInstanceUID == seg.StudyInstanceUID
    checker = shutil.which("dciodvfy")
    assert checker, "dciodvfy is not installed: apt-get install dicom3tools"
    said = subprocess.run([checker, tmp_path / "plan" / "plan.sr.dcm"], capture_output=True, text=True, check=False)
    assert [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")] == []
    lines = _lines(report)
    assert len(lines) == len(made.paths)
    for line, path in zip(lines, made.paths, strict=True):
        np.testing.assert_allclose(np.reshape(line, (2, 3)), [path.entry_mm, path.target_mm], atol=1e-3)
    for text in ("Zyxwvut", "987654"):
        assert text not in (tmp_path / "plan" / "plan.json").read_text()


def _lines(dataset: pydicom.Dataset) -> list[list[float]]:
    """Graphic data of every polyline, in the order of the tree."""
    found = []
    if dataset.get("GraphicType") == "POLYLINE":
        found.append([float(one) for one in dataset.GraphicData])
    for item in dataset.get("ContentSequence", ()):
        found += _lines(item)
    return found


def test_a_scan_that_lies_elsewhere_is_refused(bare: Path, drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="series that was drawn"):
        plan(bare, tmp_path / "plan", options=PlanOptions(image=drawn.parent / "study"))
    assert list(tmp_path.iterdir()) == []
