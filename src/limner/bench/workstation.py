"""How fast the workstation is for a reader: a server of its own, a real browser, a study, a stopwatch in the page.

Nothing of the server is called from here: it is started as an operator starts it, asked as a browser asks, and ended.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limner.errors import EngineError, InputError, MissingExtraError
from limner.samples import demo_study

Progress = Callable[[str, float], None]
LAYOUTS = ("one", "mpr", "mpr3d")
PATIENCE_MS = 300_000
PASSWORD = "measured by a stopwatch"
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",
)
"""
Chromium as it runs where there is no graphics card, on an old laptop: the page is put together by the processor, and
only WebGL is emulated. Without the last flag the whole page would go through the emulated card, as no browser of a
reader does, and a scrolled slice would take six times the processor's time.
"""
_SCROLL = """async ([steps, engine]) => {
  const read = window.limnerRead, pane = () => read.panes.find(one => one.plane === 'axial');
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const shown = () => engine === 'niivue' ? read.desk.card.frames : pane().slice.shown;
  const took = [];
  for (let n = 0; n < 3; n++) await frame(); // a new layout has new panes
  for (let n = 0; n < steps; n++) {
    const before = shown(), start = performance.now();
    const key = n < steps / 2 ? 'ArrowUp' : 'ArrowDown';
    window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    while (shown() === before) await frame();
    took.push(performance.now() - start);
  }
  return took;
}"""
"""From the key to the frame in which the slice is painted."""


@dataclass(frozen=True)
class WorkstationBench:
    """What to measure.

    Args:
        study: files of one study, a folder of them or an archive; the built-in one where None.
        rounds: times that the study is opened, each in a browser that has kept nothing.
        steps: slices that are scrolled through in each layout.
        engine: ``canvas`` (the processor) or ``niivue`` (WebGL, emulated here).
        size: of the window, pixels.
    """

    study: Path | None = None
    rounds: int = 3
    steps: int = 40
    engine: str = "canvas"
    size: tuple[int, int] = (1366, 768)


@dataclass(frozen=True)
class WorkstationResult:
    """What a reader waits for.

    Args:
        shape: slices, rows and columns.
        first_s: from asking for the page to the first slice on the screen, each round.
        whole_s: to the last slice being here.
        scroll_ms: layout to milliseconds of each slice.
    """

    shape: tuple[int, int, int]
    engine: str
    first_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    scroll_ms: dict[str, list[float]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For programs: medians and 95th percentiles."""
        return {
            "shape": list(self.shape),
            "engine": self.engine,
            "first_slice_s": {"median": share(self.first_s, 0.5), "worst": max(self.first_s)},
            "whole_study_s": {"median": share(self.whole_s, 0.5), "worst": max(self.whole_s)},
            "scroll_ms": {
                layout: {"median": share(one, 0.5), "p95": share(one, 0.95)} for layout, one in self.scroll_ms.items()
            },
        }


def share(values: list[float], of: float) -> float:
    """The value below which a share of them lies.

    >>> share([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    return sorted(values)[round(of * (len(values) - 1))]


def bench_workstation(settings: WorkstationBench, progress: Progress | None = None) -> WorkstationResult:
    """Opens a study in a browser as often as asked, and scrolls.

    Raises:
        MissingExtraError: Playwright is not installed.
        InputError: there is no Chromium, or the study is none that can be shown.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise MissingExtraError("playwright", "dev", "Measuring in a browser") from None
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        raise InputError("No Chromium was found; install it, or name it by the environment variable CHROMIUM.")
    with (
        tempfile.TemporaryDirectory(prefix="limner-bench-") as folder,
        _server(Path(folder)) as opening,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            return _Bench(browser, opening, settings, progress or _silent).run()
        finally:
            browser.close()


def _silent(step: str, fraction: float) -> None:
    """Where nobody watches."""


@contextmanager
def _server(folder: Path) -> Iterator[dict[str, Any]]:
    """A server without workers on a free port; what it told when it listened."""
    data = folder / "data"
    command = [sys.executable, "-m", "limner", "serve", "--port", "0", "--data", str(data), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            told = process.stdout.readline() if process.stdout else ""
            if not told:
                raise EngineError("The server ended before it listened; `limner serve` says why.")
            yield json.loads(told)
        finally:
            process.terminate()


class _Client:
    """Asks the server as a program does: a browser's own requests are too slow to carry a study."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._headers: dict[str, str] = {}

    def begin(self, secret: str) -> None:
        """Makes the first user by the one-time link, and stays logged in as them."""
        person = {"name": "reader", "display": "Reader", "password": PASSWORD}
        told, headers = self._send("POST", f"/api/invites/{secret}", json.dumps(person).encode(), "application/json")
        cookie = str(headers["Set-Cookie"]).partition(";")[0]
        self._headers = {"Cookie": cookie, "X-CSRF-Token": told["csrf"]}

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """An answer in JSON."""
        return self._send(method, path, body, "application/octet-stream")[0]

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> tuple[Any, Any]:
        headers = self._headers | ({"Content-Type": kind, "X-File-Name": "study.zip"} if body else {})
        request = urllib.request.Request(self._url + path, body, headers, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
                return json.load(answer), answer.headers
        except urllib.error.HTTPError as error:
            told = error.read().decode("utf-8", "replace")
            raise EngineError(f"The server refused {method} {path}: {told}") from None


class _Bench:
    """One browser against one server."""

    def __init__(self, browser: Any, opening: dict[str, Any], settings: WorkstationBench, progress: Progress) -> None:
        self._browser, self._opening, self._settings, self._progress = browser, opening, settings, progress
        self._url = opening["url"].rstrip("/")

    def run(self) -> WorkstationResult:
        """Sends the study, then opens it again and again."""
        settings = self._settings
        self._progress("send", 0.0)
        study, shape = self._send()
        result = WorkstationResult(shape, settings.engine)
        for number in range(settings.rounds):
            self._progress("open", number / settings.rounds)
            last = number == settings.rounds - 1
            self._open(study, result, scroll=last)
        return result

    def _context(self) -> Any:
        width, height = self._settings.size
        context = self._browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        return context

    def _send(self) -> tuple[str, tuple[int, int, int]]:
        client = _Client(self._url)
        client.begin(self._opening["admin_link"].partition("#")[2])
        upload = client.ask("POST", "/api/uploads")["id"]
        client.ask("PUT", f"/api/uploads/{upload}/files", packed(self._settings.study or demo_study()))
        done = client.ask("POST", f"/api/uploads/{upload}/finish")
        if not done["studies"]:
            raise InputError(f"Nothing in the study could be taken in: {done['refused'][:3]}.")
        study = client.ask("GET", f"/api/studies/{done['studies'][0]}")
        series = [client.ask("GET", f"/api/series/{one['id']}") for one in study["series"]]
        shapes = [(one["shape"][0], one["shape"][1], one["shape"][2]) for one in series if one["shape"]]
        if not shapes:
            raise InputError("The study holds no volume to scroll through.")
        return study["id"], max(shapes)

    def _open(self, study: str, result: WorkstationResult, *, scroll: bool) -> None:
        context = self._context()
        answer = context.request.post(f"{self._url}/api/session", data={"name": "reader", "password": PASSWORD})
        if not answer.ok:
            raise EngineError(f"The server refused the login: {answer.text()}")
        page = context.new_page()
        page.goto(f"{self._url}/read/{study}?layout=one&engine={self._settings.engine}")
        page.wait_for_selector("body[data-ready=true]")
        first = "() => performance.getEntriesByName('limner-first')[0]?.startTime"
        result.first_s.append(page.wait_for_function(first).json_value() / 1000)
        page.wait_for_function("() => limnerRead.desk.reading.view.volume.value?.whole")
        result.whole_s.append(page.evaluate("performance.now()") / 1000)
        if scroll:
            engine = self._settings.engine
            page.wait_for_function(f"() => document.querySelector('.rd-panes').dataset.engine === '{engine}'")
            for number, layout in enumerate(LAYOUTS):
                self._progress("scroll", number / len(LAYOUTS))
                page.evaluate("layout => { limnerRead.desk.reading.layout.value = layout; }", layout)
                page.evaluate(_SCROLL, [4, engine])  # the first frames after a change of layout are not a reader's
                result.scroll_ms[layout] = page.evaluate(_SCROLL, [self._settings.steps, engine])
        context.close()


def packed(study: Path) -> bytes:
    """The files of a study as one archive, as a person would drop it."""
    if study.is_file() and study.name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz")):
        return study.read_bytes()
    files = [study] if study.is_file() else sorted(one for one in study.rglob("*") if one.is_file())
    if not files:
        raise InputError(f"There is no file in {str(study)!r}.")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for number, file in enumerate(files):
            archive.writestr(f"{number:06d}-{file.name}", file.read_bytes())
    return body.getvalue()
