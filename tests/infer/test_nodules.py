"""Nodules in a chest, by a net whose every answer is known: it likes bright balls that stand alone."""

import hashlib
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from limner import io
from limner.draw.predictor import PackPredictor
from limner.errors import CohortError, PackError
from limner.image import Grid, Image, LabelMap
from limner.infer import load_pack
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.inputs import predict_inputs
from limner.infer.nodule_labels import blob, label_nodules, lesion_of, row
from limner.infer.nodules import Found, Nodule, NoduleFinder
from limner.scene import find_parts

SPACING = (3.0, 2.0, 2.0)
BALLS = {(-50.0, 5.0, 50.0): 10.0, (52.0, -10.0, 70.0): 12.0, (45.0, 15.0, 35.0): 9.0}
"""Centre in mm LPS to diameter."""


def ball_pack(folder, **changes):
    """A pack on 2 mm whose centres are bright where a ball of 5 voxels is brighter than the shell around it."""
    folder.mkdir(parents=True, exist_ok=True)
    z, y, x = np.mgrid[-4:5, -4:5, -4:5]
    away = np.sqrt(z**2 + y**2 + x**2)
    core, shell = away <= 2, (away > 3) & (away <= 4.2)
    kernel = core / core.sum() - shell / shell.sum()
    weights = {
        "centers": (np.float32(40 * kernel[None, None]), np.float32([-10.0])),
        "sizes": (np.zeros((3, 1, 9, 9, 9), np.float32), np.log(np.float32([2.5, 2.5, 2.5]))),
        "offsets": (np.zeros((3, 1, 9, 9, 9), np.float32), np.zeros(3, np.float32)),
    }
    nodes, initializers, outputs = [], [], []
    for name, (weight, bias) in weights.items():
        nodes.append(
            helper.make_node("Conv", ["image", name + "w", name + "b"], [name], pads=[4] * 3 + [3] * 3, strides=[2] * 3)
        )
        initializers += [numpy_helper.from_array(weight, name + "w"), numpy_helper.from_array(bias, name + "b")]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", len(bias), "z", "y", "x"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, "z", "y", "x"])
    graph = helper.make_graph(nodes, "balls", [image], outputs, initializers)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    spec = {
        "schema": "limner.pack/1",
        "name": "balls",
        "version": "1",
        "task": "detect",
        "description": "Balls, for tests.",
        "input": {
            "modality": ["CT"],
            "spacing_mm": [2, 2, 2],
            "window_hu": [-1000, 300],
            "patch": [32, 48, 48],
            "divisible": [8, 8, 8],
        },
        "classes": ["background", "lung nodule"],
        "classical": ["lungs"],
        "net": {"name": "center-net", "options": {"stride": 2}},
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        "decode": {"threshold": 0.5},
        "files": {"model.onnx": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()},
    }
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return load_pack(folder)


def _chest():
    """Two airy ellipsoids in a body, with the balls in them."""
    grid = Grid.axial((32, 76, 100), SPACING, (-99, -75, 5))
    points = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    x, y, z = np.moveaxis(points, -1, 0)
    hu = np.where((x / 95) ** 2 + (y / 70) ** 2 <= 1, 40.0, -1000.0)
    for side in (-1, 1):
        hu[((x - side * 48) / 32) ** 2 + (y / 50) ** 2 + ((z - 50) / 80) ** 2 <= 1] = -850
    for center, diameter in BALLS.items():
        hu[np.linalg.norm(points - center, axis=-1) <= diameter / 2] = 30
    hu += np.random.default_rng(0).normal(0, 10, hu.shape)
    return Image(hu.astype(np.int16), grid, "CT", "HU")


@pytest.fixture(scope="module")
def chest():
    return _chest()


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return ball_pack(tmp_path_factory.mktemp("balls"))


@pytest.fixture(scope="module")
def found(pack, chest):
    return NoduleFinder(pack, "onnxruntime")(chest)


def _nearest(nodules, center):
    return min(nodules, key=lambda one: np.linalg.norm(np.subtract(one.center_mm, center)))


@pytest.mark.parametrize("center", BALLS)
def test_every_ball_is_found_where_it_is(found, center):
    one = _nearest(found.shown, center)
    assert np.linalg.norm(np.subtract(one.center_mm, center)) < 4
    assert one.name == "lung nodule"


def test_nothing_else_is_shown(found):
    away = [min(np.linalg.norm(np.subtract(one.center_mm, c)) for c in BALLS) for one in found.shown]
    assert max(away) < 4


def test_windows_have_no_seams(pack, chest, found):
    larger = NoduleFinder(pack, "onnxruntime")
    larger.input = larger.input.model_copy(update={"patch": (64, 96, 112)})
    key = sorted(n.center_mm for n in larger(chest).shown)
    assert np.allclose(sorted(n.center_mm for n in found.shown), key, atol=1e-3)


def test_labels_are_the_blobs_and_the_lungs(pack, chest, found):
    drawn = label_nodules(pack, chest, found)
    voxels = drawn.labels.mask("lung nodule")
    points = chest.grid.world(np.argwhere(voxels))
    for center, diameter in BALLS.items():
        here = np.linalg.norm(points - center, axis=1) < 12
        truth = np.pi / 6 * diameter**3
        assert here.sum() * chest.grid.voxel_ml * 1000 == pytest.approx(truth, rel=0.35)
    assert {one.name for one in drawn.labels.present()} == {"lung nodule", "right lung", "left lung"}
    low, high = drawn.intervals_ml["lung nodule"]
    assert low <= voxels.sum() * chest.grid.voxel_ml <= high
    right = chest.grid.world(np.argwhere(drawn.labels.mask("right lung")))
    assert right[:, 0].max() < 10


def test_a_turned_scan_has_its_nodules_at_the_same_place(pack, chest, found):
    turned_grid = Grid(
        (chest.grid.shape[2], chest.grid.shape[0], chest.grid.shape[1]),
        chest.grid.affine[:, [2, 0, 1, 3]],
    )
    turned = Image(np.ascontiguousarray(chest.array.transpose(2, 0, 1)), turned_grid, "CT", "HU")
    again = NoduleFinder(pack, "onnxruntime")(turned)
    assert np.allclose(sorted(n.center_mm for n in again.shown), sorted(n.center_mm for n in found.shown), atol=0.01)
    drawn = label_nodules(pack, turned, again)
    assert drawn.labels.array.shape == turned.array.shape
    assert np.array_equal(drawn.labels.array, label_nodules(pack, chest, found).labels.array.transpose(2, 0, 1))


def test_a_blob_in_the_wall_stays_in_its_box(chest):
    box, (large, middle, small) = blob(chest, Nodule((-48.0, 50.0, 50.0), (8, 8, 8), 0.9, "lung nodule"))
    assert large.sum() >= middle.sum() >= small.sum() > 0
    at = np.argwhere(large) + [s.start for s in box]
    away = chest.grid.world(at) - [-48.0, 50.0, 50.0]
    assert np.linalg.norm(away, axis=1).max() <= 6


def test_a_row_gives_voxels_and_millimetres(chest):
    told = row(Nodule((-50.0, 5.0, 50.0), (6.0, 8.0, 10.0), 0.87654, "lung nodule"), chest.grid)
    x0, y0, z0, x1, y1, z1 = told["box"]
    assert ((x1 - x0) * 2.0, (y1 - y0) * 2.0, (z1 - z0) * 3.0) == pytest.approx((10, 8, 6), abs=0.3)
    assert chest.grid.world(((z0 + z1) / 2 - 0.5, (y0 + y1) / 2 - 0.5, (x0 + x1) / 2 - 0.5)) == pytest.approx(
        [-50, 5, 50], abs=0.3
    )
    assert told["probability"] == round(224 / 255, 4)  # 0.87654 in the steps of the map of confidence


def test_a_scan_without_air_is_refused(pack, chest):
    clipped = Image(np.clip(chest.array, -160, 240), chest.grid, "CT", "HU", (-160, 240))
    with pytest.raises(PackError, match="clipped"):
        NoduleFinder(pack, "onnxruntime")(clipped)
    with pytest.raises(PackError, match="reads CT"):
        NoduleFinder(pack, "onnxruntime")(Image(chest.array, chest.grid, "MR", ""))


def test_a_body_without_lungs_has_no_nodules(pack):
    grid = Grid.axial((16, 60, 60), (4, 4, 4))
    hu = np.full(grid.shape, -1000, np.int16)
    hu[:, 10:50, 10:50] = 40
    none = NoduleFinder(pack, "onnxruntime")(Image(hu, grid, "CT", "HU"))
    assert none.nodules == ()


def _nifti(image, path):
    import nibabel

    to_ras = np.diag([-1, -1, 1, 1]) @ image.grid.affine[:, [2, 1, 0, 3]]
    nibabel.save(nibabel.Nifti1Image(image.array.transpose(2, 1, 0), to_ras), path)
    return path


def test_predicting_writes_labels_and_boxes(pack, chest, tmp_path):
    path = _nifti(chest, tmp_path / "chest.nii.gz")
    [told] = predict_inputs(pack, [path], tmp_path / "out", engine="onnxruntime")
    assert len(told["boxes"]) == 3
    labels: LabelMap = io.read_nifti_labels(tmp_path / "out" / "chest.nii.gz")
    assert labels.grid.same_as(chest.grid, 0.01)
    assert told["volumes_ml"]["lung nodule"] > 1
    lesions = {one["id"]: one for one in told["lesions"]}
    assert {one["lesion"] for one in told["boxes"]} == set(lesions)
    for one in told["boxes"]:
        assert one["probability"] == lesions[one["lesion"]]["probability"]


def test_nodules_that_touch_are_one_lesion_and_as_sure_as_the_surest(pack, chest):
    middle = np.array([-50.0, 5.0, 50.0])
    shown = [
        Nodule(tuple(middle + shift), (10.0, 10.0, 10.0), p, "lung nodule")
        for shift, p in (((0, 0, 0), 0.9), ((0, 8, 0), 0.7), ((0, 16, 0), 0.6), ((0, 45, 0), 0.55))
    ]
    bright = chest.array.copy()  # a rod, so that the blobs of the first three touch one another in a row
    points = chest.grid.world(np.moveaxis(np.indices(chest.grid.shape), 0, -1)) - middle
    rod = (np.abs(points[..., [0, 2]]).max(-1) < 5) & (points[..., 1] > -5) & (points[..., 1] < 21)
    bright[rod] = 30
    image = Image(bright, chest.grid, "CT", "HU")
    none = np.zeros((2, 2, 2), bool)
    found = Found(tuple(shown), 0.5, none, none, Grid.axial((2, 2, 2), (1, 1, 1)))
    drawn = label_nodules(pack, image, found)
    parts = [one for one in find_parts(drawn.labels) if one.label.name == "lung nodule"]
    on = [lesion_of(one, parts, chest.grid) for one in shown]
    assert on[0] is not None and on[0] == on[1] == on[2] != on[3]
    [whole] = [one for one in parts if one.id == on[0]]
    assert round(drawn.probability_of(whole), 4) == row(shown[0], chest.grid)["probability"]


def test_what_is_less_probable_than_the_packs_threshold_is_not_sure(chest, tmp_path):
    path = _nifti(chest, tmp_path / "chest.nii.gz")
    told = {}
    for name, least in (("sure", 0.0), ("never", 1.01)):
        doubting = ball_pack(tmp_path / name, calibration={"abstain_below": least})
        [row_] = predict_inputs(doubting, [path], tmp_path / f"out-{name}", engine="onnxruntime")
        told[name] = [one["abstained"] for one in (*row_["boxes"], *row_["lesions"])]
    assert len(told["sure"]) == 6 and not any(told["sure"]) and all(told["never"])


def test_drawing_takes_a_detector(pack, chest):
    drawn = PackPredictor(str(pack.folder), "onnxruntime").predict(chest, lambda share: None)
    assert "lung nodule" in {one.name for one in drawn.labels.present()}


def test_evaluation_against_listed_nodules(pack, chest, tmp_path):
    _nifti(chest, tmp_path / "chest.nii.gz")
    told = [[*center, diameter] for center, diameter in BALLS.items()]
    far = [*told, [45.0, 25.0, 70.0, 9.0]]  # one that is not there
    rows = [
        {"id": "a", "image": "chest.nii.gz", "nodules": told},
        {"id": "b", "image": "chest.nii.gz", "nodules": far},
    ]
    (tmp_path / "cohort.jsonl").write_text("\n".join(map(json.dumps, rows)))
    result = evaluate(pack, tmp_path / "cohort.jsonl", EvaluateOptions(engine="onnxruntime", bootstrap=10))
    assert result.n == 2
    assert result.metrics["sensitivity"].value == pytest.approx(6 / 7, abs=1e-3)
    assert result.metrics["false_marks"].value == 0
    assert result.per_class["6 to 10 mm"]["sensitivity_at_2_false"].value == pytest.approx(2 / 3, abs=1e-3)


def test_evaluation_draws_the_chests_of_seeds(pack, tmp_path):
    coarse = pack.spec.input.model_copy(update={"spacing_mm": (4, 4, 4), "patch": (64, 64, 80)})
    pack = ball_pack(tmp_path / "coarse", input=coarse.model_dump())
    (tmp_path / "cohort.jsonl").write_text(
        json.dumps({"id": "s", "image": "cohort.jsonl", "chest": "10001", "spacing_mm": "[6, 5, 5]"})
    )
    result = evaluate(pack, tmp_path / "cohort.jsonl", EvaluateOptions(engine="onnxruntime", bootstrap=2))
    assert result.n == 1
    assert result.per_case[0]["nodules"] >= 1


def test_a_cohort_that_says_nothing_of_nodules_is_refused(pack, tmp_path):
    (tmp_path / "cohort.jsonl").write_text(json.dumps({"id": "a", "image": "cohort.jsonl"}))
    with pytest.raises(CohortError, match="'nodules'"):
        evaluate(pack, tmp_path / "cohort.jsonl")
