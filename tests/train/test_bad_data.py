"""Bad input at training's door: each with its message, before the first step, and nothing lost."""

import csv

import numpy as np
import pytest
from PIL import Image

from limner.errors import CohortError, TrainingError
from limner.train import run, train
from limner.train.pictures import load_pictures, picture_parts
from limner.train.recipe import read_recipe

from .pictures import write_pictures, write_recipe


@pytest.fixture
def cohort(tmp_path):
    return write_pictures(tmp_path / "set")


def _change(cohort, column, value, rows=None):
    """Sets a column of some rows, all where None."""
    table = list(csv.DictReader(cohort.read_text().splitlines()))
    for k, row in enumerate(table):
        if rows is None or k in rows:
            row[column] = value
    lines = [",".join(table[0]), *(",".join(row.values()) for row in table)]
    cohort.write_text("\n".join(lines) + "\n")


def _parts(tmp_path, cohort, *overrides):
    recipe = read_recipe(write_recipe(tmp_path / "toy.yaml", cohort), list(overrides))
    return picture_parts(recipe, recipe.data, None)


def test_labels_missing(tmp_path, cohort):
    _change(cohort, "label", "", [0, 3])
    with pytest.raises(CohortError, match=r"2 without a label \(case0, case3\)"):
        train(write_recipe(tmp_path / "toy.yaml", cohort), out=tmp_path / "run")
    assert not (tmp_path / "run" / "curve.csv").exists()


def test_a_label_that_the_recipe_does_not_know(tmp_path, cohort):
    _change(cohort, "label", "grey", [1])
    with pytest.raises(CohortError, match=r"unknown labels 'grey'.*Known are 'dark', 'light'"):
        _parts(tmp_path, cohort)


def test_the_column_of_labels_missing(tmp_path, cohort):
    cohort.write_text(cohort.read_text().replace("label", "diagnosis", 1))
    with pytest.raises(CohortError, match=r"lacks the column 'label'; it has .*diagnosis"):
        _parts(tmp_path, cohort)


def test_one_class_only(tmp_path, cohort):
    _change(cohort, "label", "dark")
    with pytest.raises(CohortError, match="Every example is 'dark': a classifier needs two classes"):
        _parts(tmp_path, cohort)


def test_a_patient_in_two_splits(tmp_path, cohort):
    _change(cohort, "split", "val", [0])
    with pytest.raises(CohortError, match="patients in more than one split: patient0"):
        _parts(tmp_path, cohort)


def test_a_patient_in_two_splits_of_two_cohorts(tmp_path, cohort):
    other = write_pictures(tmp_path / "other")
    _change(other, "split", "val")
    sources = [{"cohort": str(one), "licence": "CC0"} for one in (cohort, other)]
    sources[1]["split"] = "val"
    text = ", ".join(
        f"{{cohort: {one['cohort']}, licence: CC0, split: {one.get('split', 'train')}}}" for one in sources
    )
    with pytest.raises(CohortError, match=r"patients are learned from and checked on: .*patient7"):
        _parts(tmp_path, cohort, f"data.sources=[{text}]")


def test_an_archive_learns_nothing_from_lesions_that_a_cohort_holds_out_nor_from_unknown_ones(tmp_path, cohort):
    np.savez(
        tmp_path / "small.npz",
        train_images=np.zeros((3, 8, 8), np.uint8),
        train_labels=np.zeros((3, 1), np.uint8),
        test_images=np.zeros((2, 8, 8), np.uint8),
        test_labels=np.ones((2, 1), np.uint8),
    )
    held_out = next(row["patient"] for row in csv.DictReader(cohort.read_text().splitlines()) if row["split"] == "test")
    table = [("train", 0, "elsewhere0"), ("train", 1, ""), ("train", 2, held_out), ("test", 0, "elsewhere1")]
    lines = [f"{split},{row},{lesion}" for split, row, lesion in table]
    (tmp_path / "rows.csv").write_text("\n".join(["split,row,lesion", *lines]) + "\n")
    archive = (
        f"{{cohort: {tmp_path / 'small.npz'}, licence: CC0, split: null, check: null, "
        "values: {0: dark, 1: light}, "
        "patients: {file: rows.csv, column: lesion}}"
    )
    recipe = read_recipe(
        write_recipe(tmp_path / "toy.yaml", cohort), [f"data.sources=[{{cohort: {cohort}, licence: CC0}}, {archive}]"]
    )
    learned = load_pictures(recipe, recipe.data)
    assert [row.id for row in learned.train.rows if not row.id.startswith("case")] == ["train-0", "test-0"]
    why = dict(learned.train.left_out)
    assert "not known" in why["train-1"] and "not known" in why["test-1"] and "held out" in why["train-2"]


def test_few_patients_are_drawn_whole_by_the_seed_and_from_each_label(tmp_path, cohort):
    recipe = read_recipe(write_recipe(tmp_path / "toy.yaml", cohort), ["data.sources.0.cases=4"])
    drawn = [load_pictures(recipe.model_copy(update={"seed": seed}), recipe.data).train.rows for seed in (0, 1, 0)]
    for rows in drawn:
        labels = {row.patient: row.label for row in rows}
        assert sorted(labels.values()) == ["dark", "dark", "light", "light"]
        assert len(rows) == 8  # both pictures of each
    assert {row.id for row in drawn[0]} == {row.id for row in drawn[2]} != {row.id for row in drawn[1]}
    everybody = read_recipe(tmp_path / "toy.yaml", ["data.sources.0.cases=99"])
    assert len(load_pictures(everybody, everybody.data).train.rows) == 16


def test_values_that_are_not_numbers(tmp_path, cohort):
    pixels = np.full((16, 16), 0.5, np.float32)
    pixels[3, 3] = np.nan
    Image.fromarray(pixels).save(cohort.parent / "p1.tiff")
    _change(cohort, "image", "p1.tiff", [1])
    with pytest.raises(CohortError, match=r"1 of 16 pictures of 'cohort.csv' cannot be read:\s+case1: .*not finite"):
        _parts(tmp_path, cohort)


def test_a_damaged_picture_is_named_or_left_out_by_choice_and_counted(tmp_path, cohort, capsys):
    (cohort.parent / "p2.png").write_bytes((cohort.parent / "p2.png").read_bytes()[:60])
    (cohort.parent / "p17.png").write_bytes(b"no picture")  # of the check split
    recipe = write_recipe(tmp_path / "toy.yaml", cohort)
    with pytest.raises(CohortError, match=r"(?s)1 of 16 pictures .*case2: .*skip_damaged"):
        train(recipe, out=tmp_path / "run")
    result = train(recipe, ["data.skip_damaged=true", "train.steps=2"], tmp_path / "run")
    rows = list(csv.DictReader((result.folder / "left_out.csv").read_text().splitlines()))
    assert [row["id"] for row in rows] == ["case2", "case17"]
    assert all("damaged" in row["why"] for row in rows)
    assert "2 inputs are left out" in capsys.readouterr().err
    recipe_read = read_recipe(recipe, ["data.skip_damaged=true"])
    assert len(load_pictures(recipe_read, recipe_read.data).train.rows) == 15


def test_pictures_of_mixed_size_and_depth_are_brought_together(tmp_path, cohort):
    rng = np.random.default_rng(0)
    kinds = {
        "wide.png": Image.fromarray(rng.integers(0, 255, (9, 40), np.uint8)),
        "color.png": Image.fromarray(rng.integers(0, 255, (20, 16, 3), np.uint8)),
        "alpha.png": Image.fromarray(rng.integers(0, 255, (16, 16, 4), np.uint8)),
        "deep.png": Image.fromarray(rng.integers(0, 60000, (33, 16)).astype(np.uint16)),
        "one.png": Image.fromarray(rng.integers(0, 2, (16, 16)).astype(bool)),
    }
    for k, (name, picture) in enumerate(kinds.items()):
        picture.save(cohort.parent / name)
        _change(cohort, "image", name, [k])
    image, shares = _parts(tmp_path, cohort).sampler.batch(0, 16)
    assert image.shape == (16, 1, 16, 16)
    assert bool((image >= 0).all() and (image <= 1).all())
    assert shares.shape == (16, 2)


def test_a_run_that_ran_out_of_memory_goes_on_after_the_change(tmp_path, cohort, monkeypatch):
    recipe = write_recipe(tmp_path / "toy.yaml", cohort)
    first = run.make_parts

    def small_machine(recipe, *more):
        parts = first(recipe, *more)
        batch = parts.sampler.batch

        def limited(step, size):
            if size > 2:
                raise MemoryError
            return batch(step, size)

        parts.sampler.batch = limited
        return parts

    monkeypatch.setattr(run, "make_parts", small_machine)
    with pytest.raises(TrainingError, match=r"Lower train\.batch \(4"):
        train(recipe, out=tmp_path / "run")
    assert train(recipe, ["train.batch=2"], tmp_path / "run", resume=True).pack.is_dir()
