"""Uploading: on the disk before it is acknowledged, within limits, resumable, and nobody else's."""

from __future__ import annotations

import io
import zipfile
from urllib.parse import quote

import pytest
from sqlalchemy import select

from limner.serve.store import uploads
from limner.serve.tables import Upload
from tests.serve.made_dicom import made_dicom


@pytest.fixture(autouse=True)
def no_volumes(monkeypatch):
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)


def put(client, upload: str, name: str, content: bytes):
    return client.put(f"/api/uploads/{upload}/files", content=content, headers={"X-File-Name": quote(name)})


def begin(client) -> str:
    return client.post("/api/uploads").json()["id"]


def test_a_zip_of_a_study_becomes_a_study(server):
    client = server.person("reader")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for k in range(1, 5):
            archive.writestr(f"Secret^Name/{k}", made_dicom(k))
        archive.writestr("notes.txt", "hello")
    upload = begin(client)
    answer = put(client, upload, "Ünicode 王.zip", out.getvalue())
    assert answer.status_code == 200
    assert answer.json()["name"] == "Ünicode 王.zip"
    finished = client.post(f"/api/uploads/{upload}/finish").json()
    assert [one["file"] for one in finished["refused"]] == ["Ünicode 王.zip/notes.txt"]
    study = client.get(f"/api/studies/{finished['studies'][0]}").json()
    assert study["instances"] == 4
    assert not uploads.folder_of(server.house, upload).exists()


def test_the_built_in_study_is_one_request_away(server):
    client = server.person("reader")
    (study,) = client.post("/api/uploads/sample").json()["studies"]
    again = client.post("/api/uploads/sample").json()
    assert again == {"studies": [study], "refused": []}
    assert client.get(f"/api/studies/{study}").json()["instances"] == 41


def test_an_upload_goes_on_where_it_was_cut_off(server):
    client = server.person("reader")
    upload = begin(client)
    put(client, upload, "a/1", made_dicom(1))
    put(client, upload, "a/2", b"half of the file")
    put(client, upload, "a/2", made_dicom(2))
    (server.house.folder("uploads") / upload / "killed.part").write_bytes(b"unacknowledged")
    have = client.get(f"/api/uploads/{upload}").json()
    assert {one["name"]: one["bytes"] for one in have["files"]} == {
        "a/1": len(made_dicom(1)), "a/2": len(made_dicom(2)),
    }  # fmt: skip
    finished = client.post(f"/api/uploads/{upload}/finish").json()
    assert finished["refused"] == []
    assert client.get(f"/api/studies/{finished['studies'][0]}").json()["instances"] == 2


def test_finishing_twice_gives_the_same_answer_without_names(server):
    client = server.person("reader")
    upload = begin(client)
    put(client, upload, "1", made_dicom(1))
    put(client, upload, "Secret Name.txt", b"hello")
    first = client.post(f"/api/uploads/{upload}/finish").json()
    second = client.post(f"/api/uploads/{upload}/finish").json()
    assert first["studies"] == second["studies"]
    assert [one["file"] for one in second["refused"]] == [""]
    assert put(client, upload, "2", made_dicom(2)).status_code == 409
    with server.house.database.reading() as db:
        assert "Secret" not in str(db.scalars(select(Upload)).one().outcome)


def test_finishing_again_after_a_crash_loses_nothing(server, monkeypatch):
    client = server.person("reader")
    upload = begin(client)
    put(client, upload, "1", made_dicom(1))
    with monkeypatch.context() as patch:

        def crash(*_, **__):
            raise RuntimeError("killed")

        patch.setattr("limner.serve.routes.uploads.audit.append", crash)
        with pytest.raises(RuntimeError):
            client.post(f"/api/uploads/{upload}/finish")
    finished = client.post(f"/api/uploads/{upload}/finish").json()
    assert len(finished["studies"]) == 1
    assert client.post("/api/studies/search", json={}).json()["total"] == 1


def test_limits_of_bytes_and_files(make_server):
    server = make_server(limits={"upload_bytes": 1000, "files": 2})
    client = server.person("reader")
    upload = begin(client)
    assert put(client, upload, "a", bytes(600)).status_code == 200
    refused = put(client, upload, "b", bytes(600))
    assert refused.status_code == 413
    assert "finish this one" in refused.json()["detail"]
    assert put(client, upload, "c", bytes(10)).status_code == 200
    assert put(client, upload, "d", bytes(10)).status_code == 413
    assert {one["name"] for one in client.get(f"/api/uploads/{upload}").json()["files"]} == {"a", "c"}
    assert not list(server.house.folder("uploads").rglob("*.part"))


def test_an_upload_is_its_owners_alone(server):
    client, other = server.person("reader"), server.person("admin")
    upload = begin(client)
    put(client, upload, "1", made_dicom(1))
    assert put(other, upload, "2", made_dicom(2)).status_code == 404
    assert other.get(f"/api/uploads/{upload}").status_code == 404
    assert other.post(f"/api/uploads/{upload}/finish").status_code == 404
    assert other.delete(f"/api/uploads/{upload}").status_code == 404
    assert server.anyone().post("/api/uploads").status_code == 401
    assert client.delete(f"/api/uploads/{upload}").status_code == 204
    assert not uploads.folder_of(server.house, upload).exists()


def test_a_bomb_is_told_and_leaves_nothing(server):
    client = server.person("reader")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(60 << 20))
    upload = begin(client)
    put(client, upload, "bomb.zip", out.getvalue())
    finished = client.post(f"/api/uploads/{upload}/finish").json()
    assert finished["studies"] == []
    assert "times its size" in finished["refused"][0]["reason"]
    assert not list(server.house.blobs)
