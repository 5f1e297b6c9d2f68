"""What tests of several pages share: one server with a work list, and something for every page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from limner.draw import DrawOptions, draw
from tests.web.workstation import front
from tests.web.workstation.gallery import Gallery, hang
from tests.web.workstation.rig import Workstation


@pytest.fixture(scope="session")
def desk_of_ada(browser, tmp_path_factory) -> Iterator[Workstation]:
    """Five studies and three jobs of Ada, who is an admin; tests leave the list as they found it.

    It asks for the browser, which thus ends after the server's windows.
    """
    with front.workstation(tmp_path_factory.mktemp("front")) as made:
        yield made


@pytest.fixture
def station(desk_of_ada) -> Iterator[Workstation]:
    """The same, for one test: its windows are closed afterwards."""
    yield desk_of_ada
    desk_of_ada.close_windows()


@pytest.fixture(scope="session")
def drawn_body(tmp_path_factory, write_ct, thresholds) -> tuple[list[Path], Path]:
    """The phantom as files of a CT, and the folder of its drawing, which has probabilities too."""
    folder = tmp_path_factory.mktemp("body")
    files = write_ct(folder / "ct")
    draw(folder / "ct", folder / "drawn", predictor=thresholds, options=DrawOptions(confidence=True))
    return files, folder / "drawn"


@pytest.fixture(scope="session")
def gallery(browser, desk_of_ada, tmp_path_factory, drawn_body) -> Iterator[Gallery]:
    """On the same server, a person of their own with a scan, its drawing and forecast, and an explained picture."""
    made = hang(desk_of_ada, *drawn_body, tmp_path_factory.mktemp("gallery"))
    yield made
    made.rooms.close_windows()


@pytest.fixture(scope="module")
def windows(gallery, browser):
    """A window for each person, opened once."""
    opened = {one.name: one.open(browser, "/jobs", color_scheme="light") for one in (gallery.lists, gallery.rooms)}
    yield opened
    for one in opened.values():
        one.page.context.close()
