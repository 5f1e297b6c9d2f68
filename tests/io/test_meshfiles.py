"""Mesh files: what is written comes back, in place, unmirrored, and other programs find metres and Y up."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from limner.errors import NotAnImageError
from limner.image import Mesh
from limner.image.anatomy import label as known
from limner.io.meshfiles import TO_GLTF, read_glb, read_stl, write_glb, write_stl


def ball(name: str, value: int, id: str, center: tuple[float, float, float]) -> Mesh:
    solid = trimesh.creation.icosphere(subdivisions=2, radius=20.0)
    points = (solid.vertices * [1.0, 0.7, 1.4] + center).astype(np.float32)
    return Mesh(points, np.asarray(solid.faces, dtype=np.int32), known(name, value), id)


SCENE = (
    ball("liver", 1, "liver", (-60.0, 10.0, 1500.0)),
    ball("liver tumor", 2, "tumor-1", (-70.0, -5.0, 1510.0)),
    ball("left kidney", 6, "left-kidney", (55.0, 60.0, 1450.0)),
)


def chunk(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    size = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20 : 20 + size])  # type: ignore[no-any-return]


def test_a_scene_comes_back_as_it_was(tmp_path: Path) -> None:
    write_glb(SCENE, tmp_path / "scene.glb")
    back = read_glb(tmp_path / "scene.glb")
    assert [one.id for one in back] == [one.id for one in SCENE]
    for before, after in zip(SCENE, back, strict=True):
        assert after.label == before.label
        assert np.array_equal(after.faces, before.faces)
        assert np.abs(after.vertices_mm - before.vertices_mm).max() < 1e-3


def test_axes_are_turned_not_mirrored() -> None:
    assert np.linalg.det(TO_GLTF) == pytest.approx(1.0)
    left, back, head = np.eye(3)
    assert (TO_GLTF @ left).tolist() == [1, 0, 0]
    assert (TO_GLTF @ head).tolist() == [0, 1, 0]  # up
    assert (TO_GLTF @ -back).tolist() == [0, 0, 1]  # the face looks at the viewer


def test_another_reader_finds_metres_and_outward_faces(tmp_path: Path) -> None:
    write_glb(SCENE, tmp_path / "scene.glb")
    scene = trimesh.load_scene(tmp_path / "scene.glb", process=False)
    kidney, liver = scene.geometry["left-kidney"], scene.geometry["liver"]
    assert kidney.vertices.mean(axis=0) == pytest.approx([0.055, 1.450, -0.060], abs=1e-4)
    assert liver.vertices.mean(axis=0)[0] < 0 < kidney.vertices.mean(axis=0)[0]
    assert liver.volume == pytest.approx(4 / 3 * np.pi * 0.02**3 * 0.98, rel=0.05)


def test_materials_are_linear_and_translucent_where_the_label_is(tmp_path: Path) -> None:
    write_glb(SCENE, tmp_path / "scene.glb")
    materials = {one["name"]: one for one in chunk(tmp_path / "scene.glb")["materials"]}
    red = materials["liver"]["pbrMetallicRoughness"]["baseColorFactor"]
    assert red[0] == pytest.approx(((178 / 255 + 0.055) / 1.055) ** 2.4, abs=1e-5)
    assert red[3] == pytest.approx(0.38)
    assert materials["liver"]["alphaMode"] == "BLEND"
    assert materials["tumor-1"].get("alphaMode", "OPAQUE") == "OPAQUE"


def test_nodes_carry_ids_and_extras_and_normals_are_unit(tmp_path: Path) -> None:
    write_glb(SCENE, tmp_path / "scene.glb")
    tree = chunk(tmp_path / "scene.glb")
    nodes = {one["name"]: one for one in tree["nodes"] if "mesh" in one}
    assert set(nodes) == {"liver", "tumor-1", "left-kidney"}
    extras = nodes["left-kidney"]["extras"]
    assert (extras["label"], extras["kind"], extras["value"], extras["laterality"]) == (
        "left kidney",
        "organ",
        6,
        "left",
    )
    assert extras["volume_ml"] == pytest.approx(32.1, abs=1.0)
    normals = trimesh.load_scene(tmp_path / "scene.glb", process=False).geometry["liver"].vertex_normals
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_stl_is_binary_in_lps_millimetres_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "liver.stl"
    write_stl(SCENE[0], path)
    data = path.read_bytes()
    assert not data.startswith(b"solid")
    assert b"LPS millimetres" in data[:80]
    assert struct.unpack("<I", data[80:84])[0] == len(SCENE[0].faces)
    first = np.frombuffer(data, "<f4", 9, 84 + 12).reshape(3, 3)
    assert first == pytest.approx(SCENE[0].vertices_mm[SCENE[0].faces[0]])
    back = read_stl(path, SCENE[0].label)
    assert back.id == "liver"
    assert len(back.vertices_mm) == len(SCENE[0].vertices_mm)
    solid = trimesh.Trimesh(back.vertices_mm, back.faces, process=False)
    assert solid.is_watertight
    assert solid.volume == pytest.approx(trimesh.Trimesh(SCENE[0].vertices_mm, SCENE[0].faces).volume, rel=1e-4)


@pytest.mark.parametrize("content", [b"", b"hello, I am a text file", b"glTF\x02\x00\x00\x00\xff\xff\x00\x00"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.glb").write_bytes(content)
    (tmp_path / "broken.stl").write_bytes(content)
    with pytest.raises(NotAnImageError, match=r"broken\.glb"):
        read_glb(tmp_path / "broken.glb")
    with pytest.raises(NotAnImageError, match=r"broken\.stl"):
        read_stl(tmp_path / "broken.stl")
    with pytest.raises(NotAnImageError, match="not there"):
        read_glb(tmp_path / "absent.glb")


def test_a_scene_has_meshes_with_faces_and_ids_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none"):
        write_glb((), tmp_path / "scene.glb")
    with pytest.raises(ValueError, match="own id"):
        write_glb((SCENE[0], SCENE[0]), tmp_path / "scene.glb")
    hollow = Mesh(np.zeros((3, 3), np.float32), np.zeros((0, 3), np.int32), SCENE[0].label, "empty")
    with pytest.raises(ValueError, match="empty"):
        write_glb((hollow,), tmp_path / "scene.glb")
    assert not (tmp_path / "scene.glb").exists()
