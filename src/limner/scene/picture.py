"""A picture of a scene, drawn without a screen."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limner.errors import LimnerError
from limner.image import Mesh

View = Literal["anterior", "posterior", "left", "right", "superior", "inferior", "oblique"]

_VIEWS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    # where the camera stands, seen from the middle, in LPS; what is up in the picture
    "anterior": ((0, -1, 0), (0, 0, 1)),
    "posterior": ((0, 1, 0), (0, 0, 1)),
    "left": ((1, 0, 0), (0, 0, 1)),
    "right": ((-1, 0, 0), (0, 0, 1)),
    "superior": ((0, 0, 1), (0, -1, 0)),
    "inferior": ((0, 0, -1), (0, -1, 0)),
    "oblique": ((-0.45, -0.85, 0.22), (0, 0, 1)),
}
_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
_INK = (0.36, 0.39, 0.44)


@dataclass(frozen=True)
class _Camera:
    """Where it stands, seen from the middle; what is up; what is to the right in the picture. Unit vectors, LPS."""

    away: NDArray[np.float64]
    up: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.float64]:
        return np.cross(self.up, self.away)

    @classmethod
    def of(cls, view: str) -> _Camera:
        if view not in _VIEWS:
            raise ValueError(f"A view is one of {', '.join(_VIEWS)}; got {view!r}.")
        away = np.array(_VIEWS[view][0], float) / np.linalg.norm(_VIEWS[view][0])
        up = np.array(_VIEWS[view][1], float)
        up -= away * (up @ away)
        return cls(away, up / np.linalg.norm(up))


def render_png(
    meshes: Sequence[Mesh], path: Path | str, *, size: tuple[int, int] = (1200, 900), view: View | str = "anterior"
) -> None:
    """Draw meshes as a PNG with the letters of the patient's sides at its edges.

    An anterior view shows the patient face to face: the right side of the body is on the left of the picture.

    Args:
        meshes: of one scene, LPS mm, drawn with the colour and opacity of their labels.
        path: the PNG.
        size: width and height in pixels.
        view: from where one looks.

    Raises:
        LimnerError: where there is nothing to draw, or the machine has no OpenGL (``libEGL``) at all.
        ValueError: for an unknown view.
    """
    camera = _Camera.of(view)
    if not meshes:
        raise LimnerError("A picture needs at least one mesh; got none. Was any structure found in the study?")
    _need_opengl()
    from vtkmodules.vtkCommonCore import vtkSMPTools
    from vtkmodules.vtkIOImage import vtkPNGWriter
    from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

    vtkSMPTools.SetBackend("STDThread")
    window = _window(meshes, camera, size)
    window.Render()
    grab = vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    writer = vtkPNGWriter()
    writer.SetFileName(os.fspath(path))
    writer.SetInputConnection(grab.GetOutputPort())
    writer.Write()
    window.Finalize()


def _window(meshes: Sequence[Mesh], camera: _Camera, size: tuple[int, int]) -> Any:
    import vtkmodules.vtkRenderingFreeType
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  registers the OpenGL classes
    from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

    renderer = vtkRenderer()
    renderer.SetBackground(0.86, 0.89, 0.93)
    renderer.SetBackground2(0.985, 0.99, 1.0)
    renderer.GradientBackgroundOn()
    for mesh in meshes:
        renderer.AddActor(_actor(mesh))
    _light(renderer, camera)
    _aim(renderer, camera, meshes, size)
    _depth(renderer)
    for text in _letters(camera, size):
        renderer.AddViewProp(text)
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)  # depth peeling and multisampling exclude one another; FXAA smooths instead
    window.SetAlphaBitPlanes(1)
    window.SetSize(*size)
    window.AddRenderer(renderer)
    return window


def _actor(mesh: Mesh) -> Any:
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    normals = vtkPolyDataNormals()
    normals.SetInputData(_poly(mesh))
    normals.SplittingOff()
    normals.ConsistencyOff()
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(normals.GetOutputPort())
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetColor(*(channel / 255 for channel in mesh.label.color))
    look.SetOpacity(mesh.label.opacity)
    look.SetInterpolationToPhong()
    faint = mesh.label.opacity < 0.2
    look.SetAmbient(0.25 if faint else 0.12)
    look.SetDiffuse(0.85)
    look.SetSpecular(0.05 if faint else 0.28)
    look.SetSpecularPower(28)
    if mesh.label.opacity < 1:  # only the front of a translucent skin: its back would veil what is inside
        look.BackfaceCullingOn()
    return actor


def _poly(mesh: Mesh) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(mesh.vertices_mm, dtype=np.float32), deep=1))
    offsets = np.arange(0, 3 * len(mesh.faces) + 1, 3, dtype=np.int64)
    cells = vtkCellArray()
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=1),
        numpy_to_vtkIdTypeArray(np.ascontiguousarray(mesh.faces, dtype=np.int64).ravel(), deep=1),
    )
    poly = vtkPolyData()
    poly.SetPoints(points)
    poly.SetPolys(cells)
    return poly


def _light(renderer: Any, camera: _Camera) -> None:
    """A warm key from above and the left of the picture, a cool fill from the right, a rim from behind."""
    from vtkmodules.vtkRenderingCore import vtkLight

    for side, above, front, power, color in (
        (-0.6, 0.75, 1.0, 0.78, (1.0, 0.98, 0.94)),
        (0.9, 0.1, 0.7, 0.34, (0.9, 0.95, 1.0)),
        (0.2, 0.6, -1.0, 0.25, (1.0, 1.0, 1.0)),
    ):
        light = vtkLight()
        light.SetLightTypeToSceneLight()
        light.SetPositional(False)
        light.SetFocalPoint(0, 0, 0)
        light.SetPosition(*(side * camera.right + above * camera.up + front * camera.away))
        light.SetIntensity(power)
        light.SetColor(*color)
        renderer.AddLight(light)
    renderer.AutomaticLightCreationOff()


def _aim(renderer: Any, camera: _Camera, meshes: Sequence[Mesh], size: tuple[int, int]) -> None:
    """A narrow lens at a distance that holds all that is not a faint shell, with a margin for the letters."""
    solid = [mesh for mesh in meshes if mesh.label.opacity >= 0.2] or list(meshes)
    points = np.concatenate([mesh.vertices_mm[:: max(1, len(mesh.vertices_mm) // 2000)] for mesh in solid])
    seen = points @ np.stack([camera.right, camera.up, camera.away], axis=1)
    low, high = seen.min(axis=0), seen.max(axis=0)
    middle = (low + high) / 2 @ np.stack([camera.right, camera.up, camera.away])
    half = max((high[1] - low[1]) / 2, (high[0] - low[0]) / 2 * size[1] / size[0]) * 1.1
    angle = 18.0
    distance = half / np.tan(np.radians(angle / 2)) + (high[2] - low[2]) / 2
    lens = renderer.GetActiveCamera()
    lens.SetFocalPoint(*middle)
    lens.SetPosition(*(middle + camera.away * distance))
    lens.SetViewUp(*camera.up)
    lens.SetViewAngle(angle)
    renderer.ResetCameraClippingRange()


def _depth(renderer: Any) -> None:
    renderer.SetUseDepthPeeling(True)
    renderer.SetMaximumNumberOfPeels(8)
    renderer.SetOcclusionRatio(0.01)
    renderer.SetUseFXAA(True)


def _letters(camera: _Camera, size: tuple[int, int]) -> list[Any]:
    from vtkmodules.vtkRenderingCore import vtkTextActor

    edge, tall = 0.03, max(14, round(size[1] / 30))
    places = (
        (camera.right, 1 - edge, 0.5),
        (-camera.right, edge, 0.5),
        (camera.up, 0.5, 1 - edge * size[0] / size[1]),
        (-camera.up, 0.5, edge * size[0] / size[1]),
    )
    texts = []
    for toward, across, above in places:
        text = vtkTextActor()
        text.SetInput(_letter(toward))
        look = text.GetTextProperty()
        look.SetFontFamilyToArial()
        look.SetFontSize(tall)
        look.SetBold(True)
        look.SetColor(*_INK)
        look.SetJustificationToCentered()
        look.SetVerticalJustificationToCentered()
        text.SetPosition(round(across * size[0]), round(above * size[1]))
        texts.append(text)
    return texts


def _letter(toward: NDArray[np.float64]) -> str:
    """The patient's side that a direction points to, e.g. ``"L"``; two letters between two sides."""
    order = np.argsort(-np.abs(toward))
    named = [_LETTERS[axis][0 if toward[axis] > 0 else 1] for axis in order if abs(toward[axis]) > 0.4]
    return "".join(named)


@cache
def _need_opengl() -> None:
    """Try OpenGL in a child process: VTK ends the whole process where a driver is broken, it does not raise."""
    if not os.environ.get("DISPLAY"):
        os.environ["VTK_DEFAULT_OPENGL_WINDOW"] = os.environ.get("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
        if os.environ["VTK_DEFAULT_OPENGL_WINDOW"] == "vtkEGLRenderWindow" and sys.platform == "linux":
            try:
                ctypes.CDLL("libEGL.so.1")
            except OSError as reason:
                raise LimnerError(_ADVICE.format(reason=reason)) from reason
    trial = subprocess.run(
        [sys.executable, "-c", _TRIAL], capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ)
    )
    if trial.returncode != 0 or "OpenGL works" not in trial.stdout:
        silent = f"libEGL is there, but no driver answers (a trial picture ended with code {trial.returncode})"
        raise LimnerError(_ADVICE.format(reason=silent))


_ADVICE = (
    "A picture of the scene needs OpenGL without a screen (EGL), and this machine has none: {reason}. "
    "On Debian or Ubuntu: `apt-get install libegl1 libgl1-mesa-dri`. All else works without it."
)
_TRIAL = """
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkRenderer
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(16, 16)
window.AddRenderer(vtkRenderer())
window.Render()
if window.SupportsOpenGL():
    print("OpenGL works")
"""
