"""The room's front: what it gives, and what it loads when it is only imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

import limner.io


def test_importing_the_room_opens_no_door():
    told = "import sys, limner.io; print(sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    for heavy in ("pydicom", "highdicom", "nibabel", "trimesh", "SimpleITK", "vtkmodules", "scipy"):
        assert f"'{heavy}'" not in loaded


def test_every_public_name_is_there_and_others_are_refused_with_the_list():
    for name in limner.io.__all__:
        assert callable(getattr(limner.io, name))
    assert dir(limner.io) == sorted(limner.io.__all__)
    with pytest.raises(AttributeError, match="write_seg"):
        limner.io.write_dicom  # noqa: B018
