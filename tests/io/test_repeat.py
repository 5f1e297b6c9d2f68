"""A study of another length, made of the slices of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.io import choose_series, open_studies
from limner.io.repeat import repeat_slices
from tests.conftest import Body, WriteCT


@pytest.mark.parametrize("count", [5, 32, 75])
def test_slices_go_up_and_down_on_an_even_ladder(tmp_path: Path, write_ct: WriteCT, body: Body, count: int) -> None:
    files = write_ct(tmp_path / "study")
    (tmp_path / "long").mkdir()
    assert len(repeat_slices(files, count, tmp_path / "long")) == count
    study, series = choose_series(open_studies(tmp_path / "long"))
    assert series.problems == () and study.uid != choose_series(open_studies(tmp_path / "study"))[0].uid
    assert series.grid is not None and series.grid.spacing_mm == pytest.approx(body.grid.spacing_mm)
    there_and_back = np.concatenate([body.array, body.array[::-1], body.array])
    assert np.array_equal(series.load().array, there_and_back[:count])
