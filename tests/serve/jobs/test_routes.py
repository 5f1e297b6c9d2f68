"""Jobs and results over HTTP: who sees what, what is refused at the door, what is signed, and how files come."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from limner.serve.jobs import states
from limner.serve.tables import AuditEntry, Job, Result, Study, new_id
from tests.serve.planned import put_drawing

TEXT = {"text": "No lesion beside the one that is drawn."}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A drawing in name: what the routes look at, and files that are not harmless."""
    made = tmp_path_factory.mktemp("made") / "drawing"
    (made / "meshes").mkdir(parents=True)
    told = {
        "schema": "limner.drawing/1", "study": {"uid": "1.2.3", "modality": "CT"},
        "pack": {"name": "phantom", "version": "1", "sha256": "0" * 64}, "files": {"report": "report.html"},
    }  # fmt: skip
    (made / "drawing.json").write_text(json.dumps(told))
    (made / "report.html").write_text("<script>document.title = document.cookie</script>")
    (made / "report.pdf").write_bytes(b"%PDF-1.4")
    (made / "labels.nii.gz").write_bytes(b"\x1f\x8b")
    (made / "meshes" / "liver.stl").write_bytes(b"solid")
    (made / "odd.xyz").write_bytes(b"<script>")
    return made


@pytest.fixture
def planner(server):
    return server.person("planner", "plato")


@pytest.fixture
def drawing(server, planner, folder) -> str:
    return put_drawing(server, folder, "plato")


def add_version(server, parent_id: str, version: int, *, kind: str = "drawing", owner_id: str | None = None) -> str:
    with server.house.database.session() as db:
        parent = db.get_one(Result, parent_id)
        made = Result(
            kind=kind, owner_id=owner_id or parent.owner_id, study_id=parent.study_id, parent_id=parent_id,
            version=version,
        )  # fmt: skip
        db.add(made)
        db.flush()
        target = server.house.result_folder(made.id)
        target.mkdir()
        (target / "drawing.json").write_bytes((server.house.result_folder(parent_id) / "drawing.json").read_bytes())
        return made.id


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"kind": "dream"}, 400),
        ({"kind": "correct"}, 422),
        ({"kind": "draw"}, 422),
        ({"kind": "draw", "study_id": "0" * 24}, 404),
        ({"kind": "plan", "result_id": "0" * 24}, 404),
        ({"kind": "plan", "result_id": "DRAWING", "options": {"target": 7}}, 422),
        ({"kind": "plan", "result_id": "DRAWING", "options": {"rules": {}}}, 422),
        ({"kind": "draw", "study_id": "STUDY", "options": {"series_id": "0" * 24}}, 404),
        ({"kind": "draw", "study_id": "STUDY", "options": {"explain": "tarot"}}, 422),
    ],
)
def test_a_slip_is_told_at_the_door(server, planner, drawing, asked, status):
    study = planner.get(f"/api/results/{drawing}").json()["study_id"]
    filled = json.loads(json.dumps(asked).replace("DRAWING", drawing).replace("STUDY", study))
    assert planner.post("/api/jobs", json=filled).status_code == status
    assert planner.get("/api/jobs").json() == {"items": [], "total": 0}


def test_a_forecast_sees_an_earlier_drawing_of_the_same_patient_alone(server, planner, drawing):
    owner = planner.get("/api/session").json()["user"]["id"]

    def ask(**patient) -> int:
        with server.house.database.session() as db:
            study = Study(uid=new_id(), owner_id=owner, **patient)
            db.add(study)
            db.flush()
            earlier = Result(kind="drawing", owner_id=owner, study_id=study.id)
            db.add(earlier)
            db.flush()
        options = {"earlier_id": earlier.id}
        asked.append(planner.post("/api/jobs", json={"kind": "forecast", "result_id": drawing, "options": options}))
        return asked[-1].status_code

    asked = []
    with server.house.database.session() as db:
        study = db.get_one(Study, db.get_one(Result, drawing).study_id)
        study.patient_id, study.birth_date = "A1", "1970-01-02"
    assert ask(patient_id="A1", birth_date="1970-01-02") == 201
    assert ask(patient_id="B2", birth_date="1970-01-02") == 422
    assert "another patient" in asked[-1].json()["detail"]
    assert ask(patient_id="A1", birth_date="1970-01-03") == 422
    with server.house.database.session() as db:  # the headers of one were mended meanwhile
        job = db.get_one(Job, asked[0].json()["id"])
        states.fail(db, states.claim(db, job.id), "no room")
        db.get_one(Study, study.id).patient_id = ""
    assert planner.post(f"/api/jobs/{job.id}/again").status_code == 422
    assert ask(patient_id="", birth_date="1970-01-02") == 422
    own = {"earlier_id": add_version(server, drawing, 2)}
    answer = planner.post("/api/jobs", json={"kind": "forecast", "result_id": drawing, "options": own})
    assert answer.status_code == 201


def test_a_reader_draws_and_does_not_plan(server, planner, folder):
    drawing = put_drawing(server, folder, "plato", shared=True)
    reader = server.person("reader")
    study = reader.get(f"/api/results/{drawing}").json()["study_id"]
    assert reader.post("/api/jobs", json={"kind": "plan", "result_id": drawing}).status_code == 403
    assert reader.post("/api/jobs", json={"kind": "draw", "study_id": study}).status_code == 201


def test_jobs_are_ones_own_and_an_admin_sees_kind_and_state_alone(server, planner, drawing):
    study = planner.get(f"/api/results/{drawing}").json()["study_id"]
    job = planner.post("/api/jobs", json={"kind": "draw", "study_id": study}).json()
    assert (job["state"], job["study_id"], job["created"][-1]) == ("queued", study, "Z")
    other, admin = server.person("planner"), server.person("admin")
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/again")):
        assert other.request(method, f"/api/jobs/{job['id']}{path}").status_code == 404
    assert other.get("/api/jobs").json()["total"] == 0
    [seen] = admin.get("/api/jobs").json()["items"]
    assert (seen["kind"], seen["state"], seen["study_id"], seen["owner"]) == ("draw", "queued", None, "Plato")
    assert admin.post(f"/api/jobs/{job['id']}/cancel").json()["state"] == "cancelled"


def test_only_what_failed_is_asked_again(server, planner, drawing):
    study = planner.get(f"/api/results/{drawing}").json()["study_id"]
    job = planner.post("/api/jobs", json={"kind": "draw", "study_id": study, "options": {"lang": "zh"}}).json()
    assert planner.post(f"/api/jobs/{job['id']}/again").status_code == 409
    with server.house.database.session() as db:
        states.fail(db, states.claim(db, job["id"]), "no room")
    again = planner.post(f"/api/jobs/{job['id']}/again")
    assert again.status_code == 201 and again.json()["id"] != job["id"]
    with server.house.database.reading() as db:
        assert db.get_one(Job, again.json()["id"]).options == db.get_one(Job, job["id"]).options


def test_a_result_is_as_visible_as_its_study(server, planner, drawing):
    other = server.person("admin")
    for path in ("", "/files/drawing.json"):
        assert other.get(f"/api/results/{drawing}{path}").status_code == 404
    assert other.post(f"/api/results/{drawing}/sign", json=TEXT).status_code == 404
    assert other.delete(f"/api/results/{drawing}").status_code == 404


def test_files_have_their_type_and_do_no_harm(planner, drawing):
    def headers(path):
        answer = planner.get(f"/api/results/{drawing}/files/{path}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
        return answer.headers

    page = headers("report.html")["content-security-policy"]
    assert page.startswith("sandbox allow-scripts;") and "allow-same-origin" not in page and "connect-src" not in page
    assert headers("report.pdf")["content-type"] == "application/pdf"
    assert headers("labels.nii.gz")["content-type"] == "application/gzip"
    assert headers("meshes/liver.stl")["content-type"] == "model/stl"
    odd = headers("odd.xyz")
    assert odd["content-type"] == "application/octet-stream" and odd["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "path",
    [
        "../../limner.sqlite",
        "..%2f..%2flimner.sqlite",
        "%2e%2e/%2e%2e/limner.sqlite",
        "/etc/passwd",
        "meshes",
        "no",
        "a%00b",
        "link",
    ],
)
def test_no_path_leads_out_of_the_folder(server, planner, drawing, path):
    (server.house.result_folder(drawing) / "link").symlink_to("/etc/passwd")
    assert planner.get(f"/api/results/{drawing}/files/{path}").status_code == 404


def test_a_signature_locks_the_version_and_says_what_was_seen(server, planner, drawing):
    assert planner.post(f"/api/results/{drawing}/sign", json={"text": "  "}).status_code == 422
    signed = planner.post(f"/api/results/{drawing}/sign", json=TEXT).json()["signed"]
    assert (signed["by"], signed["text"]) == ("Plato", TEXT["text"])
    assert planner.post(f"/api/results/{drawing}/sign", json=TEXT).status_code == 409
    assert planner.delete(f"/api/results/{drawing}").status_code == 409
    from limner.serve.routes.results import digest

    with server.house.database.reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "result.sign")).one()
    seen = entry.details["sha256"]
    assert seen == digest(server.house.result_folder(drawing))
    (server.house.result_folder(drawing) / "report.pdf").write_bytes(b"%PDF-1.5")
    assert seen != digest(server.house.result_folder(drawing))


def test_an_older_version_is_not_signed_and_a_newer_one_is_unsigned(server, planner, drawing):
    planner.post(f"/api/results/{drawing}/sign", json=TEXT).raise_for_status()
    newer = add_version(server, drawing, 2)
    assert planner.get(f"/api/results/{newer}").json()["signed"] is None
    newest = add_version(server, newer, 3)
    assert "Version 3" in planner.post(f"/api/results/{newer}/sign", json=TEXT).json()["detail"]
    assert planner.post(f"/api/results/{newest}/sign", json=TEXT).status_code == 200
    assert planner.get(f"/api/results/{drawing}").json()["newest"] == 3


def test_deleting_takes_what_was_made_of_it_but_nothing_of_others(server, planner, drawing):
    version = add_version(server, drawing, 2)
    other_id = server.add_user("other", "planner")
    plan = add_version(server, version, 1, kind="plan", owner_id=other_id)
    assert planner.delete(f"/api/results/{drawing}").status_code == 409
    with server.house.database.session() as db:
        db.delete(db.get_one(Result, plan))
    assert planner.delete(f"/api/results/{drawing}").status_code == 204
    for gone in (drawing, version):
        assert planner.get(f"/api/results/{gone}").status_code == 404
        assert not server.house.result_folder(gone).exists()


def test_what_a_job_works_on_stays(server, planner, drawing):
    job = planner.post("/api/jobs", json={"kind": "plan", "result_id": drawing}).json()
    assert planner.delete(f"/api/results/{drawing}").status_code == 409
    planner.post(f"/api/jobs/{job['id']}/cancel").raise_for_status()
    assert planner.delete(f"/api/results/{drawing}").status_code == 204
