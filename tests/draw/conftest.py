"""One trained pack for all tests of a session that draw pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.draw.pictures import changed_pack, train_pack

CALIBRATION = {"temperature": 1.0, "abstain_below": 0.6, "ece_before": 0.08, "ece_after": 0.03, "fitted_on": "16 cases"}


@pytest.fixture(scope="session")
def spots_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of painted spots, trained and exported by Limner, with a calibration that leaves room for doubt."""
    folder = tmp_path_factory.mktemp("spots")
    return changed_pack(train_pack(folder), folder / "pack", calibration=CALIBRATION)
