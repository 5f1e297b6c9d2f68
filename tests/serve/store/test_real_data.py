"""Real studies, as people have them on their disks."""

from __future__ import annotations

import io
import zipfile

import pytest

pytestmark = pytest.mark.slow


def test_a_zip_of_a_real_ct_becomes_one_study(server, limner_data, monkeypatch):
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    folder = limner_data / "ct_liver_chaos03" / "dicom"
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for one in files:
            archive.write(one, one.relative_to(folder.parent))
    client = server.person("reader")
    upload = client.post("/api/uploads").json()["id"]
    sent = client.put(f"/api/uploads/{upload}/files", content=out.getvalue(), headers={"X-File-Name": "ct.zip"})
    assert sent.status_code == 200
    finished = client.post(f"/api/uploads/{upload}/finish").json()
    (study,) = finished["studies"]
    whole = client.get(f"/api/studies/{study}").json()
    assert whole["instances"] + len(finished["refused"]) == len(files)
    assert whole["modalities"] == ["CT"]
    assert client.get(f"/dicom-web/studies/{whole['uid']}/thumbnail").headers["content-type"] == "image/jpeg"
