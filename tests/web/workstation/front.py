"""A real server with people and a work list, for tests of the shell and of the pages that stand on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from limner.serve import audit
from limner.serve.house import House
from limner.serve.safety.passwords import hash_password
from limner.serve.settings import ServeSettings
from limner.serve.tables import Job, Study, User, now
from tests.serve.live import PASSWORD, Live, live_server

PATIENCE_MS = 60_000
SCREEN = {"width": 1366, "height": 768}
ADMIN, READER = "ada", "ray"
PATIENTS = ("Adams^Ruth", "Brandt^Ida", "Chen^Wei=陈^伟", "Diaz^Luis", "Endo^Mari")
"""Nobody's names."""
MODALITIES = ("CT", "MR", "CT", "CT", "US")


@dataclass
class Seen:
    """A page, and all that it complained of or asked of other machines."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> Seen:
        """Keeps what the page says."""
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: self._ours(asked.url) or self.complaints.append(asked.url))
        return self

    def _ours(self, url: str) -> bool:
        return url.startswith((self.url, "blob:", "data:"))

    def go(self, address: str) -> None:
        """Opens an address and waits until its first picture stands."""
        self.page.goto(f"{self.url}{address}")
        self.page.wait_for_selector("body[data-ready=true]")

    def ask(self, expression: str) -> Any:
        """Of the page's own state."""
        return self.page.evaluate(expression)


@dataclass
class Front:
    """A server, one person of it who is logged in, and the windows that were opened."""

    live: Live
    client: httpx.Client
    name: str
    contexts: list[BrowserContext] = field(default_factory=list)

    def window(self, browser: Browser, **settings: Any) -> Seen:
        """A window in which nobody is logged in."""
        context = browser.new_context(**{"viewport": SCREEN, "reduced_motion": "reduce", "locale": "en-GB", **settings})
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        return Seen(context.new_page(), self.live.url).listen()

    def open(self, browser: Browser, address: str, **settings: Any) -> Seen:
        """A page in a window that is logged in."""
        seen = self.window(browser, **settings)
        login = {"name": self.name, "password": PASSWORD}
        answer = seen.page.context.request.post(f"{self.live.url}/api/session", data=login)
        assert answer.ok, answer.text()
        seen.go(address)
        return seen

    def close(self) -> None:
        """Closes the windows."""
        for one in self.contexts:
            one.close()
        self.contexts.clear()


@contextmanager
def workstation(folder: Path, **settings: Any) -> Iterator[Front]:
    """A server with an admin, who is logged in, a reader, five studies of the admin and three jobs."""
    with live_server(folder / "data", **settings) as live:
        _fill(ServeSettings(data=live.data))
        station = Front(live, live.log_in(ADMIN), ADMIN)
        yield station
        station.close()


def _fill(settings: ServeSettings) -> None:
    house = House.open(settings)
    encoded = hash_password(PASSWORD)
    with house.database.session() as db:
        admin = User(name=ADMIN, display="Ada Long", role="admin", password=encoded)
        db.add_all([admin, User(name=READER, display="Ray Short", role="reader", password=encoded)])
        db.flush()
        studies = [_study(admin.id, n) for n in range(len(PATIENTS))]
        db.add_all(studies)
        db.flush()
        db.add_all(_jobs(admin.id, [one.id for one in studies]))
        for one in studies:
            audit.append(db, admin.id, "study.share", one.id, shared=False, grants=0)
    house.close()


def _study(owner: str, n: int) -> Study:
    return Study(
        uid=f"2.25.{n + 1}", owner_id=owner, patient_name=PATIENTS[n], patient_id=f"P{n}", sex="F",
        birth_date="1970-01-01", date=f"2024-03-0{n + 1}", description=f"Study {n}", modalities=[MODALITIES[n]],
        shared=n == 0, series_count=1, instance_count=10 * (n + 1), created=now() - timedelta(hours=n),
    )  # fmt: skip


def _jobs(owner: str, studies: list[str]) -> list[Job]:
    began = now() - timedelta(minutes=3)
    said = "Slice 31 is missing. Send the whole series again."
    return [
        Job(kind="draw", owner_id=owner, study_id=studies[0], state="queued"),
        Job(
            kind="draw", owner_id=owner, study_id=studies[1], state="failed", attempt=1, step="open", fraction=0.1,
            message=said, started=began, ended=began + timedelta(seconds=42),
        ),
        Job(
            kind="draw", owner_id=owner, study_id=studies[2], state="done", attempt=1, fraction=1.0, started=began,
            ended=began + timedelta(seconds=90),
        ),
    ]  # fmt: skip


def keep_picture(page: Any, name: str) -> bytes:
    """A picture of what is seen; it is also kept where ``LIMNER_PICTURES`` says."""
    shot = page.screenshot(animations="disabled")
    folder = os.environ.get("LIMNER_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(shot)
    return shot
