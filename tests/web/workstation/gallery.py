"""Every page with something on it that is the same each time: what pictures of pages and tests of barriers visit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from limner.forecast.drawing import forecast_drawing
from limner.forecast.sights import Asked
from tests.web.workstation import pictures
from tests.web.workstation.opened import Opened
from tests.web.workstation.rig import Workstation

PERSON = "mona"
THEN = datetime(2024, 5, 2, 9, 30)
"""When all of it was made: the date is shown."""
READ_3D = (
    "globalThis.limnerRead?.desk.reading.view.volume.value?.whole && globalThis.limnerScene?.stage.surfaces.length"
)


@dataclass(frozen=True)
class Sight:
    """A page worth seeing.

    Args:
        address: with the ids of what is shown in braces.
        ready: what holds in the page when all of it stands.
        idle: it stands when the network is quiet: its pictures come one by one.
        moves: what of it is as long as other tests made it, and is covered in pictures.
    """

    address: str
    ready: str = "true"
    idle: bool = False
    moves: str = ""


LISTS = {
    "studies": Sight("/studies"),
    "jobs": Sight("/jobs"),
    "packs": Sight("/packs"),
    "pack": Sight("/packs/skin-lesion"),
    "admin": Sight("/admin"),
    "admin-audit": Sight("/admin/audit", moves="table.list tbody { display: none; }"),
    "admin-rules": Sight("/admin/rules"),
    "admin-pacs": Sight("/admin/pacs"),
}
"""Pages of Ada's work list."""
ROOMS = {
    "generate": Sight("/generate", idle=True),
    "read": Sight("/read/{scan}?layout=mpr3d", READ_3D),
    "correct": Sight("/correct/{drawing}", "globalThis.limnerCorrect?.desk.editor.peek()"),
    "plan": Sight("/plan/{drawing}", "scene?.hasSkin && bench.state.value?.step === 'done'"),
    "forecast": Sight("/forecast/{drawing}?day=120", "growing?.day === 120"),
    "volumes": Sight("/forecast/{drawing}?part=volumes"),
    "explain": Sight("/explain/{picture}?pack=skin-lesion", "document.querySelectorAll('.ex-figure canvas')[2]"),
    "explain-ask": Sight("/explain/{unasked}", "document.querySelector('.ex-large')?.complete"),
    "explain-scan": Sight("/explain/{scan}", "document.querySelector('.ex-finding')"),
}
"""Pages of Mona, who may do everything and has a scan with all that can be made of it, and two pictures."""


@dataclass
class Gallery:
    """A work list, and a person with something for every page."""

    lists: Workstation
    rooms: Workstation
    ids: dict[str, str]

    def station(self, name: str) -> Workstation:
        """Whose page it is."""
        return self.lists if name in LISTS else self.rooms

    def go(self, opened: Opened, name: str) -> None:
        """Opens a page and waits until all of it stands."""
        sight = (LISTS | ROOMS)[name]
        opened.go(sight.address.format(**self.ids))
        opened.wait(sight.ready)
        if sight.idle:
            opened.page.wait_for_load_state("networkidle")
        opened.settle()


def hang(station: Workstation, files: list[Path], drawn: Path, folder: Path) -> Gallery:
    """Puts one of everything into a server, for a person of its own.

    Args:
        station: a server with a work list.
        files: a CT of the phantom.
        drawn: its drawing.
        folder: an empty one to work in.
    """
    user = station.add_person(PERSON, "admin", "Mona Lis")
    rooms = replace(station, name=PERSON, user=user, contexts=[], _client=None)
    forecast_drawing(drawn, days=180, out=folder / "grown", asked=Asked(futures=8))
    made: dict[str, Any] = {"created": THEN}
    scan = rooms.send(files)
    drawing = rooms.put(drawn, study=scan.id, series_id=scan.series, pack="phantom", title="phantom", **made)
    rooms.put(folder / "grown", parent=drawing, **(made | {"title": "180"}))
    contents = [pictures.photograph(seed) for seed in (4, 5)]
    asked, unasked = (pictures.send(rooms, one, f"spot{n}.png") for n, one in enumerate(contents))
    pictures.explain(rooms, asked, contents[0], folder / "picture" / "out")
    return Gallery(station, rooms, {"scan": scan.id, "drawing": drawing, "picture": asked, "unasked": unasked})
