"""What an attacker tries on a server with a study in it: files of others, scripts, headers, names in the log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.settings import Limits, ServeSettings
from limner.serve.tables import AuditEntry, Result, Study
from tests.serve.attack.examples import Operation, operations
from tests.serve.conftest import Server
from tests.serve.live import Live, live_server

FAMILY, PATIENT_ID, BORN = "Przybylski", "P-77-X", "19540607"
SCRIPT = '<img src=x onerror="alert(1)">'
OUTSIDE = (
    "../../limner.sqlite", "../limner.sqlite", "....//limner.sqlite", "..\\..\\limner.sqlite", "/etc/passwd",
    "%2e%2e/%2e%2e/limner.sqlite", "..%2f..%2flimner.sqlite", "..%252f..%252flimner.sqlite", "..%c0%aflimner.sqlite",
    "drawing.json/../../../limner.sqlite", "drawing.json%00.png", "%00", "a" * 300, "~root/.bashrc", ".", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    limits = Limits(logins_per_minute=100_000, requests_per_minute=1_000_000)
    house = House.open(ServeSettings(data=tmp_path_factory.mktemp("attack") / "data", limits=limits))
    server = Server(house, create_app(house=house))
    yield server
    for client in server.clients:
        client.close()
    house.close()


@pytest.fixture(scope="module")
def admin(server):
    return server.person("admin", "ann")


@pytest.fixture(scope="module")
def ids(server, admin) -> dict[str, str]:
    """A study of a patient whose name is a script, and a result with an odd file."""
    me = admin.get("/api/session").json()["user"]["id"]
    with server.house.database.session() as db:
        study = Study(uid="1.2.3", owner_id=me, patient_name=SCRIPT, patient_id=SCRIPT, description=SCRIPT)
        db.add(study)
        db.flush()
        result = Result(kind="forecast", owner_id=me, study_id=study.id, title=SCRIPT)
        db.add(result)
        db.flush()
        folder = server.house.result_folder(result.id)
        folder.mkdir(parents=True)
        (folder / "report.html").write_text(f"<p>{SCRIPT}</p>")
        (folder / "evil.svg").write_text(f"<svg>{SCRIPT}</svg>")
        (folder / "a\r\nSet-Cookie: x=1.txt").write_text("x")
        (folder / "link.txt").symlink_to("/etc/passwd")
        return {"study_id": study.id, "result_id": result.id, "study": "1.2.3"}


@pytest.fixture(scope="module")
def every(server) -> list[Operation]:
    return operations(server.app.openapi())


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_its_folder(every, admin, ids, path):
    reads = [one for one in every if one.method == "GET" and {"path", "file", "name", "pack"} & set(one.parameters)]
    assert len(reads) >= 3
    for one in reads:
        values = {**ids, **dict.fromkeys(("path", "file", "name", "pack"), path)}
        answer = admin.request("GET", one.path.format(**{**dict.fromkeys(one.parameters, "x"), **values}))
        assert answer.status_code < 500, one
        assert b"SQLite format" not in answer.content, one
        assert b"root:" not in answer.content, one
    pages = admin.get("/" + path)
    assert pages.status_code < 500
    assert b"SQLite format" not in pages.content
    assert b"root:" not in pages.content


def test_a_link_in_a_result_is_not_followed_out_of_it(admin, ids):
    assert admin.get(f"/api/results/{ids['result_id']}/files/link.txt").status_code == 404


def test_a_name_that_is_a_script_is_only_ever_data(every, admin, ids):
    """No answer of the interface is a page, so no browser runs what stands in a header of a file."""
    asked = 0
    for one in every:
        if one.method != "GET" or one.path == "/api/events" or not set(one.parameters) <= set(ids):
            continue
        answer = admin.request(**one.request(ids))
        asked += 1
        assert "html" not in answer.headers.get("content-type", ""), one
        assert answer.headers["x-content-type-options"] == "nosniff"
        if "text" in answer.headers.get("content-type", ""):
            assert "sandbox" in answer.headers["content-security-policy"] or SCRIPT not in answer.text, one
    assert asked > 20
    found = admin.post("/api/studies/search", json={"text": ""})
    assert found.headers["content-type"] == "application/json"
    assert found.json()["items"][0]["description"] == SCRIPT


def test_a_page_of_a_result_runs_in_a_sandbox(admin, ids):
    page = admin.get(f"/api/results/{ids['result_id']}/files/report.html")
    policy = page.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    drawing = admin.get(f"/api/results/{ids['result_id']}/files/evil.svg")
    assert drawing.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in drawing.headers["content-security-policy"]


def test_no_file_name_becomes_a_header(admin, ids):
    for name in ("a\r\nSet-Cookie: x=1.txt", "a\r\nX-Evil: 1"):
        answer = admin.get(f"/api/results/{ids['result_id']}/files/{quote(name)}")
        assert "x-evil" not in answer.headers
        assert "x=1" not in answer.headers.get("set-cookie", "")
        assert "\n" not in answer.headers.get("content-disposition", "")
    upload = admin.post("/api/uploads").json()["id"]
    sent = admin.put(
        f"/api/uploads/{upload}/files", content=b"no image", headers={"X-File-Name": quote("a\r\nX-Evil: 1")}
    )
    assert "x-evil" not in sent.headers
    finished = admin.post(f"/api/uploads/{upload}/finish")
    assert "x-evil" not in finished.headers


@pytest.mark.parametrize("extra", ["owner_id", "id", "role", "uid", "created", "signed_by", "user_id"])
def test_fields_that_are_not_offered_change_nothing(server, admin, ids, extra):
    bob = server.add_user(f"bob-{extra}", "reader")
    admin.patch(f"/api/studies/{ids['study_id']}", json={"shared": False, extra: bob})
    admin.post(f"/api/results/{ids['result_id']}/sign", json={"text": "x", extra: bob})
    admin.post("/api/users", json={"name": f"eve-{extra}", "display": "Eve", "role": "reader", extra: bob})
    me = admin.get("/api/session").json()["user"]
    assert me["role"] == "admin"
    with server.house.database.reading() as db:
        study = db.get(Study, ids["study_id"])
        assert (study.owner_id, study.uid) == (me["id"], "1.2.3")
        assert db.get(Result, ids["result_id"]).owner_id == me["id"]
        assert db.get(Result, ids["result_id"]).signed_by in (None, me["id"])


def test_methods_that_are_not_offered_are_refused(every, admin, ids):
    for path in sorted({one.path for one in every}):
        offered = {one.method for one in every if one.path == path}
        filled = path.format(**{**dict.fromkeys(re.findall(r"{(\w+)", path), "x"), **ids})
        for method in {"PUT", "DELETE", "PATCH", "TRACE"} - offered:
            assert admin.request(method, filled).status_code in (404, 405, 422), (method, path)


def test_what_went_wrong_is_told_without_the_inside(every, admin):
    """No path of this machine, no statement, no stack trace."""
    for one in every:
        if one.path == "/api/events":
            continue
        text = admin.request(one.method, one.path.format(**dict.fromkeys(one.parameters, "' OR 1=1 --"))).text
        for inside in ("Traceback", "site-packages", "SELECT ", "sqlalchemy", "/src/limner"):
            assert inside not in text, (one, inside)


@pytest.fixture(scope="module")
def session(tmp_path_factory, write_ct) -> Iterator[Live]:
    """A whole day of a real server: upload, search, read, share, DICOMweb, refusals, faults, logout."""
    folder = tmp_path_factory.mktemp("day")
    name = {"PatientName": f"{FAMILY}^Anna", "PatientID": PATIENT_ID, "PatientBirthDate": BORN}
    slices = write_ct(folder / FAMILY, StudyDescription=f"CT of {FAMILY}", **name)
    with live_server(folder / "data") as server:
        admin = server.admin()
        reader = server.person(admin, "reader", "ann")
        upload = reader.post("/api/uploads").json()["id"]
        for one in slices[:6]:
            headers = {"X-File-Name": quote(f"{FAMILY}/{one.name}")}
            reader.put(f"/api/uploads/{upload}/files", content=one.read_bytes(), headers=headers).raise_for_status()
        broken = {"X-File-Name": f"{FAMILY}-broken.dcm"}
        reader.put(f"/api/uploads/{upload}/files", content=slices[6].read_bytes()[:900], headers=broken)
        finished = reader.post(f"/api/uploads/{upload}/finish").json()
        study = finished["studies"][0]
        found = reader.post("/api/studies/search", json={"text": FAMILY}).json()
        assert found["items"][0]["patient"]["name"].startswith(FAMILY), "the name is there to be found"
        told = reader.get(f"/api/studies/{study}").json()
        reader.get(f"/api/series/{told['series'][0]['id']}")
        reader.get(f"/api/series/{told['series'][0]['id']}/slices/0")
        reader.patch(f"/api/studies/{study}", json={"shared": True}).raise_for_status()
        admin.get(f"/api/studies/{study}").raise_for_status()
        reader.get(
            "/dicom-web/studies", params={"PatientName": f"{FAMILY}*", "PatientID": PATIENT_ID}
        ).raise_for_status()
        reader.post("/api/studies/search", json={"text": FAMILY, "limit": FAMILY})
        reader.post("/api/session", json={"name": FAMILY, "password": PATIENT_ID})
        reader.get(f"/api/studies/{FAMILY}")
        reader.get(f"/{FAMILY}/{PATIENT_ID}")
        reader.post("/api/jobs", json={"kind": "draw", "study_id": study, "options": {"pack": FAMILY}})
        reader.delete(f"/api/studies/{study}").raise_for_status()
        reader.delete("/api/session")
        assert server.stop() == 0
        yield server


def test_the_log_of_a_day_names_no_patient(session):
    log = "".join(session.lines)
    assert "POST /api/studies/search 200" in log, "there is a log"
    for secret in (FAMILY, PATIENT_ID, BORN, "1954"):
        assert secret.lower() not in log.lower()


def test_the_audit_log_of_a_day_names_no_patient_and_holds_what_happened(session):
    house = House.open(ServeSettings(data=session.data))
    with house.database.reading() as db:
        entries = db.query(AuditEntry).all()
        told = json.dumps([[one.action, one.object_id, one.details] for one in entries])
    house.close()
    for secret in (FAMILY, PATIENT_ID, BORN):
        assert secret not in told
    actions = {one.action for one in entries}
    assert {"user.make", "session.start", "session.end", "session.refused"} <= actions
    assert len([one for one in actions if one.startswith("study.")]) >= 2


def test_secrets_stand_in_no_log_and_in_no_file_as_they_are(session):
    log = "".join(session.lines)
    secrets = [session.opening["admin_link"].partition("#")[2]]
    assert all(one not in log for one in secrets)
    kept = b"".join(path.read_bytes() for path in session.data.rglob("limner.sqlite*"))
    assert all(one.encode() not in kept for one in secrets)
    assert b"correct horse battery" not in kept


def test_the_data_folder_is_its_owner_s_alone(session):
    assert session.data.stat().st_mode & 0o077 == 0
