"""Surfaces as files: a scene as GLB (glTF 2.0 binary), one surface as STL.

glTF lives in metres with Y up, and a viewer looks along −Z: a patient who stands and faces the viewer has the left side
at +x, the head at +y and the face at +z. So ``(x, y, z)_gltf = (L, S, −P) / 1000``: a rotation, no mirror. STL knows no
unit; ours is in LPS millimetres and says so in its header.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from limner.errors import NotAnImageError
from limner.image import Code, Label, Mesh

TO_GLTF = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""LPS to glTF axes, before the change from mm to m; its determinant is +1."""
_STL_HEADER = "Limner, LPS millimetres, {id}"
_HEADER_BYTES = 80
_NO_LABEL = Label(1, "surface", "tissue", Code("SCT", "4421005", "Cell structure"), (200, 200, 200))
_Read = TypeVar("_Read")


def write_glb(meshes: Sequence[Mesh], path: Path | str, *, note: str | None = None) -> None:
    """Write a scene. Node names are the ids; each node's ``extras`` tell its label, so that it can be read back.

    Args:
        meshes: LPS mm; they become metres, Y up.
        path: the ``.glb`` file.
        note: what a reader should know of the whole scene, such as that it is simulated; in the file's ``asset``.

    Raises:
        ValueError: where there is no mesh, an empty one, or an id occurs twice.

    Source: glTF 2.0, 3.4 coordinate system and units, 3.9.2 metallic-roughness material (base colour is linear).
    """
    import trimesh

    _check_scene(meshes)
    scene = trimesh.Scene()
    for mesh in meshes:
        solid = trimesh.Trimesh(
            (mesh.vertices_mm.astype(np.float64) @ TO_GLTF.T) / 1000.0,
            mesh.faces,
            vertex_normals=_normals(mesh) @ TO_GLTF.T,
            process=False,
            visual=trimesh.visual.TextureVisuals(material=_material(mesh)),
        )
        scene.add_geometry(solid, node_name=mesh.id, geom_name=mesh.id, metadata=_extras(mesh))
    colors = {mesh.id: _linear(mesh.label) for mesh in meshes}

    def finish(tree: dict[str, Any]) -> None:
        tree["asset"]["generator"] = "Limner"
        tree["asset"]["extras"] = {"from": "LPS millimetres", "axes": "x left, y head, z front"}
        if note:
            tree["asset"]["extras"]["note"] = note
        for material in tree["materials"]:  # the library keeps 8 bits of a linear colour: too few for dark ones
            material["pbrMetallicRoughness"]["baseColorFactor"] = colors[material["name"]]

    data = trimesh.exchange.gltf.export_glb(scene, include_normals=True, tree_postprocessor=finish)
    Path(path).write_bytes(data)


def read_glb(path: Path | str) -> tuple[Mesh, ...]:
    """Read a scene that :func:`write_glb` wrote, or any glTF binary; in LPS mm again.

    Raises:
        NotAnImageError: where the file is no GLB.
    """
    import trimesh

    scene = _loaded(path, "GLB", lambda: trimesh.load_scene(os.fspath(path), file_type="glb", process=False))
    order = list(scene.geometry)  # the order of the file; that of the graph's nodes is a set's
    found = []
    for name in sorted(scene.graph.nodes_geometry, key=lambda node: order.index(scene.graph[node][1])):
        transform, geometry = scene.graph[name]
        solid = scene.geometry[geometry]
        world = solid.vertices @ transform[:3, :3].T + transform[:3, 3]
        extras = scene.graph.transforms.edge_data[(scene.graph.transforms.parents[name], name)].get("metadata") or {}
        vertices = ((world @ TO_GLTF) * 1000.0).astype(np.float32)
        found.append(Mesh(vertices, np.asarray(solid.faces, dtype=np.int32), _label(extras), str(name)))
    return tuple(found)


def write_stl(mesh: Mesh, path: Path | str) -> None:
    """Write one surface as binary STL in LPS mm; its 80-byte header says so.

    Raises:
        ValueError: where the mesh is empty.
    """
    import trimesh

    _check_scene((mesh,))
    solid = trimesh.Trimesh(mesh.vertices_mm.astype(np.float64), mesh.faces, process=False)
    header = _STL_HEADER.format(id=mesh.id).encode("ascii", "replace")[:_HEADER_BYTES].ljust(_HEADER_BYTES)
    Path(path).write_bytes(header + trimesh.exchange.stl.export_stl(solid)[_HEADER_BYTES:])


def read_stl(path: Path | str, label: Label | None = None) -> Mesh:
    """Read an STL in LPS mm. Equal corners become one vertex again. The id is the file's name.

    Args:
        path: the ``.stl`` file.
        label: what it is the surface of; STL itself does not know.

    Raises:
        NotAnImageError: where the file is no STL.
    """
    import trimesh

    solid = _loaded(path, "STL", lambda: trimesh.load_mesh(os.fspath(path), file_type="stl", process=False))
    solid.merge_vertices(digits_vertex=6)
    vertices = np.asarray(solid.vertices, dtype=np.float32)
    return Mesh(vertices, np.asarray(solid.faces, dtype=np.int32), label or _NO_LABEL, Path(path).stem)


def _check_scene(meshes: Sequence[Mesh]) -> None:
    ids = [mesh.id for mesh in meshes]
    if not ids:
        raise ValueError("A scene needs at least one mesh; got none.")
    if len(set(ids)) < len(ids):
        raise ValueError(f"Every mesh of a scene has its own id; got {sorted(ids)}.")
    empty = [mesh.id for mesh in meshes if not len(mesh.faces)]
    if empty:
        raise ValueError(f"A mesh needs faces; there are none in {', '.join(empty)}.")


def _loaded(path: Path | str, kind: str, load: Callable[[], _Read]) -> _Read:
    name = Path(path).name
    if not Path(path).is_file():
        raise NotAnImageError(f"Expected a {kind} file; {name} is not there.")
    try:
        found = load()
    except Exception as error:  # the library raises whatever a broken byte leads it to
        raise NotAnImageError(f"Expected a {kind} file; {name} cannot be read as one: {error}.") from error
    if getattr(found, "is_empty", False):
        raise NotAnImageError(f"Expected a {kind} file with a surface; {name} holds none.")
    return found


def _normals(mesh: Mesh) -> NDArray[np.float64]:
    """Smooth normals: every face adds its area times its direction to its corners."""
    points = mesh.vertices_mm.astype(np.float64)
    a, b, c = (points[mesh.faces[:, k]] for k in range(3))
    crosses = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(mesh.faces[:, corner], crosses[:, axis], minlength=len(points))
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(lengths > 1e-12, normals / np.maximum(lengths, 1e-12), [0.0, 0.0, 1.0])


def _material(mesh: Mesh) -> Any:
    from trimesh.visual.material import PBRMaterial

    seen_through = mesh.label.opacity < 1
    return PBRMaterial(
        name=mesh.id,
        baseColorFactor=[*mesh.label.color, round(255 * mesh.label.opacity)],
        metallicFactor=0.0,
        roughnessFactor=0.55,
        alphaMode="BLEND" if seen_through else "OPAQUE",
        doubleSided=False,
    )


def _linear(label: Label) -> list[float]:
    """Base colour as glTF wants it: linear light, from sRGB. Source: IEC 61966-2-1."""
    srgb = np.array(label.color) / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return [*(round(float(one), 6) for one in linear), float(label.opacity)]


def _extras(mesh: Mesh) -> dict[str, Any]:
    label = mesh.label
    return {
        "label": label.name,
        "value": label.value,
        "kind": label.kind,
        "code": {"scheme": label.code.scheme, "value": label.code.value, "meaning": label.code.meaning},
        "color": list(label.color),
        "opacity": label.opacity,
        "laterality": label.laterality,
        "volume_ml": round(_volume_ml(mesh), 3),
    }


def _label(extras: dict[str, Any]) -> Label:
    if "label" not in extras or "code" not in extras:
        return _NO_LABEL
    code = extras["code"]
    red, green, blue = extras["color"]
    return Label(
        value=int(extras["value"]),
        name=extras["label"],
        kind=extras["kind"],
        code=Code(code["scheme"], code["value"], code["meaning"]),
        color=(int(red), int(green), int(blue)),
        opacity=float(extras["opacity"]),
        laterality=extras["laterality"],
    )


def _volume_ml(mesh: Mesh) -> float:
    points = mesh.vertices_mm.astype(np.float64)
    a, b, c = (points[mesh.faces[:, k]] - points.mean(axis=0) for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6000.0)
