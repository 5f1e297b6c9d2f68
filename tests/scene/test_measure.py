"""Measures against the phantom's truth (within 2 % and one voxel) and against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial import cKDTree

from limner.data.phantoms import draw, grid_around, truth
from limner.findings import Finding
from limner.image import Grid, Image, LabelMap
from limner.image.anatomy import label as known
from limner.scene import measure, surfaces
from tests.scene.grids import GRIDS, LIVER, PLAN

TRUE = truth(PLAN)


def value(finding: Finding, name: str) -> float:
    found = finding.measure(name)
    assert found is not None, f"{finding.id} has no {name!r}"
    return found.value


@pytest.mark.parametrize("name", GRIDS)
def test_phantom_within_two_percent_and_one_voxel(name: str) -> None:
    spacing, turn = GRIDS[name]
    phantom = draw(LIVER, grid_around(LIVER, spacing, "liver", turn=turn))
    found = {one.id: one for one in measure(phantom.labels, phantom.image)}
    voxel = max(spacing)
    for id in ("liver", "tumor-1", "tumor-2", "tumor-3"):
        true = TRUE[id]
        assert value(found[id], "volume") == pytest.approx(true.volume_ml, rel=0.02), id
        assert value(found[id], "longest diameter") == pytest.approx(true.longest_mm, abs=voxel), id
    for id in ("tumor-1", "tumor-2", "tumor-3"):
        true = TRUE[id]
        assert value(found[id], "RECIST diameter") == pytest.approx(true.longest_mm, abs=voxel), id
        assert value(found[id], "RECIST short diameter") == pytest.approx(true.longest_mm, abs=voxel), id
        assert value(found[id], "distance to liver vessels") == pytest.approx(true.to_vessels_mm, abs=voxel), id
        assert value(found[id], "distance to liver surface") == pytest.approx(true.to_surface_mm, abs=voxel), id


def test_ids_and_order_are_those_of_the_surfaces() -> None:
    phantom = draw(PLAN, grid_around(PLAN, (5, 4, 4)))
    found = measure(phantom.labels, phantom.image)
    assert [one.id for one in found] == [one.id for one in surfaces(phantom.labels)]
    assert {"tumor-1", "liver", "left-kidney", "body"} <= {one.id for one in found}


def two_blobs(gap: int, spacing: tuple[float, float, float]) -> tuple[LabelMap, Image]:
    array = np.zeros((24, 60, 90), np.uint8)
    array[6:18, 10:50, 10:80] = 1
    array[9:14, 20:32, 20:30] = 2
    array[9:14, 20:32, 30 + gap : 34 + gap] = 3
    labels = (known("liver", 1), known("liver tumor", 2), known("liver vessels", 3))
    grid = Grid.axial(array.shape, spacing)
    return LabelMap(array, grid, labels), Image(np.full(array.shape, 40, np.int16), grid, "CT", "HU")


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 0.8, 0.8), (2.0, 2.0, 0.5)])
def test_flat_faces_have_the_distance_between_their_faces(spacing: tuple[float, float, float]) -> None:
    for gap in (2, 5, 20):
        found = {one.id: one for one in measure(*two_blobs(gap, spacing))}
        assert value(found["tumor-1"], "distance to liver vessels") == pytest.approx(
            gap * spacing[2], abs=0.35 * spacing[2]
        )
        surface = min(10 * spacing[2], 10 * spacing[1], 3 * spacing[0])
        assert value(found["tumor-1"], "distance to liver surface") == pytest.approx(
            surface, abs=0.35 * max(spacing[1:])
        )


def test_what_touches_has_distance_zero() -> None:
    found = {one.id: one for one in measure(*two_blobs(0, (2.0, 1.0, 1.0)))}
    assert value(found["tumor-1"], "distance to liver vessels") == 0.0
    labels, image = two_blobs(5, (2.0, 1.0, 1.0))
    array = labels.array.copy()
    array[:, 20:] = np.where(array[:, 20:] == 1, 0, array[:, 20:])  # the liver ends at the tumour
    found = {one.id: one for one in measure(LabelMap(array, labels.grid, labels.labels), image)}
    assert value(found["tumor-1"], "distance to liver surface") == 0.0


@pytest.mark.parametrize(("last", "expected"), [(20, 4.0), (18, 10.0)])
def test_where_the_image_cuts_the_liver_there_is_no_capsule(last: int, expected: float) -> None:
    """The tumour reaches the first slice; the capsule is 4 mm above it, or, with the image cut there too, 10 aside."""
    labels, image = two_blobs(8, (1.0, 1.0, 1.0))
    grid = labels.grid.crop((10, 0, 0), (last - 10, 60, 90))
    cut = LabelMap(np.ascontiguousarray(labels.array[10:last]), grid, labels.labels)
    found = {one.id: one for one in measure(cut, Image(np.ascontiguousarray(image.array[10:last]), grid, "CT", "HU"))}
    assert value(found["tumor-1"], "distance to liver surface") == pytest.approx(expected, abs=0.4)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), thick=st.sampled_from([1.0, 3.0]))
def test_distances_agree_with_brute_force_over_border_voxels(seed: int, thick: float) -> None:
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.standard_normal((16, 40, 40)), (1.5, 3, 3))
    array = np.zeros(noise.shape, np.uint8)
    array[2:14, 4:36, 4:36] = 1
    array[4:12, 6:16, 6:16] = np.where(noise[4:12, 6:16, 6:16] > 0, 2, 1)
    array[3:13, 22:34, 18:34] = np.where(noise[3:13, 22:34, 18:34] > 0, 3, 1)
    names = (known("liver", 1), known("liver tumor", 2), known("liver vessels", 3))
    labels = LabelMap(array, Grid.axial(array.shape, (thick, 1.0, 1.0)), names)
    found = measure(labels, Image(np.zeros(array.shape, np.int16), labels.grid, "CT", "HU"))
    tree = cKDTree(labels.grid.world(np.argwhere(array == 3)))
    components, _ = ndimage.label(array == 2, np.ones((3, 3, 3)))
    sizes = np.bincount(components.ravel())[1:]
    lesions = [one for one in found if one.kind == "lesion"]
    assert len(lesions) == int((sizes * labels.grid.voxel_ml >= 0.02).sum())
    for one in lesions:
        ties = [k + 1 for k, size in enumerate(sizes) if abs(size * labels.grid.voxel_ml - value(one, "volume")) < 1e-3]
        centers = [float(tree.query(labels.grid.world(np.argwhere(components == k)))[0].min()) for k in ties]
        # between voxel centres the way is longer by half a voxel at either end
        errors = [abs(center - value(one, "distance to liver vessels")) for center in centers]
        assert min(errors) <= 1.8 * thick


def test_density_probability_and_intervals() -> None:
    labels, image = two_blobs(5, (2.0, 1.0, 1.0))
    rng = np.random.default_rng(0)
    array = rng.normal(100, 20, labels.array.shape).astype(np.int16)
    confidence = rng.integers(0, 256, labels.array.shape).astype(np.uint8)
    intervals = {"liver": (60.0, 80.0), "tumor-1": (1.0, 1.5)}
    found = {one.id: one for one in measure(labels, Image(array, image.grid, "CT", "HU"), confidence, intervals)}
    own = array[labels.array == 2]
    assert value(found["tumor-1"], "mean") == pytest.approx(own.mean(), abs=0.01)
    assert value(found["tumor-1"], "standard deviation") == pytest.approx(own.std(), abs=0.01)
    assert value(found["tumor-1"], "median") == pytest.approx(np.median(own), abs=0.51)
    assert found["tumor-1"].measure("mean").unit == "[hnsf'U]"
    assert found["tumor-1"].probability == pytest.approx(confidence[labels.array == 2].mean() / 255, abs=1e-3)
    volume = found["liver"].measure("volume")
    assert (volume.low, volume.high) == (60.0, 80.0)
    assert found["tumor-1"].measure("volume").low == 1.0
    assert found["liver-vessels"].measure("volume").low is None


def test_an_interval_of_all_lesions_is_shared_by_volume() -> None:
    array = np.zeros((20, 40, 40), np.uint8)
    array[2:12, 2:12, 2:12] = 1
    array[14:19, 20:30, 20:30] = 1
    labels = LabelMap(array, Grid.axial(array.shape, (1, 1, 1)), (known("liver tumor", 1),))
    image = Image(np.zeros(array.shape, np.float32), labels.grid, "MR", "")
    found = measure(labels, image, None, {"liver tumor": (1.2, 1.8)})
    assert [(one.measure("volume").low, one.measure("volume").high) for one in found] == [(0.8, 1.2), (0.4, 0.6)]
    assert found[0].measure("mean").unit == "1"


def test_another_grid_is_refused() -> None:
    labels, image = two_blobs(5, (2.0, 1.0, 1.0))
    moved = Image(image.array, Grid.axial(image.array.shape, (2.0, 1.0, 1.0), (1, 0, 0)), "CT", "HU")
    with pytest.raises(ValueError, match="one grid"):
        measure(labels, moved)
    with pytest.raises(ValueError, match="confidence"):
        measure(labels, image, np.zeros((2, 2, 2), np.uint8))
