"""From a picture to a drawing: what it holds, what it never holds, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.draw import DrawOptions, draw
from limner.draw.picture import STEPS
from limner.errors import InputError, NotAnImageError, OutputExistsError, PackError, VerificationError
from limner.findings import Drawing
from limner.io import read_picture, read_picture_labels
from limner.samples import demo_study
from tests.draw.pictures import blots, box_pack, changed_pack, mask_pack, spot

SECRETS = ("Zyxwvut", "Qponm", "2019:03:04", "52.3702", "GPSLatitude")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def photo(home: Path) -> Path:
    """A JPEG as a telephone writes it: turned, with a place, a date and names in EXIF and in the file's name."""
    array = spot(np.random.default_rng(4), malignant=True, size=96)[:72]  # 96 wide, 72 high
    picture = Image.fromarray(array).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to show
    exif[0x013B], exif[0x010E], exif[0x0132] = "Zyxwvut Qponm", "mole of Zyxwvut", "2019:03:04 10:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 22.0, 12.72), 3: "E", 4: (4.0, 53.0, 42.6)})
    picture.save(home / "Zyxwvut_Qponm.jpg", exif=exif, quality=95, comment=b"Zyxwvut")
    return home / "Zyxwvut_Qponm.jpg"


@pytest.fixture(scope="module")
def drawn(home: Path, photo: Path, spots_pack: Path) -> Drawing:
    """One whole drawing, with every explanation."""
    return draw(photo, home / "out", options=DrawOptions(pack=str(spots_pack)))


def quick(pack: Path, **changes: object) -> DrawOptions:
    """Without explanations, which take most of the time."""
    return DrawOptions(**{"pack": str(pack), "explain": "none", **changes})


def test_the_photograph_of_the_fixture_does_hold_secrets(photo: Path) -> None:
    held = photo.read_bytes()
    assert b"Zyxwvut" in held and b"2019:03:04" in held
    with Image.open(photo) as opened:
        assert opened.getexif().get_ifd(0x8825)


def test_a_drawing_of_a_picture_holds_its_files_and_nothing_is_left_beside_it(drawn: Drawing, home: Path) -> None:
    assert not list(home.glob("out.partial*"))
    assert set(drawn.files) == {"image", "report", "pdf", "run", "explanation"}
    for name in drawn.files.values():
        assert (home / "out" / name).stat().st_size > 100, name
    assert (home / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert Drawing.model_validate_json((home / "out" / "drawing.json").read_text()) == drawn


def test_drawing_json_keeps_the_contract(drawn: Drawing, home: Path) -> None:
    told = json.loads((home / "out" / "drawing.json").read_text())
    assert told["schema"] == "limner.drawing/1"
    assert re.fullmatch(r"2\.25\.\d{1,39}", told["study"]["uid"])
    assert told["study"]["modality"] == "XC" and told["study"]["date"] is None
    (finding,) = told["findings"]
    assert (finding["name"], finding["kind"], finding["abstained"]) == ("melanoma", "class", False)
    assert finding["code"] == {"scheme": "SCT", "value": "93655004", "meaning": "Malignant melanoma of skin"}
    assert finding["probability"] == pytest.approx(finding["probabilities"]["melanoma"])
    assert sum(finding["probabilities"].values()) == pytest.approx(1.0, abs=1e-3)
    assert finding["groups"]["malignant"] == finding["probabilities"]["melanoma"]
    assert {one["kind"] for one in finding["evidence"]} >= {"grad-cam", "lime"}
    for one in finding["evidence"]:
        assert (home / "out" / one["file"]).is_file()
        assert one["sentence"] and one["checks"]


def test_pixels_are_turned_upright_and_kept(drawn: Drawing, home: Path, photo: Path) -> None:
    read = read_picture(photo)
    assert read.size == (72, 96)
    assert np.array_equal(read_picture(home / "out" / "picture.png").array, read.array)


def test_nothing_but_pixels_leaves_the_photograph(drawn: Drawing, home: Path) -> None:
    written = [path for path in (home / "out").rglob("*") if path.is_file()]
    assert len(written) >= 8
    for path in written:
        held = path.read_bytes()
        assert not [word for word in SECRETS if word.encode() in held], path.name
        if path.suffix == ".png":
            with Image.open(path) as opened:
                assert not opened.getexif() and not {"exif", "comment", "XML:com.adobe.xmp"} & set(opened.info), path


def test_the_run_says_how_it_was_made_and_names_no_place(drawn: Drawing, home: Path) -> None:
    text = (home / "out" / "run.json").read_text()
    record = json.loads(text)
    assert [step["name"] for step in record["steps"]] == list(STEPS)
    assert all(step["peak_mb"] > 10 and step["seconds"] >= 0 for step in record["steps"])
    assert record["settings"]["pack"] == "spots" and record["geometry"][0]["ok"]
    assert str(home.parent) not in text + (home / "out" / "drawing.json").read_text()


def test_the_same_file_has_the_same_uid_and_another_has_another(
    drawn: Drawing, home: Path, photo: Path, spots_pack: Path, tmp_path: Path
) -> None:
    (tmp_path / "other name.jpg").write_bytes(photo.read_bytes())
    again = draw(tmp_path / "other name.jpg", tmp_path / "again", options=quick(spots_pack))
    assert again.study == drawn.study and again.findings[0].probability == drawn.findings[0].probability
    Image.fromarray(spot(np.random.default_rng(9), malignant=False)).save(tmp_path / "b.png")
    assert draw(tmp_path / "b.png", tmp_path / "b", options=quick(spots_pack)).study.uid != drawn.study.uid


def test_a_pack_that_is_not_sure_says_so_first(photo: Path, spots_pack: Path, tmp_path: Path) -> None:
    doubting = changed_pack(spots_pack, tmp_path / "doubting", calibration={"temperature": 50.0, "abstain_below": 0.9})
    drawing = draw(photo, tmp_path / "out", options=quick(doubting))
    assert drawing.abstained and drawing.findings[0].abstained
    page = (tmp_path / "out" / "report.html").read_text()
    assert '<section class="verdict unsure"' in page and '<p class="verdict-title">Not sure</p>' in page


def test_problems_of_the_picture_are_told_in_the_language_of_the_report(spots_pack: Path, tmp_path: Path) -> None:
    bare = changed_pack(spots_pack, tmp_path / "bare", calibration=None)
    Image.fromarray(np.tile(np.arange(12, dtype=np.uint8) * 20, (3, 1))).save(tmp_path / "strip.png")
    drawing = draw(tmp_path / "strip.png", tmp_path / "out", options=quick(bare, lang="zh"))
    assert [one.code for one in drawing.problems] == ["not-calibrated", "small-picture", "long-picture", "no-colour"]
    assert "12 × 3 像素" in drawing.problems[1].text and "2.7" in drawing.problems[1].text


def test_outlines_become_lesions_with_areas_and_a_label_map(tmp_path: Path) -> None:
    array = blots([(30, 40, 12), (60, 100, 9)])
    Image.fromarray(array).save(tmp_path / "us.png")
    drawing = draw(tmp_path / "us.png", tmp_path / "out", options=quick(mask_pack(tmp_path / "pack")))
    assert drawing.study.modality == "US" and drawing.files["labels"] == "labels.png"
    labels = read_picture_labels(tmp_path / "out" / "labels.png")
    assert labels.shape == array.shape and np.mean((labels == 1) != (array == 20)) < 0.01
    assert [one.id for one in drawing.findings] == ["breast-lesion-1", "breast-lesion-2"]
    for finding, radius in zip(drawing.findings, (12, 9), strict=True):
        area, longest = finding.measure("area"), finding.measure("longest diameter")
        assert area is not None and longest is not None and area.low is not None and area.high is not None
        assert area.value == pytest.approx(np.pi * radius**2, rel=0.06) and area.unit == "px2"
        assert area.low <= area.value <= area.high
        assert longest.value == pytest.approx(2 * radius, abs=2.5) and longest.unit == "px"


def test_boxes_lie_on_what_they_mark(tmp_path: Path) -> None:
    Image.fromarray(220 - blots([(30, 40, 12), (60, 100, 9)])).save(tmp_path / "cxr.png")
    drawing = draw(tmp_path / "cxr.png", tmp_path / "out", options=quick(box_pack(tmp_path / "pack")))
    boxes = [one.model_dump()["box"] for one in drawing.findings if one.kind == "box"]
    centers = sorted(((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes)
    assert np.allclose(centers, [(40, 30), (100, 60)], atol=6)
    assert drawing.findings[0].kind == "class" and "labels" not in drawing.files


def test_a_limit_of_memory_is_refused(photo: Path, spots_pack: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="the limit would not hold"):
        draw(photo, tmp_path / "out", options=quick(spots_pack, max_memory_gb=2.0))
    assert not (tmp_path / "out").exists()


def test_channels_of_a_picture_are_refused(tmp_path: Path) -> None:
    Image.fromarray(blots([(30, 40, 12)])).save(tmp_path / "us.png")
    options = quick(mask_pack(tmp_path / "pack"), channels={"pre": "ax t1"})
    with pytest.raises(PackError, match="A picture is drawn alone"):
        draw(tmp_path / "us.png", tmp_path / "out", options=options)
    assert not (tmp_path / "out").exists()


def test_nothing_found_is_a_drawing_too(tmp_path: Path) -> None:
    Image.fromarray(np.linspace(180, 220, 64 * 64).reshape(64, 64).astype(np.uint8)).save(tmp_path / "us.png")
    options = DrawOptions(pack=str(mask_pack(tmp_path / "pack")))  # nothing is there to be explained
    drawing = draw(tmp_path / "us.png", tmp_path / "out", options=options)
    assert drawing.findings == () and not drawing.abstained
    page = (tmp_path / "out" / "report.html").read_text()
    assert "That is no proof that nothing is there." in page and ">Nothing found</p>" in page


def test_nothing_found_by_a_pack_that_is_not_sure_of_it_is_not_sure(tmp_path: Path) -> None:
    grey = np.linspace(131, 140, 64 * 64).reshape(64, 64).astype(np.uint8)  # just too light to be outlined
    Image.fromarray(grey).save(tmp_path / "us.png")
    doubting = mask_pack(tmp_path / "pack", calibration={"abstain_below": 0.9})
    drawing = draw(tmp_path / "us.png", tmp_path / "out", options=quick(doubting))
    assert drawing.findings == () and drawing.abstained
    page = (tmp_path / "out" / "report.html").read_text()
    assert '<p class="verdict-title">Not sure</p>' in page and ">Nothing found</p>" not in page


@pytest.mark.parametrize(("make", "inverted"), [(mask_pack, False), (box_pack, True)], ids=["outlines", "boxes"])
def test_each_of_the_first_three_findings_has_its_own_explanation(tmp_path: Path, make, inverted: bool) -> None:
    places = [(30, 30, 14), (66, 100, 12), (20, 100, 10), (76, 36, 9)]
    array = blots(places)
    Image.fromarray(220 - array if inverted else array).save(tmp_path / "us.png")
    pack = str(make(tmp_path / "pack"))
    drawing = draw(tmp_path / "us.png", tmp_path / "out", options=DrawOptions(pack=pack, explain="lime"))
    marked = [one for one in drawing.findings if one.kind != "class"]
    assert len(marked) == 4 and [len(one.evidence) for one in marked] == [1, 1, 1, 0]
    assert [one.evidence for one in drawing.findings if one.kind == "class"] in ([], [()])
    files = [one.evidence[0].file for one in marked[:3]]
    assert len(set(files)) == 3 and all((tmp_path / "out" / one).is_file() for one in files)
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count(" · LIME: parts whose loss changes the answer</h3>") == 3
    for finding, file in zip(marked, files, strict=False):
        heat = np.load((tmp_path / "out" / file).parent / "heat.npz")["lime"]
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        nearest = min(places, key=lambda one: (one[0] - row) ** 2 + (one[1] - column) ** 2)
        if finding.kind == "box":
            x0, y0, x1, y1 = finding.box
            assert x0 - 4 <= nearest[1] <= x1 + 4 and y0 - 4 <= nearest[0] <= y1 + 4
        else:
            assert nearest == places[files.index(file)]  # outlines are numbered by their size


def test_an_answer_that_cannot_be_explained_is_drawn_and_says_so(tmp_path: Path, monkeypatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise InputError("There is nothing to explain.")

    monkeypatch.setattr("limner.infer.explain.explain", refuse)
    Image.fromarray(blots([(30, 40, 12)])).save(tmp_path / "us.png")
    drawing = draw(tmp_path / "us.png", tmp_path / "out", options=DrawOptions(pack=str(mask_pack(tmp_path / "pack"))))
    assert [one.code for one in drawing.problems] == ["not-explained"]
    assert "nothing to explain" in (tmp_path / "out" / "report.html").read_text()


def test_a_picture_without_a_pack_is_refused_with_the_list(photo: Path, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(InputError, match="--pack NAME"):
        draw(photo, tmp_path / "out")
    from limner.packs import load_pack

    shipped = (load_pack(mask_pack(tmp_path / "us-pack")), load_pack(box_pack(tmp_path / "dx-pack")))
    monkeypatch.setattr("limner.draw.source.list_packs", lambda: shipped)
    with pytest.raises(InputError, match="DX: known-detect; US: known-segment"):
        draw(photo, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_picture_and_a_pack_for_scans_do_not_go_together(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="draws CT scans") as refused:
        draw(photo, tmp_path / "out", options=DrawOptions(pack="abdomen-ct"))
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("kind", ["folder", "file", "nifti"])
def test_a_scan_and_a_pack_for_pictures_do_not_go_together(spots_pack: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "scan.nii.gz").write_bytes(b"")
    study = Path(demo_study())
    source = {"folder": study, "file": next(study.glob("*.dcm")), "nifti": tmp_path / "scan.nii.gz"}[kind]
    with pytest.raises(PackError, match="leave out --pack") as refused:
        draw(source, tmp_path / "out", options=quick(spots_pack))
    assert refused.value.exit_code == 2


def test_two_pictures_a_blank_one_and_a_damaged_one_are_refused(photo: Path, spots_pack: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one picture; got 2"):
        draw([photo, photo], tmp_path / "out", options=quick(spots_pack))
    Image.new("RGB", (40, 30), (7, 7, 7)).save(tmp_path / "blank.png")
    with pytest.raises(InputError, match="value 7"):
        draw(tmp_path / "blank.png", tmp_path / "out", options=quick(spots_pack))
    (tmp_path / "torn.jpg").write_bytes(photo.read_bytes()[:900])
    with pytest.raises(NotAnImageError, match="damaged"):
        draw(tmp_path / "torn.jpg", tmp_path / "out", options=quick(spots_pack))
    with pytest.raises(InputError, match="Unknown explanation 'shap'"):
        draw(photo, tmp_path / "out", options=quick(spots_pack, explain="shap"))
    assert not (tmp_path / "out").exists()


def test_an_older_drawing_is_replaced_only_when_asked(
    drawn: Drawing, home: Path, photo: Path, spots_pack: Path
) -> None:
    before = (home / "out" / "run.json").read_text()
    with pytest.raises(OutputExistsError):
        draw(photo, home / "out", options=quick(spots_pack))
    assert (home / "out" / "run.json").read_text() == before


def test_a_label_map_that_was_written_wrong_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from limner.io.picture_labels import write_picture_labels

    def mirrored(labels: np.ndarray, path: Path, colors: object = None) -> None:
        write_picture_labels(np.ascontiguousarray(labels[:, ::-1]), path)

    monkeypatch.setattr("limner.io.write_picture_labels", mirrored)
    Image.fromarray(blots([(30, 40, 12)])).save(tmp_path / "us.png")
    with pytest.raises(VerificationError, match=r"labels\.png"):
        draw(tmp_path / "us.png", tmp_path / "out", options=quick(mask_pack(tmp_path / "pack")))
    assert not list(tmp_path.glob("out*"))


def test_the_command_draws_a_picture_without_torch(photo: Path, spots_pack: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom limner.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as end: print(end.code, 'torch' in sys.modules)"
    )
    command = ["draw", str(photo), "--pack", str(spots_pack), "-o", str(tmp_path / "out"), "--explain", "grad-cam"]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"
    assert "melanoma" in done.stdout and "area" in done.stdout
