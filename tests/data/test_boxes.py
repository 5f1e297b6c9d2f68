"""Boxes in a cohort: their forms, their classes, and what they say is there."""

import json

import numpy as np
import pytest

from limner.data.box_truth import truth_of
from limner.data.boxes import read_boxes
from limner.data.cohort import Case
from limner.data.examples import Example, Examples
from limner.errors import CohortError

CLASSES = {"none": "normal", "disc": "disc", "square": "square shape"}


def _case(boxes, labels=None):
    columns = {"boxes": boxes if isinstance(boxes, str) else json.dumps(boxes)}
    if labels is not None:
        columns["box_labels"] = json.dumps(labels)
    return Case("c", None, None, "p", None, columns)


def _read(boxes, axes=2, labels=None):
    return read_boxes(_case(boxes, labels), "boxes", axes)


@pytest.mark.parametrize("empty", ["", "[]", "null"])
def test_nothing_to_find(empty):
    assert _read(empty, 3).boxes.shape == (0, 6)


def test_corners_are_turned_into_the_order_of_the_axes():
    assert _read([[1, 2, 11, 22]]).boxes.tolist() == [[2, 1, 22, 11]]
    assert _read([1, 2, 11, 22]).boxes.tolist() == [[2, 1, 22, 11]]
    assert _read([[1, 2, 3, 11, 22, 33]], 3).boxes.tolist() == [[3, 2, 1, 33, 22, 11]]


def test_a_sphere_is_the_box_around_it():
    assert _read([[10, 20, 30, 4]], 3).boxes.tolist() == [[28, 18, 8, 32, 22, 12]]


def test_classes_stand_in_a_column_or_in_the_box():
    assert _read([[0, 0, 1, 1], [1, 1, 2, 2]], labels=["a", None]).labels == ("a", None)
    assert _read([{"box": [0, 0, 1, 1], "class": "b"}, {"box": [0, 0, 1, 1]}]).labels == ("b", None)


@pytest.mark.parametrize(
    ("boxes", "axes", "labels", "told"),
    [
        ([[0, 0, 0, 1, 1, 1]], 2, None, r"\[x0, y0, x1, y1\] in pixels"),
        ([[0, 0, 1]], 3, None, "or a sphere"),
        ([[3, 3, 3, 0]], 3, None, "a sphere has no diameter"),
        ([[5, 5, 5, 1, 9, 9]], 3, None, "ends before it begins"),
        ([[0, 0, "a", 1]], 2, None, "expected a list"),
        ([{"corner": [0, 0, 1, 1]}], 2, None, "expected {"),
        ("3", 2, None, "expected a JSON list"),
        ("[[1,", 2, None, "expected a JSON list"),
        ([[0, 0, 1, 1]], 2, ["a", "b"], "2 classes for 1 boxes"),
        ([{"box": [0, 0, 1, 1], "class": "a"}], 2, ["b"], "'a' there and 'b'"),
    ],
)
def test_other_forms_are_refused_by_case_and_column(boxes, axes, labels, told):
    with pytest.raises(CohortError, match=told):
        _read(boxes, axes, labels)


def _row(id, label=None, boxes=0, own=(), tell=False):
    found = np.tile(np.array([[1, 1, 4, 4]], np.float32), (boxes, 1))
    image = np.zeros((1, 8, 8), np.uint8)
    return Example(id, image, id, label=label, boxes=found, box_labels=own or (None,) * boxes, boxes_tell=tell)


def _truth(*rows, classes=CLASSES, **how):
    return truth_of(Examples(rows), classes, **how)


def test_a_box_is_of_its_own_class_and_else_of_its_pictures():
    found = _truth(
        _row("none", "none"),
        _row("label", "square", 2),
        _row("own", "disc", 2, ("disc", "Square shape")),
        _row("missing", "disc", 1, ("square",)),
        _row("two", "disc|square"),
    )
    assert [kinds.tolist() for kinds in found.kinds] == [[], [1, 1], [0, 1], [1], []]
    assert found.there.tolist() == [[False, False], [False, True], [True, True], [True, True], [True, True]]
    assert found.known.tolist() == [True, True, True, False, False]
    assert found.unplaced[3].tolist() == [True, False]


def test_without_labels_presence_follows_from_the_boxes():
    one = {"0": "background", "1": "thing"}
    found = _truth(_row("a", tell=True), _row("b", boxes=1, tell=True), classes=one)
    assert found.there.tolist() == [[False], [True]]
    assert found.known.all()
    with pytest.raises(CohortError, match="box_labels"):
        _truth(_row("b", boxes=1, tell=True))
    with pytest.raises(CohortError, match="1 without a label"):
        _truth(_row("c"), _row("d", "disc", 1))


def test_other_findings_are_refused_left_out_or_named_as_background():
    row = _row("a", "disc", 2, ("disc", "effusion"))
    with pytest.raises(CohortError, match=r"'effusion' \(1\).*'values'"):
        _truth(row)
    found = _truth(row, strict=False)
    assert found.left_out == {"effusion": 1}
    assert found.kinds[0].tolist() == [0]
    assert len(_truth(_row("a", "disc", 2, ("disc", "none"))).boxes[0]) == 1


def test_a_picture_of_the_background_has_no_boxes():
    with pytest.raises(CohortError, match="is the background, have boxes"):
        _truth(_row("a", "none", 1))
