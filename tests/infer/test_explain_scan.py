"""Explanations of whole scans by nets whose answers are known: a nodule is a bright ball, a tumour a dark one."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from limner import io
from limner.errors import InputError, NothingFoundError, PackError
from limner.image import Grid, Image, LabelMap, Picture
from limner.image.anatomy import named
from limner.infer.explain import More, explain, explain_question, write_explanation
from limner.infer.explain.lime import supervoxels
from limner.infer.explain.scan import ScanAsker, answer_scan, choose
from limner.infer.explain.scan_attributes import attributes_of
from limner.infer.explain.source import ScanSource, coarser
from limner.scene import find_parts
from tests.infer.packs import threshold_pack
from tests.infer.test_nodules import BALLS, _chest, _nifti, ball_pack

ENGINE = "onnxruntime"
FEW = {"samples": 40}


@pytest.fixture(scope="module")
def chest():
    return _chest()


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return ball_pack(tmp_path_factory.mktemp("balls"))


@pytest.fixture(scope="module")
def answered(pack, chest):
    return answer_scan(pack, chest, ENGINE)


@pytest.fixture(scope="module")
def found(pack, answered):
    question = ScanAsker(pack, answered, ENGINE).put(choose(pack, answered))
    return explain_question(question, more=More(**FEW))


@pytest.fixture(scope="module")
def liver(tmp_path_factory):
    """A pack of two nets, and a liver of 110 HU with a tumour of 62 HU in air, on the nets' own grid."""
    main = {"background": -1000.0, "liver": 110.0, "liver tumor": 62.0}
    first = {"background": -1000.0, "liver": 110.0, "spleen": 250.0}
    made = threshold_pack(
        tmp_path_factory.mktemp("liver"), main, locator=first, regions={"liver": ["liver tumor"]}, classical=["body"]
    )
    z, y, x = np.indices((40, 48, 48))
    hu = np.full((40, 48, 48), -1000, np.int16)
    hu[(z - 20) ** 2 + (y - 20) ** 2 + (x - 18) ** 2 <= 14**2] = 110
    hu[(z - 20) ** 2 + (y - 20) ** 2 + (x - 38) ** 2 <= 4**2] = 250
    hu[(z - 22) ** 2 + (y - 18) ** 2 + (x - 16) ** 2 <= 5**2] = 62
    return made, Image(hu, Grid.axial((40, 48, 48), (2, 2, 2), (-30, -40, 7)), "CT", "HU")


def test_the_surest_nodule_is_explained_with_the_probability_of_the_drawing(pack, answered, found):
    part = choose(pack, answered)
    sure_of = answered.prediction.probability_of
    assert sure_of(part) == max(sure_of(one) for one in answered.parts if "nodule" in one.id)
    assert found.probability == pytest.approx(answered.prediction.probability_of(part), abs=0.01)
    assert found.name == f"lung nodule {part.id[-1]}" and found.sentence.startswith(f"Found {found.name}")
    assert "elsewhere" not in " ".join(found.all_warnings)


def test_heat_of_a_nodule_is_hottest_in_the_nodule(found):
    made = found.map("lime")
    source = found.source
    assert isinstance(source, ScanSource) and made.values.shape == source.size == source.mask.shape
    hot = source.grid.world(np.unravel_index(int(made.values.argmax()), made.values.shape))
    truth = min(BALLS, key=lambda center: np.linalg.norm(source.center_mm - center))
    weights = np.maximum(made.weights, 0)
    away = np.linalg.norm(source.grid.world(np.moveaxis(np.indices(source.size), 0, -1)) - truth, axis=-1)
    assert np.linalg.norm(hot - truth) < 12
    near = [float((away[made.segments == k] < 14).mean()) for k in range(1, len(weights) + 1)]
    assert weights @ near > 0.8 * weights.sum()
    checks = {one.name: one for one in made.checks}
    assert checks["deletion_auc"].passed and checks["insertion_auc"].passed and checks["local_fit"].passed


def test_a_mask_of_the_lesion_is_a_pointing_game(pack, chest):
    points = chest.grid.world(np.moveaxis(np.indices(chest.grid.shape), 0, -1))
    mask = np.any([np.linalg.norm(points - c, axis=-1) <= d / 2 + 2 for c, d in BALLS.items()], axis=0)
    for lesion, passed in ((mask, True), (~mask & (points[..., 2] < 30), False)):
        more = More(mask=lesion, check=False, **FEW)
        [made] = explain(pack, chest, method="lime", engine=ENGINE, more=more).maps
        assert {one.name: one.passed for one in made.checks}["pointing"] is passed


@pytest.mark.parametrize("target", ["nodule-2", "lung nodule"])
def test_a_finding_is_named_as_the_drawing_names_it(pack, answered, target):
    part = choose(pack, answered, target)
    assert target in (part.id, part.label.name)


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        ("nodule-9", PackError, "Did you mean 'nodule-"),
        ("right-lung", PackError, "by a rule on attenuation"),
        ("lung", PackError, "no finding and no class 'lung'"),
    ],
)
def test_what_cannot_be_explained_is_refused(pack, answered, target, error, words):
    with pytest.raises(error, match=words):
        choose(pack, answered, target)


def test_a_scan_without_a_finding_has_nothing_to_explain(pack, chest):
    empty = np.where(chest.array > -800, chest.array, -850).astype(np.int16)
    z, y, x = np.moveaxis(chest.grid.world(np.moveaxis(np.indices(chest.grid.shape), 0, -1)), -1, 0)[::-1]
    for center, diameter in BALLS.items():
        empty[np.linalg.norm(np.stack([x, y, z], -1) - center, axis=-1) <= diameter / 2 + 3] = -850
    with pytest.raises(NothingFoundError, match="nothing to explain"):
        explain(pack, Image(empty, chest.grid, "CT", "HU"), engine=ENGINE)
    with pytest.raises(PackError, match="reads scans, and this is a picture"):
        explain(pack, Picture(np.zeros((1, 8, 8), np.uint8)))
    with pytest.raises(InputError, match="must lie on"):
        explain(pack, chest, engine=ENGINE, more=More(mask=np.ones((3, 3, 3), bool)))


@pytest.mark.parametrize(("target", "net"), [(None, "model.onnx"), ("liver", "model.onnx"), ("spleen", "locator.onnx")])
def test_a_structure_is_asked_of_the_net_that_drew_it(liver, target, net):
    made, image = liver
    answered = answer_scan(made, image, ENGINE)
    part = choose(made, answered, target)
    question = ScanAsker(made, answered, ENGINE).put(part)
    assert part.label.name == (target or "liver tumor") and question.net.model.name == net
    assert question.probability == pytest.approx(answered.prediction.probability_of(part), abs=0.1)
    gone = question.ask([np.where(question.region, question.blank, question.image)])
    assert gone[0] < 0.2 < question.probability


@pytest.mark.parametrize(("target", "unsure"), [("liver tumor", True), ("liver", False)])
def test_a_lesion_below_the_packs_threshold_is_explained_as_not_sure(liver, target, unsure):
    made, image = liver
    answered = answer_scan(made, image, ENGINE)
    part = choose(made, answered, target)
    assert not ScanAsker(made, answered, ENGINE).put(part).abstained
    doubtful = replace(answered, prediction=replace(answered.prediction, abstain_below=1.01))
    question = ScanAsker(made, doubtful, ENGINE).put(part)
    assert question.abstained is unsure
    if unsure:
        found = explain_question(question, ("attributes",))
        assert found.abstained and found.sentence.startswith("Not sure whether there is liver tumor")


def test_attributes_are_measured_of_lesions_alone(liver):
    made, image = liver
    found = explain(made, image, method="attributes", engine=ENGINE)
    by_name = {one.name: one for one in found.attributes.effects}
    assert by_name["size"].value == pytest.approx(20, abs=2.5) and by_name["size"].unit == "mm"
    assert by_name["lobulation"].value < 0.1 and all(one.without is None for one in by_name.values())
    assert "Measured: its size" in found.sentence
    with pytest.raises(PackError, match="measured of lesions"):
        explain(made, image, method="attributes", engine=ENGINE, more=More(target="liver"))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 0.8, 0.8)], ids=["even", "thick"])
def test_a_ball_has_no_spikes_in_thick_slices_either_and_a_spiky_one_has(spacing):
    shape = tuple(int(60 / step) for step in spacing)
    grid = Grid.axial(shape, spacing)
    away = grid.world(np.moveaxis(np.indices(shape), 0, -1)) - 29.3
    ball = np.linalg.norm(away, axis=-1) <= 11
    rods = [(np.linalg.norm(np.delete(away, k, -1), axis=-1) <= 2.4) & (np.abs(away[..., k]) < 22) for k in (0, 1)]
    values = []
    for mask in (ball, ball | rods[0] | rods[1]):
        image = Image(np.where(mask, 40, -850).astype(np.int16), grid, "CT", "HU")
        [part] = find_parts(LabelMap(mask.astype(np.uint8), grid, (named("lung nodule", 1),)))
        values.append({one.name: one.value for one in attributes_of(image, part)})
    smooth, spiky = values
    assert smooth["size"] == pytest.approx(22, abs=1) and spiky["size"] == pytest.approx(44, abs=1)
    assert smooth["spiculation"] < 0.03 < 0.06 < spiky["spiculation"]
    assert smooth["lobulation"] < 0.05 and smooth["margin"] < 0.5


def test_supervoxels_end_at_the_border_of_the_finding(pack, answered):
    question = ScanAsker(pack, answered, ENGINE).put(choose(pack, answered))
    segments = supervoxels(question, question.source)
    assert set(np.unique(segments)) == set(range(1, segments.max() + 1)) and 12 < segments.max() < 40
    inside = [float(question.region[segments == one].mean()) for one in np.unique(segments)]
    assert max(inside) > 0.7 and sum(0.2 < one < 0.7 for one in inside) <= 1


@pytest.mark.parametrize("turn", ["oblique", "flipped"])
def test_heat_lies_on_the_grid_of_the_scan(pack, chest, tmp_path, turn):
    if turn == "oblique":
        angle = np.deg2rad(12)
        spin = np.eye(4)
        spin[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        image, moved = Image(chest.array, Grid(chest.grid.shape, spin @ chest.grid.affine), "CT", "HU"), spin
    else:
        affine = chest.grid.affine @ np.diag([-1.0, 1, -1, 1])
        affine[:3, 3] = chest.grid.world((chest.grid.shape[0] - 1, 0, chest.grid.shape[2] - 1))
        image = Image(np.ascontiguousarray(chest.array[::-1, :, ::-1]), Grid(chest.grid.shape, affine), "CT", "HU")
        moved = np.eye(4)
    found = explain(pack, image, method="lime", engine=ENGINE, more=More(check=False, **FEW))
    files = write_explanation(found, tmp_path / "why")
    heat = io.read_nifti(tmp_path / "why" / files["heat lime"])
    scan = io.read_nifti(_nifti(image, tmp_path / "scan.nii.gz"))
    assert heat.grid.same_as(scan.grid)
    hot = heat.grid.world(np.argwhere(heat.array > 0.9 * heat.array.max()))
    truths = [(moved @ [*center, 1])[:3] for center in BALLS]
    assert min(np.linalg.norm(hot - one, axis=1).min() for one in truths) < 4
    outside = found.source.window.index(heat.grid.world(np.argwhere(heat.array != 0)))
    assert (outside > -0.51).all() and (outside < np.array(found.source.window.shape) - 0.49).all()


def test_a_coarser_grid_fills_the_same_box():
    grid = Grid.axial((12, 16, 20), (3.0, 1.5, 1.5), (5, 6, 7))
    small = coarser(grid, (6, 4, 5))
    for k in (0, 1):
        ends = [-0.5 if k == 0 else n - 0.5 for n in grid.shape], [-0.5 if k == 0 else n - 0.5 for n in small.shape]
        assert np.allclose(grid.world(ends[0]), small.world(ends[1]))


def test_files_say_which_finding_and_in_which_language(found, pack, chest, tmp_path):
    files = write_explanation(found, tmp_path / "why")
    told = json.loads((tmp_path / "why" / "explanation.json").read_text())
    assert told["finding"].startswith("nodule-") and told["center_mm"] and told["window"]["spacing_mm"] == [2, 2, 2]
    assert {"lime.png", "heat-lime.nii.gz", "attributes.png"} <= set(files.values())
    assert set(files.values()) == {path.name for path in (tmp_path / "why").iterdir()}
    assert all(row["probability_without"] is None for row in told["attributes"]["rows"])
    chinese = explain(pack, chest, method="attributes", engine=ENGINE, lang="zh")
    assert chinese.sentence.startswith("检出lung nodule") and "测得：大小（最长径" in chinese.sentence
