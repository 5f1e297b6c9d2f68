"""Masks and readers' votes: every way in which they can be wrong has its message."""

import csv

import numpy as np
import pytest
from PIL import Image

from limner import io
from limner.data.examples import View, read_examples
from limner.data.mask_cases import class_masks, read_mask_cases
from limner.data.readers import is_reader_table, read_crops
from limner.errors import CohortError, NotAnImageError

CLASSES = {"0": "background", "255": "disc"}


def _cohort(folder, masks: dict[str, np.ndarray | None], size=(20, 30), labels=None):
    rows = [["id", "image", "mask", "label", "patient", "split"]]
    for name, mask in masks.items():
        Image.fromarray(np.zeros(size, np.uint8)).save(folder / f"{name}.png")
        if mask is not None:
            Image.fromarray(mask).save(folder / f"{name}_mask.png")
        rows.append(
            [
                name,
                f"{name}.png",
                f"{name}_mask.png" if mask is not None else "",
                (labels or {}).get(name, ""),
                name,
                "train",
            ]
        )
    with (folder / "cohort.csv").open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return folder / "cohort.csv"


def _mask(value=255, size=(20, 30)):
    mask = np.zeros(size, np.uint8)
    mask[5:10, 5:10] = value
    return mask


def _read(path, classes=CLASSES, label=None):
    return class_masks(read_examples(path, View((32, 32), label=label, mask="mask")), classes)


def test_values_become_classes_and_padding_is_background(tmp_path):
    found = _read(_cohort(tmp_path, {"a": _mask(), "b": _mask(0)}))
    assert found.shape == (2, 32, 32)
    assert set(np.unique(found[0])) == {0, 1}
    assert not found[1].any()


def test_a_mask_is_what_the_label_says(tmp_path):
    path = _cohort(
        tmp_path, {"a": _mask(), "b": _mask(), "c": _mask(0)}, labels={"a": "benign", "b": "malignant", "c": "normal"}
    )
    kinds = {"normal": "background", "benign": "benign lesion", "malignant": "malignant lesion"}
    assert [int(one.max()) for one in _read(path, kinds, "label")] == [1, 2, 0]


def test_missing_masks_unknown_values_and_empty_ones_are_named(tmp_path):
    with pytest.raises(CohortError, match=r"'b' has no mask(.|\n)*'c'.* holds 7"):
        _read(_cohort(tmp_path, {"a": _mask(), "b": None, "c": _mask(7)}))
    with pytest.raises(CohortError, match="Nothing is marked"):
        _read(_cohort(tmp_path, {"a": _mask(0)}))
    kinds = {"normal": "background", "benign": "benign lesion"}
    path = _cohort(tmp_path, {"a": _mask(), "b": _mask()}, labels={"a": "normal", "b": "strange"})
    with pytest.raises(CohortError, match=r"'normal', and something is marked(.|\n)*'strange' is unknown"):
        _read(path, kinds, "label")


def test_other_values_mean_marked_where_there_is_one_thing(tmp_path):
    one = {"0": "background", "1": "disc"}
    path = _cohort(tmp_path, {"a": _mask(255), "b": _mask(0)})
    assert set(np.unique(_read(path, one))) == {0, 1}
    assert (_read(path, one) == _read(path)).all()
    path = _cohort(tmp_path, {"a": _mask(1), "b": _mask(2)})  # 2 is something else than 1
    with pytest.raises(CohortError, match="'b': the mask holds 2; known values are 0, 1"):
        _read(path, one)
    with pytest.raises(CohortError, match="'a': the mask holds 255"):
        _read(_cohort(tmp_path, {"a": _mask()}), one | {"2": "ring"})


def test_a_mask_on_another_grid_is_refused(tmp_path):
    with pytest.raises(CohortError, match=r"mask 'a_mask.png' has 20 × 20 pixels, its image 20 × 30"):
        _read(_cohort(tmp_path, {"a": _mask(size=(20, 20))}))


def test_cases_come_as_they_are_and_what_is_left_out_is_told(tmp_path):
    path = _cohort(tmp_path, {"a": _mask(), "b": None})
    cases = read_mask_cases(path, View((32, 32), mask="mask"), None, CLASSES)
    (found,) = list(cases)
    assert found.truth.shape == (20, 30)
    assert found.truth.sum() == 25
    assert cases.left_out == [("b", "it has no mask")]
    (tmp_path / "a_mask.png").write_bytes(b"no picture")
    with pytest.raises(CohortError, match=r"'a' cannot be read.*--skip-damaged"):
        list(read_mask_cases(path, View((32, 32), mask="mask"), None, CLASSES))


@pytest.mark.parametrize("colors", [None, [(0, 0, 0), (230, 159, 0), (86, 180, 233)]])
def test_label_pictures_keep_their_values(tmp_path, colors):
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4) % 3
    io.write_picture_labels(labels, tmp_path / "labels.png", colors)
    assert (io.read_picture_labels(tmp_path / "labels.png") == labels).all()


def test_colours_and_large_values_are_no_labels(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (4, 4, 3), np.uint8)).save(tmp_path / "rgb.png")
    with pytest.raises(NotAnImageError, match="coloured"):
        io.read_picture_labels(tmp_path / "rgb.png")
    Image.fromarray(np.full((4, 4), 300, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(NotAnImageError, match="300"):
        io.read_picture_labels(tmp_path / "deep.png")
    with pytest.raises(NotAnImageError, match="no label picture"):
        io.read_picture_labels(tmp_path / "none.png")


def _archive(folder, patient: str, votes: np.ndarray) -> None:
    n = len(votes)
    np.savez(
        folder / f"{patient}.npz",
        image=np.zeros_like(votes),
        votes=votes,
        nodule=np.zeros(n, int),
        slice=np.arange(n)[::-1],
    )


@pytest.fixture
def table(tmp_path):
    votes = np.zeros((3, 16, 16), np.uint8)
    votes[:, 4:12, 4:12] = 1
    votes[:, 5:11, 5:11] = 2
    votes[0, 7:9, 7:9] = 4
    _archive(tmp_path, "p1", votes)
    _archive(tmp_path, "p2", votes)
    (tmp_path / "index.csv").write_text("patient,file,split\np1,p1.npz,train\np2,p2.npz,test\n")
    return tmp_path / "index.csv"


def test_half_of_the_readers_decide(table):
    assert is_reader_table(table)
    examples = read_examples(table, View((16, 16), mask="mask"), "train")
    assert [row.patient for row in examples.rows] == ["p1"] * 3
    assert examples.rows[0].mask.sum() == 36
    assert examples.rows[0].votes.max() == 4


def test_slices_of_a_nodule_stack_in_order(table):
    (crop,) = read_crops(table, "test", stacked=True)
    assert crop.votes.shape == (3, 16, 16)
    assert crop.votes[2].max() == 4  # the slice numbers run backwards in the archive
    (example,) = read_examples(table, View((8, 16, 16), mask="mask"), "test").rows
    assert example.image.shape == (1, 8, 16, 16)


def test_a_damaged_archive_and_shared_patients_are_named(table):
    (table.parent / "p1.npz").write_bytes(b"damaged")
    with pytest.raises(CohortError, match=r"p1.npz"):
        list(read_crops(table))
    table.write_text("patient,file,split\np1,p1.npz,train\np1,p2.npz,test\n")
    with pytest.raises(CohortError, match=r"more than one split: p1"):
        list(read_crops(table))


def test_lidc_reads_as_its_source_says(limner_data):
    crops = list(read_crops(limner_data / "ct_lung_nodules_lidc" / "index.csv", "test"))
    assert len({crop.patient for crop in crops}) == 16
    assert all(crop.mask.any() for crop in crops)
