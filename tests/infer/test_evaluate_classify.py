"""A classifier held against a cohort: curves, and the folder that they are written to."""

import csv
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from limner.errors import OutputExistsError
from limner.infer import load_pack
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.evaluate.write import write_evaluation
from limner.report.figures import png_size

SIZE = (8, 8)


def light_pack(folder, classes=("dark", "light"), **changes):
    """A net whose logit for each class is the mean brightness times its place: sure of what is bright or dark."""
    folder.mkdir(parents=True, exist_ok=True)
    rise = np.linspace(-6, 6, len(classes)).astype(np.float32).reshape(1, -1)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
            helper.make_node("Sub", ["mean", "half"], ["centred"]),
            helper.make_node("MatMul", ["centred", "rise"], ["logits"]),
            helper.make_node("Identity", ["image"], ["maps"]),
        ],
        "light",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, *SIZE])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("logits", "maps")],
        [numpy_helper.from_array(rise, "rise"), numpy_helper.from_array(np.float32([0.5]), "half")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(folder / "model.onnx"))
    spec = {
        "schema": "limner.pack/1",
        "name": "light",
        "version": "1",
        "task": "classify",
        "description": "Brightness, for tests.",
        "input": {"modality": ["XC"], "size": list(SIZE), "channels": 1},
        "classes": list(classes),
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        **changes,
    }
    (folder / "pack.json").write_text(json.dumps(spec))
    return load_pack(folder)


@pytest.fixture
def cohort(tmp_path):
    """Twenty pictures from dark to light; the label is light from the middle on, and two in the middle are wrong."""
    folder = tmp_path / "cohort"
    folder.mkdir()
    rows = [["id", "image", "label"]]
    for k, level in enumerate(np.linspace(0, 255, 20).astype(np.uint8)):
        Image.fromarray(np.full(SIZE, level)).save(folder / f"{k}.png")
        light = k >= 10
        rows.append([str(k), f"{k}.png", "light" if light != (k in (9, 10)) else "dark"])
    with (folder / "cohort.csv").open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return folder / "cohort.csv"


@pytest.fixture
def found(tmp_path, cohort):
    pack = light_pack(tmp_path / "pack", calibration={"abstain_below": 0.7})
    return evaluate(pack, cohort, EvaluateOptions(bootstrap=20, engine="onnxruntime"))


def test_reliability_adds_up_to_the_error(found):
    bins = found.reliability
    assert sum(one["share"] for one in bins) == pytest.approx(1)
    error = sum(abs(one["confidence"] - one["accuracy"]) * one["share"] for one in bins)
    assert error == pytest.approx(found.calibration["ece"], abs=1e-3)
    assert bins[0]["accuracy"] < bins[-1]["accuracy"] == 1


def test_the_surest_answers_are_the_right_ones(found):
    curve = found.risk_coverage
    assert curve[0] == {"coverage": 0.05, "risk": 0.0}
    assert curve[-1] == {"coverage": 1.0, "risk": 0.1}
    assert [one["risk"] for one in curve] == sorted(one["risk"] for one in curve)


def test_long_curves_arecurve_rows():
    from limner.infer.evaluate.classify import curve_rows
    from limner.tasks.classify import risk_coverage

    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1], 5000)
    curve = curve_rows(risk_coverage(p, rng.integers(0, 2, 5000)))
    assert len(curve) == 101
    assert curve[-1]["coverage"] == 1


def test_two_classes_have_a_sensitivity_at_a_specificity(tmp_path, cohort, found):
    name = "sensitivity_at_90_specificity"
    assert found.metrics[name] == found.per_class["light"][name]
    three = light_pack(tmp_path / "three", classes=("dark", "light", "glaring"))
    assert name not in evaluate(three, cohort, EvaluateOptions(bootstrap=5)).metrics


def test_the_contract_stays(found):
    told = json.loads(found.model_dump_json())
    assert isinstance(told["calibration"]["ece"], float)
    assert all(isinstance(value, float) for value in told["calibration"].values())


def test_the_folder_is_whole_and_not_replaced_unasked(found, tmp_path):
    out = write_evaluation(found, tmp_path / "out")
    assert json.loads((out / "evaluation.json").read_text())["n"] == 20
    for name in ("reliability.png", "risk_coverage.png"):
        assert min(png_size((out / name).read_bytes())) > 300
    with pytest.raises(OutputExistsError, match="already in 'out'"):
        write_evaluation(found, out)
    write_evaluation(found.model_copy(update={"reliability": [], "risk_coverage": []}), out, force=True)
    assert [path.name for path in out.iterdir()] == ["evaluation.json"]
    (out / "mine.txt").write_text("keep")
    with pytest.raises(OutputExistsError, match="other things"):
        write_evaluation(found, out, force=True)
    assert not list(tmp_path.glob(".out*"))
