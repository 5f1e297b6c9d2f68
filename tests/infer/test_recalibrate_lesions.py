"""When a scan's lesions are "not sure", fitted on scans that are drawn whole."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from limner import io
from limner.cli import app
from limner.errors import CohortError, OutputExistsError, PackError
from limner.image import LabelMap
from limner.infer import load_pack
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.recalibrate import recalibrate_lesions
from tests.infer.packs import threshold_pack
from tests.train.conftest import write_cohort

LEVELS = {"background": -1000.0, "liver": 110.0, "liver tumor": 62.0}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Six scans with two tumours each; in two of them the truth knows of none, so that marks there are wrong."""
    path = write_cohort(tmp_path_factory.mktemp("theirs"), cases=6)
    for number in (1, 4):
        mask = path.parent / f"mask{number}.nii.gz"
        read = io.read_nifti_labels(mask)
        io.write_nifti_labels(LabelMap(np.minimum(read.array, 1), read.grid), mask)
    return path


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    known = {"temperature": 1.2, "ece_before": 0.1, "ece_after": 0.05, "abstain_below": 0.1, "fitted_on": "patches"}
    return threshold_pack(tmp_path_factory.mktemp("pack"), LEVELS, calibration=known)


def test_the_threshold_is_what_the_drawn_lesions_choose(pack, cohort, tmp_path):
    made = load_pack(recalibrate_lesions(pack, cohort, tmp_path / "new"))
    told = evaluate(pack, cohort, EvaluateOptions(bootstrap=1)).calibration
    known = made.spec.calibration
    assert known.abstain_below == told["sure_from"] > 0.1
    assert known.temperature == 1.2
    assert known.fitted_on.startswith("patches; when to be not sure: the ")
    assert f"{told['lesions_marked']:.0f} lesions that it marked in 6 scans" in known.fitted_on
    made.verify()
    with pytest.raises(OutputExistsError, match="already in"):
        recalibrate_lesions(pack, cohort, tmp_path / "new")


def test_cases_that_cannot_say_it_are_refused(pack, cohort, tmp_path):
    given = ["packs", "calibrate", str(pack.folder), str(cohort), "--split", "val", "-o", str(tmp_path / "new")]
    done = CliRunner().invoke(app, given)
    assert isinstance(done.exception, CohortError)
    assert re.search(r"cannot say .* marked \d in 1 scan", str(done.exception))
    spec = json.loads((pack.folder / "pack.json").read_text())
    row = {"case": "case1", "source": cohort.parent.name, "licence": "CC0"}
    met = threshold_pack(tmp_path / "met", LEVELS, training=[*spec["training"], row])
    with pytest.raises(CohortError, match=r"learned from .*case1"):
        recalibrate_lesions(met, cohort, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_packs_without_lesions_in_scans_are_refused(cohort, tmp_path):
    organs = threshold_pack(tmp_path / "organs", {"background": -1000.0, "liver": 110.0})
    with pytest.raises(PackError, match="draws no lesion"):
        recalibrate_lesions(organs, cohort, tmp_path / "new")
    read = {"modality": ["CT"], "size": [24, 24], "channels": 1}
    flat = threshold_pack(tmp_path / "flat", LEVELS, input=read, class_values=["0", "1", "2"])
    with pytest.raises(PackError, match="not fitted on drawn scans"):
        recalibrate_lesions(flat, cohort, tmp_path / "new")
