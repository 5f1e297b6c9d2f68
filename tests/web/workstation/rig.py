"""A real server and a real browser for tests of the Read page: studies sent by HTTP, drawings put beside them."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from limner.serve.house import House
from limner.serve.settings import ServeSettings
from limner.serve.tables import Result, Study, User, new_id
from tests.serve.live import PASSWORD, Live

PATIENCE_MS = 60_000
SCREEN = {"width": 1366, "height": 768}


@dataclass
class Workstation:
    """A server with one planner, who is logged in by HTTP."""

    live: Live
    client: httpx.Client
    name: str
    contexts: list[BrowserContext] = field(default_factory=list)

    def send(self, files: Sequence[Path]) -> dict[str, Any]:
        """Sends files as one zip; the study as its page sees it."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for number, file in enumerate(files):
                archive.writestr(f"{number:04d}{''.join(file.suffixes[-2:]) or '.dcm'}", file.read_bytes())
        upload = self._told(self.client.post("/api/uploads", json={}))["id"]
        name = {"X-File-Name": "study.zip"}
        self._told(self.client.put(f"/api/uploads/{upload}/files", content=packed.getvalue(), headers=name))
        done = self._told(self.client.post(f"/api/uploads/{upload}/finish", json={}))
        assert done["refused"] == [], done["refused"][:3]
        study = self.study(done["studies"][0])
        for one in study["series"]:  # the volume is turned before anybody waits for it
            self._told(self.client.get(f"/api/series/{one['id']}"))
        return self.study(study["id"])

    def study(self, study_id: str) -> dict[str, Any]:
        """The study as its page sees it."""
        return self._told(self.client.get(f"/api/studies/{study_id}"))

    def put_drawing(self, study: dict[str, Any], folder: Path) -> str:
        """A drawing that was made elsewhere becomes a result of the study's first series."""
        house = House.open(ServeSettings(data=self.live.data))
        result_id = new_id()
        shutil.copytree(folder, house.result_folder(result_id))
        drawing = json.loads((folder / "drawing.json").read_text())
        with house.database.session() as db:
            owner = db.get_one(Study, study["id"]).owner_id
            version = 1 + db.query(Result).filter(Result.study_id == study["id"], Result.kind == "drawing").count()
            db.add(
                Result(
                    id=result_id, kind="drawing", owner_id=owner, study_id=study["id"], version=version,
                    series_id=study["series"][0]["id"], title="drawing", pack=drawing["pack"]["name"],
                )
            )  # fmt: skip
        house.close()
        return result_id

    def user_id(self) -> str:
        """Of the planner."""
        house = House.open(ServeSettings(data=self.live.data))
        with house.database.reading() as db:
            found = db.query(User).filter(User.name == self.name).one().id
        house.close()
        return found

    def open(self, browser: Browser, address: str, **settings: Any) -> Opened:
        """A page of the workstation in a browser that is logged in."""
        settings = {"viewport": SCREEN, "reduced_motion": "reduce", "locale": "en-GB", **settings}
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        opened = Opened(context.new_page(), self.live.url)
        opened.listen()
        answer = context.request.post(
            f"{self.live.url}/api/session", data={"name": self.name, "password": PASSWORD}
        )
        assert answer.ok, answer.text()
        opened.go(address)
        return opened

    def close(self) -> None:
        """Ends the browser's contexts."""
        for one in self.contexts:
            one.close()

    @staticmethod
    def _told(answer: httpx.Response) -> Any:
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@dataclass
class Opened:
    """A page, and all that it complained of or asked of other machines."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keeps what the page says."""
        self.page.on("console", lambda message: message.type in ("error", "warning") and self._note(message.text))
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("request", lambda asked: None if self._ours(asked.url) else self._note(asked.url))

    def _ours(self, url: str) -> bool:
        return url.startswith((self.url, "blob:", "data:"))

    def _note(self, text: str) -> None:
        self.complaints.append(text)

    def go(self, address: str) -> None:
        """Opens an address and waits until its first picture stands."""
        self.page.goto(f"{self.url}{address}")
        self.page.wait_for_selector("body[data-ready=true]")

    def ask(self, expression: str, argument: Any = None) -> Any:
        """Of the page's own state."""
        return self.page.evaluate(expression, argument)

    def settle(self) -> None:
        """Waits until every frame that was asked for is drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def wait(self, expression: str) -> None:
        """Until something holds in the page."""
        self.page.wait_for_function(expression)

    def whole(self) -> None:
        """Until all slices, the drawing and its labels are here."""
        self.wait("limnerRead.desk.reading.view.volume.value?.whole")
        self.wait("!limnerRead.desk.main.drawing.value || limnerRead.desk.reading.view.labels.value")
        self.settle()
