"""A pack's probabilities fitted anew on cases that it has not met."""

import json

import numpy as np
import pytest

from limner.errors import CohortError, OutputExistsError
from limner.packs import load_pack
from limner.packs.card import card
from limner.train import train
from limner.train.recalibrate import recalibrate


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A classifier of light and dark pictures, its archive, and one of the same kind from elsewhere."""
    folder = tmp_path_factory.mktemp("recalibrate")
    _archive(folder / "ours.npz", 0)
    (folder / "elsewhere").mkdir()
    _archive(folder / "elsewhere" / "theirs.npz", 1)
    (folder / "recipe.yaml").write_text(f"""
task: classify
data:
  size: [8, 8]
  classes: {{"0": dark, "1": light}}
  sources: [{{cohort: {folder / "ours.npz"}, licence: CC0}}]
augment: {{flip: x}}
net: {{name: resnet18, options: {{width: 8, stem: small}}}}
train: {{steps: 6, batch: 8, threads: 1}}
pack: {{name: light, description: Light or dark.}}
""")
    return train(folder / "recipe.yaml", [], folder / "run").pack, folder


def _archive(path, seed):
    rng = np.random.default_rng(seed)
    held = {}
    for split, n in (("train", 24), ("val", 16), ("test", 16)):
        y = np.arange(n) % 2
        held[f"{split}_images"] = rng.integers(0, 120, (n, 8, 8)).astype(np.uint8) + (60 * y)[:, None, None].astype(
            np.uint8
        )
        held[f"{split}_labels"] = y[:, None]
    np.savez(path, **held)


def test_the_same_cases_give_what_training_gave(learned, tmp_path):
    pack, folder = learned
    made = load_pack(recalibrate(load_pack(pack), folder / "ours.npz", tmp_path / "again", "val"))
    before = load_pack(pack).spec.calibration
    assert made.spec.calibration.temperature == pytest.approx(before.temperature, rel=0.05)
    assert made.spec.calibration.fitted_on.endswith("ours.npz val")
    made.verify()  # the weights are the same
    assert (made.folder / "CARD.md").read_text() == card(made)


def test_other_cases_give_another_pack_and_no_old_figures(learned, tmp_path):
    pack, folder = learned
    old = json.loads((pack / "pack.json").read_text())
    (pack / "pack.json").write_text(json.dumps(old | {"figures": [_figure()]}))
    theirs = folder / "elsewhere" / "theirs.npz"
    made = load_pack(recalibrate(load_pack(pack), theirs, tmp_path / "new"))
    assert made.spec.figures == [] and load_pack(pack).spec.figures
    assert made.spec.calibration.fitted_on == "56 cases of elsewhere/theirs.npz"
    with pytest.raises(OutputExistsError, match="already in"):
        recalibrate(load_pack(pack), theirs, tmp_path / "new")
    recalibrate(load_pack(pack), theirs, tmp_path / "new", force=True)


def _figure():
    return {"data": "ours", "n": 1, "region": "all", "metrics": {}, "command": "limner evaluate"}


@pytest.mark.parametrize("split", ["train", None])
def test_what_it_learned_from_is_refused(learned, tmp_path, split):
    pack, folder = learned
    with pytest.raises(CohortError, match=r"learned from .*split train"):
        recalibrate(load_pack(pack), folder / "ours.npz", tmp_path / "no", split)
    assert not (tmp_path / "no").exists()
