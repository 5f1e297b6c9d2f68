"""A scan drawn slice by slice: it lies where the lesion lies, whatever the grids, and equals the slices."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest

from limner.errors import InputError, PackError
from limner.image import Grid, Image, Picture, reorient
from limner.infer import Pack, Prediction, load_pack
from limner.infer.head import head
from limner.infer.inputs import predict_inputs
from limner.infer.masks import open_mask_drawer
from limner.infer.slices import predict_slices, square
from limner.io import read_nifti_labels, read_picture
from tests.mr import FLAIR, POST, PRE, MRStudy
from tests.mr_phantom import AXIAL, LESION_ML, LESION_MM, signal, slice_pack, turned

SAGITTAL = Grid((60, 60, 60), np.array([[3.0, 0, 0, -88.5], [0, 0, 3.0, -88.5], [0, -3.0, 0, 58.5], [0, 0, 0, 1]]))
MIRRORED = Grid((24, 64, 64), AXIAL.affine @ np.diag([-1.0, 1.0, -1.0, 1.0]) + np.pad(
    (AXIAL.affine[:3, :3] @ [23.0, 0, 63])[:, None], ((0, 1), (3, 0))
))  # fmt: skip
CORONAL = Grid((30, 50, 64), np.array([[0, 0, 3.0, -94.5], [6.0, 0, 0, -87.0], [0, 3.0, 0, -73.5], [0, 0, 0, 1]]))
"""Slices of 6 mm from front to back: on the axial plane, pixels of 6 × 3 mm."""
FINE = turned(7.0, Grid.axial((70, 120, 120), (2.0, 1.6, 1.6), (-95.0, -95.0, -70.0)))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The pack whose answer is known."""
    return slice_pack(tmp_path_factory.mktemp("slices") / "pack")


def scan(name: str, grid: Grid) -> Image:
    """A sequence of the phantom, its axes nearest to axial, as every door gives it."""
    from limner.image import to_axial

    array, there = reorient(signal(name, grid), grid, *to_axial(grid))
    return Image(array, there, "MR")


def drawn(pack: Pack, flair: Grid, **others: Grid) -> Prediction:
    """The phantom, each channel on a grid of its own."""
    images = {name: scan(name, grid) for name, grid in others.items()}
    return predict_slices(pack, {"flair": scan("flair", flair), **images}, engine="onnxruntime")


@pytest.mark.parametrize(
    ("flair", "t1"),
    [(AXIAL, AXIAL), (AXIAL, FINE), (turned(12.0), AXIAL), (MIRRORED, FINE), (SAGITTAL, AXIAL), (CORONAL, AXIAL)],
    ids=["axial", "fine-t1", "oblique-flair", "mirrored-flair", "sagittal-flair", "coronal-flair"],
)
def test_the_lesion_lies_where_it_lies_in_the_world(pack: Pack, flair: Grid, t1: Grid) -> None:
    found = drawn(pack, flair, pre=t1, post=t1)
    marked = found.labels.array == 1
    center = found.labels.grid.world(np.argwhere(marked).mean(0))
    assert np.abs(center - LESION_MM).max() < 1.5
    volume_ml = marked.sum() * found.labels.grid.voxel_ml
    assert volume_ml == pytest.approx(LESION_ML, rel=0.12)
    low, high = found.intervals_ml["glioma"]
    assert low - 1e-3 <= volume_ml <= high + 1e-3
    assert any(one.code == "not-axial" for one in found.problems) == (flair is CORONAL)


def test_mirroring_would_be_seen(pack: Pack) -> None:
    """What the test above would miss if it could: the phantom's mirror image has its lesion elsewhere."""
    flipped = Image(np.ascontiguousarray(scan("flair", AXIAL).array[..., ::-1]), AXIAL, "MR")
    others = {name: Image(np.ascontiguousarray(scan(name, AXIAL).array[..., ::-1]), AXIAL, "MR") for name in ("pre",)}
    found = predict_slices(pack, {"flair": flipped, **others}, engine="onnxruntime")
    center = AXIAL.world(np.argwhere(found.labels.array == 1).mean(0))
    assert center[0] == pytest.approx(-LESION_MM[0], abs=2.0)


def test_another_t1_stands_in_and_flair_alone_finds_nothing_here(pack: Pack) -> None:
    whole = drawn(pack, AXIAL, pre=AXIAL, post=AXIAL)
    assert (drawn(pack, AXIAL, post=AXIAL).labels.array == whole.labels.array).all()
    assert not (drawn(pack, AXIAL).labels.array == 1).any()  # FLAIR less FLAIR


def test_a_short_channel_is_stood_in_for_where_it_does_not_reach(pack: Pack) -> None:
    short = AXIAL.crop((0, 0, 0), (12, 64, 64))
    found = drawn(pack, AXIAL, pre=short, post=AXIAL)
    assert [one.code for one in found.problems] == ["short-channel"]
    assert "12 of 24 slices" in found.problems[0].text
    assert (found.labels.array == drawn(pack, AXIAL, pre=AXIAL, post=AXIAL).labels.array).all()


def test_the_head_is_what_is_inside_the_skin(pack: Pack) -> None:
    image = scan("flair", AXIAL)
    noise = np.random.default_rng(0).integers(0, 12, AXIAL.shape).astype(np.uint16)
    found = head(Image(image.array + noise, AXIAL, "MR"))
    truth = image.array > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95
    assert not head(Image(np.zeros(AXIAL.shape, np.int16), AXIAL, "MR")).all()


def test_slices_get_square_pixels() -> None:
    assert square(AXIAL) is AXIAL
    assert square(Grid.axial((4, 10, 20), (5.0, 2.0, 1.0))).spacing_mm == (5.0, 1.0, 1.0)


def test_a_scan_gives_a_row(tmp_path: Path) -> None:
    pack = slice_pack(tmp_path / "pack", calibration={"temperature": 6.0, "abstain_below": 0.99})
    study = MRStudy(tmp_path / "study")
    for name, facts in (("flair", FLAIR), ("pre", PRE), ("post", POST)):
        study.add(signal(name, AXIAL), AXIAL, **facts)
    row = predict_inputs(pack, [tmp_path / "study"], tmp_path / "out", engine="onnxruntime", uncertainty=True)[0]
    assert row["volumes_ml"]["glioma"] == pytest.approx(LESION_ML, rel=0.1)
    assert set(row["channels"]) == {"pre", "flair", "post"}
    assert row["abstained"] and row["confidence"] < 0.99
    assert "problems" not in row
    labels = read_nifti_labels(Path(row["labels"]))
    assert labels.grid.same_as(AXIAL)
    doubt = nibabel.load(row["uncertainty"]).get_fdata()
    inside = tuple(np.rint(AXIAL.index(LESION_MM)).astype(int)[::-1])
    assert 0.1 < doubt[inside] < doubt[0, 0, 0] <= 1  # this net's logit is 21 in the lesion, −16 in air


def test_channels_may_be_named_by_their_files(pack: Pack, tmp_path: Path) -> None:
    affine = np.diag([-1.0, -1, 1, 1]) @ AXIAL.affine[:, [2, 1, 0, 3]]
    paths = {}
    for number, name in enumerate(("flair", "pre")):
        paths[name] = tmp_path / f"scan{number}.nii.gz"
        nibabel.save(nibabel.Nifti1Image(signal(name, AXIAL).T.astype(np.int16), affine), paths[name])
    named = {name: str(path) for name, path in paths.items()}
    row = predict_inputs(pack, [], tmp_path / "out", engine="onnxruntime", channels=named)[0]
    assert row["id"] == "scan0"
    assert row["volumes_ml"]["glioma"] == pytest.approx(LESION_ML, rel=0.1)
    assert any("FLAIR stands in for T1 after" in one for one in row["problems"])


def test_channels_are_refused_where_they_mean_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reads one series"):
        predict_inputs(load_pack("abdomen-ct"), [tmp_path], tmp_path / "out", channels={"flair": "x"})
    with pytest.raises(PackError, match="slice by slice"):
        predict_slices(load_pack("breast-ultrasound"), {})


@pytest.mark.parametrize("patient", ["TCGA_DU_7014", "TCGA_CS_4944"])
def test_a_real_patient_as_a_volume_equals_his_slices(limner_data: Path, patient: str) -> None:
    """What training did to slices is done to a stack of them: one Dice by patient, printed with -s."""
    folder = limner_data / "lgg_mri_genomic"
    rows = [
        row for row in csv.DictReader((folder / "cohort.csv").read_text().splitlines()) if row["patient"] == patient
    ]
    slices = np.stack([read_picture(folder / row["image"]).array for row in rows])
    truth = np.stack([read_picture(folder / row["mask"]).array[0] > 0 for row in rows])
    pack = load_pack("brain-glioma-mri")
    drawer = open_mask_drawer(pack, "onnxruntime")
    alone = np.stack([drawer(Picture(one)).labels > 0 for one in slices])
    grid = Grid.axial((len(rows), 256, 256), (5.0, 0.9, 0.9))
    gains = {"pre": (0, 7), "flair": (1, 13), "post": (2, 9)}  # every scanner has its own unit
    images = {name: Image(slices[:, k].astype(np.int16) * gain, grid, "MR") for name, (k, gain) in gains.items()}
    stacked = predict_slices(pack, images, engine="onnxruntime").labels.array == 1
    dices = [2 * (one & truth).sum() / (one.sum() + truth.sum()) for one in (alone, stacked)]
    print(f"{patient}: Dice by patient {dices[0]:.4f} slice by slice, {dices[1]:.4f} as a volume")
    assert dices[0] > 0.8
    assert dices[1] == pytest.approx(dices[0], abs=0.005)
