"""Explanations over a cohort with masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.errors import CohortError
from limner.infer.explain.evaluate import CohortOptions, evaluate_explanations
from tests.infer.explained import dark_pack, spot

PLACES = [(20, 44), (44, 20), (24, 24), (32, 32)]


def write_cohort(folder: Path, label: str = "lesion") -> Path:
    """Four pictures with a dark spot, whose mask is known, and one without a mask."""
    folder.mkdir(exist_ok=True)
    rows = ["id,image,mask,label,split,patient"]
    for number, place in enumerate(PLACES):
        picture, mask = spot((64, 64), place, 10)
        Image.fromarray(np.moveaxis(picture.array, 0, -1)).save(folder / f"{number}.png")
        Image.fromarray((mask * 255).astype(np.uint8)).save(folder / f"{number}_mask.png")
        rows.append(f"{number},{number}.png,{number}_mask.png,{label},test,p{number}")
    rows.append(f"bare,0.png,,{label},test,p9")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    return folder / "cohort.csv"


def test_figures_of_a_net_that_looks_at_the_lesion(tmp_path: Path) -> None:
    cohort = write_cohort(tmp_path / "cohort")
    found = evaluate_explanations(dark_pack(tmp_path / "pack"), cohort, CohortOptions(engine="onnxruntime"))
    assert found.n == 4 and found.without_mask == 1
    assert found.metrics["pointing"].value == 1.0 and found.baseline["pointing"].value == 0.25
    assert found.metrics["deletion_auc"].value < found.baseline["deletion_auc"].value
    assert found.metrics["insertion_auc"].value > found.baseline["insertion_auc"].value
    assert set(found.metrics) == set(found.baseline)
    assert [row["id"] for row in found.per_case] == ["0", "1", "2", "3"]


def test_figures_of_a_net_whose_maps_lie(tmp_path: Path) -> None:
    cohort = write_cohort(tmp_path / "cohort")
    options = CohortOptions(engine="onnxruntime", check=False, truth=False)
    found = evaluate_explanations(dark_pack(tmp_path / "pack", lying=True), cohort, options)
    assert found.metrics["pointing"].value == 0.0 and set(found.metrics) == {"pointing", "energy_inside"}


def test_cohorts_that_cannot_be_used(tmp_path: Path) -> None:
    pack = dark_pack(tmp_path / "pack")
    quick = CohortOptions(engine="onnxruntime", check=False)
    with pytest.raises(CohortError, match=r"'mole'.*unknown"):
        evaluate_explanations(pack, write_cohort(tmp_path / "a", "mole"), quick)
    (tmp_path / "b").mkdir()
    cohort = write_cohort(tmp_path / "b")
    Image.fromarray(np.full((9, 9), 255, np.uint8)).save(tmp_path / "b" / "0_mask.png")
    with pytest.raises(CohortError, match=r"'0'.*grid"):
        evaluate_explanations(pack, cohort, quick)
    cohort.write_text("id,image\n0,0.png\n")
    with pytest.raises(CohortError, match="'mask'"):
        evaluate_explanations(pack, cohort, quick)


def test_without_masks_the_heat_is_still_held_to_account(tmp_path: Path) -> None:
    cohort = write_cohort(tmp_path / "cohort")
    kept = [row.split(",") for row in cohort.read_text().splitlines()]
    cohort.write_text("\n".join(",".join((*row[:2], *row[3:])) for row in kept) + "\n")
    options = CohortOptions(engine="onnxruntime", most=2)
    found = evaluate_explanations(dark_pack(tmp_path / "pack"), cohort, options)
    assert [row["id"] for row in found.per_case] == ["0", "bare"] and found.without_mask == 0
    assert (
        "pointing" not in found.metrics and found.metrics["deletion_auc"].value < found.baseline["deletion_auc"].value
    )
