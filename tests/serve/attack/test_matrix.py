"""Every route, asked by everyone: generated from the OpenAPI document, so that a new route is asked too."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient

from limner.serve.app import create_app, openapi
from limner.serve.house import House
from limner.serve.routes import ROUTERS
from limner.serve.safety.access import ROLES, SCOPES
from limner.serve.safety.sessions import CSRF_HEADER
from limner.serve.settings import Limits, ServeSettings
from limner.serve.tables import Grant, Instance, Job, Measure, Result, Series, Session, Study, Token, Upload, new_id
from tests.serve.attack.examples import Operation, operations
from tests.serve.conftest import Server

ANYONE = {
    "GET /api/health",
    "GET /api/session",
    "POST /api/session",
    "DELETE /api/session",
    "GET /api/session/oidc",
    "GET /api/session/oidc/callback",
    "GET /api/invites/{token}",
    "POST /api/invites/{token}",
}
"""Routes that ask nothing of their actor. A new one stands here only with its reason in docs/security.md."""
ENDLESS = {"GET /api/events"}
OWNED = (
    "study_id", "series_id", "result_id", "job_id", "upload_id", "token_id", "session_id", "study", "series",
    "instance", "measure_id",
)  # fmt: skip
"""Path parameters that name an object with an owner."""
ADMIN_TOO = {"GET /api/jobs/{job_id}", "POST /api/jobs/{job_id}/cancel"}
"""Operations on another's object that an admin may do: see kind and state of a job, and cancel it."""
ONE_S_OWN = {"POST /dicom-web/studies/{study}"}
"""A study's UID is its owner's: whoever sends one with the UID of another's makes a study of their own."""
NAME = "Przybylski"
COUNT = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    limits = Limits(logins_per_minute=100_000, requests_per_minute=1_000_000)
    house = House.open(ServeSettings(data=tmp_path_factory.mktemp("matrix") / "data", limits=limits))
    server = Server(house, create_app(house=house))
    yield server
    for client in server.clients:
        client.close()
    house.close()


@dataclass
class Cast:
    """The people: by role, those with tokens, and the owner of all that is asked for."""

    nobody: TestClient
    people: dict[str, TestClient]
    tokens: dict[str, TestClient]
    owner: TestClient
    owner_id: str
    granted_id: str


@pytest.fixture(scope="module")
def cast(server) -> Cast:
    people = {role: server.person(role, f"some-{role}") for role in ROLES}
    tokens = {}
    for scope in SCOPES:
        made = people["admin"].post("/api/tokens", json={"name": scope, "scopes": [scope]})
        tokens[scope] = server.anyone()
        tokens[scope].headers["Authorization"] = f"Bearer {made.json()['secret']}"
    owner = server.person("admin", "owner")
    granted = people["reader"].get("/api/session").json()["user"]["id"]
    return Cast(server.anyone(), people, tokens, owner, owner.get("/api/session").json()["user"]["id"], granted)


@pytest.fixture(scope="module")
def ids(server, cast) -> dict[str, str]:
    return make_objects(server, cast.owner_id)


def make_objects(server: Server, owner_id: str) -> dict[str, str]:
    """One object of each kind; their ids by the name of the path parameter."""
    number = next(COUNT)
    uids = {"study": f"1.2.{number}", "series": f"1.2.{number}.4", "instance": f"1.2.{number}.4.5"}
    with server.house.database.session() as db:
        study = Study(uid=uids["study"], owner_id=owner_id, patient_name=f"{NAME}^Anna", patient_id="P-77-X")
        db.add(study)
        db.flush()
        series = Series(study_id=study.id, uid=uids["series"], modality="CT")
        db.add(series)
        db.flush()
        db.add(Instance(series_id=series.id, uid=uids["instance"], sha256="0" * 64, bytes=1))
        result = Result(kind="drawing", owner_id=owner_id, study_id=study.id, series_id=series.id, title="A drawing")
        token = Token(user_id=owner_id, name="x", hash=new_id(), scopes=["read"])
        session = Session(user_id=owner_id, hash=new_id(), csrf="x")
        job = Job(kind="draw", owner_id=owner_id, study_id=study.id, state="failed")
        upload = Upload(owner_id=owner_id)
        measure = Measure(
            id=new_id(), study_id=study.id, series_id=series.id, author_id=owner_id, kind="probe", plane="axial",
            points_mm=[[0.0, 0.0, 0.0]],
        )  # fmt: skip
        db.add_all([result, job, upload, token, session, measure])
        db.flush()
        folder = server.house.result_folder(result.id)
        folder.mkdir(parents=True)
        (folder / "drawing.json").write_text("{}")
        made = {
            "study_id": study.id, "series_id": series.id, "result_id": result.id, "job_id": job.id,
            "upload_id": upload.id, "user_id": owner_id, "token": new_id(),
            "token_id": token.id, "session_id": session.id, "measure_id": measure.id,
        }  # fmt: skip
    return {**uids, **made}


def _asks(client: TestClient, operation: Operation, ids: dict[str, str]) -> int:
    return client.request(**operation.request(ids)).status_code


@pytest.fixture(scope="module")
def every(server) -> list[Operation]:
    return operations(server.app.openapi())


@pytest.fixture(scope="module")
def kept(every) -> list[Operation]:
    """Those that ask for a login."""
    return [one for one in every if one.role]


def _names(found) -> list[str]:
    return sorted(str(one) for one in found)


def test_each_router_stands_once_and_each_operation_has_a_name_of_its_own(every):
    assert len(set(ROUTERS)) == len(ROUTERS)
    names = [one.told["operationId"] for one in every]
    assert len(set(names)) == len(names)


def test_only_these_routes_ask_nothing_of_their_actor(every):
    assert {str(one) for one in every if not one.role} <= ANYONE


def test_what_changes_something_asks_for_the_right_to_write(kept):
    """A method that changes, with the scope to read, must be a question that is asked by POST."""
    asks = {str(one) for one in kept if one.scope == "read" and one.method != "GET"}
    assert asks <= QUESTIONS


QUESTIONS = {
    "POST /api/studies/search",
    "POST /api/drafts/there",
    "POST /api/pacs/search",
    "POST /api/forecasts/volumes",
    "POST /api/generators/{pack}/image",
    "POST /api/results/{result_id}/planner",
    "POST /api/results/{result_id}/planner/score",
    "POST /api/results/{result_id}/planner/cut",
    "POST /api/results/{result_id}/click",
}


def test_each_path_parameter_is_known_to_this_test(every, ids):
    known = {*OWNED, "user_id", "token", *Operation.request.__globals__["PARAMETERS"]}
    assert {name for one in every for name in one.parameters} <= known


def test_nobody_gets_in(kept, cast, ids):
    assert not [str(one) for one in kept if _asks(cast.nobody, one, ids) != 401]


@pytest.mark.parametrize("role", ROLES[:-1])
def test_a_role_that_is_too_low_is_refused(kept, cast, ids, role):
    above = [one for one in kept if ROLES.index(one.role) > ROLES.index(role)]
    assert above
    assert not [str(one) for one in above if _asks(cast.people[role], one, ids) != 403]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_without_the_scope_is_refused(kept, cast, ids, scope):
    other = [one for one in kept if one.scope != scope or one.login]
    assert other
    assert not [str(one) for one in other if _asks(cast.tokens[scope], one, ids) != 403]


def test_a_change_by_cookie_alone_is_refused(kept, cast, server, ids):
    client = server.anyone()
    client.cookies.update(cast.owner.cookies)
    changes = [one for one in kept if one.method not in ("GET", "HEAD")]
    assert not [str(one) for one in changes if _asks(client, one, ids) != 403]


@pytest.mark.parametrize("role", ROLES)
def test_objects_of_others_are_not_there(kept, cast, ids, role):
    """Neither for the same role nor for an admin; and not by an answer that tells them from what does not exist."""
    allowed = [
        one
        for one in kept
        if set(one.parameters) & set(OWNED)
        and ROLES.index(one.role) <= ROLES.index(role)
        and not (role == "admin" and str(one) in ADMIN_TOO)
        and str(one) not in ONE_S_OWN
    ]
    assert allowed
    none = {name: "1.9.9" if name in ("study", "series", "instance") else new_id() for name in ids}
    wrong = {}
    for one in allowed:
        theirs = cast.people[role].request(**one.request(ids))
        nothing = cast.people[role].request(**one.request(none))
        told = theirs.text.replace(ids.get("series", ""), "")
        if theirs.status_code != 404 or (theirs.status_code, theirs.text) != (nothing.status_code, nothing.text):
            wrong[str(one)] = (theirs.status_code, nothing.status_code, told[:200])
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("role", ROLES)
def test_lists_hold_nothing_of_others(kept, cast, ids, role):
    lists = [
        one
        for one in kept
        if not one.parameters
        and (one.method == "GET" or str(one) == "POST /api/studies/search")
        and ROLES.index(one.role) <= ROLES.index(role)
        and str(one) not in ENDLESS
    ]
    assert lists
    for one in lists:
        text = cast.people[role].request(**one.request(ids)).text
        assert NAME not in text, one
        assert "P-77-X" not in text, one
        seen = {name for name in ("study_id", "series_id", "result_id", "upload_id", "token_id") if ids[name] in text}
        assert not seen or str(one) == "GET /api/audit", (one, seen)


@pytest.mark.parametrize(
    ("kind", "on", "options"),
    [
        ("draw", "study_id", {}),
        ("explain", "study_id", {"pack": "dermamnist"}),
        ("plan", "result_id", {}),
        ("forecast", "result_id", {}),
    ],
)
def test_a_job_is_not_begun_on_what_is_others(cast, ids, kind, on, options):
    for role in ("planner", "admin"):
        answer = cast.people[role].post("/api/jobs", json={"kind": kind, on: ids[on], "options": options})
        assert answer.status_code == 404, answer.text
        nothing = cast.people[role].post("/api/jobs", json={"kind": kind, on: new_id(), "options": options})
        assert nothing.text == answer.text


def test_the_owner_gets_through(server, kept, cast):
    """So that the refusals above are not those of a server that refuses everyone."""
    client = TestClient(server.app, base_url="https://localhost", raise_server_exceptions=False)
    client.cookies.update(cast.owner.cookies)
    client.headers.update(cast.owner.headers)
    wrong = {}
    for one in kept:
        if str(one) not in ENDLESS:
            mine = make_objects(server, cast.owner_id) if one.parameters else {}
            status = _asks(client, one, mine)
            if status in (401, 403) and str(one) != "PUT /api/session/password":
                wrong[str(one)] = status
    client.close()
    assert not wrong


def test_a_shown_study_can_be_read_and_not_changed(server, cast, kept, ids):
    with server.house.database.session() as db:
        db.add(Grant(study_id=ids["study_id"], user_id=cast.granted_id))
    try:
        reader = cast.people["reader"]
        assert reader.get(f"/api/studies/{ids['study_id']}").status_code == 200
        assert reader.patch(f"/api/studies/{ids['study_id']}", json={"shared": True}).status_code == 403
        assert reader.delete(f"/api/studies/{ids['study_id']}").status_code == 403
        assert reader.delete(f"/api/results/{ids['result_id']}").status_code == 403
        assert reader.get(f"/api/results/{ids['result_id']}/files/drawing.json").status_code == 200
    finally:
        with server.house.database.session() as db:
            db.query(Grant).delete()
    assert reader.get(f"/api/studies/{ids['study_id']}").status_code == 404


def test_the_document_says_what_each_route_asks(server):
    document = openapi(server.app)
    assert document["paths"]["/api/users"]["post"]["x-role"] == "admin"
    assert document["paths"]["/api/tokens"]["post"]["x-login"] is True
    assert document["paths"]["/api/health"]["get"]["x-role"] is None
    assert CSRF_HEADER not in json.dumps(document["paths"]["/api/health"])
