"""One question about a picture: the folder holds the answer, its layers lie on the picture, and no word of the file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.draw.explainable import reads_pictures
from limner.draw.explained import Ask, explain_picture
from limner.errors import InputError, PackError
from limner.image import Picture
from limner.infer.explain.layers import LONGEST, as_grey
from limner.io.synthetic import Origin, origin_of, write_picture
from limner.packs import list_packs, load_pack
from tests.draw.pictures import blots, mask_pack, spot

QUICK = {"samples": 40}
BLOTS = [(30, 40, 14), (66, 92, 9)]


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as opened:
        return opened.size


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened)


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "Zyxwvut.jpg"
    exif = Image.Exif()
    exif[0x013B] = "Zyxwvut"
    Image.fromarray(spot(np.random.default_rng(4), malignant=True, size=96)[:72]).save(path, exif=exif)
    return path


@pytest.fixture(scope="module")
def asked(tmp_path_factory, photo, spots_pack) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("asked")
    return out, explain_picture(load_pack(spots_pack), photo, out, Ask(**QUICK))


def test_the_answer_has_all_probabilities_and_what_was_explained(asked):
    out, told = asked
    assert json.loads((out / "answer.json").read_text()) == told
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert told["explained"]["name"] == max(told["probabilities"], key=told["probabilities"].get)
    assert told["explained"]["probability"] == told["probabilities"][told["explained"]["name"]]
    assert told["groups"]["malignant"] == told["probabilities"]["melanoma"]
    assert told["abstain_below"] == 0.6 and told["calibrated"]


def test_layers_lie_on_the_picture(asked):
    out, told = asked
    for name in ("picture", "layer grad-cam", "layer lime", "layer parts", "layer outline"):
        assert size(out / told["files"][name]) == (96, 72), name
    parts = pixels(out / told["files"]["layer parts"])
    explanation = json.loads((out / "explanation.json").read_text())
    [lime] = [one for one in explanation["maps"] if one["kind"] == "lime"]
    assert parts.max() == len(lime["weights"])
    heat = pixels(out / told["files"]["layer lime"]).astype(float) - 128
    best = int(np.argmax(np.abs(lime["weights"]))) + 1
    inside = heat[parts == best]
    assert inside.std() == 0 and abs(inside[0]) == 127 and np.sign(inside[0]) == np.sign(lime["weights"][best - 1])
    assert all(set(one) >= {"checks", "warnings"} for one in explanation["maps"])


def test_the_folder_holds_nothing_of_the_file_but_its_pixels(asked):
    out, _ = asked
    for path in out.rglob("*"):
        assert path.is_dir() or b"Zyxwvut" not in path.read_bytes(), path.name


def test_another_class_can_be_asked_about(tmp_path, photo, spots_pack, asked):
    told = explain_picture(
        load_pack(spots_pack), photo, tmp_path, Ask(about="melanocytic nevus", method="lime", **QUICK)
    )
    assert told["about"] == "melanocytic nevus" and told["explained"]["name"] == "melanocytic nevus"
    assert told["probabilities"] == asked[1]["probabilities"]
    with pytest.raises(PackError, match="knows no 'freckle'"):
        explain_picture(load_pack(spots_pack), photo, tmp_path, Ask(about="freckle"))


def test_an_outline_is_explained_finding_by_finding(tmp_path):
    pack, picture = load_pack(mask_pack(tmp_path / "pack")), tmp_path / "blots.png"
    Image.fromarray(blots(BLOTS)).save(picture)
    (tmp_path / "out").mkdir()
    told = explain_picture(pack, picture, tmp_path / "out", Ask(method="lime", **QUICK))
    marked = [one["id"] for one in told["findings"]]
    assert told["about"] == marked[0] and "labels" in told["files"]
    (tmp_path / "other").mkdir()
    other = explain_picture(pack, picture, tmp_path / "other", Ask(about=marked[1], method="lime", **QUICK))
    assert other["about"] == marked[1]
    with pytest.raises(InputError, match="There is no finding 'nothing-7'"):
        explain_picture(pack, picture, tmp_path / "other", Ask(about="nothing-7"))


def test_where_nothing_is_found_the_answer_stands_without_an_explanation(tmp_path):
    pack, picture = load_pack(mask_pack(tmp_path / "pack")), tmp_path / "light.png"
    Image.fromarray(np.random.default_rng(0).integers(200, 250, (64, 64), np.uint8)).save(picture)
    (tmp_path / "out").mkdir()
    told = explain_picture(pack, picture, tmp_path / "out")
    assert told["explained"] is None and "Nothing was found" in told["why_none"]
    assert not (tmp_path / "out" / "explanation.json").exists()


def test_a_huge_picture_is_shown_smaller_with_its_layers(tmp_path, spots_pack):
    small = spot(np.random.default_rng(1), malignant=False, size=64)
    Image.fromarray(small).resize((2000, 2000)).save(tmp_path / "huge.png")
    (tmp_path / "out").mkdir()
    told = explain_picture(load_pack(spots_pack), tmp_path / "huge.png", tmp_path / "out", Ask(method="grad-cam"))
    sizes = {size(tmp_path / "out" / told["files"][name]) for name in ("picture", "layer grad-cam")}
    assert len(sizes) == 1 and max(sizes.pop()) <= LONGEST


def test_a_synthetic_picture_stays_marked_and_is_told(tmp_path, spots_pack):
    origin = Origin("some 1", "ab" * 32, "generate", 3)
    array = spot(np.random.default_rng(2), malignant=True, size=96)
    write_picture(Picture(np.ascontiguousarray(array.transpose(2, 0, 1))), tmp_path / "made.png", origin)
    (tmp_path / "out").mkdir()
    told = explain_picture(load_pack(spots_pack), tmp_path / "made.png", tmp_path / "out", Ask(method="grad-cam"))
    assert [one["code"] for one in told["problems"]] == ["synthetic-input"]
    with Image.open(tmp_path / "out" / "picture.png") as opened:
        assert origin_of(opened.info) == origin


def test_packs_that_read_pictures_are_those_that_answer():
    names = {pack.name for pack in list_packs() if reads_pictures(pack)}
    assert {"skin-lesion", "breast-ultrasound", "chest-xray", "lidc-nodule"} <= names
    assert not names & {"skin-stylegan2", "abdomen-ct", "mr-flair-translate"}


def test_grey_values_of_heat_are_numbers():
    assert as_grey(np.array([-2.0, -1.0, 0.5, 1.0])).tolist() == [1, 1, 192, 255]
