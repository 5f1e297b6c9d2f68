"""WADO-RS and STOW-RS at their edges: forms, bulk data, damaged bodies, limits."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from sqlalchemy import select

from limner.serve.store import Given, Sender, ingest
from limner.serve.tables import AuditEntry
from tests.serve.made_dicom import as_bytes, made_dataset, made_dicom

DICOM = 'multipart/related; type="application/dicom"; boundary=b'
SLICE = "/dicom-web/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.1"


@pytest.fixture
def client(server, monkeypatch):
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    return server.person("reader", "viewer")


@pytest.fixture
def keep(server, client, tmp_path):
    """Keeps files of the client's user."""
    owner = client.get("/api/session").json()["user"]["id"]

    def run(*files: bytes):
        for k, content in enumerate(files):
            (tmp_path / f"{k}").write_bytes(content)
        return ingest(server.house, Sender(owner), [Given(tmp_path / f"{k}", f"{k}") for k in range(len(files))])

    return run


def body(*parts: bytes, boundary: str = "b", kind: str = "application/dicom") -> bytes:
    lines = [f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode() + one + b"\r\n" for one in parts]
    return b"".join(lines) + f"--{boundary}--".encode()


def post(
    client,
    content: bytes,
    path: str = "/dicom-web/studies",
    kind: str = 'multipart/related; type="application/dicom"; boundary=b',
):
    return client.post(path, content=content, headers={"Content-Type": kind})


def test_frames_in_the_forms_that_there_are(client, keep):
    keep(made_dicom(1))
    pixels = made_dataset(1).PixelData

    def ask(accept: str):
        return client.get(f"{SLICE}/frames/1", headers={"Accept": accept})

    single = ask("application/octet-stream")
    assert single.content == pixels
    assert single.headers["content-type"] == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
    several = ask('multipart/related; type="application/octet-stream"; transfer-syntax=*')
    assert pixels in several.content
    assert several.headers["content-type"].startswith('multipart/related; type="application/octet-stream"; boundary=')
    assert ask("image/jls, application/octet-stream;q=0.5").content == pixels
    for other in ("image/jls", "text/plain", 'multipart/related; type="image/jp2"', "application/octet-stream;q=0"):
        assert ask(other).status_code == 406
    assert client.get(f"{SLICE}/frames/2").status_code == 404
    assert client.get(f"{SLICE}/frames/0").status_code == 404
    assert client.get(f"{SLICE}/frames/1,,2").status_code == 422


def test_frames_of_a_film_in_the_order_asked_for_each_once_and_no_more_than_memory_holds(client, keep, monkeypatch):
    film = made_dataset(1, NumberOfFrames=3, Modality="US")
    film.PixelData = np.repeat(np.arange(3, dtype=np.int16), 48).tobytes()
    keep(as_bytes(film))
    answer = client.get(f"{SLICE}/frames/3,1", headers={"Accept": 'multipart/related; type="application/octet-stream"'})
    parts = answer.content.split(b"\r\n\r\n")
    assert [part[:96] for part in parts[1:3]] == [np.full(48, k, "<i2").tobytes() for k in (2, 0)]
    again = client.get(f"{SLICE}/frames/1,2,1")
    assert (again.status_code, again.json()["detail"]) == (400, "Ask for each frame once.")
    monkeypatch.setattr("limner.io.stored_frames.MOST_BYTES", 200)
    assert client.get(f"{SLICE}/frames/1,2").status_code == 200
    refused = client.get(f"{SLICE}/frames/1,2,3")
    assert refused.status_code == 400 and "Ask for 2 frames" in refused.json()["detail"]


def test_a_mask_of_single_bits_comes_packed(client, keep):
    mask = made_dataset(1, BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0, Modality="SEG")
    mask.NumberOfFrames, mask.Rows, mask.Columns = 2, 3, 5
    bits = np.array([1, 0, 1, 1, 0] * 6, bool)
    mask.PixelData = np.packbits(bits, bitorder="little").tobytes()
    mask["PixelData"].VR = "OB"
    keep(as_bytes(mask))
    answer = client.get(f"{SLICE}/frames/2", headers={"Accept": "application/octet-stream"})
    assert np.array_equal(np.unpackbits(np.frombuffer(answer.content, np.uint8), bitorder="little")[:15], bits[15:])


def test_one_file_alone_or_among_several(client, keep):
    content = made_dicom(1)
    keep(content, made_dicom(2))
    alone = client.get(SLICE, headers={"Accept": "application/dicom"})
    assert alone.content == content
    assert alone.headers["content-type"] == "application/dicom"
    assert content in client.get(SLICE).content
    assert client.get("/dicom-web/studies/1.2.3", headers={"Accept": "application/dicom"}).status_code == 406
    jpeg = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50'
    assert client.get(SLICE, headers={"Accept": jpeg}).status_code == 406


def test_large_values_are_addresses_that_give_them(client, keep):
    one = made_dataset(1)
    item = Dataset()
    item.add_new(0x00420011, "OB", b"x" * 3000)
    item.add_new(0x00420012, "LO", "text/plain")
    one.add_new(0x00400260, "SQ", [Dataset(), item])
    one.add_new(0x00420011, "OB", b"%PDF" * 1000)
    keep(as_bytes(one))
    (told,) = client.get(f"{SLICE}/metadata").json()
    nested = told["00400260"]["Value"][1]["00420011"]["BulkDataURI"]
    assert client.get(nested.removeprefix(str(client.base_url))).content.count(b"x" * 3000) == 1
    alone = client.get(told["00420011"]["BulkDataURI"], headers={"Accept": "application/octet-stream"})
    assert alone.content == b"%PDF" * 1000
    for place in ("00420013", "zz", "00400260/7/00420011", "00400260", "00100010"):
        assert client.get(f"{SLICE}/bulkdata/{place}").status_code == 404


def test_names_in_metadata_are_unicode(client, keep):
    keep(made_dicom(1, SpecificCharacterSet="ISO 2022 IR 58", PatientName="Wang^XiaoDong=王^小东"))
    (told,) = client.get(f"{SLICE}/metadata").json()
    assert told["00100010"]["Value"] == [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小东"}]
    assert told["00080005"]["Value"] == ["ISO_IR 192"]


def test_a_picture_is_drawn_within_its_window(client, keep):
    from io import BytesIO

    from PIL import Image

    keep(made_dicom(1))

    def ask(**query):
        answer = client.get(f"{SLICE}/frames/1/rendered", params=query, headers={"Accept": "image/png"})
        assert answer.status_code == 200
        return np.asarray(Image.open(BytesIO(answer.content)))

    whole = ask(window="123.5,47")
    assert (whole[0, 0], whole[-1, -1]) == (0, 255)
    assert ask(window="1000,10").max() == 0
    assert ask(viewport="3,4").shape == (4, 3)
    assert np.array_equal(ask(window="123.5,47", viewport="3,2,2,1,3,2"), whole[1:3, 2:5])
    for bad in ({"window": "1"}, {"window": "1,0"}, {"viewport": "0,0"}, {"viewport": "a,b"}, {"viewport": "9999,1"},
                {"viewport": "9,9,90,90,9,9"}, {"window": "nan,1"}):  # fmt: skip
        assert client.get(f"{SLICE}/rendered", params=bad).status_code == 400, bad
    assert client.get(f"{SLICE}/rendered", headers={"Accept": "image/gif"}).status_code == 406
    small = client.get("/dicom-web/studies/1.2.3/thumbnail")
    assert small.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(small.content)).height == 128


def test_storing_answers_with_what_became_of_each(client):
    good, bad = made_dicom(1), b"no DICOM"
    answer = post(client, body(good))
    assert answer.status_code == 200
    told = answer.json()
    assert told["00081190"]["Value"] == [f"{client.base_url}/dicom-web/studies/1.2.3"]
    (kept,) = told["00081199"]["Value"]
    assert kept["00081155"]["Value"] == ["1.2.3.4.1"]
    mixed = post(client, body(made_dicom(2), bad))
    assert mixed.status_code == 202
    (failed,) = mixed.json()["00081198"]["Value"]
    assert failed["00081197"] == {"vr": "US", "Value": [0xC000]}
    assert post(client, body(bad)).status_code == 409
    elsewhere = post(client, body(made_dicom(3)), "/dicom-web/studies/9.9.9")
    assert elsewhere.status_code == 409
    assert elsewhere.json()["00081198"]["Value"][0]["00081155"]["Value"] == ["1.2.3.4.3"]
    assert len(client.get("/dicom-web/studies/1.2.3/instances").json()) == 2


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x", "application/dicom", 415),
        (b"x", 'multipart/related; type="application/dicom+json"; boundary=b', 415),
        (body(b"{}", kind="application/dicom+json"), "multipart/related; boundary=b", 415),
        (b"x", 'multipart/related; type="application/dicom"', 400),
        (b"", "multipart/related; boundary=b", 400),
        (b"--b--", "multipart/related; boundary=b", 400),
        (body(b"half")[:-10], "multipart/related; boundary=b", 400),
        (b"--bad stuff\r\n", "multipart/related; boundary=b", 400),
        (b"--b\r\n" + b"x" * 20000, "multipart/related; boundary=b", 400),
    ],
)
def test_bodies_that_cannot_be_read(client, server, content, kind, status):
    assert post(client, content, kind=kind).status_code == status
    assert not list(server.house.folder("uploads").iterdir())


def test_a_body_that_is_too_large(make_server, monkeypatch):
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    server = make_server(limits={"upload_bytes": 2000, "files": 2})
    client = server.person("reader")
    assert post(client, body(bytes(3000))).status_code == 413
    assert post(client, body(b"a", b"b", b"c")).status_code == 413


def test_reading_is_audited_once_and_names_nobody(client, keep, server):
    keep(made_dicom(1))
    for _ in range(3):
        client.get(f"{SLICE}/frames/1")
    with server.house.database.reading() as db:
        entries = list(db.scalars(select(AuditEntry).where(AuditEntry.action == "study.retrieve")))
    assert len(entries) == 1
    assert "Secret" not in json.dumps(entries[0].details)


def test_a_compressed_file_that_is_damaged_is_refused_and_not_a_fault(client, keep):
    one = made_dataset(1)
    one.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLSLossless
    one.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8 nonsense"])
    one["PixelData"].VR, one["PixelData"].is_undefined_length = "OB", True
    keep(as_bytes(one))
    for path, accept in (("/frames/1", "application/octet-stream"), ("/rendered", "*/*"), ("", "application/dicom")):
        assert client.get(SLICE + path, headers={"Accept": accept}).status_code in (400, 406)
    stored = client.get(f"{SLICE}/frames/1", headers={"Accept": "image/jls"})
    assert stored.status_code == 200
