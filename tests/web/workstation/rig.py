"""The tests' workstation: a server in this process, people and what they sent, and a real browser that is logged in."""

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

import httpx
import uvicorn
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import func, select

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.jobs.worker import Worker
from limner.serve.safety.bind import open_socket
from limner.serve.safety.passwords import hash_password
from limner.serve.safety.secrets import fingerprint
from limner.serve.settings import ServeSettings
from limner.serve.store import Given, Sender, ingest
from limner.serve.tables import Job, Result, Series, Study, Token, User, new_id
from tests.serve.live import PASSWORD, Doors
from tests.web.workstation.opened import PATIENCE_MS, Opened

SCREEN = {"width": 1366, "height": 768}
SMALL = {"width": 1100, "height": 640}
"""For scenes: their frames are drawn by software."""
HASH = hash_password(PASSWORD)
KINDS = ("drawing", "plan", "forecast", "explanation")


@dataclass(frozen=True)
class Sent:
    """A study that was taken in."""

    id: str
    series: str


@dataclass
class Workstation(Doors):
    """A server that listens on loopback, and one person of it whose windows are opened.

    Args:
        house: what the server keeps.
        url: where it listens.
        name, user: the person's name and id.
        screen: size of their windows, CSS pixels.
    """

    house: House
    url: str
    name: str
    user: str
    screen: dict[str, int] = field(default_factory=lambda: SCREEN)
    contexts: list[BrowserContext] = field(default_factory=list)
    clients: list[httpx.Client] = field(default_factory=list)
    _client: httpx.Client | None = None

    @property
    def client(self) -> httpx.Client:
        """The person without a browser."""
        self._client = self._client or self.log_in(self.name)
        return self._client

    def add_person(self, name: str, role: str, display: str | None = None) -> str:
        """Somebody else; the id."""
        with self.house.database.session() as db:
            user = User(name=name, display=display or name.title(), role=role, password=HASH)
            db.add(user)
            db.flush()
            return user.id

    # What is there to be seen.

    def send(self, files: Sequence[Path]) -> Sent:
        """Takes files of one series in, and turns it before anybody waits for it."""
        outcome = ingest(self.house, Sender(self.user, "upload"), [Given(one, one.name) for one in files])
        assert outcome.refused == [], outcome.refused[:3]
        self.house.volumes.geometry(outcome.series[0])
        return Sent(outcome.studies[0], outcome.series[0])

    def geometry(self, study: Sent) -> dict[str, Any]:
        """What the server says of the series."""
        with self.house.database.reading() as db:
            return dict(db.get_one(Series, study.series).geometry or {})

    def add_study(self, **fields: Any) -> str:
        """A scan of which only the row is there; its id."""
        known = {"patient_name": "Torso^Phantom", "date": "2024-05-01", "modalities": ["CT"], "description": "Abdomen"}
        with self.house.database.session() as db:
            study = Study(uid=f"1.2.{new_id()}", owner_id=self.user, **{**known, **fields})
            db.add(study)
            db.flush()
            return study.id

    def put(self, folder: Path, *, study: str | None = None, parent: str | None = None, **fields: Any) -> str:
        """A folder that was made elsewhere becomes a result, as a job would make it; the result's id.

        Args:
            folder: with ``drawing.json``, ``plan.json``, ``forecast.json`` or ``explanation.json``.
            study: of which it is; that of ``parent``, else a new one, if not given.
            parent: the drawing that it was made from.
            fields: of the row.
        """
        result_id = new_id()
        shutil.copytree(folder, self.house.result_folder(result_id))
        kind = next(one for one in KINDS if (folder / f"{one}.json").is_file())
        if study is None and parent is not None:
            with self.house.database.reading() as db:
                study = db.get_one(Result, parent).study_id
        known = {"study_id": study or self.add_study(), "parent_id": parent, "title": kind, **fields}
        with self.house.database.session() as db:
            db.add(Result(id=result_id, kind=kind, owner_id=self.user, **known))
        return result_id

    def put_drawing(self, study: Sent, folder: Path) -> str:
        """A drawing of what was sent, one version newer."""
        pack = json.loads((folder / "drawing.json").read_text())["pack"]["name"]
        with self.house.database.reading() as db:
            many = db.scalar(select(func.count()).where(Result.study_id == study.id, Result.kind == "drawing")) or 0
        return self.put(
            folder, study=study.id, series_id=study.series, version=1 + many, title=pack, pack=pack
        )  # fmt: skip

    def work(self, *kinds: str) -> None:
        """Does what is queued (of these kinds), each job in a process of its own, as the worker would."""
        asked = select(Job.id).where(Job.state == "queued").order_by(Job.created)
        with self.house.database.reading() as db:
            queued = list(db.scalars(asked.where(Job.kind.in_(kinds)) if kinds else asked))
        for one in queued:
            Worker(self.house).run(one)

    def token(self, *scopes: str) -> dict[str, str]:
        """The header by which another program asks as this user."""
        secret = secrets.token_urlsafe(24)
        with self.house.database.session() as db:
            db.add(Token(user_id=self.user, name="test", hash=fingerprint(secret), scopes=list(scopes)))
        return {"Authorization": f"Bearer {secret}"}

    # Windows.

    def window(self, browser: Browser, *, script: str = "", **settings: Any) -> Opened:
        """A window in which nobody is logged in; ``script`` runs before the page's own."""
        settings = {"viewport": self.screen, "reduced_motion": "reduce", "locale": "en-GB", **settings}
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        opened = Opened(context.new_page(), self.url)
        opened.listen()
        if script:
            opened.page.add_init_script(script)
        return opened

    def open(self, browser: Browser, address: str, *, name: str | None = None, **settings: Any) -> Opened:
        """A page in a window that is logged in, once its first picture stands."""
        opened = self.window(browser, **settings)
        login = {"name": name or self.name, "password": PASSWORD}
        answer = opened.page.context.request.post(f"{self.url}/api/session", data=login)
        assert answer.ok, answer.text()
        opened.go(address)
        return opened

    def close_windows(self) -> None:
        """Ends the browser's contexts."""
        for one in self.contexts:
            one.close()
        self.contexts.clear()


@contextmanager
def workstation(data: Path, *, name: str = "planner", role: str = "planner", display: str = "Dr. Planner",
                screen: dict[str, int] | None = None, **settings: Any) -> Iterator[Workstation]:  # fmt: skip
    """Serves a new data folder to one person until the block ends; other keywords are fields of ServeSettings."""
    chosen = ServeSettings(data=data, port=0, **settings)
    house = House.open(chosen)
    with open_socket(chosen) as socket:
        config = uvicorn.Config(
            create_app(house=house), log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=5
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        thread.start()
        made = Workstation(house, f"http://127.0.0.1:{socket.getsockname()[1]}", name, "", screen or SCREEN)
        made.user = made.add_person(name, role, display)
        try:
            yield made
            made.close_windows()
        finally:
            for one in made.clients:
                one.close()
            house.closing.set()  # ends the streams of events
            server.should_exit = True
            thread.join(30)
