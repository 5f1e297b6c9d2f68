"""Real livers, manual labels: volumes against counted voxels, kept margins, and the time of a what-if."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from limner.io.nifti import read_nifti
from limner.scene.resection import Case, Curved, Plane, Segmentwise, Several, judge, prepare, propose, regions, speed


@pytest.fixture(scope="module")
def ircad(limner_data: Path) -> Case:
    folder = limner_data / "ct_liver_ircad01"
    labels, liver = read_nifti(folder / "labels.nii.gz"), read_nifti(folder / "liver_full.nii.gz")
    return prepare(liver.array > 0, labels.array == 6, labels.grid)


@pytest.mark.slow
def test_eight_lesions_of_a_real_liver_come_out_with_their_margin(ircad: Case) -> None:
    assert len(ircad.lesions) == 8
    found = propose(ircad)
    assert found.kept
    tumor = cKDTree(np.concatenate([one.surface_mm for one in ircad.lesions]))
    for one in found.resections:
        assert not one.left_tumor
        drawn = regions(one, ircad)
        voxel_ml = drawn.grid.voxel_ml
        assert one.resected_ml.value == pytest.approx(drawn.counts()[2] * voxel_ml, rel=0.01)
        stays_ml = drawn.counts()[1] * voxel_ml  # every lesion is out, so all that stays is functional
        assert one.remnant_ml.value == pytest.approx(stays_ml, rel=0.01)
        # an independent walk: no voxel that stays is nearer to a tumour than the margin, less a voxel
        stays = drawn.grid.world(np.argwhere(drawn.array == 1)[::7])
        assert tumor.query(stays, distance_upper_bound=12.0)[0].min() > one.margin_mm.value - 1.6
    wedges = next(one for one in found.resections if isinstance(one.cut, Several))
    assert wedges.resected_ml.value < 0.6 * judge(_plane(found.resections, ircad), ircad).resected_ml.value


def _plane(found: tuple[object, ...], case: Case) -> Plane:
    from limner.scene.resection.planes import best_planes

    return best_planes(case, case.lesions, 10.0, count=1)[0].plane


def test_random_planes_agree_with_counted_voxels(ircad: Case) -> None:
    rng = np.random.default_rng(4)
    points = ircad.lattice.voxels.world(np.argwhere(ircad.liver)).astype(np.float32)
    voxel_ml = ircad.grid.voxel_ml
    for _ in range(6):
        plane = Plane(points[rng.integers(len(points))], rng.normal(size=3))
        counted = np.count_nonzero(plane.signed_mm(points) > 0) * voxel_ml
        assert judge(plane, ircad).resected_ml.value == pytest.approx(counted, abs=0.001 * ircad.liver_ml)


@pytest.mark.slow
def test_a_what_if_takes_less_than_a_tenth_of_a_second(ircad: Case) -> None:
    found = speed(ircad, repeats=9)
    assert {"curved", "several"} <= set(found.what_if_ms)
    for kind, (median, _) in found.what_if_ms.items():
        assert median < 100, kind


def test_segments_of_a_real_liver(limner_data: Path) -> None:
    folder = limner_data / "ct_liver_lits"
    mask, segments = (read_nifti(folder / f"lits035_{name}.nii.gz") for name in ("seg", "couinaud"))
    case = prepare(mask.array > 0, mask.array == 2, mask.grid, segments=segments.array.astype(np.uint8))
    found = propose(case)
    kinds = {type(one.cut) for one in found.resections}
    assert {Plane, Curved, Segmentwise, Several} <= kinds
    assert any("segmentectomy" in one.name and "wedge" in one.name for one in found.resections)
    right = judge(Segmentwise(frozenset({5, 6, 7, 8})), case)
    assert right.name == "right hepatectomy"
    counted = regions(right, case).counts()[2] * mask.grid.voxel_ml
    assert right.resected_ml.value == pytest.approx(counted, rel=1e-4)
    assert right.left_tumor and right.margin_kept == "no"
