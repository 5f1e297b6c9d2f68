"""What is loaded when, what the public names are, and what the dependencies are for."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import limner

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "vtkmodules", "openvino", "onnxruntime", "highdicom", "pydicom", "matplotlib", "scipy", "SimpleITK")
LATER = ("torch", "vtkmodules", "openvino", "onnxruntime", "highdicom", "matplotlib", "reportlab", "jinja2", "skimage")
LATER += ("pynetdicom", "nibabel", "huey", "redis", "psycopg", "authlib", "SimpleITK")
"""What the server loads with the first request that needs it."""
PUBLIC = """
Code Drawing Evidence Finding Grid Image Label LabelMap LimnerError Measurement Mesh Problem Series Study __version__
choose_series demo_study list_packs load_pack measure open_studies read_nifti read_nifti_labels resample surfaces
"""

ROOMS_OF_THE_TRAIN_EXTRA = ("nets", "train", "data", "tasks", "infer/engines/torch.py", "infer/export.py")
NAMES = {  # import name: distribution, where they differ
    "PIL": "pillow", "SimpleITK": "simpleitk", "cc3d": "connected-components-3d", "vtkmodules": "vtk", "yaml": "pyyaml",
    "jpeg_ls": "pyjpegls", "skimage": "scikit-image", "argon2": "argon2-cffi",
    "starlette": "fastapi",  # which is made of it
}  # fmt: skip
PLUGINS = {"pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pyjpegls"}
"""Found by pydicom where they are installed; nobody imports them."""


def _loaded(code: str) -> set[str]:
    told = "import sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{told}"], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert limner.__all__ == PUBLIC.split()
    for name in limner.__all__:
        assert getattr(limner, name) is not None
        assert name.startswith("__") or getattr(limner, name).__doc__, name


def test_import_loads_nothing_heavy() -> None:
    assert not _loaded("import limner").intersection((*HEAVY, "numpy", "typer"))


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = "from limner.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert not _loaded(code).intersection((*HEAVY, "numpy", "pydantic"))
    # the best of five, in time of its own: what else runs on the machine slows that down too
    assert min(_own_seconds(sys.executable, "-m", "limner", "--help") for _ in range(5)) <= 0.5


def test_the_server_starts_without_what_only_some_requests_need() -> None:
    code = "import importlib, limner.serve.server, limner.serve.app\nfrom limner.serve.routes import ROUTERS\n"
    code += "for path in ROUTERS: importlib.import_module(path)"
    assert not _loaded(code).intersection(LATER)


def _own_seconds(*command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_core_imports_exactly_what_it_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[>=<\[]", one)[0].strip().lower() for one in project["dependencies"]}
    imported = {
        NAMES.get(name, name.lower().replace("_", "-"))
        for path in (ROOT / "src" / "limner").rglob("*.py")
        if not str(path.relative_to(ROOT / "src" / "limner")).startswith(ROOMS_OF_THE_TRAIN_EXTRA)
        for name in _third_party(path)
    }
    optional = [one for some in project["optional-dependencies"].values() for one in some]
    extras = {re.split(r"[>=<\[]", one)[0].strip().lower() for one in optional}
    assert imported - declared - extras == set(), "imported by the core and not declared"
    assert declared - imported - PLUGINS == set(), "declared and imported by nobody"


def _third_party(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).split(".")[0])
    return {name for name in names if name not in sys.stdlib_module_names and name not in ("limner", "__future__")}


def test_torchvision_is_imported_by_nobody() -> None:
    for path in (ROOT / "src").rglob("*.py"):
        assert "torchvision" not in _third_party(path), path
    assert "torchvision" not in {one.metadata["Name"].lower() for one in importlib.metadata.distributions()}
