"""One catalogue, two languages, and numbers as readers write them."""

from __future__ import annotations

import json
import re
import string
from dataclasses import asdict
from pathlib import Path

import pytest

from limner.errors import InputError, LimnerError
from limner.findings import Measurement
from limner.image import Grid, LabelMap
from limner.io.check import Check, compare
from limner.report import catalogue, methods, provenance, tables, terms, typeset, wording
from limner.report.glance import glance
from tests.report.phantom import content, drawing, findings, run

ROOT = Path(__file__).parents[2]


def test_both_languages_say_everything():
    english, chinese = catalogue.words("en"), catalogue.words("zh")
    assert english.keys() == chinese.keys()
    for key in english:
        assert english[key].strip() and chinese[key].strip(), key
        assert fields(english[key]) == fields(chinese[key]), key
        assert not re.search("[一-鿿]", english[key]), key


def test_chinese_is_chinese():
    same = {key for key, text in catalogue.words("zh").items() if text == catalogue.words("en")[key]}
    assert same == set()


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_structure_has_a_chinese_name():
    assert terms.untranslated() == ()
    assert terms.structure("liver", "zh") == "肝"


def test_every_word_of_the_viewer_is_in_the_catalogue():
    sources = "\n".join(path.read_text() for path in (ROOT / "web" / "src").rglob("*.ts"))
    asked = set(re.findall(r'word\((?:data\.)?words, "(\w+)"\)', sources))
    named = set(re.findall(r'"(\w+)"', " ".join(re.findall(r"export const (?:PLANES|SIDES)[^=]*= \[(.*?)\]", sources))))
    assert len(asked) > 10 and len(named) == 9
    assert {f"viewer.{key}" for key in asked | named | {"no_cut"}} <= catalogue.words("en").keys()


def test_every_chinese_word_can_be_printed():
    said = {*"".join(catalogue.words("zh").values()), *methods.methods(content(), "zh")}
    said |= {letter for name in terms.anatomy.names() for letter in terms.structure(name, "zh")}
    assert {letter for letter in said if typeset.font_of(letter) == typeset.RARE} == set()


def test_another_language_is_refused():
    with pytest.raises(InputError, match=r"en or zh.*'de'"):
        catalogue.words("de")


def test_labels_of_another_grid_are_refused():
    labels = content().labels
    apart = Grid.axial(labels.grid.shape, (4, 3, 3), (0, 0, 0))
    with pytest.raises(LimnerError, match="one grid"):
        content(labels=LabelMap(labels.array, apart, labels.labels))


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (Measurement(name="volume", value=1489.4, unit="ml", low=1400.2, high=1500.6), "1489 ml (1400–1501)"),
        (Measurement(name="volume", value=0.0312, unit="mL"), "0.031 ml"),
        (Measurement(name="mean", value=-0.2, unit="[hnsf'U]"), "0 HU"),
        (Measurement(name="mean", value=-87.6, unit="[hnsf'U]"), "−88 HU"),
        (Measurement(name="distance to spleen", value=0.0, unit="mm", low=0.0, high=3.0), "0.0 mm (0.0–3.0)"),
        (Measurement(name="sphericity", value=0.81234, unit="1"), "0.812"),
    ],
)
def test_quantities(one, text):
    assert tables.quantity(one, "en") == text


def test_the_table_of_lesions_is_sorted_and_complete():
    lesions = content().of_kind("lesion")
    table = tables.measures_table(content(), lesions, "en")
    assert [row.title for row in table.rows] == ["Liver tumor 1", "Liver tumor 2"]
    assert table.columns == ("Volume", "Longest diameter", "RECIST diameter", "Mean density")
    assert table.rows[0].cells == ("11.5 ml", "28.0 mm", "28.0 mm", "60 ± 12 HU")
    clear = tables.clearance_table(content(), lesions, "en")
    assert clear.columns == ("Surface of liver", "Liver vessels")
    assert [row.cells for row in clear.rows] == [("4.0 mm", "7.9 mm"), ("touches", "3.4 mm")]


def test_the_first_numbers():
    values = {tile.label: (tile.value, tile.below) for tile in glance(content(), "en")}
    assert values == {
        "Volume of liver": ("268.1 ml", "250.0–280.0"),
        "Lesions": ("2", "12.9 ml in all"),
        "Largest lesion": ("28.0 mm", "Liver tumor 1"),
        "Least distance": ("3.4 mm", "Liver tumor 2 to liver vessels"),
    }


def test_no_lesion_is_said():
    organs = drawing(findings=tuple(one for one in findings() if one.kind != "lesion"))
    assert glance(content(drawing=organs), "en")[-1].value == "none found"


@pytest.mark.parametrize(("lang", "unsure", "none"), [("en", "not sure", "none found"), ("zh", "无法判定", "未发现")])
def test_a_drawing_without_a_lesion_says_where_it_is_not_sure_of_that(lang, unsure, none):
    organs = tuple(one for one in findings() if one.kind != "lesion")
    sure, doubt = (content(drawing=drawing(findings=organs, abstained=one)) for one in (False, True))
    assert wording.unsure_note(sure, lang) == ""
    assert wording.unsure_note(doubt, lang) == catalogue.words(lang)["abstained_all"]
    tile = glance(doubt, lang)[-1]
    assert (tile.value, tile.below) == (unsure, none)


def test_methods_tell_only_the_steps_that_ran():
    some = content(run=run(steps=[{"name": "open"}, {"name": "measure"}, {"name": "dance"}]))
    text = methods.methods(some, "en")
    assert text.startswith("The CT series was read") and "64 × 64 × 40 voxels of 3 × 3 × 4 mm" in text
    assert "model pack" not in text and "dance" not in text
    assert methods.methods(content(run={}), "en") == ""


def test_geometry_is_told_by_file_and_failures_in_full():
    bad = {"file": "scene.glb", "what": "liver: centroid (mm)", "expected": (-35.0, 0.0), "got": (35.0, 0.0)}
    failed = {**bad, "ok": False, "hint": "Left and right?"}
    checks = provenance.geometry(content(run=run(geometry=[*run()["geometry"], failed])), "en")
    assert [(one.file, one.passed, one.text) for one in checks] == [
        ("scene.glb", False, "1 of 2 comparisons within tolerance; largest deviation 70 mm, 0.1 ml"),
        ("labels.nii.gz", True, "1 of 1 comparisons within tolerance; largest deviation 0.1 ml"),
    ]
    assert checks[0].failures == ("liver: centroid (mm): -35, 0 was expected, 35, 0 was read. Left and right?",)


def many_checks(ok=True):
    """381 comparisons, as limner.io makes them, and as run.json gives them back."""
    wholes = [
        compare(f"meshes/{k % 3}.stl", f"part-{k}: centroid (mm)", [0.0, 1.0], [0.0, 1.0 + k / 1e4], 0.05 if ok else -1)
        for k in range(380)
    ]
    side = Check("meshes/0.stl", "part-0: left-right, agreement with the mirror image", (1.0,), (0.2,), 0.02, True)
    return json.loads(json.dumps([asdict(one) for one in (*wholes, side)]))


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "128 of 128 comparisons within tolerance; largest deviation 0.0378 mm"),
        ("zh", "128 项比对中 128 项在容差内；最大偏差 0.0378 mm"),
    ],
)
def test_hundreds_of_comparisons_are_one_line_a_file(lang, text):
    checks = provenance.geometry(content(run=run(geometry=many_checks())), lang)
    assert [one.file for one in checks] == ["meshes/0.stl", "meshes/1.stl", "meshes/2.stl"]
    assert checks[0].text == text
    assert all(one.passed and one.failures == () for one in checks)


def test_hundreds_of_failures_are_counted():
    failed = provenance.geometry(content(run=run(geometry=many_checks(ok=False))), "en")[1]
    assert len(failed.failures) == 7
    assert failed.failures[-1] == "121 more comparisons failed."
