"""The same house stands on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from limner.errors import InputError
from limner.serve import audit
from limner.serve.audit.chain import START
from limner.serve.database import Database
from limner.serve.jobs import states
from limner.serve.jobs.queue import Request
from limner.serve.settings import Accounts
from limner.serve.store import Given, Sender, ingest
from limner.serve.tables import AuditEntry
from tests.serve.conftest import PASSWORD
from tests.serve.made_dicom import made_dicom, made_report

WRITERS, EACH = 8, 15


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.fail("No PostgreSQL was found; `make test` installs it.")
    return found[-1].parent


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """A server of its own in a temporary folder, on a socket only; its URL."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="limner-pg-", dir="/tmp"))  # a socket's path may have 107 letters
    as_user = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    control = [*as_user, programs / "pg_ctl", "-D", folder / "db", "-w", "-s"]
    subprocess.run([*control, "initdb", "-o", "-U postgres -A trust --no-sync"], check=True, capture_output=True)
    options = f"-c listen_addresses='' -k {folder} -F"
    subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'house.sqlite'}"
    return request.getfixturevalue("postgresql")


def test_a_login_and_a_logout(make_server, url):
    server = make_server(database=url)
    server.add_user("ann", "reader")
    client = server.log_in("ann")
    assert client.get("/api/session").json()["user"]["role"] == "reader"
    assert client.delete("/api/session").status_code == 204
    again = server.anyone().post("/api/session", json={"name": "ann", "password": PASSWORD})
    assert again.status_code == 200


def test_users_locks_and_the_check_of_the_audit_log(make_server, url):
    server = make_server(database=url, accounts=Accounts(lockout_failures=2))
    admin = server.person("admin", "second-root")
    made = admin.post("/api/users", json={"name": "bob", "display": "Bob\0", "role": "reader"}).json()
    token = made["invite"]["link"].partition("#")[2]
    accepted = server.anyone().post(f"/api/invites/{token}", json={"password": PASSWORD})
    assert accepted.json()["user"]["display"] == "Bob"
    wrong = {"name": "bob", "password": "no"}
    assert [server.anyone().post("/api/session", json=wrong).status_code for _ in range(3)] == [401, 401, 429]
    assert admin.patch(f"/api/users/{made['user']['id']}", json={"active": False}).status_code == 200
    odd = [
        server.anyone().post("/api/session", json={"name": "a\0", "password": "x"}).status_code,
        admin.post("/api/studies/search", json={"text": "a\0"}).status_code,
        admin.get("/api/audit", params={"action": "\0"}).status_code,
    ]
    assert all(one < 500 for one in odd), odd
    listed = admin.get("/api/audit", params={"newest": True, "action": "user."}).json()
    assert listed["items"][0]["action"] == "user.inactive"
    assert admin.get("/api/audit/verify").json()["whole"]


def test_many_writers_make_one_chain(url):
    database = Database(url)

    def write(k: int) -> None:
        for _ in range(EACH):
            with database.session() as db:
                audit.append(db, "", "test.write", str(k))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    with database.reading() as db:
        entries = list(db.scalars(select(AuditEntry).where(AuditEntry.action == "test.write").order_by(AuditEntry.n)))
        chain = list(db.scalars(select(AuditEntry).order_by(AuditEntry.n)))
    database.close()
    assert len(entries) == WRITERS * EACH
    assert [one.n for one in chain] == list(range(1, len(chain) + 1))
    assert [one.previous for one in chain] == [START, *(one.hash for one in chain[:-1])]
    assert all(audit.entry_hash(one) == one.hash for one in chain)


def test_of_many_workers_one_takes_a_job(make_server, url):
    server = make_server(database=url)
    owner_id = server.add_user("bea", "planner")
    database = server.house.database
    job = server.house.queue.submit(Request("draw", owner_id))

    def claim(_: int) -> states.Claim | None:
        with database.session() as db:
            return states.claim(db, job.id)

    with ThreadPoolExecutor(WRITERS) as pool:
        claims = [one for one in pool.map(claim, range(WRITERS)) if one]
    assert claims == [states.Claim(job.id, 1)]
    with database.session() as db:
        assert states.recover(db, claims[0]) == "queued"
        assert not states.complete(db, claims[0], None)
    assert server.house.queue.reconcile() == 0  # its id is still in the queue


@pytest.mark.parametrize("url", ["nothing://here", "sqlite:////no/such/folder/house.sqlite", "not an address"])
def test_a_database_that_is_not_there_is_told(url):
    with pytest.raises(InputError, match="database"):
        Database(url)


def test_studies_come_in_and_are_found(make_server, url, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    server = make_server(database=url)
    name = f"reader-{url[:6]}"
    client = server.person("reader", name)
    owner = client.get("/api/session").json()["user"]["id"]
    for k, content in enumerate([made_dicom(1), made_dicom(2), made_report()]):
        (tmp_path / f"{k}").write_bytes(content)
    outcome = ingest(server.house, Sender(owner), [Given(tmp_path / f"{k}", f"{k}") for k in range(3)])
    assert not outcome.refused
    wanted = {"text": "secret liver", "modality": "SR", "status": "new", "since": "2024-01-01", "order": "patient"}
    (item,) = client.post("/api/studies/search", json=wanted).json()["items"]
    assert (item["series"], item["instances"]) == (2, 3)
    queries = ["PatientName=sec*", "StudyTime=101112", "StudyDate=20240101-", "PatientSex=O", "ModalitiesInStudy=CT,SR"]
    for query in queries:
        assert len(client.get(f"/dicom-web/studies?{query}").json()) == 1, query
    assert len(client.get("/dicom-web/series?SeriesNumber=3&Modality=CT").json()) == 1
    assert len(client.get("/dicom-web/studies/1.2.3/instances?Rows=8").json()) == 2
    assert client.get("/dicom-web/instances?InstanceNumber=1e300").status_code == 204
    assert len(client.get(f"/api/studies/{item['id']}/priors").json()["items"]) == 0
    for path in ("/dicom-web/studies?PatientName=a%00b", "/api/studies/%00", "/api/uploads/%00", "/api/jobs/%00"):
        assert client.get(path).status_code in (400, 404, 422), path
    assert client.post("/api/studies/search", json={"text": "a\0b"}).status_code == 422
    assert client.delete(f"/api/studies/{item['id']}").status_code == 204
    assert list(server.house.blobs) == []
