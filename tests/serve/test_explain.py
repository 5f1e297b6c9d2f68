"""Pictures as studies, the packs that read them, and why they answer as they do."""

from __future__ import annotations

import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from limner.image import Picture, watermark
from limner.io.synthetic import Origin, origin_of, picture_png
from limner.packs import shipped_pack
from limner.serve.jobs import states
from limner.serve.jobs.run import work
from tests.draw.pictures import spot


def jpeg(size: int = 96, **exif: str) -> bytes:
    """A photograph of nobody's spot, as a telephone writes it: turned, with a name."""
    words = Image.Exif()
    words[0x0112], words[0x013B] = 6, "Zyxwvut"
    out = io.BytesIO()
    array = spot(np.random.default_rng(4), malignant=True, size=size)[: 3 * size // 4]
    Image.fromarray(array).save(out, "JPEG", exif=words)
    return out.getvalue()


def upload(client: TestClient, content: bytes, name: str = "Zyxwvut.jpg") -> str:
    """Sends one picture; the study's id."""
    begun = client.post("/api/uploads").json()["id"]
    sent = client.put(f"/api/uploads/{begun}/files", content=content, headers={"X-File-Name": name})
    assert sent.status_code == 200, sent.text
    finished = client.post(f"/api/uploads/{begun}/finish").json()
    assert finished["refused"] == [], finished
    return finished["studies"][0]


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@pytest.fixture
def reader(server):
    return server.person("reader")


def test_the_packs_that_read_pictures_tell_their_weakest_figures(reader):
    told = reader.get("/api/explainers").json()
    packs = {one["name"]: one for one in told["items"]}
    assert told["total"] == len(packs) and "skin-stylegan2" not in packs and "abdomen-ct" not in packs
    skin = packs["skin-lesion"]
    assert skin["task"] == "classify" and skin["groups"] == {"malignant": skin["groups"]["malignant"]}
    assert 0 < skin["abstain_below"] < 1 and skin["calibrated"]
    assert {one["measure"] for one in skin["weaknesses"]} == {"accuracy", "sensitivity"}
    assert skin["zh"]["melanoma"] == "黑色素瘤"


def test_a_picture_is_a_study_and_is_shown_upright_without_a_word_of_its_file(reader):
    study = upload(reader, jpeg())
    assert reader.get(f"/api/studies/{study}").json()["kind"] == "picture"
    answer = reader.get(f"/api/studies/{study}/picture.png")
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    assert "no-store" in answer.headers["cache-control"]
    assert opened(answer.content).size == (72, 96)  # lying as stored, upright as EXIF says
    assert b"Zyxwvut" not in answer.content


def test_a_huge_picture_is_shown_smaller_and_never_larger(reader):
    study = upload(reader, jpeg(400))
    assert max(opened(reader.get(f"/api/studies/{study}/picture.png?longest=100").content).size) == 100
    assert max(opened(reader.get(f"/api/studies/{study}/picture.png?longest=4000").content).size) == 400
    assert reader.get(f"/api/studies/{study}/picture.png?longest=9").status_code == 422


def test_a_synthetic_picture_stays_one_on_the_page(reader):
    array = np.ascontiguousarray(spot(np.random.default_rng(1), malignant=False, size=96).transpose(2, 0, 1))
    made = picture_png(Picture(array), Origin("some 1", "ab" * 32, "generate", 3))
    study = upload(reader, made, "made.png")
    for longest in (96, 64):
        shown = opened(reader.get(f"/api/studies/{study}/picture.png?longest={longest}").content)
        assert origin_of(shown.info).seed == 3
        assert watermark.detect(np.asarray(shown)).tag == watermark.tag_of("ab" * 32)


def test_whose_picture_it_is_and_what_is_none(server, reader):
    study = upload(reader, jpeg())
    address = f"/api/studies/{study}/picture.png"
    assert server.anyone().get(address).status_code == 401
    assert server.person("admin").get(address).status_code == 404
    assert reader.get(f"{address}?n=1").status_code == 404
    assert reader.get("/api/studies/nothing/picture.png").status_code == 404
    assert server.anyone().get("/api/explainers").status_code == 401


def explained(server, client: TestClient, study: str, **options) -> dict:
    """Asks for an explanation, has it made in this process, and gives the job back."""
    asked = client.post("/api/jobs", json={"kind": "explain", "study_id": study, "options": options})
    assert asked.status_code == 201, asked.text
    return done(server, client, asked.json()["id"])


def done(server, client: TestClient, job: str) -> dict:
    with server.house.database.session() as db:
        mine = states.claim(db, job)
    work(server.house, mine)
    return client.get(f"/api/jobs/{job}").json()


def read_json(client: TestClient, result: str, file: str) -> dict:
    return client.get(f"/api/results/{result}/files/{file}").json()


def test_a_pack_is_asked_and_says_why(server, reader):
    study = upload(reader, jpeg())
    job = explained(server, reader, study, pack="skin-lesion", method="both", lang="zh")
    assert job["state"] == "done", job["message"]
    result = reader.get(f"/api/results/{job['made_id']}").json()
    assert result["kind"] == "explanation" and result["study_id"] == study and result["pack"] == "skin-lesion"
    answer = read_json(reader, result["id"], "answer.json")
    assert set(answer["probabilities"]) == set(shipped_pack("skin-lesion").spec.classes)
    assert result["summary"]["name"] == answer["explained"]["name"]
    assert result["summary"]["asked"] is None and result["summary"]["lang"] == "zh"
    why = read_json(reader, result["id"], "explanation.json")
    assert [one["kind"] for one in why["maps"]] == ["grad-cam", "lime"] and why["lang"] == "zh"
    assert all(check["name"] and isinstance(check["passed"], bool) for one in why["maps"] for check in one["checks"])
    layers = {answer["files"][f"layer {kind}"] for kind in ("grad-cam", "lime", "parts")}
    assert layers <= set(result["files"])
    assert server.person("reader").get(f"/api/results/{result['id']}").status_code == 404


def test_another_class_is_asked_about_and_a_strange_one_told(server, reader):
    study = upload(reader, jpeg())
    job = explained(server, reader, study, pack="skin-lesion", about="malignant", method="grad-cam")
    summary = reader.get(f"/api/results/{job['made_id']}").json()["summary"]
    assert summary["asked"] == summary["name"] == "malignant"
    job = explained(server, reader, study, pack="skin-lesion", about="freckle")
    assert job["state"] == "failed" and "knows no 'freckle'" in job["message"]


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ({}, 422, "Give a pack for a picture"),
        ({"pack": "skin-lesion", "drawing_id": "x"}, 422, "Give a pack for a picture"),
        ({"pack": "skin-lesion", "method": "astrology"}, 422, "method"),
        ({"drawing_id": "nothing"}, 404, "no such drawing"),
    ],
)
def test_what_cannot_be_asked_is_told_at_the_door(reader, options, status, says):
    study = upload(reader, jpeg())
    asked = reader.post("/api/jobs", json={"kind": "explain", "study_id": study, "options": options})
    assert asked.status_code == status and says in asked.json()["detail"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pack": "freckles"}, "No pack"),
        ({"pack": "../../etc"}, "no name of a pack"),
        ({"pack": "abdomen-ct"}, "no answer about pictures"),
        ({"pack": "skin-lesion", "n": 3}, "holds 1 pictures"),
    ],
)
def test_what_fails_later_says_why(server, reader, options, says):
    job = explained(server, reader, upload(reader, jpeg()), **options)
    assert job["state"] == "failed" and says in job["message"] and str(server.house.settings.data) not in job["message"]


def test_a_scan_is_asked_by_its_drawing_only(server, reader):
    study = reader.post("/api/uploads/sample").json()["studies"][0]
    job = explained(server, reader, study, pack="skin-lesion")
    assert job["state"] == "failed" and "draw it first" in job["message"]
    assert reader.get(f"/api/studies/{study}/picture.png").status_code == 404
