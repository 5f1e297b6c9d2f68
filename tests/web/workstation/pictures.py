"""Pictures and their explanations on a real server, for tests of the Explain and Generate pages."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from limner.draw.explained import Ask, explain_picture
from limner.packs import shipped_pack
from limner.serve.house import House
from limner.serve.safety.secrets import fingerprint
from limner.serve.settings import ServeSettings
from limner.serve.tables import Result, Study, Token, User, new_id
from tests.draw.pictures import spot
from tests.serve.live import Live, live_server
from tests.web.workstation.bench import Bench, Opened

NAME, SECRET = "ann", "a token of the tests"


@dataclass
class Station(Bench):
    """A bench whose planner also has a token."""

    client: httpx.Client | None = None


@contextmanager
def workstation(folder: Path, **settings: Any) -> Iterator[Station]:
    """A server with one planner."""
    with live_server(folder / "data", **settings) as live:
        made = Station.of(live, NAME)
        house = House.open(ServeSettings(data=live.data))
        with house.database.session() as db:
            user = db.query(User).filter(User.name == NAME).one()
            db.add(Token(user_id=user.id, name="tests", hash=fingerprint(SECRET), scopes=["read", "write"]))
        house.close()
        made.client = with_token(live)
        yield made
        made.close()


def with_token(live: Live) -> httpx.Client:
    """A client that needs no cookie."""
    client = live.anyone()
    client.headers["Authorization"] = f"Bearer {SECRET}"
    return client


def photograph(seed: int = 4) -> bytes:
    """Nobody's spot on nobody's skin."""
    out = io.BytesIO()
    Image.fromarray(spot(np.random.default_rng(seed), malignant=True, size=160)[:120]).save(out, "PNG")
    return out.getvalue()


def send(station: Station, content: bytes, name: str = "spot.png") -> str:
    """Sends a picture; its study."""
    begun = station.client.post("/api/uploads").json()["id"]
    sent = station.client.put(f"/api/uploads/{begun}/files", content=content, headers={"X-File-Name": name})
    assert sent.is_success, sent.text
    return station.client.post(f"/api/uploads/{begun}/finish").json()["studies"][0]


def explain(station: Station, study: str, content: bytes, folder: Path, pack: str = "skin-lesion", **ask: Any) -> dict:
    """Explains a picture here and puts the folder beside its study, as a job would; the answer."""
    folder.mkdir(parents=True)
    (folder.parent / "source.png").write_bytes(content)
    pack = "skin-lesion"
    told = explain_picture(shipped_pack(pack), folder.parent / "source.png", folder, Ask(samples=60, **ask))
    summary = {"n": 0, "asked": ask.get("about"), "about": told["about"], "lang": told["lang"]}
    put_result(station, study, folder, "explanation", pack, summary)
    return told


def put_result(station: Station, study: str, folder: Path, kind: str, pack: str, summary: dict[str, Any]) -> str:
    """A folder that was made elsewhere becomes a result of a study."""
    house = House.open(ServeSettings(data=station.live.data))
    result_id = new_id()
    shutil.copytree(folder, house.result_folder(result_id))
    with house.database.session() as db:
        owner = db.get_one(Study, study).owner_id
        row = Result(id=result_id, kind=kind, owner_id=owner, study_id=study, pack=pack, title=pack, summary=summary)
        db.add(row)
    house.close()
    return result_id


def spoil(folder: Path, kind: str = "grad-cam", check: str = "deletion_auc") -> None:
    """Makes one check of a map fail."""
    told = json.loads((folder / "explanation.json").read_text())
    [made] = [one for one in told["maps"] if one["kind"] == kind]
    [held] = [one for one in made["checks"] if one["name"] == check]
    held.update(value=0.9, baseline=0.2, passed=False)
    (folder / "explanation.json").write_text(json.dumps(told))


def until(opened: Opened, expression: str) -> None:
    """Until something holds in the page; as a function, for the page's policy forbids that text becomes one."""
    opened.page.wait_for_function(f"() => ({expression})")


def ask(opened: Opened, expression: str) -> Any:
    """Of the page's own state."""
    return opened.page.evaluate(f"() => ({expression})")
