"""What the bench of plans prints: speed of this machine, and that nothing offered breaks a rule."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from limner.bench import bench_plan
from limner.data import phantoms
from limner.errors import InputError
from limner.io import write_nifti_labels


@pytest.fixture(scope="module")
def torso(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom's label map with names beside it, one of them British."""
    folder = tmp_path_factory.mktemp("torso")
    plan = phantoms.sample(np.random.default_rng(3), tumors=2)
    labels = phantoms.draw(plan, phantoms.grid_around(plan, (4.0, 3.0, 3.0), margin_mm=12.0)).labels
    write_nifti_labels(labels, folder / "labels.nii.gz")
    names = {str(one.value): one.name.replace("tumor", "tumour") for one in labels.labels}
    (folder / "labels.json").write_text(json.dumps({"labels": names}))
    return folder / "labels.nii.gz"


def test_every_target_is_checked_and_nothing_offered_breaks_a_rule(torso: Path) -> None:
    found = bench_plan(torso, threads=1)
    assert [one.target for one in found.targets] == ["tumor-1", "tumor-2"]
    assert sum(one.paths for one in found.targets) >= 2
    assert all(one.violations == 0 for one in found.targets)
    assert found.speed.structures >= 6
    assert found.speed.per_second > 0 and found.speed.what_if_ms > 0
    assert found.resection is not None and found.resection.examined > 0
    json.dumps(found.as_dict())


def test_a_label_map_without_names_is_refused(torso: Path, tmp_path: Path) -> None:
    copy = tmp_path / "labels.nii.gz"
    copy.write_bytes(torso.read_bytes())
    with pytest.raises(InputError, match=r"labels\.json beside it"):
        bench_plan(copy)
    (tmp_path / "labels.json").write_text("[]")
    with pytest.raises(InputError, match="names values"):
        bench_plan(copy)
