"""A server in this process and a real browser: what tests of the Read page open, send and ask."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import func, select

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.jobs import states
from limner.serve.jobs.run import work as run_job
from limner.serve.safety.bind import open_socket
from limner.serve.safety.passwords import hash_password
from limner.serve.safety.secrets import fingerprint
from limner.serve.settings import ServeSettings
from limner.serve.store import Given, Sender, ingest
from limner.serve.tables import Job, Result, Series, Token, User, new_id

PASSWORD = "correct horse battery"
PATIENCE_MS = 60_000
SCREEN = {"width": 1366, "height": 768}


@dataclass(frozen=True)
class Sent:
    """A study that was taken in."""

    id: str
    series: str


@dataclass
class Workstation:
    """A server that listens on loopback, with one user who may plan."""

    house: House
    url: str
    user: str
    contexts: list[BrowserContext] = field(default_factory=list)

    def send(self, files: Sequence[Path]) -> Sent:
        """Takes files of one series in, and turns it before anybody waits for it."""
        outcome = ingest(self.house, Sender(self.user, "upload"), [Given(one, one.name) for one in files])
        assert outcome.refused == [], outcome.refused[:3]
        self.house.volumes.geometry(outcome.series[0])
        return Sent(outcome.studies[0], outcome.series[0])

    def put_drawing(self, study: Sent, folder: Path) -> str:
        """A drawing that was made elsewhere becomes a result of the study, one version newer; its id."""
        result_id = new_id()
        shutil.copytree(folder, self.house.result_folder(result_id))
        pack = json.loads((folder / "drawing.json").read_text())["pack"]["name"]
        with self.house.database.session() as db:
            many = select(func.count()).select_from(Result).where(Result.study_id == study.id)
            db.add(
                Result(
                    id=result_id, kind="drawing", owner_id=self.user, study_id=study.id, series_id=study.series,
                    version=1 + (db.scalar(many) or 0), title=pack, pack=pack,
                )
            )  # fmt: skip
        return result_id

    def geometry(self, study: Sent) -> dict[str, Any]:
        """What the server says of the series."""
        with self.house.database.reading() as db:
            return dict(db.get_one(Series, study.series).geometry or {})

    def work(self, kind: str) -> None:
        """Does the waiting jobs of a kind, here, as a worker would."""
        with self.house.database.session() as db:
            waiting = list(db.scalars(select(Job.id).where(Job.kind == kind, Job.state == "queued")))
            claims = [states.claim(db, one) for one in waiting]
        for one in claims:
            assert one is not None
            run_job(self.house, one)

    def token(self, *scopes: str) -> dict[str, str]:
        """The header by which another program asks as this user."""
        secret = secrets.token_urlsafe(24)
        with self.house.database.session() as db:
            db.add(Token(user_id=self.user, name="test", hash=fingerprint(secret), scopes=list(scopes)))
        return {"Authorization": f"Bearer {secret}"}

    def open(self, browser: Browser, address: str, *, script: str = "", **settings: Any) -> Opened:
        """A page of the workstation in a browser that is logged in; ``script`` runs before the page's own."""
        settings = {"viewport": SCREEN, "reduced_motion": "reduce", "locale": "en-GB", **settings}
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        answer = context.request.post(f"{self.url}/api/session", data={"name": "planner", "password": PASSWORD})
        assert answer.ok, answer.text()
        opened = Opened(context.new_page(), self.url)
        opened.listen()
        if script:
            opened.page.add_init_script(script)
        opened.go(address)
        return opened


@contextmanager
def workstation(data: Path) -> Iterator[Workstation]:
    """Serves a new data folder until the block ends."""
    settings = ServeSettings(data=data, port=0)
    house = House.open(settings)
    with house.database.session() as db:
        user = User(name="planner", display="Dr. Planner", role="planner", password=hash_password(PASSWORD))
        db.add(user)
    with open_socket(settings) as socket:
        server = uvicorn.Server(uvicorn.Config(create_app(house=house), log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        made = Workstation(house, f"http://127.0.0.1:{socket.getsockname()[1]}", user.id)
        try:
            yield made
        finally:
            for one in made.contexts:
                one.close()
            house.closing.set()  # ends the streams of events
            server.should_exit = True
            thread.join(30)


@dataclass
class Opened:
    """A page, and all that it complained of or asked of other machines."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keeps what the page says, and every request that leaves our server."""
        note = self.complaints.append
        self.page.on("console", lambda one: note(one.text) if one.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: note(str(error)))
        self.page.on("request", lambda one: None if self._ours(one.url) else note(one.url))

    def _ours(self, url: str) -> bool:
        return url.startswith((self.url, "blob:", "data:"))

    def go(self, address: str) -> None:
        """Opens an address and waits until its first picture stands."""
        self.page.goto(f"{self.url}{address}")
        self.page.wait_for_selector("body[data-ready=true]")

    def ask(self, expression: str, argument: Any = None) -> Any:
        """Of the page's own state."""
        return self.page.evaluate(expression, argument)

    def settle(self) -> None:
        """Waits until every frame that was asked for is drawn."""
        self.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def wait(self, expression: str) -> None:
        """Until something holds in the page. As a function: the page's policy forbids that text becomes code."""
        self.page.wait_for_function(f"() => ({expression})")
        self.settle()

    def whole(self) -> None:
        """Until all slices, the drawing and its labels are here."""
        self.wait("limnerRead.desk.reading.view.volume.value?.whole")
        self.wait("!limnerRead.desk.main.drawing.value || limnerRead.desk.reading.view.labels.value")

    def press(self, key: str) -> None:
        """A key of the keyboard, and the frames that follow it."""
        self.page.keyboard.press(key)
        self.settle()

    # Of one pane, named by its plane.

    def pixel_of(self, plane: str, world: Sequence[float]) -> tuple[float, float]:
        """Where a point of the world is drawn, pixels from the pane's left and top."""
        x, y = self.ask(
            "([plane, world]) => { const v = limnerRead.panes.find(one => one.plane === plane).viewport();"
            " return v.pixel(v.grid.grid(world)); }",
            [plane, list(world)],
        )
        return x, y

    def screen_of(self, plane: str, world: Sequence[float]) -> tuple[float, float]:
        """The same in the window, for the mouse."""
        box = self.page.locator(f".rd-pane[data-plane={plane}] canvas").bounding_box()
        x, y = self.pixel_of(plane, world)
        return box["x"] + x, box["y"] + y

    def colors(self, plane: str, worlds: Sequence[Sequence[float]]) -> list[list[int]]:
        """What is painted at points of the world, (red, green, blue) each."""
        at = [self.pixel_of(plane, one) for one in worlds]
        return self.ask(
            "([plane, at]) => { const { canvas } = limnerRead.panes.find(one => one.plane === plane);"
            " const copy = new OffscreenCanvas(canvas.width, canvas.height);"
            " const context = copy.getContext('2d', { willReadFrequently: true }); context.drawImage(canvas, 0, 0);"
            " const s = canvas.width / canvas.clientWidth;"
            " return at.map(([x, y]) => [...context.getImageData(Math.round(x * s), Math.round(y * s), 1, 1).data]"
            ".slice(0, 3)); }",
            [plane, at],
        )

    def picture(self, plane: str) -> bytes:
        """The pane as it is seen."""
        self.settle()
        return self.page.locator(f".rd-pane[data-plane={plane}]").screenshot()

    def cross(self) -> list[float]:
        """Where the cross-hair stands in the world, mm."""
        return self.ask(
            "(() => { const v = limnerRead.desk.reading.view; return v.volume.value.grid.world(v.cross.value); })()"
        )
