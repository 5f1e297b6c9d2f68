"""A real server and a real browser for tests of the Plan and Forecast pages: results put beside a study."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from limner.serve.house import House
from limner.serve.safety.passwords import hash_password
from limner.serve.settings import ServeSettings
from limner.serve.tables import Result, Study, User, new_id
from tests.serve.live import PASSWORD, Live

PATIENCE_MS = 60_000
SCREEN = {"width": 1100, "height": 640}
"""Small: frames are drawn by software."""


@dataclass
class Bench:
    """A server with one planner, and what was put into it."""

    live: Live
    name: str
    contexts: list[BrowserContext] = field(default_factory=list)

    @classmethod
    def of(cls, live: Live, name: str = "ann") -> Bench:
        """Puts a planner into a server."""
        house = House.open(ServeSettings(data=live.data))
        with house.database.session() as db:
            db.add(User(name=name, display=name.title(), role="planner", password=hash_password(PASSWORD)))
        house.close()
        return cls(live, name)

    def put(self, folder: Path, *, parent: str | None = None) -> str:
        """A folder of a drawing, or a plan or forecast of a drawing (``parent``), as a result of a study."""
        house = House.open(ServeSettings(data=self.live.data))
        result_id = new_id()
        shutil.copytree(folder, house.result_folder(result_id))
        kind = next(one for one in ("drawing", "plan", "forecast") if (folder / f"{one}.json").is_file())
        with house.database.session() as db:
            owner = db.query(User).filter(User.name == self.name).one()
            study_id = db.get_one(Result, parent).study_id if parent else self._study(db, owner)
            title = "180" if kind == "forecast" else kind
            db.add(Result(id=result_id, kind=kind, owner_id=owner.id, study_id=study_id, parent_id=parent, title=title))
        house.close()
        return result_id

    @staticmethod
    def _study(db: Any, owner: User) -> str:
        study = Study(
            uid=f"1.2.{new_id()}", owner_id=owner.id, patient_name="Torso^Phantom", date="2024-05-01",
            modalities=["CT"], description="Abdomen",
        )  # fmt: skip
        db.add(study)
        db.flush()
        return study.id

    def open(self, browser: Browser, address: str, **settings: Any) -> Opened:
        """A page of the workstation in a browser that is logged in, once its first picture stands."""
        settings = {"viewport": SCREEN, "reduced_motion": "reduce", "locale": "en-GB", **settings}
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        answer = context.request.post(f"{self.live.url}/api/session", data={"name": self.name, "password": PASSWORD})
        assert answer.ok, answer.text()
        opened = Opened(context.new_page(), self.live.url)
        opened.listen()
        opened.go(address)
        return opened

    def close(self) -> None:
        """Ends the browser's contexts."""
        for one in self.contexts:
            one.close()


@dataclass
class Opened:
    """A page, all that it complained of or asked of other machines, and what it asked of the server."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keeps what the page says and asks."""
        self.page.on("console", lambda one: self.complaints.append(one.text) if one.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url, request.method))

    def _note(self, url: str, method: str) -> None:
        if not url.startswith((self.url, "blob:", "data:")):
            self.complaints.append(url)
        self.asked.append(f"{method} {url.removeprefix(self.url)}")

    def go(self, address: str) -> None:
        """Opens an address and waits until its first picture stands."""
        self.page.goto(f"{self.url}{address}")
        self.page.wait_for_selector("body[data-ready=true]")

    def ask(self, expression: str, argument: Any = None) -> Any:
        """Of the page's own state: ``scene``, ``bench``, ``turn`` or ``growing`` stand by their names."""
        names = "const {scene, bench, turn, growing} = document.querySelector('canvas').limner ?? {};"
        return self.page.evaluate(f"argument => {{ {names} return ({expression}) }}", argument)

    def wait(self, expression: str) -> None:
        """Until something holds in the page."""
        names = "const {scene, bench, turn, growing} = document.querySelector('canvas')?.limner ?? {};"
        self.page.wait_for_function(f"() => {{ {names} return {expression} }}")

    def settle(self) -> None:
        """Until every frame that was asked for is drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def place(self, expression: str) -> tuple[float, float]:
        """Where a point of the scene lies in the window, CSS pixels."""
        at = self.ask(f"scene.project({expression})")
        box = self.page.locator("canvas").first.bounding_box()
        assert box is not None
        return box["x"] + at["x"], box["y"] + at["y"]
