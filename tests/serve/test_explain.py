"""Pictures as studies, the packs that read them, and why they answer as they do."""

from __future__ import annotations

import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from limner.image import Picture, watermark
from limner.io.synthetic import Origin, origin_of, picture_png
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
