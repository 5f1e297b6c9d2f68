"""Packs whose size has three numbers, on files: every verb, on the file's own grid."""

import json
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner

from limner import io
from limner.cli import app
from limner.data.examples import View, read_examples
from limner.errors import PackError
from limner.image import Picture
from limner.infer.detect import Detector
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.evaluate import detect as evaluating
from limner.infer.explain.evaluate import CohortOptions, evaluate_explanations
from limner.infer.inputs import predict_inputs
from limner.packs import Decode
from limner.tasks.boxes import Marks, encode
from tests.infer.explained import dark_pack, spot
from tests.infer.packs import threshold_pack
from tests.infer.volumes import ball, write_balls, write_volume

SIZE = (12, 16, 16)
WINDOW = (0.0, 100.0)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_balls(tmp_path_factory.mktemp("balls"))


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory):
    read = {"modality": ["CT"], "size": SIZE, "channels": 1, "window_hu": WINDOW}
    levels = {"background": 0.0, "ball": 100.0}
    return threshold_pack(tmp_path_factory.mktemp("pack"), levels, WINDOW, input=read, class_values=["0", "1"])


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PSR"])
def test_a_label_map_lies_on_the_grid_of_its_file(segmenter, tmp_path, codes):
    inside = np.zeros((24, 20, 16), bool)  # twice the pack's size
    inside[4:16, 6:18, 2:10] = True  # off the middle: a mirrored answer would be seen
    source = write_volume(tmp_path / "v.nii.gz", np.where(inside, 100, 0).astype(np.int16), codes)
    [row] = predict_inputs(segmenter, [source], tmp_path / "out")
    assert row["labels"] == str(tmp_path / "out" / "v.labels.nii.gz")
    image, labels = nibabel.load(source), nibabel.load(row["labels"])
    np.testing.assert_allclose(labels.affine, image.affine, atol=1e-5)
    found, true = np.asarray(labels.dataobj) > 0, np.asarray(image.dataobj) > 50
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.98
    assert row["areas"]["ball"]["unit"] == "ml"
    assert row["areas"]["ball"]["value"] == pytest.approx(found.sum() * 0.002, abs=1e-3)


def test_an_array_is_labelled_as_it_is_stored(segmenter, tmp_path):
    inside = ball(SIZE, (5, 8, 6))
    np.save(tmp_path / "v.npy", np.where(inside, 100.0, 0.0))
    [row] = predict_inputs(segmenter, [tmp_path / "v.npy"], tmp_path / "out")
    labels = np.asarray(nibabel.load(row["labels"]).dataobj)
    np.testing.assert_array_equal(labels.T, inside)
    assert row["areas"]["ball"]["unit"] == "voxels"


def test_segmentations_are_evaluated_in_millimetres(segmenter, cohort):
    found = evaluate(segmenter, cohort, EvaluateOptions(bootstrap=10))
    assert found.n == 6
    assert found.metrics["dice"].value > 0.9
    assert found.metrics["hd95_mm"].value <= 2.0


def test_a_pack_of_the_other_number_of_axes_says_so_in_the_row(segmenter, tmp_path):
    from PIL import Image

    good = write_volume(tmp_path / "v.nii.gz", np.zeros((8, 8, 8), np.int16))
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "p.png")
    rows = predict_inputs(segmenter, [good, tmp_path / "p.png"], tmp_path / "out")
    assert "labels" in rows[0]
    assert "take a pack" in rows[1]["error"]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return dark_pack(tmp_path_factory.mktemp("dark"), (16, 16, 16))


@pytest.fixture(scope="module")
def dark_ball(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dark")
    picture, mask = spot((14, 16, 16), (7, 8, 6), 4)
    grey = picture.with_channels(1).array[0]
    write_volume(folder / "v.nii.gz", grey, "RAS")
    write_volume(folder / "m.nii.gz", mask.astype(np.uint8), "LPS")
    (folder / "cohort.csv").write_text("id,image,label,mask\na,v.nii.gz,lesion,m.nii.gz\n")
    return folder


def test_explain_runs_on_a_volume_end_to_end(classifier, dark_ball, tmp_path):
    given = [str(classifier.folder), str(dark_ball / "v.nii.gz"), "--mask", str(dark_ball / "m.nii.gz")]
    done = CliRunner().invoke(app, ["explain", *given, "-o", str(tmp_path / "e"), "--method", "grad-cam", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["name"] == "lesion"
    assert told["size"] == [14, 16, 16]
    assert {one["name"]: one["passed"] for one in told["maps"][0]["checks"]}["pointing"]
    assert (tmp_path / "e" / "grad-cam.png").is_file()


def test_explanations_of_a_cohort_of_volumes_have_figures(classifier, dark_ball):
    found = evaluate_explanations(classifier, dark_ball / "cohort.csv", CohortOptions(check=False))
    assert found.metrics["pointing"].value == 1.0


def test_a_drawing_is_refused_in_favour_of_what_works(classifier, dark_ball, tmp_path):
    from limner.draw.source import picture_pack

    with pytest.raises(PackError, match="`limner predict` and `limner explain` run it"):
        picture_pack([dark_ball / "v.nii.gz"], str(classifier.folder))


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PSR"])
def test_boxes_come_out_in_the_voxels_in_which_cohorts_write_them(classifier, tmp_path, codes):
    inside = ball((12, 16, 16), (4, 6, 11))
    source = write_volume(tmp_path / "v.nii.gz", inside.astype(np.uint8), codes)
    picture = io.read_input(source, 3)
    low, high = np.argwhere(inside).min(0), np.argwhere(inside).max(0) + 1
    wanted = np.concatenate([low, high])[None] + np.array([2, 0, 0, 2, 0, 0])  # 12 slices in the middle of 16
    maps = encode(wanted.astype(float), [0], 1, (16, 16, 16), 4)
    said = {"centers": maps.heat * 20 - 10, "sizes": maps.sizes, "offsets": maps.offsets}
    pack = SimpleNamespace(
        main=SimpleNamespace(picture=View((16, 16, 16))),
        spec=SimpleNamespace(calibration=None, decode=Decode(), classes=["none", "ball"]),
    )
    engine = SimpleNamespace(run=lambda _given: {name: value[None] for name, value in said.items()})
    [box] = Detector(pack, "fake", engine)(picture).boxes
    stored = np.argwhere(np.asarray(nibabel.load(source).dataobj))
    np.testing.assert_allclose(box.box, [*stored.min(0), *(stored.max(0) + 1)], atol=0.05)


class _Oracle:
    """Marks the true boxes of volumes, of the class that it is told, and one false box of the other."""

    def __init__(self, examples, kind):
        self.boxes, self.kind = {row.image.tobytes(): row.boxes for row in examples.rows}, kind

    def see(self, image):
        true = self.boxes[image.tobytes()]
        boxes = np.concatenate([true, np.array([[0, 0, 0, 1, 1, 1]])]).astype(float)
        kinds = np.array([self.kind] * len(true) + [1 - self.kind])
        scores = np.array([0.9] * len(true) + [0.3])
        return SimpleNamespace(marks=Marks(boxes, scores, kinds), presence=np.array([len(true), 0.1]))

    def presence(self, logits):
        return np.clip(logits, 0.05, 0.95)


def _detector(folder):
    """A pack that is asked for lesions and cysts; an oracle answers in its place."""
    return dark_pack(folder / "pack", SIZE, task="detect", classes=["skin", "lesion", "cyst"], groups={})


def test_boxes_are_held_against_their_own_class(cohort, monkeypatch, tmp_path):
    pack = _detector(tmp_path)
    examples = read_examples(cohort, View(SIZE, 3, boxes="boxes"))
    for kind, froc in ((0, 1.0), (1, 0.0)):
        oracle = _Oracle(examples, kind)
        monkeypatch.setattr(evaluating, "open_detector", lambda *_, oracle=oracle: oracle)
        found = evaluate(pack, cohort, EvaluateOptions(bootstrap=5))
        assert found.per_class["lesion"]["froc"].value == froc
        assert found.per_class["lesion"]["ap50"].value == froc
        assert found.per_class["cyst"]["froc"].value is None  # there is none to find
        assert found.per_class["lesion"]["auc"].value == 1.0
        assert {"froc", "sensitivity", "specificity", "auc"} <= set(found.metrics)


def test_what_a_pack_does_not_know_is_left_out_and_told(cohort, monkeypatch, tmp_path):
    rows = [json.loads(line) for line in cohort.read_text().splitlines()]
    for row in rows:
        row["image"] = str(cohort.parent / row["image"])
        row["box_labels"] = ["effusion" if row["id"] == "c1" else "lesion"] * len(row["boxes"])
        del row["label"]
    (tmp_path / "cohort.jsonl").write_text("\n".join(map(json.dumps, rows)))
    examples = read_examples(tmp_path / "cohort.jsonl", View(SIZE, 3, boxes="boxes"))
    monkeypatch.setattr(evaluating, "open_detector", lambda *_: _Oracle(examples, 0))
    found = evaluate(_detector(tmp_path), tmp_path / "cohort.jsonl", EvaluateOptions(bootstrap=5))
    assert any("effusion (1)" in one for one in found.problems)
    assert sum(one["boxes"] for one in found.per_case) == 2


def test_a_picture_keeps_its_turn_through_channels(tmp_path):
    read = io.read_input(write_volume(tmp_path / "v.nii.gz", np.zeros((4, 4, 4), np.int16)), 3)
    assert isinstance(read, Picture)
    assert read.with_channels(3).turn is read.turn
