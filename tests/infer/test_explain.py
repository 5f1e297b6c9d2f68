"""Explanations of a net whose answer is known, from the question to the files."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.errors import InputError, PackError
from limner.image import Picture
from limner.infer.explain import More, explain, write_explanation
from limner.infer.explain.ask import put
from limner.infer.explain.shuffle import shuffled_engine
from tests.infer.explained import dark_pack, spot

ENGINE = "onnxruntime"


@pytest.fixture
def pack(tmp_path: Path):
    return dark_pack(tmp_path / "pack")


def test_grad_cam_is_hottest_in_the_lesion_on_the_source_grid(pack) -> None:
    picture, mask = spot((60, 90), (40, 64), 12)  # wider than the net's picture, so that padding must be taken off
    found = explain(pack, picture, method="grad-cam", engine=ENGINE, more=More(mask=mask))
    [made] = found.maps
    assert found.name == "lesion" and found.probability > 0.5
    assert made.values.shape == mask.shape and made.values.min() == 0 and made.values.max() == 1
    checks = {one.name: one for one in made.checks}
    assert checks["pointing"].passed and checks["energy_inside"].passed
    assert checks["deletion_auc"].passed and checks["insertion_auc"].passed
    assert "randomisation" in checks
    assert found.heat is made.values


def test_lime_finds_the_parts_that_are_dark(pack) -> None:
    picture, mask = spot((64, 64), (20, 44), 12)
    found = explain(pack, picture, method="lime", engine=ENGINE, more=More(mask=mask))
    [made] = found.maps
    checks = {one.name: one for one in made.checks}
    assert made.segments is not None and made.segments.shape == mask.shape
    assert checks["energy_inside"].value > 0.5 and checks["deletion_auc"].passed
    weights = np.concatenate([[0.0], made.weights])[made.segments]
    assert weights[mask].mean() > 5 * abs(weights[~mask]).mean()


def test_lime_is_a_function_of_its_seed(pack) -> None:
    picture, _ = spot((48, 48), (20, 30), 9)
    quick = More(samples=60, check=False)
    one, again, other = (
        explain(pack, picture, method="lime", engine=ENGINE, seed=seed, more=quick).maps[0].weights
        for seed in (1, 1, 2)
    )
    assert one == again and one != other


def test_attributes_say_what_the_answer_rests_on(pack) -> None:
    picture, mask = spot((96, 96), (48, 48), 16)
    found = explain(pack, picture, method="attributes", engine=ENGINE, more=More(mask=mask))
    table = found.attributes
    assert table is not None and table.mask_from == "given"
    by_name = {one.name: one for one in table.effects}
    assert table.removed == ("diameter",)  # the net sees darkness; the disc is symmetric, smooth and of one colour
    assert by_name["diameter"].without < found.probability - 0.2
    assert by_name["asymmetry"].without == pytest.approx(found.probability, abs=0.02)
    assert table.all_without == by_name["diameter"].without
    falls = f"without it the probability falls from {found.probability:.2f} to {table.all_without:.2f}"
    assert "mainly because of its diameter (33.0 pixels)" in found.sentence and falls in found.sentence
    chinese = explain(pack, picture, method="attributes", engine=ENGINE, lang="zh", more=More(mask=mask))
    assert "直径（33.0 像素）" in chinese.sentence and f"降至 {table.all_without:.2f}" in chinese.sentence


def test_an_outline_that_nobody_drew_is_said_to_be_so(pack) -> None:
    picture, mask = spot((96, 96), (48, 48), 16)
    found = explain(pack, picture, method="attributes", engine=ENGINE)
    assert found.attributes is not None and found.attributes.mask_from == "measured"
    both = (found.attributes.mask & mask).sum() / (found.attributes.mask | mask).sum()
    assert both > 0.9
    assert any("outlined by a threshold" in text for text in found.all_warnings)


def test_an_even_picture_has_no_attributes(pack) -> None:
    found = explain(pack, Picture(np.full((3, 40, 40), 128, np.uint8)), method="attributes", engine=ENGINE)
    assert found.attributes is None
    assert any("No lesion stands out" in text for text in found.warnings)


def test_an_explanation_that_fails_its_checks_is_shown_with_warnings(tmp_path: Path) -> None:
    pack = dark_pack(tmp_path / "liar", lying=True)
    picture, mask = spot((64, 64), (20, 44), 12)
    found = explain(pack, picture, method="grad-cam", engine=ENGINE, more=More(mask=mask))
    failed = {one.name for one in found.maps[0].checks if not one.passed}
    assert failed >= {"deletion_auc", "insertion_auc", "pointing"}
    assert sum("failed the" in text for text in found.all_warnings) >= 2


def test_a_volume_is_explained_too(tmp_path: Path) -> None:
    pack = dark_pack(tmp_path / "pack", (16, 24, 24))
    picture, mask = spot((16, 24, 24), (8, 8, 15), 6)
    found = explain(pack, picture, engine=ENGINE, more=More(mask=mask, samples=120))
    assert [one.kind for one in found.maps] == ["grad-cam", "lime"]
    for made in found.maps:
        assert made.values.shape == (16, 24, 24)
        assert next(one for one in made.checks if one.name == "pointing").passed, made.kind
    assert found.attributes is not None and {one.name for one in found.attributes.effects} >= {"size", "spiculation"}
    files = write_explanation(found, tmp_path / "out")
    with Image.open(tmp_path / "out" / files["lime"]) as drawn:
        assert drawn.width > 500 and len(drawn.convert("RGB").getcolors(1 << 24)) > 100


def test_what_was_asked_is_not_called_the_answer(pack) -> None:
    picture, _ = spot((64, 64), (20, 44), 12)
    found = explain(pack, picture, method="grad-cam", engine=ENGINE, more=More(target="skin", check=False))
    assert found.sentence.startswith("The probability of skin is 0.")
    group = put(pack, picture, ENGINE, "anything")
    assert group.probability == pytest.approx(1.0) and group.answered


def test_unsure_answers_are_called_unsure(tmp_path: Path) -> None:
    pack = dark_pack(tmp_path / "pack", calibration={"temperature": 1.0, "abstain_below": 1.0})
    found = explain(pack, spot((64, 64), (20, 44), 12)[0], method="grad-cam", engine=ENGINE, more=More(check=False))
    assert found.abstained and found.sentence.startswith("Not sure; likeliest is lesion")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"method": "gradcam"}, InputError, "'grad-cam'"),
        ({"lang": "de"}, InputError, "'de'"),
        ({"more": More(target="leson")}, PackError, "'lesion'"),
        ({"more": More(mask=np.ones((9, 9), bool))}, InputError, "9 × 9"),
        ({"more": More(mask=np.zeros((64, 64), bool))}, InputError, "empty"),
    ],
)
def test_bad_questions_are_refused(pack, changes, error, words) -> None:
    with pytest.raises(error, match=words):
        explain(pack, spot((64, 64), (20, 44), 12)[0], engine=ENGINE, **changes)


def test_a_mask_too_small_to_measure_is_refused(pack) -> None:
    picture, mask = spot((64, 64), (20, 44), 1)
    with pytest.raises(InputError, match="at least 9"):
        explain(pack, picture, method="attributes", engine=ENGINE, more=More(mask=mask))


def test_shuffling_keeps_every_weight_and_moves_it(pack) -> None:
    picture, _ = spot((64, 64), (20, 44), 12)
    question = put(pack, picture, ENGINE)
    before = (pack.folder / "model.onnx").read_bytes()
    with shuffled_engine(pack.main, np.random.default_rng(0)) as engine:
        other = question.of(engine.run)
    assert not np.allclose(other.outputs["maps"], question.outputs["maps"])
    assert (pack.folder / "model.onnx").read_bytes() == before


def test_files_hold_what_was_found(pack, tmp_path: Path) -> None:
    picture, mask = spot((64, 64), (20, 44), 12)
    found = explain(pack, picture, engine=ENGINE, lang="zh", more=More(mask=mask, samples=80))
    files = write_explanation(found, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "explanation.json").read_text(encoding="utf-8"))
    assert told["schema"] == "limner.explanation/1" and told["sentence"] == found.sentence
    assert [one["kind"] for one in told["maps"]] == ["grad-cam", "lime"] and told["attributes"]["mask"] == "given"
    out = tmp_path / "out"
    assert set(files.values()) == {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    held = np.load(tmp_path / "out" / files["heat"])
    assert np.allclose(held["grad_cam"], found.maps[0].values, atol=1e-3)
    for kind in ("grad-cam", "lime", "attributes"):
        with Image.open(io.BytesIO((tmp_path / "out" / files[kind]).read_bytes())) as drawn:
            assert drawn.width > 500 and len(drawn.convert("RGB").getcolors(1 << 24)) > 100
    kinds = {one.kind: one for one in found.evidence("evidence/")}
    assert kinds["lime"].file == "evidence/lime.png" and "deletion_auc" in kinds["grad-cam"].checks


def test_explaining_loads_no_torch(pack, tmp_path: Path) -> None:
    code = (
        "import sys; from limner.infer import load_pack; from limner.infer.explain import explain, More\n"
        "from tests.infer.explained import spot\n"
        f"found = explain(load_pack({str(pack.folder)!r}), spot((48, 48), (20, 30), 9)[0], engine='onnxruntime',"
        " more=More(samples=40))\n"
        "assert len(found.maps) == 2 and found.attributes\n"
        "assert 'torch' not in sys.modules, 'torch was loaded'\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
