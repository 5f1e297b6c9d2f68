import re

import pytest

from limner.data.cohort import read_cohort
from limner.errors import CohortError


def _write(folder, text, name="cohort.csv"):
    (folder / name).write_text(text)
    for image in ("a.nii.gz", "b.nii.gz"):
        (folder / image).write_bytes(b"")
    return folder / name


def test_rows_become_cases(tmp_path):
    (tmp_path / "regions.json").write_text('{"liver": [1, 2]}')
    path = _write(
        tmp_path, "id,image,mask,split,patient,hu_window\n1,a.nii.gz,b.nii.gz,train,P,-40..160\n2,b.nii.gz,,test,Q,\n"
    )
    cohort = read_cohort(path)
    assert cohort.regions == {"liver": (1, 2)}
    first, second = cohort.cases
    assert first.path("mask") == tmp_path / "b.nii.gz"
    assert first.hu_window == (-40, 160)
    assert second.path("mask") is None
    assert second.hu_window is None
    assert [case.id for case in cohort.split("test").cases] == ["2"]


def test_jsonl_is_a_cohort_too(tmp_path):
    path = _write(tmp_path, '{"id": "1", "image": "a.nii.gz", "boxes": [[1, 2, 3, 4]]}\n', "c.jsonl")
    assert read_cohort(path).cases[0].columns["boxes"] == "[[1, 2, 3, 4]]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,image,split,patient\n1,a.nii.gz,train,P\n2,b.nii.gz,test,P\n", "more than one split: P"),
        ("id,image\n1,a.nii.gz\n1,b.nii.gz\n", "'1' twice"),
        ("id,picture\n1,a.nii.gz\n", "image"),
        ("id,image\n1,c.nii.gz\n", "c.nii.gz"),
        ("id,image\n", "no rows"),
    ],
)
def test_a_bad_cohort_says_what_is_wrong(tmp_path, text, said):
    with pytest.raises(CohortError, match=re.escape(said)):
        read_cohort(_write(tmp_path, text))


def test_a_named_mask_that_is_missing(tmp_path):
    case = read_cohort(_write(tmp_path, "id,image,mask\n1,a.nii.gz,m.nii.gz\n")).cases[0]
    with pytest.raises(CohortError, match=r"m\.nii\.gz"):
        case.path("mask")
