"""Needle paths in a real abdomen with labels drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from limner.image import LabelMap
from limner.image.anatomy import named
from limner.io import read_nifti_labels
from limner.scene.anatomy import Anatomy
from limner.scene.diameters import longest_diameter_mm, surface_points
from limner.scene.needles import NeedleRules, Planner, violations

NAMES = {
    1: ("bone", "tissue"),
    2: ("artery", "vessel"),
    3: ("veins", "vessel"),
    4: ("portal vein", "vessel"),
    5: ("liver parenchyma", "organ"),
    6: ("liver tumour", "lesion"),
    7: ("spleen", "organ"),
    8: ("right kidney", "organ"),
    9: ("left kidney", "organ"),
    10: ("left lung", "organ"),
    11: ("right lung", "organ"),
    12: ("other body", "tissue"),
}
OVER_MM = 10.0


@pytest.fixture(scope="module")
def abdomen(limner_data) -> LabelMap:
    labels = [named(name, value, kind) for value, (name, kind) in NAMES.items()]
    return read_nifti_labels(limner_data / "ct_liver_ircad01" / "labels.nii.gz", labels)


@pytest.fixture(scope="module")
def anatomy(abdomen) -> Anatomy:
    return Anatomy.of(abdomen)


def offered(anatomy: Anatomy, abdomen: LabelMap, target: str) -> None:
    planner = Planner.of(anatomy, target)
    found = planner.search()
    assert found.organ == "liver parenchyma" and found.blind == ("bowel", "heart")
    assert found.paths or found.relaxations
    back = max(found.skin.points_mm[:, 1])
    for path in found.paths:
        line = np.array(path.entry_mm), np.array(path.target_mm)
        assert violations(abdomen, planner.scene.lesion, (5,), line, found.rules) == ()
        assert path.safe and path.length_mm <= 150 and path.angle_deg <= 60
        assert back - path.entry_mm[1] >= 40  # not through the table
        assert abdomen.array[tuple(np.rint(abdomen.grid.index(path.target_mm)).astype(int))] == 6
        outside = line[0] + 2.5 * (line[0] - line[1]) / path.length_mm
        assert abdomen.array[tuple(np.rint(abdomen.grid.index(outside)).astype(int))] == 0
    reasons = {one.reason for one in found.refused}
    assert {"bone", "table", "outside the scan"} <= reasons
    assert sum(one.count for one in found.refused) + (found.skin.codes == 0).sum() == len(found.skin.codes)


def test_a_tumour_beneath_the_ribs_has_paths_that_pass_a_walk(anatomy, abdomen):
    offered(anatomy, abdomen, "tumor-5")


@pytest.mark.slow
def test_every_tumour_over_10_mm_has_paths_or_a_reasoned_refusal(anatomy, abdomen):
    large = [one for one in anatomy.lesions if longest_diameter_mm(surface_points(one)) > OVER_MM]
    assert len(large) >= 6
    for one in large:
        offered(anatomy, abdomen, one.id)


def test_strict_rules_are_refused_with_the_one_to_relax(anatomy):
    rules = NeedleRules(vessel_margin_mm=9, bone_margin_mm=8, max_length_mm=90)
    found = Planner.of(anatomy, "tumour-6", rules).search()
    assert not found.paths and found.relaxations[0].rule == "vessel_margin_mm"
    advice = found.relaxations[0]
    helped = Planner.of(anatomy, "tumour-6", rules.model_copy(update={advice.rule: advice.needed}))
    assert helped.score(advice.path.entry_mm, advice.path.target_mm).safe
