"""Signing: what is signed is what was seen, and no kill comes between a signature and its report."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from limner.serve.jobs import states
from limner.serve.jobs.run import work
from limner.serve.tables import AuditEntry, Job, Result, Series, Study
from tests.serve.conftest import PASSWORD
from tests.serve.corrected import Bench, open_bench

KILLED = """
import os, signal, sys
from fastapi.testclient import TestClient
from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.settings import ServeSettings

house = House.open(ServeSettings.model_validate_json(sys.argv[1]))
house.queue.carry = lambda job: os.kill(os.getpid(), signal.SIGKILL)
client = TestClient(create_app(house=house), base_url="https://localhost")
told = client.post("/api/session", json={"name": "iris", "password": sys.argv[3]}).json()
client.post(sys.argv[2], json={"text": "Read."}, headers={"X-CSRF-Token": told["csrf"]})
"""


@pytest.fixture
def bench(server, tmp_path) -> Bench:
    return open_bench(server, tmp_path)


def keep(bench: Bench, client=None) -> dict:
    with bench.house.database.reading() as db:
        series_id = db.get_one(Study, bench.study_id).series[0].id
    told = {"series_id": series_id, "kind": "length", "plane": "axial", "points_mm": [[0, 0, 0], [3, 4, 0]]}
    path = f"/api/studies/{bench.study_id}/measures/{secrets.token_hex(12)}"
    return (client or bench.client).put(path, json=told).json()


def sign(bench: Bench, **fields):
    return bench.client.post(f"/api/results/{bench.result_id}/sign", json={"text": "Read.", **fields})


def test_what_is_signed_is_what_was_seen(bench):
    """A version that the reader did not see is not signed, nor what another measured."""
    mine = keep(bench)
    bench.client.patch(f"/api/studies/{bench.study_id}", json={"shared": True}).raise_for_status()
    theirs = keep(bench, bench.server.person("reader"))
    assert sign(bench, measures=[{"id": mine["id"], "version": 2}]).status_code == 409
    assert sign(bench, measures=[{"id": theirs["id"], "version": 1}]).status_code == 409
    assert bench.client.get(f"/api/results/{bench.result_id}").json()["signed"] is None
    assert sign(bench).status_code == 200
    with bench.house.database.reading() as db:
        [entry] = db.scalars(select(AuditEntry).where(AuditEntry.action == "result.sign"))
    assert entry.details["measures"] == [mine["id"]]


def test_a_kill_between_signature_and_report_loses_neither(bench):
    """And a study that is not DICOM gets a PDF, which says so."""
    measured = keep(bench)
    settings = bench.house.settings.model_dump_json()
    path = f"/api/results/{bench.result_id}/sign"
    killed = subprocess.run([sys.executable, "-c", KILLED, settings, path, PASSWORD], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert bench.client.get(f"/api/results/{bench.result_id}").json()["signed"]["text"] == "Read."
    assert bench.house.queue.reconcile() == 1
    with bench.house.database.session() as db:
        [job] = db.scalars(select(Job).where(Job.kind == "report"))
        claim = states.claim(db, job.id)
    work(bench.house, claim)
    with bench.house.database.reading() as db:
        [report] = db.scalars(select(Result).where(Result.kind == "report"))
        series = list(db.scalars(select(Series.modality).where(Series.study_id == bench.study_id)))
    assert report.parent_id == bench.result_id and report.summary == {"dicom": False, "measures": 1}
    assert "DOC" not in series and "SR" not in series
    folder = bench.house.result_folder(report.id)
    assert {one.name for one in folder.iterdir()} == {"signed.json", "report.pdf"}
    [mark] = json.loads((folder / "signed.json").read_text())["marks"]
    assert (mark["id"], mark["measurements"][0]["value"]) == (measured["id"], 5.0)
    text = subprocess.run(["pdftotext", folder / "report.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "not DICOM" in text and "5.0 mm" in text


def test_what_was_changed_after_the_signature_is_not_reported(bench):
    keep(bench)
    assert sign(bench).status_code == 200
    with bench.house.database.session() as db:
        db.get_one(Result, bench.result_id).signed_text = "Forged."
        [job] = db.scalars(select(Job).where(Job.kind == "report"))
        asked, claim = job.id, states.claim(db, job.id)
    work(bench.house, claim)
    told = bench.client.get(f"/api/jobs/{asked}").json()
    assert told["state"] == "failed" and "not what was signed" in told["message"]
    with bench.house.database.reading() as db:
        assert list(db.scalars(select(Result).where(Result.kind == "report"))) == []


def test_who_signed_is_told_by_the_name_that_they_had_then(bench):
    assert sign(bench).status_code == 200
    by = bench.client.get(f"/api/results/{bench.result_id}").json()["signed"]["by"]
    assert bench.client.patch("/api/session", json={"display": "Somebody Else"}).status_code == 200
    with bench.house.database.session() as db:
        [job] = db.scalars(select(Job).where(Job.kind == "report"))
        claim = states.claim(db, job.id)
    work(bench.house, claim)
    with bench.house.database.reading() as db:
        [report] = db.scalars(select(Result).where(Result.kind == "report"))
    assert json.loads((bench.house.result_folder(report.id) / "signed.json").read_text())["by"] == by


def test_the_report_of_a_signature_is_not_cancelled(bench):
    assert sign(bench).status_code == 200
    [job] = [one for one in bench.client.get("/api/jobs").json()["items"] if one["kind"] == "report"]
    assert bench.client.post(f"/api/jobs/{job['id']}/cancel").status_code == 409
    assert bench.client.get(f"/api/jobs/{job['id']}").json()["state"] == "queued"
