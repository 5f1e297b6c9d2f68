"""Pictures: the right side of the body on the left, and a clear word where there is no OpenGL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from matplotlib.image import imread

from limner.errors import LimnerError
from limner.image import Mesh
from limner.image.anatomy import label as known
from limner.scene import picture, render_png


def ball(name: str, center: tuple[float, float, float]) -> Mesh:
    solid = trimesh.creation.icosphere(subdivisions=3, radius=20.0)
    points = (solid.vertices + center).astype(np.float32)
    return Mesh(points, np.asarray(solid.faces, dtype=np.int32), known(name, 1), name)


SCENE = (ball("liver tumor", (-60.0, 0.0, 0.0)), ball("aorta", (60.0, 0.0, 0.0)), ball("bones", (0.0, 0.0, 60.0)))


def place(pixels: np.ndarray, color: str) -> np.ndarray:
    red, green, blue = (pixels[..., k] for k in range(3))
    wanted = {"yellow": (red > 0.4) & (green > 0.3) & (blue < 0.25), "red": (red > 0.4) & (green < 0.25)}[color]
    assert wanted.sum() > 500
    return np.argwhere(wanted).mean(axis=0) / pixels.shape[:2]


def test_anterior_shows_the_right_side_on_the_left_and_posterior_the_other_way(tmp_path: Path) -> None:
    for view, tumor_is_left in (("anterior", True), ("posterior", False), ("superior", False), ("inferior", True)):
        path = tmp_path / f"{view}.png"
        render_png(SCENE, path, size=(400, 300), view=view)
        pixels = imread(path)
        assert pixels.shape[:2] == (300, 400)
        assert (place(pixels, "yellow")[1] < place(pixels, "red")[1]) == tumor_is_left, view


def test_a_translucent_liver_shows_what_is_inside(tmp_path: Path) -> None:
    solid = ball("liver", (0.0, 0.0, 0.0))
    liver = Mesh(solid.vertices_mm * 3, solid.faces, solid.label, "liver")
    render_png((liver, ball("liver tumor", (0.0, 0.0, 0.0))), tmp_path / "scene.png", size=(400, 300))
    pixels = imread(tmp_path / "scene.png")
    middle, side = pixels[150, 200], pixels[150, 260]
    assert middle[0] - middle[2] > side[0] - side[2] + 0.1  # yellower in the middle


def test_without_opengl_there_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("VTK_DEFAULT_OPENGL_WINDOW", raising=False)
    monkeypatch.setattr(picture.ctypes, "CDLL", absent)
    picture._need_opengl.cache_clear()
    with pytest.raises(LimnerError, match=r"apt-get install libegl1"):
        render_png(SCENE, tmp_path / "scene.png")
    picture._need_opengl.cache_clear()
    assert not (tmp_path / "scene.png").exists()


def test_nothing_to_draw_and_unknown_views_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="at least one mesh"):
        render_png((), tmp_path / "scene.png")
    with pytest.raises(ValueError, match="anterior"):
        render_png(SCENE, tmp_path / "scene.png", view="sideways")
