"""The work list: who sees what, how it is searched, and how long that takes."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from limner.serve.routes.studies import person_name
from limner.serve.safety.access import Actor
from limner.serve.store.listing import Wanted, search
from limner.serve.tables import AuditEntry, Grant, Instance, Job, Result, Series, Study, now


def add_study(server, owner: str, uid: str = "1.2", **fields) -> str:
    with server.house.database.session() as db:
        study = Study(uid=uid, owner_id=owner, **({"modalities": ["CT"], "date": "2024-01-02"} | fields))
        db.add(study)
        db.flush()
        return study.id


@pytest.fixture
def owner(server):
    client = server.person("reader", "owner")
    return client, client.get("/api/session").json()["user"]["id"]


def test_a_study_is_shown_to_its_owner_to_those_it_is_granted_and_to_everyone_when_shared(server, owner):
    client, owner_id = owner
    study = add_study(server, owner_id)
    guest, admin = server.person("reader", "guest"), server.person("admin", "chief")
    guest_id = guest.get("/api/session").json()["user"]["id"]

    def seen(who) -> tuple[int, int]:
        return who.get(f"/api/studies/{study}").status_code, who.post("/api/studies/search", json={}).json()["total"]

    assert (seen(client), seen(guest), seen(admin)) == ((200, 1), (404, 0), (404, 0))
    assert client.patch(f"/api/studies/{study}", json={"grants": [guest_id]}).status_code == 204
    assert (seen(guest), seen(admin)) == ((200, 1), (404, 0))
    assert client.get(f"/api/studies/{study}").json()["grants"] == [{"id": guest_id, "display": "Guest"}]
    assert guest.get(f"/api/studies/{study}").json()["grants"] == []
    assert guest.patch(f"/api/studies/{study}", json={"shared": True}).status_code == 403
    assert guest.delete(f"/api/studies/{study}").status_code == 403
    assert client.patch(f"/api/studies/{study}", json={"grants": [], "shared": True}).status_code == 204
    assert (seen(guest), seen(admin)) == ((200, 1), (200, 1))
    assert client.patch(f"/api/studies/{study}", json={"grants": ["nobody"]}).status_code == 400
    assert client.delete(f"/api/studies/{study}").status_code == 204
    assert (seen(client), seen(guest)) == ((404, 0), (404, 0))


def test_the_list_is_searched_by_words_modality_date_and_state(server, owner):
    client, owner_id = owner
    add_study(server, owner_id, "1", patient_name="Doe^Jane", patient_id="A1", description="Liver", date="2024-01-02")
    add_study(server, owner_id, "2", patient_name="Roe^Max", modalities=["MR", "SR"], date="2024-03-01")
    add_study(server, owner_id, "3", patient_name="Wang^Wei=王^伟", date="", description="100%_done")

    def found(**wanted) -> list[str]:
        answer = client.post("/api/studies/search", json={"order": "patient"} | wanted).json()
        assert answer["total"] == len(answer["items"])
        return [one["uid"] for one in answer["items"]]

    assert found() == ["1", "2", "3"]
    assert found(text="jane liver") == ["1"]
    assert found(text="JANE a1") == ["1"]
    assert found(text="王") == ["3"]
    assert found(text="100%_") == ["3"]
    assert found(text="0_") == []
    assert found(modality="MR") == ["2"]
    assert found(modality="M") == []
    assert found(since="2024-02-01") == ["2"]
    assert found(until="2024-02-01") == ["1"]
    assert found(order="-date") == ["2", "1", "3"]
    assert found(status="new") == ["1", "2", "3"]
    assert client.post("/api/studies/search", json={"order": "owner"}).status_code == 422


def test_a_study_says_how_far_it_is(server, owner):
    client, owner_id = owner
    study = add_study(server, owner_id)

    def status() -> str:
        (one,) = client.post("/api/studies/search", json={}).json()["items"]
        whole = client.get(f"/api/studies/{study}").json()
        assert one["status"] == whole["status"]
        assert client.post("/api/studies/search", json={"status": one["status"]}).json()["total"] == 1
        return one["status"]

    def add(row) -> None:
        with server.house.database.session() as db:
            db.add(row)

    assert status() == "new"
    add(Job(kind="draw", owner_id=owner_id, study_id=study, state="failed"))
    assert status() == "failed"
    add(Result(id="d", kind="drawing", owner_id=owner_id, study_id=study))
    assert status() == "drawn"
    add(Result(id="p", kind="plan", owner_id=owner_id, study_id=study, parent_id="d"))
    assert status() == "planned"
    with server.house.database.session() as db:
        one = db.get_one(Result, "d")
        one.signed_by, one.signed_at, one.signed_text = owner_id, now(), "seen"
    assert status() == "signed"
    add(Job(kind="draw", owner_id=owner_id, study_id=study, state="running"))
    assert status() == "drawing"
    whole = client.get(f"/api/studies/{study}").json()
    assert [one["kind"] for one in whole["results"]] == ["plan", "drawing"]
    assert {one["state"] for one in whole["jobs"]} == {"failed", "running"}
    (row,) = client.post("/api/studies/search", json={}).json()["items"]
    assert row["results"] == {"drawings": 1, "plans": 1, "forecasts": 0}


def test_priors_are_of_the_same_patient_and_only_those_one_may_see(server, owner):
    client, owner_id = owner
    other_id = server.add_user("other", "reader")
    first = add_study(server, owner_id, "1", patient_id="A1", date="2024-01-02")
    second = add_study(server, owner_id, "2", patient_id="A1", date="2023-01-02")
    add_study(server, owner_id, "3", patient_id="A1", date="2025-01-02")
    with server.house.database.session() as db:
        made = [Result(kind="drawing", owner_id=owner_id, study_id=second, version=one) for one in (1, 2)]
        db.add_all([*made, Result(kind="plan", owner_id=owner_id, study_id=second, version=3)])
    add_study(server, other_id, "4", patient_id="A1")
    add_study(server, owner_id, "5", patient_id="B2")
    nameless = add_study(server, owner_id, "6", patient_id="")
    add_study(server, owner_id, "7", patient_id="")
    priors = client.get(f"/api/studies/{first}/priors").json()["items"]
    assert [(one["uid"], one["newest_drawing"]) for one in priors] == [("3", None), ("2", made[1].id)]
    with server.house.database.reading() as db:
        assert db.scalars(select(AuditEntry).where(AuditEntry.action == "study.open")).all() == []
    assert client.get(f"/api/studies/{nameless}/priors").json() == {"items": [], "total": 0}


def test_ten_thousand_studies_are_listed_at_once(server, owner):
    _, owner_id = owner
    other = server.add_user("other", "reader")
    begun = now()
    with server.house.database.session() as db:
        studies = [
            {"id": f"s{k}", "uid": f"1.2.{k}", "owner_id": (owner_id, other)[k % 2], "shared": k % 10 == 1,
             "patient_name": f"Patient^{k}", "patient_id": f"P{k // 3}", "date": "2024-01-02", "kind": "scan",
             "description": "CT ABDOMEN", "modalities": ["CT"], "created": begun - timedelta(seconds=k),
             "tags": {"00081030": {"vr": "LO", "Value": ["x" * 1500]}}, "series_count": 3, "instance_count": 300}
            for k in range(10_000)
        ]  # fmt: skip
        db.execute(Study.__table__.insert(), studies)
        results = [
            {"id": f"r{k}", "kind": "drawing", "owner_id": owner_id, "study_id": f"s{k}", "title": "", "pack": "",
             "version": 1, "summary": {}, "created": begun}
            for k in range(0, 10_000, 3)
        ]  # fmt: skip
        db.execute(Result.__table__.insert(), results)
        db.add(Grant(study_id="s3", user_id=owner_id))
    actor = Actor(owner_id, "owner", "reader", frozenset(), None)

    def seconds(wanted: Wanted) -> float:
        def once() -> float:
            start = time.thread_time()  # of this thread alone: others run beside it
            with server.house.database.reading() as db:
                rows, total = search(db, actor, wanted)
                assert total >= len(rows)
            return time.thread_time() - start

        return min(once() for _ in range(5))

    with server.house.database.reading() as db:
        assert search(db, actor, Wanted())[1] == 6001
    for wanted in (Wanted(), Wanted(offset=5000), Wanted(order="patient"), Wanted(status="drawn"), Wanted(text="t^77")):
        assert seconds(wanted) < 0.05


@pytest.mark.parametrize(
    ("stored", "told"),
    [("", ""), ("Doe", "Doe"), ("Doe^Jane", "Doe, Jane"), ("^Jane", "Jane"), ("=王^小东", "王小东")],
)
def test_names_are_told_as_people_write_them(stored, told):
    assert person_name(stored) == told


def test_a_study_lists_its_series_in_order(server, owner):
    client, owner_id = owner
    study = add_study(server, owner_id)
    with server.house.database.session() as db:
        db.add(Series(id="b", study_id=study, uid="1.2.2", number=None, modality="SR", instance_count=1))
        db.add(Series(id="a", study_id=study, uid="1.2.1", number=2, modality="CT", instance_count=3,
                      geometry={"shape": [3, 4, 5], "spacing_mm": [2.0, 1.0, 1.0], "drawable": True,
                                "suggested_pack": "abdomen-ct"}))  # fmt: skip
        db.add(Instance(series_id="a", uid="1", sha256="0" * 64, bytes=1))
    series = client.get(f"/api/studies/{study}").json()["series"]
    assert [(one["id"], one["drawable"], one["shape"]) for one in series] == [
        ("a", True, [3, 4, 5]),
        ("b", False, None),
    ]


def test_what_somebody_else_made_of_a_study_keeps_it(server):
    owner, other = server.add_user("ann", "reader"), server.add_user("bob", "planner")
    with server.house.database.session() as db:
        study = Study(uid="2.25.77", owner_id=owner, shared=True)
        db.add(study)
        db.flush()
        db.add(Result(kind="drawing", owner_id=other, study_id=study.id))
    refused = server.log_in("ann").delete(f"/api/studies/{study.id}")
    assert refused.status_code == 409
    assert server.log_in("bob").get(f"/api/studies/{study.id}").json()["results"]
