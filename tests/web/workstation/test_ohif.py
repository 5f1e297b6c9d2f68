"""OHIF's own build (npm, MIT) as a client that we didn't write: it lists and draws a study from our DICOMweb."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
import uvicorn
from starlette.staticfiles import StaticFiles

from limner.samples import demo_study
from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.safety.secrets import fingerprint
from limner.serve.settings import ServeSettings
from limner.serve.store import Given, Sender, ingest
from limner.serve.tables import Token, User

pytestmark = [pytest.mark.slow, pytest.mark.browser]
VERSION = "3.12.10"
PATIENCE_MS = 180_000
CONFIG = """
window.config = {
  routerBasename: '/', extensions: [], modes: [], showStudyList: true, maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false, showCPUFallbackMessage: false, disableEditing: true,
  investigationalUseDialog: {option: 'never'}, defaultDataSourceName: 'limner',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'limner',
    configuration: {
      friendlyName: 'Limner', name: 'limner', qidoRoot: location.origin + '/dicom-web',
      wadoRoot: location.origin + '/dicom-web', wadoUriRoot: location.origin + '/dicom-web',
      qidoSupportsIncludeField: true, imageRendering: 'wadors', thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true, supportsFuzzyMatching: false, supportsWildcard: true,
    },
  }],
};
"""
DRAWN = """() => {
  const canvas = document.querySelector('canvas.cornerstone-canvas');
  if (!canvas || !canvas.width) return false;
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let k = 0; k < data.length; k += 64) seen.add(data[k]);
  return seen.size > 60;
}"""


@pytest.fixture(scope="module")
def ohif(npm) -> Path:
    """The folder of its built pages, fetched once into the system's temporary folder."""
    folder = Path(tempfile.gettempdir()) / f"limner-ohif-{VERSION}"
    pages = folder / "package" / "dist"
    if not (pages / "index.html").is_file():
        environment, program = npm
        folder.mkdir(exist_ok=True)
        command = [*program, "pack", f"@ohif/app@{VERSION}", "--silent", "--pack-destination", str(folder)]
        fetched = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
        assert fetched.returncode == 0, f"npm could not fetch OHIF: {fetched.stderr}"
        with tarfile.open(folder / fetched.stdout.split()[-1]) as packed:
            packed.extractall(folder, filter="data")
    return pages


class SameOrigin:
    """OHIF's pages, and our DICOMweb below the same address."""

    def __init__(self, pages: Path, limner) -> None:
        self.limner, self.static = limner, StaticFiles(directory=pages, html=True)
        self.asked: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        path = scope["path"]
        if path.startswith("/dicom-web"):
            self.asked.append(path)
            await self.limner(scope, receive, send)
        elif path == "/app-config.js":
            headers = [(b"content-type", b"text/javascript")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": CONFIG.encode()})
        else:
            page = path if "." in path.rsplit("/", 1)[-1] else "/index.html"
            await self.static(scope | {"path": page}, receive, send)


@pytest.fixture
def served(ohif, tmp_path, monkeypatch) -> Iterator[tuple[str, SameOrigin]]:
    """The built-in study behind a socket; the address, and what was asked there."""
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    house = House.open(ServeSettings(data=tmp_path / "data"))
    with house.database.session() as db:
        user = User(name="viewer", display="Viewer", role="reader")
        db.add(user)
        db.flush()
        db.add(Token(user_id=user.id, name="ohif", hash=fingerprint("a-token"), scopes=["read"]))
    ingest(house, Sender(user.id), [Given(path, path.name) for path in sorted(demo_study().glob("*.dcm"))])
    app = SameOrigin(ohif, create_app(house=house))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    moment = threading.Event()
    while not server.started:
        assert thread.is_alive()
        moment.wait(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", app
    server.should_exit = True
    thread.join(10)
    house.close()


def test_ohif_lists_and_draws_our_study(browser, served, tmp_path):
    address, app = served
    study = pydicom.dcmread(next(demo_study().glob("*.dcm"))).StudyInstanceUID
    context = browser.new_context(
        viewport={"width": 1000, "height": 700},
        extra_http_headers={"Authorization": "Bearer a-token"},
        service_workers="block",
    )
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        refused: list[str] = []
        page.on("response", lambda one: refused.append(one.url) if one.status >= 400 else None)
        page.goto(address)
        page.get_by_text("CRLM-CT-1004").first.wait_for()
        page.screenshot(path=tmp_path / "list.png")
        page.goto(f"{address}/viewer?StudyInstanceUIDs={study}")
        page.wait_for_function(DRAWN)
        page.screenshot(path=tmp_path / "drawn.png")
        frames = {one for one in app.asked if one.endswith("/frames/1")}
        assert frames
        assert any(one.endswith("/metadata") for one in app.asked)
        assert not [one for one in refused if "/dicom-web/" in one]
    finally:
        context.close()
