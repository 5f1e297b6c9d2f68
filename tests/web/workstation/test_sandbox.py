"""A report that is opened from the server draws its scene, and can reach nothing of the person who opened it."""

from __future__ import annotations

import json
import shutil

import pytest

from limner.serve.house import House
from limner.serve.settings import ServeSettings
from limner.serve.tables import Result, User
from tests.serve.conftest import HASH, PASSWORD
from tests.serve.live import live_server

pytestmark = pytest.mark.browser
REACH = """async () => {
  const tried = {};
  const attempt = async (name, act) => {
    try { tried[name] = String(await act()); } catch (error) { tried[name] = null; }
  };
  await attempt("cookie", () => document.cookie);
  await attempt("storage", () => localStorage.length);
  await attempt("fetch", async () => (await fetch("/api/session")).status);
  await attempt("opener", () => window.parent === window ? "alone" : window.parent.document.title);
  return tried;
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory, reports):
    """A server with a report as the file of a result; its address."""
    data = tmp_path_factory.mktemp("sandbox") / "data"
    house = House.open(ServeSettings(data=data))
    with house.database.session() as db:
        user = User(name="ann", role="reader", password=HASH)
        db.add(user)
        db.flush()
        made = Result(kind="drawing", owner_id=user.id)
        db.add(made)
        db.flush()
        folder = house.result_folder(made.id)
        folder.mkdir()
        told = {"schema": "limner.drawing/1", "study": {"uid": "1.2", "modality": "CT"},
                "pack": {"name": "p", "version": "1", "sha256": "0"}}  # fmt: skip
        (folder / "drawing.json").write_text(json.dumps(told))
        shutil.copy(reports["en"], folder / "report.html")
        result = made.id
    house.close()
    with live_server(data) as live:
        yield live.url, f"/api/results/{result}/files/report.html"


@pytest.mark.parametrize("framed", [False, True])
def test_a_report_draws_and_reaches_nothing(browser, served, framed):
    url, report = served
    context = browser.new_context(viewport={"width": 900, "height": 700}, reduced_motion="reduce")
    assert context.request.post(f"{url}/api/session", data={"name": "ann", "password": PASSWORD}).ok
    page = context.new_page()
    if framed:
        page.goto(f"{url}/api/health")
        page.evaluate("address => { const f = document.createElement('iframe'); f.src = address; f.width = 880; "
                      "f.height = 600; document.body.append(f); }", report)  # fmt: skip
        page.wait_for_function("document.querySelector('iframe')")
        inside = page.query_selector("iframe").content_frame()
        inside.wait_for_url(f"**{report}")
    else:
        page.goto(f"{url}{report}")
        inside = page.main_frame
    inside.wait_for_function("window.limner && (window.limner.ready || window.limner.error)", timeout=60_000)
    assert inside.evaluate("window.limner.error") is None
    inside.wait_for_function("window.limner.frames() > 0", timeout=60_000)
    tried = inside.evaluate(REACH)
    context.close()
    assert tried == {"cookie": None, "storage": None, "fetch": None, "opener": None if framed else "alone"}
