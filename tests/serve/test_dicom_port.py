"""What scanners send: kept before Success is answered, the department's, and shown to everyone."""

from __future__ import annotations

import subprocess
import threading

import pytest
from sqlalchemy import select, update

from limner.io.dicom_net import Calling, Node, NodeError, echo, send_files
from limner.io.dicom_receiver import Caller
from limner.samples import demo_study
from limner.serve import dicom_port
from limner.serve.tables import AuditEntry, Instance, Result, Study, User
from tests.serve.made_dicom import made_dicom, made_report


@pytest.fixture
def told(monkeypatch) -> list[list[str]]:
    """What is told of series that came, in place of their volumes being made."""
    heard: list[list[str]] = []
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    monkeypatch.setattr("limner.serve.dicom_port.tell", lambda house, ids: heard.append(ids))
    return heard


@pytest.fixture
def port(make_server, told):
    server = make_server(dicom_port=0)
    receiver = dicom_port.start_dicom_port(server.house)
    receiver.server = server
    yield receiver
    receiver.stop()


def rows(server, table):
    with server.house.database.reading() as db:
        return list(db.scalars(select(table)))


def wait_for(condition) -> None:
    moment = threading.Event()
    for _ in range(1000):
        if condition():
            return
        moment.wait(0.01)
    raise AssertionError("waited for ten seconds")


def test_a_study_that_is_sent_is_there_for_everyone(port, told, tmp_path):
    files = []
    for k, content in enumerate([made_dicom(1), made_dicom(2), made_report()]):
        files.append(tmp_path / f"{k}.dcm")
        files[-1].write_bytes(content)
    transfer = send_files(Node("LIMNER", "127.0.0.1", port.port), files, Calling("SCANNER"))
    assert (transfer.done, transfer.failed) == (3, 0)
    (study,) = rows(port.server, Study)
    assert (study.source, study.shared, study.instance_count, study.series_count) == ("cstore", True, 3, 2)
    wait_for(lambda: told)
    assert len(told[0]) == 2
    reader = port.server.person("reader")
    (item,) = reader.post("/api/studies/search", json={}).json()["items"]
    assert item["owner"] == "Department"
    assert not item["mine"]
    assert reader.delete(f"/api/studies/{study.id}").status_code == 403
    department = next(one for one in rows(port.server, User) if one.name == "department")
    assert department.password is None
    login = port.server.anyone().post("/api/session", json={"name": "department", "password": "x"})
    assert login.status_code == 401


def test_an_admin_shares_and_removes_what_a_scanner_sent_and_nobody_else_does(port, told, tmp_path):
    (tmp_path / "1.dcm").write_bytes(made_dicom(1))
    send_files(Node("LIMNER", "127.0.0.1", port.port), [tmp_path / "1.dcm"], Calling("SCANNER"))
    (study,) = rows(port.server, Study)
    address = f"/api/studies/{study.id}"
    admin, reader, planner = (port.server.person(role) for role in ("admin", "reader", "planner"))
    secret = admin.post("/api/tokens", json={"name": "script", "scopes": ["read", "write"]}).json()["secret"]
    script = port.server.anyone()
    script.headers["Authorization"] = f"Bearer {secret}"
    for one in (reader, planner, script):
        assert one.patch(address, json={"shared": False}).status_code == 403
        assert one.delete(address).status_code == 403
        assert not one.get(address).json()["can_change"]
    assert admin.patch(address, json={"shared": False}).status_code == 204
    assert (reader.get(address).status_code, script.get(address).status_code) == (404, 404)
    seen = admin.get(address).json()
    assert (seen["shared"], seen["mine"], seen["can_change"]) == (False, False, True)
    assert [one["0020000D"]["Value"] for one in admin.get("/dicom-web/studies").json()] == [["1.2.3"]]
    assert reader.get("/dicom-web/studies").status_code == 204
    with port.server.house.database.session() as db:
        owner = db.scalars(select(User.id).where(User.role == "reader", User.name != "department")).one()
        db.add(Result(kind="drawing", owner_id=owner, study_id=study.id, signed_by=owner))
    assert admin.delete(address).status_code == 409
    with port.server.house.database.session() as db:
        db.execute(update(Result).values(signed_by=None))
    assert admin.delete(address).status_code == 204
    assert rows(port.server, Study) == [] and list(port.server.house.blobs) == []
    actor = admin.get("/api/session").json()["user"]["id"]
    done = [one for one in rows(port.server, AuditEntry) if one.action in ("study.share", "study.delete")]
    assert [(one.action, one.actor, one.object_id) for one in done] == [
        ("study.share", actor, study.id), ("study.delete", actor, study.id),
    ]  # fmt: skip
    sent = {"instances": 1, "source": "cstore", "shared": False}
    assert done[1].details == {"results": 1, "others": 1, "measures": 0, **sent}


def test_the_audit_log_hears_of_a_study_twice_and_not_of_each_slice(port, told, tmp_path):
    files = []
    for k in range(1, 6):
        files.append(tmp_path / f"{k}.dcm")
        files[-1].write_bytes(made_dicom(k))
    send_files(Node("LIMNER", "127.0.0.1", port.port), files, Calling("SCANNER"))
    wait_for(lambda: told)
    assert [one.action for one in rows(port.server, AuditEntry)] == ["study.receive", "study.received"]


def test_what_cannot_be_kept_is_not_acknowledged(port, tmp_path, caplog):
    (tmp_path / "a.dcm").write_bytes(made_dicom(1))
    (tmp_path / "b.dcm").write_bytes(made_dicom(1, SeriesDescription="changed"))
    node = Node("LIMNER", "127.0.0.1", port.port)
    assert send_files(node, [tmp_path / "a.dcm"]).done == 1
    transfer = send_files(node, [tmp_path / "b.dcm"])
    assert (transfer.done, transfer.failed) == (0, 1)
    assert "0xC000" in transfer.reasons[0]
    assert len(rows(port.server, Instance)) == 1
    assert "Secret" not in caplog.text


def test_a_disk_that_is_full_is_told_to_the_sender(port, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("limner.serve.store.blobs.fsync", full)
    (tmp_path / "a.dcm").write_bytes(made_dicom(1))
    transfer = send_files(Node("LIMNER", "127.0.0.1", port.port), [tmp_path / "a.dcm"])
    assert "0xA700" in transfer.reasons[0]
    assert not rows(port.server, Study)


def test_only_this_machine_and_listed_nodes_may_send(server):
    admin = server.person("admin")
    nodes = [
        {"name": "CT 1", "ae_title": "CT1", "host": "192.0.2.7", "port": 104},
        {"name": "Archive", "ae_title": "ARCHIVE", "host": "192.0.2.8", "port": 104, "sends": False},
    ]
    assert admin.put("/api/pacs/nodes", json={"items": nodes}).status_code == 200
    allow = dicom_port._Arrivals(server.house).allow
    assert allow(Caller("ANYBODY", "127.0.0.1"))
    assert allow(Caller("ANYBODY", "::1"))
    assert allow(Caller("CT1", "192.0.2.7"))
    assert not allow(Caller("CT1", "192.0.2.9"))
    assert not allow(Caller("CT2", "192.0.2.7"))
    assert not allow(Caller("ARCHIVE", "192.0.2.8"))
    assert not allow(Caller("CT1", "nonsense"))


def test_a_refused_caller_gets_no_further(port, monkeypatch):
    monkeypatch.setattr(dicom_port, "_is_loopback", lambda address: False)
    with pytest.raises(NodeError, match="refuses the association"):
        echo(Node("LIMNER", "127.0.0.1", port.port), Calling("STRANGER"))


def test_dcmtk_sends_the_built_in_study(port, told):
    command = ["dcmsend", "-aet", "SCANNER", "-dn", "127.0.0.1", str(port.port), "+sd", str(demo_study())]
    sent = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    wait_for(lambda: told)
    (study,) = rows(port.server, Study)
    assert study.instance_count == 41
