"""Nothing that `generate` or `enhance` writes lacks the explicit mark: every image file in their folders is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.image import Grid, LabelMap
from limner.infer.enhance import How, enhance
from limner.infer.generate import GenerateOptions, generate, open_generator
from limner.io import read_marks, read_nifti_labels, write_nifti_labels
from limner.io.synthetic import Origin
from tests import made_volumes
from tests.infer.test_generate import make
from tests.infer.thin_packs import thin_pack
from tests.mr import POST, PRE, MRStudy
from tests.mr_phantom import AXIAL, signal
from tests.train.conftest import write_cohort
from tests.translated import translator_pack

IMAGES = (".png", ".jpg", ".webp", ".nii", ".gz", ".dcm")
NO_IMAGE = (".json", ".csv")
LABELS, UNSURE = (".labels.png", ".labels.nii.gz"), "uncertainty.nii.gz"
"""Values that must stay as they are: no watermark."""


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    return make(folder, condition="mask", classes={"0": "background", "1": "tumor"})


def marks_in(folder: Path) -> dict[str, Origin]:
    """The explicit mark of every image file; all others are known to be none."""
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    assert {one.suffix for one in files} <= {*IMAGES, *NO_IMAGE}
    found = {}
    for path in (one for one in files if one.suffix in IMAGES):
        values_stay = path.name.endswith((*LABELS, UNSURE))
        marks = read_marks(path, pixels=not values_stay)
        assert marks.explicit is not None, path
        assert values_stay or marks.invisible, path
        found[path.relative_to(folder).as_posix()] = marks.explicit
    return found


@pytest.mark.parametrize("asked", ["seeds", "between", "direction"])
def test_generated(maps, tmp_path, asked):
    way = maps.generator.directions[0].name
    options = {
        "seeds": GenerateOptions(count=2, seed=5, dicom=True),
        "between": GenerateOptions(between=(3, 8), frames=3),
        "direction": GenerateOptions(count=1, seed=5, direction=way, frames=3),
    }[asked]
    made = generate(open_generator(maps), tmp_path / "out", options)
    found = marks_in(tmp_path / "out")
    assert {"0001.png", "0001.labels.png", "sheet.png"} <= set(found)
    assert ("way.webp" in found) == (asked == "between")
    assert ("dicom/0001.dcm" in found) == (asked == "seeds")
    for row in made.told["images"]:  # each picture and its label map say how to make it again
        assert found[row["image"]].seed == found[row["mask"]].seed == row["seed"]
    assert all(one.pack == f"{maps.name} {maps.spec.version}" and one.sha256 == maps.sha256 for one in found.values())


def test_generated_volumes(tmp_path):
    pack = made_volumes.make(tmp_path / "pack", write_cohort(tmp_path / "cohort"))
    array = np.zeros((8, 16, 16), np.uint8)
    array[2:6, 4:12, 4:12], array[3:5, 6:8, 6:8] = 1, 2
    given = LabelMap(array, Grid.axial(array.shape, (6.0, 6.0, 6.0)))
    write_nifti_labels(given, tmp_path / "map.nii.gz")
    made = generate(open_generator(pack), tmp_path / "out", GenerateOptions(2, 5, labels=tmp_path / "map.nii.gz"))
    found = marks_in(tmp_path / "out")
    assert set(found) == {f"000{k}{end}" for k in (0, 1) for end in (".nii.gz", LABELS[1])} | {"sheet.png"}
    for row in made.told["images"]:
        assert found[row["image"]].seed == found[row["mask"]].seed == row["seed"]
        assert (read_nifti_labels(tmp_path / "out" / row["mask"]).array == array).all()  # values stay
    assert all(one.sha256 == pack.sha256 for one in found.values())


def test_enhanced_and_translated(tmp_path, write_ct):
    for path in write_ct(tmp_path / "ct", PixelSpacing=[1.5, 1.5])[4:]:
        path.unlink()
    enhance(thin_pack(tmp_path / "thin"), [tmp_path / "ct"], tmp_path / "sharp")
    study = MRStudy(tmp_path / "mr")
    for name, how in (("flair", PRE), ("post", POST)):
        study.add(signal(name, AXIAL), AXIAL, **how)
    enhance(translator_pack(tmp_path / "flair", side=64), [tmp_path / "mr"], tmp_path / "made", How("onnxruntime"))
    for out, task in (("sharp", "superresolve"), ("made", "translate")):
        found = marks_in(tmp_path / out)
        assert {"enhanced.nii.gz", UNSURE, "before-after.png", "dicom/0001.dcm"} <= set(found)
        assert {one.task for one in found.values()} == {task}
