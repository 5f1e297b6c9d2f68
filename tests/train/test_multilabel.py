"""Pictures of which several things may be true: bright above, bright below, both, or neither."""

import csv

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from limner.data.examples import Example, Examples, View, class_truths, read_examples
from limner.errors import CohortError, RecipeError
from limner.infer import load_pack
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.inputs import predict_inputs
from limner.reproduce import record_figures
from limner.train import train
from limner.train.classify import LabelledBatches
from limner.train.multilabel import CheckedTruths, multilabel_loss
from limner.train.pictures import load_pictures, picture_parts
from limner.train.recipe import Expectation, Strength, read_recipe

from .pictures import write_recipe

FINDINGS = ["", "above", "below", "above|below"]


@pytest.fixture
def cohort(tmp_path):
    rng = np.random.default_rng(0)
    rows = ["id,image,findings,split,patient"]
    for k in range(48):
        label = FINDINGS[k % 4]
        pixels = rng.normal(60, 10, (16, 16))
        pixels[:8] += 120 * ("above" in label)
        pixels[8:] += 120 * ("below" in label)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(tmp_path / f"{k}.png")
        said = label or ("No finding" if k % 8 else "none")
        rows.append(f"c{k},{k}.png,{said},{('train', 'train', 'val', 'test')[k // 4 % 4]},p{k}")
    (tmp_path / "cohort.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "cohort.csv"


def _recipe(tmp_path, cohort, **data):
    sources = [{"cohort": str(cohort), "licence": "CC0", "values": {"No finding": ""}}]
    whole = {"size": [16, 16], "classes": ["above", "below"], "multi_label": True, "column": "findings"}
    return write_recipe(
        tmp_path / "toy.yaml", cohort, data={**whole, "sources": sources, **data}, augment={"flip": "x"}
    )


def test_from_recipe_to_figures(tmp_path, cohort):
    steps = ["train.steps=60", "train.batch=16", "train.rate=0.01", "train.check_every=30"]
    pack = load_pack(train(_recipe(tmp_path, cohort), steps, tmp_path / "run").pack)
    assert pack.spec.multi_label and pack.spec.none_values == ["No finding"]
    assert pack.spec.calibration.temperature > 0
    pictures = [cohort.parent / f"{k}.png" for k in range(12, 16)]
    rows = predict_inputs(pack, pictures, tmp_path / "out", engine="onnxruntime")
    assert [set(row["classes"]) for row in rows] == [set(), {"above"}, {"below"}, {"above", "below"}]
    assert rows[0]["class"] == "none" and sum(rows[3]["probabilities"].values()) > 1.5
    found = evaluate(pack, cohort, EvaluateOptions("test", label="findings", bootstrap=20, engine="onnxruntime"))
    assert found.n == 12 and found.metrics["auc"].value == 1.0 == found.metrics["exact"].value
    assert set(found.per_class) == {"above", "below"}
    assert {"auc", "sensitivity", "specificity", "accuracy", "balanced_accuracy"} <= set(found.per_class["below"])
    assert found.baseline == {"accuracy": 0.5, "balanced_accuracy": 0.5}
    assert found.per_case[0]["label"] == "none" and found.per_case[3]["label"] == "above|below"
    [row] = record_figures(
        pack.folder, [Expectation(cohort=str(cohort), split="test", label="findings", metric="auc", at_least=0.9)]
    )
    assert row["reached"] and "--label findings" in (pack.folder / "CARD.md").read_text()


def test_labels_become_truths_and_unknown_ones_are_named():
    rows = [
        Example(str(k), np.zeros((1, 2, 2), np.uint8), "p", label=one) for k, one in enumerate(["b | a", None, "a"])
    ]
    classes = {"a": "A", "b": "B"}
    assert class_truths(Examples(tuple(rows)), classes).tolist() == [[True, True], [False, False], [True, False]]
    with pytest.raises(CohortError, match="unknown labels 'b'"):
        class_truths(Examples(tuple(rows)), {"a": "A", "c": "C"})


def test_archives_with_a_column_per_class(tmp_path):
    labels = np.array([[0, 0, 0], [1, 0, 1]])
    np.savez(tmp_path / "m.npz", train_images=np.zeros((2, 8, 8), np.uint8), train_labels=labels)
    read = read_examples(tmp_path / "m.npz", View((8, 8), multi_label=True))
    assert [row.label for row in read.rows] == [None, "0|2"]
    assert class_truths(read, {"0": "a", "1": "b", "2": "c"}).tolist() == labels.astype(bool).tolist()
    np.savez(tmp_path / "m.npz", train_images=np.zeros((2, 8, 8), np.uint8), train_labels=labels * 2)
    with pytest.raises(CohortError, match="holds 0 and 1"):
        read_examples(tmp_path / "m.npz", View((8, 8), multi_label=True))


def test_blended_examples_have_shares_and_the_sampler_levels_rare_classes():
    there = np.zeros((100, 2), bool)
    there[:40, 0], there[0, 1] = True, True
    images = np.zeros((100, 1, 8, 8), np.uint8)
    mixed = LabelledBatches(images, there, 2, Strength(mixup=1.0), 0).batch(0, 64)[1]
    assert bool(((mixed > 0) & (mixed < 1)).any()) and bool((mixed <= 1).all())
    even = LabelledBatches(images, there, 2, Strength(), 0, balanced=True)
    drawn = np.concatenate([even.order.at(step, 100) for step in range(30)])
    counts = np.array([(drawn == 0).sum(), ((drawn > 0) & (drawn < 40)).sum(), (drawn >= 40).sum()])
    np.testing.assert_allclose(counts / counts.sum(), [1 / 3] * 3, atol=0.04)


def test_the_loss_weighs_a_rare_class_as_much_as_its_absence():
    there = np.zeros((10, 2), bool)
    there[:5, 0], there[:1, 1] = True, True
    logits, target = torch.zeros(10, 2, requires_grad=True), torch.from_numpy(there).float()
    multilabel_loss(there)((logits, logits), target).backward()
    assert torch.allclose(logits.grad.sum(0), torch.zeros(2), atol=1e-6)  # at even odds nothing pulls either way
    plain = torch.zeros(10, 2)
    smooth = multilabel_loss(None, 0.2)((plain + 2, plain), torch.ones(10, 2))
    at = torch.sigmoid(torch.tensor(2.0))
    assert smooth.item() == pytest.approx(float(-(0.9 * at.log() + 0.1 * (1 - at).log())), rel=1e-5)


def test_the_check_leaves_out_what_it_cannot_measure_and_says_so(tmp_path, cohort):
    table = list(csv.DictReader(cohort.read_text().splitlines()))
    for row in table:
        if row["split"] == "val":
            row["findings"] = "above" if "above" in row["findings"] else ""
    cohort.write_text("\n".join([",".join(table[0]), *(",".join(row.values()) for row in table)]) + "\n")
    recipe = read_recipe(_recipe(tmp_path, cohort))
    parts = picture_parts(recipe, recipe.data, None)
    assert any("without 'below': no AUC" in one for one in parts.notes)
    assert 0 <= parts.check(parts.net.eval()) <= 1 and parts.calibrate is not None
    nothing = CheckedTruths(np.zeros((3, 1, 16, 16), np.uint8), np.zeros((3, 2), bool))
    assert nothing.score(parts.net.eval()) in (0.0, 0.5, 1.0)


def test_what_does_not_go_with_several_classes_is_refused(tmp_path, cohort):
    for changes, words in (
        ({"balance": "logits"}, "take loss or sampler"),
        ({"classes": {"a": "none", "b": "b"}}, "class 'none'"),
        ({"classes": {"a|b": "x", "b": "b"}}, r"joins the labels"),
    ):
        with pytest.raises(RecipeError, match=words):
            read_recipe(_recipe(tmp_path, cohort, **changes))
    with pytest.raises(RecipeError, match="for task 'classify'"):
        read_recipe(_recipe(tmp_path, cohort), ["task=detect", "net=auto"])
    one_of_all = read_recipe(_recipe(tmp_path, cohort, multi_label=False), ["data.sources.0.values={}"])
    learned = load_pictures(one_of_all, one_of_all.data)
    assert learned.train.rows[3].label == "above|below"
    with pytest.raises(CohortError, match=r"data\.multi_label: true"):
        picture_parts(one_of_all, one_of_all.data, None)


def test_a_recipe_that_was_written_is_read_again(tmp_path, cohort):
    recipe = read_recipe(_recipe(tmp_path, cohort))
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    assert read_recipe(tmp_path / "again.yaml") == recipe
