"""Forecasts of small drawings, end to end, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from limner.errors import InputError, NothingFoundError, OutputExistsError
from limner.forecast.anatomy import read_scene, site_of, working_grid
from limner.forecast.drawing import forecast_drawing
from limner.forecast.sights import Asked
from limner.image import Image
from limner.io import read_glb, read_marks, read_nifti, read_nifti_labels
from limner.io.nifti import write_nifti_image
from limner.scene.surfaces import is_closed, mesh_volume_mm3
from tests.forecast.drawings import ball, head_grid, head_with_glioma, liver_grid, liver_with_tumor, write_drawing

FEW = 8


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    head_with_glioma(folder / "now", 18, date="2024-07-19")
    head_with_glioma(folder / "before", 15, date="2024-01-01")
    return folder


@pytest.fixture(scope="module")
def once(heads):
    """Seen once, with genes and an image."""
    genes = heads / "genes.csv"
    genes.write_text("gene,status\nIDH1,mutated\n1p/19q,codeleted\n")
    grid = head_grid()
    rng = np.random.default_rng(0)
    image = ball(grid, (0, 0, 0), (80, 92, 75)) * (200 + 20 * rng.standard_normal(grid.shape))
    image[read_scene(heads / "now").lesion] += 150
    write_nifti_image(Image(image.astype(np.float32), grid), heads / "image.nii.gz", note="test", comment="")
    asked = Asked(image=heads / "image.nii.gz", futures=FEW)
    return forecast_drawing(heads / "now", genes=genes, days=90, out=heads / "once", asked=asked)


def test_the_answer_has_the_contracts_keys_and_says_what_it_rests_on(once):
    told = json.loads((once.folder / "forecast.json").read_text())
    assert told["schema"] == "limner.forecast/1" and told["days"] == [0, 15, 30, 45, 60, 75, 90]
    assert set(told["volume_ml"]) == {"p10", "p50", "p90"}
    bands = np.array([told["volume_ml"][f"p{q}"] for q in (10, 50, 90)])
    assert bands.shape == (3, 7) and (np.diff(bands, axis=0) >= 0).all() and (np.diff(bands[1]) > 0).all()
    assert bands[1, 0] == pytest.approx(told["target"]["volume_ml"], rel=1e-3)
    assert all({"name", "effect", "source"} <= set(row) for row in told["genes"])
    assert {row["name"] for row in told["genes"]} == {"IDH", "1p/19q"}
    assert {one["told_by"] for one in told["parameters"].values()} == {"the prior"}
    assert {one["unit"] for one in told["parameters"].values()} == {"mm²/day", "1/day", "mm/day", "mm"}
    assert any("seen once" in one for one in told["warnings"])
    assert [one["name"] for one in told["what_if"]] == ["were nothing known of its genes", "were IDH wild type"]
    mine, other = told["volume_ml"]["p50"][-1], told["what_if"][1]["volume_ml"]["p50"][-1]
    assert other > mine and "Not for clinical use" in told["note"]


def test_maps_lie_on_the_drawings_grid_and_the_tumour_only_grows(once, heads):
    now = read_nifti_labels(heads / "now" / "labels.nii.gz")
    then = read_nifti_labels(once.folder / "labels-day90.nii.gz")
    assert then.grid.same_as(now.grid)
    assert ((then.array == 2) | (now.array != 2)).all()
    early, late = (read_nifti(once.folder / f"probability-day{day}.nii.gz").array for day in (15, 90))
    assert early.shape == now.array.shape and late.min() >= 0 and late.max() <= 1 + 1e-6
    assert late.sum() > early.sum()
    assert ((late > 0.5) == (then.array == 2)).mean() > 0.999


def test_everything_that_was_painted_says_that_it_is_made(once):
    files = sorted(one for one in once.folder.iterdir() if one.suffix not in (".json", ".glb"))
    assert {"forecast.png", "growth.png", "forecast.webp"} <= {one.name for one in files}
    for path in files:
        marks = read_marks(path, pixels=path.suffix in (".png", ".webp"))
        assert marks.explicit is not None and marks.explicit.task == "forecast", path
        assert "model of its growth" in marks.explicit.sentence
        assert path.suffix == ".gz" or marks.invisible is not None, path


def test_surfaces_grow_as_the_volumes_do_and_say_that_they_are_simulated(once):
    path = once.folder / once.told["files"]["shape"]
    head = path.read_bytes()
    assert b"Simulated by growth model" in head[: 20 + int.from_bytes(head[12:16], "little")]
    meshes = {one.id: one for one in read_glb(path)}
    last = once.told["days"][-1]
    volumes = {id: mesh_volume_mm3(one.vertices_mm, one.faces) / 1000 for id, one in meshes.items()}
    assert volumes[f"day-{last} share-50"] > volumes["day-0 share-50"]
    assert volumes[f"day-{last} share-90"] < volumes[f"day-{last} share-50"] < volumes[f"day-{last} share-10"]
    assert volumes["day-0 share-50"] == pytest.approx(once.told["volume_ml"]["p50"][0], rel=0.15)
    assert all(is_closed(one.faces) for one in meshes.values())


def test_seen_twice_the_speed_is_the_patients_own_and_the_band_narrower(heads, once):
    asked = Asked(earlier=heads / "before", futures=FEW)
    told = forecast_drawing(heads / "now", days=90, out=heads / "twice", asked=asked).told
    assert told["seen"]["times"] == 2 and told["seen"]["days_between"] == 200
    assert told["parameters"]["front_speed"]["told_by"] == "the images"
    assert told["parameters"]["front_speed"]["value"] == pytest.approx(3 / 200, rel=0.35)  # 3 mm of radius in 200 days
    assert any("product of D and ρ" in one for one in told["warnings"])

    def width(one) -> float:
        return float(np.log(one["volume_ml"]["p90"][-1] / one["volume_ml"]["p10"][-1]))

    assert width(told) < width(once.told)


def test_treatment_is_a_switch(heads):
    asked = Asked(treatment="temozolomide", futures=FEW)
    genes = heads / "low.json"
    genes.write_text('{"grade": 2}')
    told = forecast_drawing(heads / "now", genes=genes, days=200, out=heads / "treated", asked=asked).told
    assert told["switches"]["treatment"]["name"] == "temozolomide"
    without = next(one for one in told["what_if"] if one["name"] == "without treatment")
    assert told["volume_ml"]["p50"][-1] < told["volume_ml"]["p50"][0] < without["volume_ml"]["p50"][-1]


def test_a_liver_tumour_stays_in_the_liver_and_out_of_vessels(tmp_path):
    scene = read_scene(liver_with_tumor(tmp_path / "liver"))
    grid = working_grid(scene, 20.0)
    site = site_of(scene, grid)
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    inside = ((world / [60, 50, 50]) ** 2).sum(axis=-1) <= 1
    assert site.home == "liver"
    assert not (site.medium.open & ~inside).sum() > 0.03 * site.medium.open.sum()  # a voxel's rim
    vessel = (np.hypot(world[..., 0] + 22, world[..., 2]) < 2) & (np.abs(world[..., 1]) < 25)
    assert vessel.sum() > 50 and not site.medium.open[vessel].any()


def test_thick_slices_give_a_smooth_tumour_of_the_right_volume(heads):
    scene = read_scene(heads / "now")
    site = site_of(scene, working_grid(scene, 15.0))
    assert max(site.grid.spacing_mm) < 3.01 < scene.labels.grid.spacing_mm[0]
    cells = (site.outer < 0).sum() * site.grid.voxel_ml
    assert cells == pytest.approx(4 / 3 * np.pi * 18 * 20.7 * 16.2 / 1000, rel=0.05)


def refused(match, kind=InputError):
    return pytest.raises(kind, match=match)


def test_what_is_refused(heads, tmp_path):
    now, out = heads / "now", tmp_path / "out"
    for days in (0, -5, 100_000):
        with refused("1 to 3650 days"):
            forecast_drawing(now, days=days, out=out)
    with refused("no drawing"):
        forecast_drawing(tmp_path, out=out)
    with refused("its lesions|Its lesions"):
        forecast_drawing(now, out=out, asked=Asked(target="tumor-9"))
    with refused("Time runs forwards"):
        forecast_drawing(heads / "before", out=out, asked=Asked(earlier=now))
    with refused("Time runs forwards"):
        forecast_drawing(now, out=out, asked=Asked(earlier=heads / "before", days_between=-3))
    with refused("is not known here"):
        (tmp_path / "g.csv").write_text("IDH9,mutated\n")
        forecast_drawing(now, genes=tmp_path / "g.csv", out=out)
    with refused("Known: temozolomide"):
        forecast_drawing(now, out=out, asked=Asked(treatment="leeches"))
    assert not out.exists()


def test_no_tumour_no_organ_no_date_no_overlap(heads, tmp_path):
    grid, out = head_grid(), tmp_path / "out"
    head = ball(grid, (0, 0, 0), (80, 92, 75))
    empty = write_drawing(tmp_path / "empty", [("head", head)], grid)
    with refused("no tumour", NothingFoundError):
        forecast_drawing(empty, out=out)
    far = write_drawing(
        tmp_path / "far",
        [
            ("liver", ball(liver_grid(), (-30, 0, 0), (30, 40, 40))),
            ("liver tumor", ball(liver_grid(), (50, 0, 0), (9, 9, 9))),
        ],
        liver_grid(),
    )
    with refused("outside the liver"):
        forecast_drawing(far, out=out)
    undated = head_with_glioma(tmp_path / "undated", 15)
    with refused("--days-between"):
        forecast_drawing(heads / "now", out=out, asked=Asked(earlier=undated))
    elsewhere = write_drawing(
        tmp_path / "elsewhere",
        [("head", head), ("glioma", ball(grid, (-40, 0, 0), (12, 12, 12)))],
        grid,
        date="2024-01-01",
    )
    with refused("Register the scans"):
        forecast_drawing(heads / "now", out=out, asked=Asked(earlier=elsewhere))
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "drawing.json").write_text("{}")
    with refused("cannot be read"):
        forecast_drawing(damaged, out=out)


def test_nothing_is_overwritten_and_an_image_elsewhere_is_refused(heads, once, tmp_path):
    with refused("already there", OutputExistsError):
        forecast_drawing(heads / "now", out=once.folder)
    with refused("would replace the input"):
        forecast_drawing(heads / "now", out=heads / "now", force=True)
    away = liver_grid()
    write_nifti_image(Image(np.zeros(away.shape, np.float32), away), tmp_path / "away.nii.gz", note="x", comment="")
    with refused("different parts of the world"):
        forecast_drawing(
            heads / "now", days=5, out=tmp_path / "o", asked=Asked(image=tmp_path / "away.nii.gz", futures=2)
        )
    assert not (tmp_path / "o").exists()
