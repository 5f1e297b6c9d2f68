"""A pack says where it is weakest, and names from outside are names."""

from __future__ import annotations

import pytest

from limner.errors import PackError
from limner.packs import list_packs, shipped_pack, weaknesses


def test_a_classifier_tells_its_accuracy_beside_the_majority_and_the_class_it_misses_most():
    spec = shipped_pack("skin-lesion").spec
    accuracy, missed = weaknesses(spec)
    assert accuracy.measure == "accuracy" and 0 < accuracy.baseline < accuracy.value < 1
    each = [row for row in spec.figures if row["region"] in spec.classes]
    assert missed.value == min(row["metrics"]["sensitivity"]["value"] for row in each)


def test_outlines_tell_the_region_drawn_worst_and_detectors_what_they_find_and_clear():
    worst = weaknesses(shipped_pack("breast-ultrasound").spec)
    assert [(one.measure, one.region) for one in worst] == [("dice", "benign lesion")]
    assert [one.measure for one in weaknesses(shipped_pack("chest-xray").spec)] == ["sensitivity", "specificity"]


def test_every_pack_that_answers_tells_one():
    for pack in list_packs():
        assert bool(weaknesses(pack.spec)) == (pack.spec.task in ("classify", "segment", "detect")), pack.name


def test_a_shipped_pack_is_found_by_its_name_alone():
    pack = shipped_pack("skin-lesion")
    with pytest.raises(PackError, match="No pack"):
        shipped_pack(str(pack.folder))
    with pytest.raises(PackError, match="Did you mean 'skin-lesion'"):
        shipped_pack("skin-lesions")
