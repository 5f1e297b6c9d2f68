"""Volumes of nobody: from a label map to marked NIfTI that lies where the map lies; tumours where there is room."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from limner import io
from limner.cli.app import app
from limner.data.cohort import read_cohort
from limner.errors import InputError, OutputExistsError, PackError
from limner.image import Grid, LabelMap
from limner.infer.evaluate import evaluate
from limner.infer.generate import GenerateOptions, generate, open_generator
from limner.io import read_marks
from tests.made_volumes import make
from tests.train.conftest import write_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module")
def maps(tmp_path_factory, cohort):
    return make(tmp_path_factory.mktemp("maps"), cohort)


@pytest.fixture(scope="module")
def plain(tmp_path_factory, cohort):
    return make(tmp_path_factory.mktemp("plain"), cohort, data={"condition": "none"})


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """A liver with a tumour in it, finer than the pack's grid and stored in another orientation."""
    array = np.zeros((30, 40, 40), np.uint8)
    array[8:24, 6:34, 8:36] = 1
    array[12:16, 10:14, 14:18] = 2
    affine = np.zeros((4, 4))
    affine[:3, :3] = np.diag([-3.0, 3.0, 4.0])[:, ::-1]
    affine[:3, 3], affine[3, 3] = (50, -20, 300), 1
    path = tmp_path_factory.mktemp("labels") / "map.nii.gz"
    io.write_nifti_labels(LabelMap(array, Grid(array.shape, affine)), path)
    return path


@pytest.mark.parametrize("fixture", ["maps", "plain"])
def test_a_seed_is_a_volume_on_every_engine(fixture, request, labels):
    pack = request.getfixturevalue(fixture)
    found = []
    for engine in ("openvino", "onnxruntime", "torch"):
        generator = open_generator(pack, engine)
        condition = generator.made_from.of_labels(labels) if fixture == "maps" else None
        found.append(generator.pictures([generator.latent(seed, condition=condition) for seed in (4, 5, 6)]))
    assert found[0].shape == (3, 1, 8, 16, 16)
    assert np.abs(found[0] - found[1]).max() < 2e-3
    assert np.abs(found[0] - found[2]).max() < 2e-3
    assert np.abs(found[0][0] - found[0][1]).max() > 1e-3


def test_a_volume_lies_where_its_label_map_lies_and_is_marked(maps, labels, tmp_path):
    generator = open_generator(maps)
    made = generate(generator, tmp_path / "made", GenerateOptions(count=2, seed=7, labels=labels))
    given = io.read_nifti_labels(labels)
    image = io.read_nifti(tmp_path / "made" / "0001.nii.gz")
    assert image.grid.shape == (8, 16, 16)
    assert np.allclose(image.grid.spacing_mm, 6)
    assert -153 <= image.array.min() < image.array.max() <= 253  # the watermark moves a voxel by 3 HU at most
    written = io.read_nifti_labels(tmp_path / "made" / "0001.labels.nii.gz")
    assert written.grid.same_as(image.grid)
    spots = np.argwhere(written.array == 2)
    assert len(spots)
    back = np.rint(given.grid.index(written.grid.world(spots))).astype(int)
    assert (given.array[tuple(back.T)] == 2).mean() > 0.8
    marks = read_marks(tmp_path / "made" / "0001.nii.gz")
    assert (marks.explicit.seed, marks.explicit.sha256) == (8, maps.sha256)
    assert read_marks(tmp_path / "made" / "sheet.png").explicit is not None
    assert json.loads((tmp_path / "made" / "generated.json").read_text()) == made.told
    cases = read_cohort(tmp_path / "made" / "cohort.csv").cases
    assert cases[0].hu_window == (-150, 250)
    assert cases[0].path("mask") is not None


def test_force_does_not_take_the_label_map_that_was_given(maps, labels, tmp_path):
    generator, out = open_generator(maps), tmp_path / "made"
    generate(generator, out, GenerateOptions(count=1, labels=labels))
    kept = out / "0000.labels.nii.gz"
    before = kept.read_bytes()
    with pytest.raises(InputError, match="would replace the input"):
        generate(generator, out, GenerateOptions(count=1, seed=9, labels=kept), force=True)
    assert kept.read_bytes() == before
    with pytest.raises(OutputExistsError):  # before the map is read
        generate(generator, out, GenerateOptions(labels=tmp_path / "missing.nii.gz"))


def test_changing_the_map_changes_the_volume_there(maps):
    generator = open_generator(maps)
    bare = np.zeros((8, 16, 16), np.uint8)
    other = bare.copy()
    other[2:6, 2:6, 2:6] = 1
    volumes = [
        generator.pictures([generator.latent(3, condition=generator.made_from.of_array(one))])[0, 0]
        for one in (bare, other)
    ]
    apart = np.abs(volumes[0] - volumes[1])
    assert apart[other == 1].mean() > 3 * apart[:, 12:, 12:].mean()


def test_each_volume_gets_another_tumour_where_there_is_room(maps, labels, tmp_path):
    options = GenerateOptions(count=3, seed=1, labels=labels, place="tumor")
    generate(open_generator(maps), tmp_path / "made", options)
    read = [io.read_nifti_labels(tmp_path / "made" / f"{k:04d}.labels.nii.gz").array for k in range(3)]
    liver = [np.isin(one, (1, 2)) for one in read]
    assert all((liver[0] == one).all() for one in liver)  # the organ stays; only what is in it moves
    tumors = [one == 2 for one in read]
    assert all(one.any() for one in tumors)
    assert any((tumors[0] != one).any() for one in tumors[1:])
    with pytest.raises(InputError, match="has no tumour 'kidney' to place; it has liver tumor"):
        generate(open_generator(maps), tmp_path / "no", GenerateOptions(labels=labels, place="kidney"))
    with pytest.raises(InputError, match="give one"):
        generate(open_generator(maps), tmp_path / "no", GenerateOptions(place="tumor"))
    assert not (tmp_path / "no").exists()


def test_what_volumes_lack_is_refused(maps, plain, labels, tmp_path):
    generator = open_generator(maps)
    for options, message in (
        (GenerateOptions(), "give one with --labels FILE.nii.gz. Its values are 0 background, 1 liver, 2 liver tumor"),
        (GenerateOptions(labels=labels, between=(1, 2)), "leave out --between"),
        (GenerateOptions(labels=labels, values={"size": 0.1}), "leave out --set"),
        (GenerateOptions(labels=tmp_path / "a.png"), "is NIfTI"),
    ):
        with pytest.raises(InputError, match=message):
            generate(generator, tmp_path / "no", options)
    with pytest.raises(InputError, match="from no label map"):
        generate(open_generator(plain), tmp_path / "no", GenerateOptions(labels=labels))
    strange = LabelMap(np.full((8, 16, 16), 9, np.uint8), Grid.axial((8, 16, 16), (6, 6, 6)))
    io.write_nifti_labels(strange, tmp_path / "strange.nii.gz")
    with pytest.raises(InputError, match=r"holds \[9\]"):
        generate(generator, tmp_path / "no", GenerateOptions(labels=tmp_path / "strange.nii.gz"))
    assert not (tmp_path / "no").exists()


def test_the_card_and_the_command_say_volumes(plain, tmp_path):
    assert "Volumes of nobody, 8 × 16 × 16 voxels" in (plain.folder / "CARD.md").read_text()
    out = tmp_path / "made"
    found = CliRunner().invoke(app, ["generate", str(plain.folder), "-n", "2", "--seed", "3", "-o", str(out), "--json"])
    assert found.exit_code == 0, found.output
    assert [one["seed"] for one in json.loads(found.output)["images"]] == [3, 4]
    assert not list(out.glob("*.labels.nii.gz"))


def test_evaluating_volumes_is_refused_with_a_sentence(maps, cohort):
    with pytest.raises(PackError, match="generated volumes"):
        evaluate(maps, cohort)
