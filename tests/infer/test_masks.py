"""Masks of pictures: a net that thresholds grey values, so that every answer is known."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from limner import io
from limner.errors import CohortError, InputError, OutputExistsError, PackError
from limner.image import Fit, Picture, fit_picture
from limner.infer import load_pack
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.inputs import predict_inputs
from limner.infer.masks import draw_mask, restore

SLOPE = 20.0
"""Logit per unit of grey above one half."""


def grey_pack(folder, classes=("background", "bright"), size=(32, 32), **changes):
    """A pack whose logit of class 1 is ``SLOPE (x − 0.5)``; a third class is brighter than 0.8."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.zeros((len(classes), 1, *(1,) * len(size)), np.float32)
    bias = np.zeros(len(classes), np.float32)
    weights[1:2], bias[1:2] = SLOPE, -SLOPE * 0.5
    weights[2:], bias[2:] = 2 * SLOPE, -SLOPE * 1.3
    axes = ["z", "y", "x"][-len(size) :]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["logits"], kernel_shape=[1] * len(size))],
        "grey",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, *axes])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(classes), *axes])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    spec = {
        "schema": "limner.pack/1",
        "name": "grey",
        "version": "1",
        "task": "segment",
        "description": "Grey thresholds, for tests.",
        "input": {"modality": ["OT"], "size": size, "channels": 1},
        "classes": classes,
        "class_values": ["0", "255", "128"][: len(classes)],
        "mirrors": "yx",
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        "files": {"model.onnx": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()},
    }
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return load_pack(folder)


def _picture(size=(64, 48), box=(16, 32, 10, 30), value=250) -> np.ndarray:
    array = np.full(size, 10, np.uint8)
    array[box[0] : box[1], box[2] : box[3]] = value
    return array


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return grey_pack(tmp_path_factory.mktemp("grey"))


def test_labels_lie_on_the_pictures_own_grid(pack):
    array = _picture()
    found = draw_mask(pack, Picture(array[None], (0.5, 0.5)))
    assert found.labels.shape == array.shape
    assert (found.labels == (array > 128)).mean() > 0.99  # half the size in between: the border may move by a pixel
    assert found.probabilities.shape == (2, *array.shape)
    np.testing.assert_allclose(found.probabilities.sum(0), 1, atol=1e-5)
    area = found.areas["bright"]
    assert area.unit == "mm²"
    assert area.value == pytest.approx((found.labels > 0).sum() * 0.25)
    assert area.low <= 16 * 20 * 0.25 <= area.high
    assert found.confidence > 0.9
    assert found.uncertainty[0, 0] < 0.05 < found.uncertainty.max()


def test_nothing_there(pack):
    found = draw_mask(pack, Picture(np.zeros((1, 32, 32), np.uint8)))
    assert not found.labels.any()
    assert found.areas == {}
    assert not found.abstained


@pytest.mark.parametrize("source", [(50, 80), (20, 20), (33, 47)])
def test_back_and_forth(source):
    y, x = np.indices(source)
    smooth = (127 + 60 * np.sin(y / 8) + 60 * np.cos(x / 8)).astype(np.uint8)
    fitted, fit = fit_picture(smooth[None], (32, 32))
    back = restore(fitted.astype(np.float32), fit)
    assert back.shape == (1, *source)
    assert np.abs(back[0] - smooth)[3:-3, 3:-3].max() < 12


def test_small_volumes_come_back_too():
    fit = Fit((6, 8, 10), (16, 16, 16), 1.6, (3, 2, 0))
    assert restore(np.ones((2, 16, 16, 16), np.float32), fit).shape == (2, 6, 8, 10)


def test_a_pack_that_knows_kinds_names_the_picture(tmp_path):
    kinds = {"classes": ("background", "dim", "bright"), "class_values": ["none", "dim", "bright"]}
    pack = grey_pack(tmp_path, groups={"thing": ["dim", "bright"]}, **kinds)
    dim, bright, none = (draw_mask(pack, Picture(_picture(value=value)[None])) for value in (170, 250, 10))
    assert max(dim.picture, key=dim.picture.get) == "dim"
    assert max(bright.picture, key=bright.picture.get) == "bright"
    assert max(none.picture, key=none.picture.get) == "none"
    assert sum(dim.picture.values()) == pytest.approx(1)
    assert dim.areas["thing"].value == dim.areas["dim"].value > 0


def test_an_unsure_mask_is_told(tmp_path):
    known = {"temperature": 1.0, "abstain_below": 0.9}
    pack = grey_pack(tmp_path, calibration=known)
    assert not draw_mask(pack, Picture(_picture(value=255)[None])).abstained
    assert draw_mask(pack, Picture(_picture(value=140)[None])).abstained


def test_the_threshold_of_the_calibration_decides(tmp_path):
    """A bias of the probabilities moves with its threshold: what is marked stays, how likely it is changes."""
    bias = -0.7
    even = 1 / (1 + math.exp(-bias))
    plain = draw_mask(grey_pack(tmp_path / "a"), Picture(_picture(value=140)[None]))
    moved = draw_mask(
        grey_pack(tmp_path / "b", calibration={"bias": bias, "threshold": even}), Picture(_picture(value=140)[None])
    )
    assert (plain.labels == moved.labels).all()
    assert moved.probabilities[1].max() < plain.probabilities[1].max()


def _cohort(folder, cases):
    rows = [["id", "image", "mask", "patient", "site", "split", "label"]]
    for name, (image, mask, patient, site) in cases.items():
        Image.fromarray(image).save(folder / f"{name}.png")
        Image.fromarray(mask).save(folder / f"{name}_mask.png")
        rows.append([name, f"{name}.png", f"{name}_mask.png", patient, site, "test", "dim" if mask.any() else "none"])
    with (folder / "cohort.csv").open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return folder / "cohort.csv"


@pytest.fixture
def cohort(tmp_path):
    """A hit, a box of which half is bright, an empty slice left alone, and an empty slice with a false mark."""
    size = (32, 32)
    full, half, none = (_picture(size, box) for box in ((8, 24, 8, 24), (8, 16, 8, 24), (0, 0, 0, 0)))
    truth = np.where(full > 128, 255, 0).astype(np.uint8)
    empty = np.zeros(size, np.uint8)
    cases = {
        "hit": (full, truth, "p1", "here"),
        "half": (half, truth, "p2", "there"),
        "empty": (none, empty, "p1", "here"),
        "false": (half, empty, "p3", "there"),
    }
    return _cohort(tmp_path, cases)


def test_figures_by_picture_by_patient_and_by_site(pack, cohort):
    found = evaluate(pack, cohort, EvaluateOptions(split="test", bootstrap=100))
    assert (found.n, found.task) == (4, "segment")
    one = found.per_class["bright"]
    assert one["dice"].value == pytest.approx((1 + 2 / 3 + 0) / 3, abs=1e-3)  # the empty slice left alone has no Dice
    assert one["specificity"].value == 0.5
    assert one["sensitivity"].value == pytest.approx(0.75)
    assert one["patient_dice"].value == pytest.approx((1 + 2 / 3 + 0) / 3, abs=1e-3)
    assert one["hd95_px"].value == pytest.approx(4, abs=0.1)  # 0 for the hit, 8 for the half
    assert found.metrics["dice"] == one["dice"]
    assert found.metrics["dice_gain_of_mirroring"].value == pytest.approx(0)
    assert found.per_site["here"]["dice"].value == 1
    assert found.per_site["there"]["dice"].value == pytest.approx(1 / 3, abs=1e-3)
    assert found.calibration["ece"] > 0.1  # it is sure of what it marks, and half of that is not there
    assert 0 <= found.calibration["area_in_interval"] <= 1
    assert next(row for row in found.per_case if row["id"] == "half")["region"] == "bright"


def test_lengths_are_in_millimetres_only_where_a_pixel_has_a_size(pack, cohort):
    found = evaluate(pack, cohort, EvaluateOptions(bootstrap=10)).per_class["bright"]
    assert found["hd95_mm"].value is None
    assert found["hd95_px"].value is not None


def test_masks_of_other_values_are_marked_or_not(pack, tmp_path):
    """The pack calls its classes 0 and 255; the cohort 0 and 1: without regions.json, mask > 0 is the one region."""
    bright = _picture((32, 32), (8, 24, 8, 24))
    path = _cohort(tmp_path, {"a": (bright, (bright > 128).astype(np.uint8), "p", "s")})
    found = evaluate(pack, path, EvaluateOptions(bootstrap=10))
    assert found.per_class["bright"]["dice"].value == 1
    assert any("mask > 0" in text for text in found.problems)


def test_regions_say_which_values_are_compared(tmp_path):
    """Mask value 3 is the bright box, 5 a dim one beside it; the pack knows both, and a group of them."""
    kinds = {"classes": ("background", "dim", "bright"), "class_values": ["0", "1", "2"]}
    pack = grey_pack(tmp_path / "pack", groups={"thing": ["dim", "bright"]}, **kinds)
    image = _picture((32, 32), (8, 24, 8, 24))
    mask = np.where(image > 128, 3, 0).astype(np.uint8)
    mask[:4, :4] = 5
    path = _cohort(tmp_path, {"a": (image, mask, "p", "s")})
    with pytest.raises(CohortError, match="holds 3, 5"):
        evaluate(pack, path)
    found = evaluate(pack, path, EvaluateOptions(regions={"bright": (3,)}, bootstrap=10))
    assert set(found.per_class) == {"bright"}
    assert found.metrics["dice"].value == found.per_class["bright"]["dice"].value == 1
    (tmp_path / "regions.json").write_text('{"thing": [3, 5], "dim": [5]}')
    found = evaluate(pack, path, EvaluateOptions(bootstrap=10))
    assert set(found.per_class) == {"thing", "dim"}
    assert found.per_class["thing"]["dice"].value == pytest.approx(2 * 256 / (256 + 272), abs=1e-4)
    assert found.per_class["dim"]["dice"].value == 0
    with pytest.raises(PackError, match=r"no region 'brigth'.*Did you mean 'bright'"):
        evaluate(pack, path, EvaluateOptions(regions={"brigth": (3,)}))


def test_patients_are_pooled(pack, tmp_path):
    size = (32, 32)
    full, half = _picture(size, (8, 24, 8, 24)), _picture(size, (8, 16, 8, 24))
    truth = np.where(full > 128, 255, 0).astype(np.uint8)
    path = _cohort(tmp_path, {"a": (full, truth, "p", "s"), "b": (half, truth, "p", "s")})
    found = evaluate(pack, path, EvaluateOptions(bootstrap=10)).metrics
    assert found["dice"].value == pytest.approx((1 + 2 / 3) / 2, abs=1e-3)
    assert found["patient_dice"].value == pytest.approx(2 * (256 + 128) / (256 + 128 + 512), abs=1e-3)


def test_a_picture_pack_names_pictures_in_the_evaluation(tmp_path, cohort):
    kinds = {"classes": ("background", "dim", "bright"), "class_values": ["none", "dim", "bright"]}
    pack = grey_pack(tmp_path / "pack", groups={"thing": ["dim", "bright"]}, **kinds)
    found = evaluate(pack, cohort, EvaluateOptions(bootstrap=10))
    assert set(found.per_class) == {"dim", "bright", "thing"}
    assert found.metrics["accuracy"].value == 0.25  # all three marked are called bright; the empty one is right
    assert found.per_class["dim"]["dice"].value == 0


def test_readers_are_the_ceiling(pack, tmp_path):
    votes = np.zeros((2, 32, 32), np.uint8)
    votes[:, 8:24, 8:24] = 4
    votes[1, 8:24, 8:24] = 2
    image = np.where(votes > 0, 250, 10).astype(np.uint8)
    np.savez(tmp_path / "p.npz", image=image, votes=votes, nodule=np.zeros(2, int), slice=np.arange(2))
    (tmp_path / "index.csv").write_text("patient,file,split\np,p.npz,test\n")
    found = evaluate(grey_pack(tmp_path / "pack", class_values=["0", "1"]), tmp_path / "index.csv", EvaluateOptions())
    pairs = found.per_class["two readers"]
    assert pairs["dice"].value == pytest.approx((1 + 1 / 3) / 2, abs=1e-3)
    assert pairs["pack_above"].value == pytest.approx(1 / 3, abs=1e-3)
    assert found.per_class["two readers, where all four marked"]["dice"].value == 1
    assert found.per_class["a reader and the majority"]["dice"].value == pytest.approx((1 + 2 / 3) / 2, abs=1e-3)


def test_a_cohort_without_masks(pack, cohort):
    with pytest.raises(CohortError, match="No case of"):
        evaluate(pack, cohort, EvaluateOptions(mask="nothing"))


def test_rows_and_label_pictures(pack, cohort, tmp_path):
    inputs = [cohort.parent / "hit.png", cohort.parent / "empty.png"]
    hit, empty = predict_inputs(pack, inputs, tmp_path / "out")
    labels = io.read_picture_labels(hit["labels"])
    assert hit["classes"]["1"] == "bright"
    assert labels.sum() == hit["areas"]["bright"]["value"] == 256
    assert empty["areas"] == {}
    assert json.loads(json.dumps(hit)) == hit
    with pytest.raises(OutputExistsError, match="hit"):
        predict_inputs(pack, inputs, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".*"))


def test_a_map_of_uncertainty_is_written_when_asked(pack, cohort, tmp_path):
    (row,) = predict_inputs(pack, [cohort.parent / "half.png"], tmp_path / "out", uncertainty=True)
    values = io.read_picture_labels(row["uncertainty"])
    assert values.shape == (32, 32)
    assert row["uncertainty"].endswith("half.uncertainty.png")
    (row,) = predict_inputs(pack, [cohort.parent / "hit.png"], tmp_path / "out")
    assert "uncertainty" not in row
    assert not (tmp_path / "out" / "hit.uncertainty.png").exists()
    classes = grey_pack(tmp_path / "other", task="classify")
    with pytest.raises(InputError, match="its task is classify"):
        predict_inputs(classes, [cohort.parent / "hit.png"], tmp_path / "out", uncertainty=True)


def test_a_pack_for_scans_is_refused(tmp_path):
    scans = {
        "modality": ["CT"],
        "spacing_mm": [2, 2, 2],
        "window_hu": [0, 1],
        "patch": [8, 8, 8],
        "divisible": [1, 1, 1],
    }
    with pytest.raises(PackError, match="reads scans"):
        draw_mask(grey_pack(tmp_path, input=scans), Picture(np.zeros((1, 8, 8), np.uint8)))


def test_drawing_a_mask_needs_no_torch(pack):
    code = (
        "import sys, numpy as np; from limner.image import Picture; from limner.infer import load_pack; "
        "from limner.infer.masks import draw_mask; "
        f"draw_mask(load_pack({str(pack.folder)!r}), Picture(np.zeros((1, 32, 32), np.uint8))); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
