"""Pictures and their explanations, for tests of the Explain and Generate pages."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from limner.draw.explained import Ask, explain_picture
from limner.packs import shipped_pack
from tests.draw.pictures import spot
from tests.web.workstation.rig import Workstation


def photograph(seed: int = 4) -> bytes:
    """Nobody's spot on nobody's skin."""
    out = io.BytesIO()
    Image.fromarray(spot(np.random.default_rng(seed), malignant=True, size=160)[:120]).save(out, "PNG")
    return out.getvalue()


def send(station: Workstation, content: bytes, name: str = "spot.png") -> str:
    """Sends a picture; its study."""
    begun = station.client.post("/api/uploads").json()["id"]
    sent = station.client.put(f"/api/uploads/{begun}/files", content=content, headers={"X-File-Name": name})
    assert sent.is_success, sent.text
    return station.client.post(f"/api/uploads/{begun}/finish").json()["studies"][0]


def explain(station: Workstation, study: str, content: bytes, folder: Path, **ask: Any) -> dict[str, Any]:
    """Explains a picture here and puts the folder beside its study, as a job would; the answer."""
    folder.mkdir(parents=True)
    (folder.parent / "source.png").write_bytes(content)
    told = explain_picture(shipped_pack("skin-lesion"), folder.parent / "source.png", folder, Ask(samples=60, **ask))
    put(station, study, folder, told, asked=ask.get("about"))
    return told


def put(station: Workstation, study: str, folder: Path, told: dict[str, Any], asked: str | None = None) -> str:
    """An explanation that was made elsewhere becomes a result of a study."""
    summary = {"n": 0, "asked": asked, "about": told["about"], "lang": told["lang"]}
    return station.put(folder, study=study, pack="skin-lesion", title="skin-lesion", summary=summary)


def spoil(folder: Path, kind: str = "grad-cam", check: str = "deletion_auc") -> None:
    """Makes one check of a map fail."""
    told = json.loads((folder / "explanation.json").read_text())
    [made] = [one for one in told["maps"] if one["kind"] == kind]
    [held] = [one for one in made["checks"] if one["name"] == check]
    held.update(value=0.9, baseline=0.2, passed=False)
    (folder / "explanation.json").write_text(json.dumps(told))
