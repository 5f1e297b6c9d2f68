"""A drawing read back: names and kinds by value; what is no drawing of a scan is refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from limner.errors import InputError
from limner.image import Grid, LabelMap
from limner.image.anatomy import label, named
from limner.io import read_drawing, write_nifti_labels


def _write(folder: Path, *names: str, values: tuple[int, ...] = (1, 2)) -> Path:
    folder.mkdir()
    grid = Grid.axial((4, 5, 6), (5, 1, 1))
    array = np.zeros(grid.shape, np.uint8)
    for number, value in enumerate(values):
        array[number] = value
    write_nifti_labels(LabelMap(array, grid, ()), folder / "labels.nii.gz")
    code = {"scheme": "SCT", "value": "1", "meaning": "m"}
    findings = [
        {"id": name, "name": name, "kind": named(name, value).kind, "label": value, "code": code}
        for value, name in enumerate(names, start=1)
    ]
    drawing = {
        "schema": "limner.drawing/1", "study": {"uid": "1", "modality": "CT"},
        "pack": {"name": "p", "version": "1", "sha256": "0"}, "findings": findings,
    }  # fmt: skip
    (folder / "drawing.json").write_text(json.dumps(drawing))
    return folder


def test_labels_carry_what_the_findings_say(tmp_path: Path) -> None:
    found = read_drawing(_write(tmp_path / "d", "liver", "liver tumor"))
    assert [(one.value, one.name, one.kind) for one in found.labels.labels] == [
        (1, "liver", "organ"), (2, "liver tumor", "lesion"),
    ]  # fmt: skip
    assert found.labels.label("liver").color == label("liver", 1).color
    assert found.unnamed == () and found.file("scene") is None


def test_a_value_that_no_finding_names_is_kept_and_told(tmp_path: Path) -> None:
    found = read_drawing(_write(tmp_path / "d", "liver", values=(1, 7)))
    assert found.unnamed == (7,)
    assert found.labels.label("structure 7").kind == "organ"


def test_what_is_no_drawing_of_a_scan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_drawing(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"has no drawing\.json"):
        read_drawing(tmp_path / "empty")
    flat = _write(tmp_path / "flat", "liver")
    (flat / "labels.nii.gz").unlink()
    with pytest.raises(InputError, match="a drawing of a scan is expected"):
        read_drawing(flat)
    old = _write(tmp_path / "old", "liver")
    told = json.loads((old / "drawing.json").read_text())
    (old / "drawing.json").write_text(json.dumps({**told, "schema": "limner.drawing/9"}))
    with pytest.raises(InputError, match=r"this Limner reads 'limner\.drawing/1'"):
        read_drawing(old)
    (old / "drawing.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read_drawing(old)
