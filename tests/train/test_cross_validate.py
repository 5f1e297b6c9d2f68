"""Folds: patients are never split, nothing is judged that chose anything, and a killed run goes on."""

import csv
import json
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.data.cohort import read_cohort
from limner.errors import CohortError, OutputExistsError, RecipeError
from limner.reproduce import cross_validate
from limner.train.folds import Fold, Row, deal, rows_of, write_fold

from .pictures import write_pictures, write_recipe


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from("abc")), min_size=30, max_size=120),
    st.integers(2, 5),
    st.integers(0, 3),
)
def test_no_patient_is_in_two_folds_and_folds_are_even(cases, folds, seed):
    rows = [Row(str(k), f"p{patient}", label) for k, (patient, label) in enumerate(cases)]
    patients = {row.patient for row in rows}
    if len(patients) < folds:
        with pytest.raises(CohortError, match="number of patients"):
            deal(rows, folds, seed)
        return
    dealt = deal(rows, folds, seed)
    assert set(dealt) == patients
    assert set(dealt.values()) == set(range(folds))
    assert dealt == deal(rows[::-1], folds, seed)


def test_folds_hold_each_class_alike():
    rng = np.random.default_rng(1)
    rows = [Row(str(k), f"p{k // 3}", str(rng.choice(["a", "b", "c"], p=[0.8, 0.15, 0.05]))) for k in range(600)]
    dealt = deal(rows, 5, 0)
    held = defaultdict(lambda: defaultdict(int))
    for row in rows:
        held[row.label][dealt[row.patient]] += 1
    for label, folds in held.items():
        counts = [folds[k] for k in range(5)]
        assert max(counts) - min(counts) <= 2, (label, counts)


def test_a_fold_of_a_table_keeps_paths_and_leaves_the_test_split_alone(tmp_path):
    cohort = write_pictures(tmp_path / "set")
    rows = rows_of(cohort, ["train", "val"], "label")
    written = write_fold(cohort, ["train", "val"], Fold(frozenset({"patient0"}), frozenset({"patient1"})), tmp_path)
    made, first = read_cohort(written), read_cohort(cohort)
    assert {c.id for c in made.cases} == {row.key for row in rows} == {c.id for c in first.cases if c.split != "test"}
    assert {c.patient for c in made.split("test").cases} == {"patient0"}
    assert {c.patient for c in made.split("val").cases} == {"patient1"}
    images = {c.id: c.image for c in first.cases}
    assert all(c.image == images[c.id] for c in made.cases)


def test_a_fold_of_an_archive_holds_each_picture_once(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {f"{s}_images": rng.integers(0, 255, (n, 4, 4), np.uint8) for s, n in (("train", 6), ("val", 3))}
    arrays |= {"train_labels": np.arange(6)[:, None] % 2, "val_labels": np.arange(3)[:, None] % 2}
    np.savez(tmp_path / "set.npz", **arrays)
    rows = rows_of(tmp_path / "set.npz", ["train", "val"])
    dealt = deal(rows, 3)
    folds = [Fold(frozenset(p for p, f in dealt.items() if f == k)) for k in range(3)]
    seen = []
    for number, fold in enumerate(folds):
        with np.load(write_fold(tmp_path / "set.npz", ["train", "val"], fold, tmp_path / str(number))) as held:
            assert len(held["train_images"]) + len(held["test_images"]) == 9
            seen += [one.tobytes() for one in held["test_images"]]
    assert sorted(seen) == sorted(one.tobytes() for s in ("train", "val") for one in arrays[f"{s}_images"])


def test_folds_from_recipe_to_figures(tmp_path, capsys):
    recipe = write_recipe(tmp_path / "toy.yaml", write_pictures(tmp_path / "set"))
    found = cross_validate(recipe, [], 3, tmp_path / "folds")
    assert found.patients == 10  # of twelve: the test split is left alone
    assert len(found.per_fold) == 3
    values = [one["accuracy"] for one in found.per_fold]
    assert found.mean["accuracy"] == pytest.approx(np.mean(values))
    assert found.sd["accuracy"] == pytest.approx(np.std(values, ddof=1))
    assert json.loads((tmp_path / "folds" / "folds.json").read_text())["folds"] == 3
    tested = []
    for number in (1, 2, 3):
        text = (tmp_path / "folds" / f"fold-{number}" / "cohort-0" / "cohort.csv").read_text()
        rows = list(csv.DictReader(text.splitlines()))
        splits = defaultdict(set)
        for row in rows:
            splits[row["split"]].add(row["patient"])
        assert not splits["train"] & splits["val"] | splits["test"] & (splits["train"] | splits["val"])
        tested += sorted(splits["test"])
    assert len(tested) == len(set(tested)) == 10
    with pytest.raises(OutputExistsError, match="--resume"):
        cross_validate(recipe, [], 3, tmp_path / "folds")
    kept = (tmp_path / "folds" / "fold-1" / "curve.csv").stat().st_mtime_ns
    (tmp_path / "folds" / "fold-3" / "figures.json").unlink()
    again = cross_validate(recipe, [], 3, tmp_path / "folds", resume=True)
    assert again.per_fold == found.per_fold
    assert (tmp_path / "folds" / "fold-1" / "curve.csv").stat().st_mtime_ns == kept
    assert "Fold 3 of 3" in capsys.readouterr().err


def test_what_folds_refuse(tmp_path):
    recipe = write_recipe(tmp_path / "toy.yaml", write_pictures(tmp_path / "set"))
    with pytest.raises(RecipeError, match="3 or more"):
        cross_validate(recipe, [], 2, tmp_path / "a")
    with pytest.raises(CohortError, match="number of patients, 10; got 11"):
        cross_validate(recipe, [], 11, tmp_path / "b")
