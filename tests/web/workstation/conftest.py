"""What tests of several pages share: one server with a work list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.workstation import front
from tests.web.workstation.rig import Workstation


@pytest.fixture(scope="session")
def desk_of_ada(tmp_path_factory) -> Iterator[Workstation]:
    """Five studies and three jobs of Ada, who is an admin; tests leave the list as they found it."""
    with front.workstation(tmp_path_factory.mktemp("front")) as made:
        yield made


@pytest.fixture
def station(desk_of_ada) -> Iterator[Workstation]:
    """The same, for one test: its windows are closed afterwards."""
    yield desk_of_ada
    desk_of_ada.close_windows()
