"""PACS nodes, and what is found and fetched there."""

from __future__ import annotations

from io import BytesIO

import pydicom
import pytest
from sqlalchemy import select

from limner.serve.jobs.kinds.pacs_get import Options, run
from limner.serve.tables import AuditEntry, Job, Study
from tests.io.pacs import TITLE, running_pacs
from tests.serve.made_dicom import made_dicom

NODE = {"name": "Archive", "ae_title": TITLE, "host": "127.0.0.1", "port": 104}


@pytest.fixture
def archive(server):
    """A PACS with a study, listed."""
    with running_pacs() as pacs:
        pacs.kept += [pydicom.dcmread(BytesIO(made_dicom(k))) for k in (1, 2)]
        admin = server.person("admin", "chief")
        assert admin.put("/api/pacs/nodes", json={"items": [NODE | {"port": pacs.port}]}).status_code == 200
        yield pacs


def test_admins_list_nodes_and_readers_see_their_names(server, archive):
    admin, reader = server.log_in("chief"), server.person("reader")
    told = reader.get("/api/pacs/nodes").json()
    assert [one["name"] for one in told["items"]] == ["Archive"]
    assert told["items"][0]["host"] is None
    assert admin.get("/api/pacs/nodes").json()["items"][0]["port"] == archive.port
    assert reader.put("/api/pacs/nodes", json={"items": []}).status_code == 403
    twice = {"items": [NODE, NODE]}
    assert admin.put("/api/pacs/nodes", json=twice).status_code == 422
    for bad in ({"ae_title": "A" * 17}, {"ae_title": "a\\b"}, {"host": "a b"}, {"port": 0}, {"name": ""}, {"more": 1}):
        assert admin.put("/api/pacs/nodes", json={"items": [NODE | bad]}).status_code == 422, bad
    assert admin.post("/api/pacs/echo", json={"node": "Archive"}).json()["seconds"] > 0
    assert admin.post("/api/pacs/echo", json={"node": "None"}).status_code == 404


def test_a_reader_finds_studies_there(server, archive):
    reader = server.person("reader")
    answer = reader.post("/api/pacs/search", json={"node": "Archive", "patient_name": "secret*"}).json()
    (item,) = answer["items"]
    assert (item["study_uid"], item["patient"]["name"], item["instances"]) == ("1.2.3", "Secret, Name", 2)
    assert (answer["problems"], answer["more"], answer["total"]) == ([], False, 1)
    assert reader.post("/api/pacs/search", json={"patient_name": "nobody"}).json()["items"] == []
    assert reader.post("/api/pacs/search", json={}).status_code == 400
    assert reader.post("/api/pacs/search", json={"node": "Other", "patient_id": "1"}).status_code == 400
    with server.house.database.reading() as db:
        entries = [one for one in db.scalars(select(AuditEntry)) if one.action == "pacs.search"]
    assert len(entries) == 2
    assert "secret" not in str([one.details for one in entries]).lower()


def test_a_node_that_is_away_is_told_and_others_answer(server, archive):
    admin = server.log_in("chief")
    away = NODE | {"name": "Away", "port": 1}
    admin.put("/api/pacs/nodes", json={"items": [away, NODE | {"port": archive.port}]})
    answer = admin.post("/api/pacs/search", json={"patient_id": "SECRET-7"}).json()
    assert answer["total"] == 1
    assert len(answer["problems"]) == 1
    assert "Away" in answer["problems"][0]


class FakeJob:
    """What the kind is given."""

    def __init__(self, house, row, folder):
        self.house, self.job, self.aside, self.options = house, row, folder, row.options
        self.steps: list[str] = []

    def progress(self, step: str, fraction: float) -> None:
        assert 0 <= fraction <= 1
        self.steps.append(step)


def test_a_study_is_fetched_and_becomes_the_askers(server, archive, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    prepared = []
    monkeypatch.setattr("limner.serve.store.volumes.Volumes.geometry", lambda self, one: prepared.append(one))
    owner = server.add_user("asker", "planner")
    options = Options(node="Archive", study_uid="1.2.3").model_dump()
    with server.house.database.session() as db:
        row = Job(kind="pacs-get", owner_id=owner, options=options)
        db.add(row)
    job = FakeJob(server.house, row, tmp_path)
    assert run(job).folder is None
    with server.house.database.reading() as db:
        study = db.scalars(select(Study)).one()
        assert db.get_one(Job, row.id).study_id == study.id
    assert (study.owner_id, study.source, study.instance_count, study.shared) == (owner, "pacs", 2, False)
    assert job.steps[0] == "fetch"
    assert len(prepared) == 1
