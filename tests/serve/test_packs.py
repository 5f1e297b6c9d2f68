"""Packs over HTTP: cards and figures are shown, weights stay."""

from __future__ import annotations

import json
import shutil

from limner.packs import list_packs, load_pack


def test_every_pack_is_listed_with_its_figures(server):
    reader = server.person("reader")
    items = reader.get("/api/packs").json()["items"]
    assert [one["name"] for one in items] == [one.name for one in list_packs()]
    liver = next(one for one in items if one["name"] == "abdomen-ct")
    assert (liver["task"], liver["modalities"], liver["reads"]) == ("segment", ["CT"], "scan")
    dice = [row["metrics"]["dice"] for row in liver["figures"] if row["region"] == "liver"]
    assert all(one["low"] <= one["value"] <= one["high"] for one in dice)
    assert "per_case" not in liver["figures"][0]
    assert server.anyone().get("/api/packs").status_code == 401


def test_one_pack_has_its_card_and_its_sources(server):
    reader = server.person("reader")
    told = reader.get("/api/packs/skin-lesion").json()
    assert told["card"] == (load_pack("skin-lesion").folder / "CARD.md").read_text()
    assert told["files"] == ["CARD.md", "pack.json"]
    assert told["non_commercial"]
    assert all(one["licence"] for one in told["sources"])
    card = reader.get("/api/packs/skin-lesion/files/CARD.md")
    assert card.headers["content-type"] == "text/markdown; charset=utf-8"
    assert card.text == told["card"]
    assert reader.get("/api/packs/nothing").status_code == 404


def test_weights_and_what_lies_elsewhere_are_not_given_out(server):
    reader = server.person("reader")
    for file in ("model.onnx", "weights.safetensors", "..%2fpack.py", "%2e%2e/__init__.py", "none.md"):
        assert reader.get(f"/api/packs/skin-lesion/files/{file}").status_code in (404, 422), file
    for name in ("..", "%2e%2e", "skin-lesion%2f..%2fskin-lesion", "__pycache__"):
        assert reader.get(f"/api/packs/{name}").status_code in (404, 422), name


def test_packs_of_the_site_stand_beside_the_shipped(server):
    reader = server.person("reader")
    own = server.house.settings.data / "packs" / "ours"
    shutil.copytree(load_pack("lidc-nodule").folder, own)
    spec = json.loads((own / "pack.json").read_text()) | {"name": "ours"}
    (own / "pack.json").write_text(json.dumps(spec))
    (own.parent / "broken").mkdir()
    (own.parent / "broken" / "pack.json").write_text("{}")
    told = {one["name"]: one for one in reader.get("/api/packs").json()["items"]}
    assert not told["ours"]["shipped"]
    assert told["skin-lesion"]["shipped"]
    assert "broken" not in told
    assert reader.get("/api/packs/ours").json()["name"] == "ours"
