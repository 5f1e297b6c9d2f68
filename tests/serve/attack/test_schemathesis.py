"""Schemathesis asks what nobody would think of: no request makes a server error, and each answer fits the document.

Path parameters and ids in bodies are real ones most of the time, so that requests come through to the handlers' work.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
import traceback
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python.asgi import ASGIClient, get_client
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.safety.access import ROLES
from limner.serve.safety.secrets import fingerprint
from limner.serve.safety.sessions import COOKIE, CSRF_HEADER
from limner.serve.settings import Limits, ServeSettings
from limner.serve.store.intake import Sender, ingest
from limner.serve.store.reading import Given
from limner.serve.tables import Instance, Job, Result, Session, Token, Upload
from tests.serve.conftest import Server
from tests.serve.planned import put_drawing, torso, write_drawing

COUNT = int(os.environ.get("LIMNER_FUZZ", "2"))
"""Requests that Hypothesis makes up for each operation and role."""
MULTIPART = ("POST /dicom-web/studies", "POST /dicom-web/studies/{study}")
"""Schemathesis writes no multipart/related: :func:`test_what_is_stowed_is_refused_or_kept` does."""
DESK = ("/planner", "/click", "/api/forecasts/")
"""Addresses that ask the desk, which takes seconds to make ready; asked in the slow test."""
MANY = 25
TOLD = 2500
CHECKS = (not_a_server_error, response_schema_conformance, status_code_conformance)
KEPT = ("blobs", "results", "uploads", "volumes")


@dataclass
class Site:
    """A server, and a person of each role who owns one object of each kind; all is put back after each change."""

    server: Server
    ids: dict[str, dict[str, str]]
    copy: Path
    client: ASGIClient

    @property
    def data(self) -> Path:
        return self.server.house.settings.data

    def save(self) -> None:
        """Keeps what is to be put back."""
        self.copy.mkdir()
        with sqlite3.connect(self.data / "limner.sqlite") as live, sqlite3.connect(self.copy / "db") as saved:
            live.backup(saved)
        for name in KEPT:
            shutil.copytree(self.data / name, self.copy / name, copy_function=os.link)

    def put_back(self) -> None:
        """As if nothing had been asked before."""
        with sqlite3.connect(self.copy / "db") as saved, sqlite3.connect(self.data / "limner.sqlite") as live:
            saved.backup(live)
        for name in KEPT:
            shutil.rmtree(self.data / name)
            shutil.copytree(self.copy / name, self.data / name, copy_function=os.link)

    def headers(self, role: str) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={role * 8}", CSRF_HEADER: role * 8}

    def fill(self, role: str, values: Any) -> Any:
        """Real ids in place of three quarters of those that were made up."""
        if not isinstance(values, dict):
            return values
        real = self.ids[role]
        return {
            name: real[name] if name in real and zlib.crc32(repr(value).encode()) % 4 else value
            for name, value in values.items()
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory, write_ct) -> Site:
    folder = tmp_path_factory.mktemp("fuzz")
    limits = Limits(requests_per_minute=10**7, logins_per_minute=10**7)
    house = House.open(ServeSettings(data=folder / "data", limits=limits))
    server = Server(house, create_app(house=house))
    drawing = write_drawing(folder / "drawing", torso())
    slices = write_ct(folder / "ct")[:8]
    ids = {role: _objects(server, role, drawing, slices) for role in ROLES}
    server.add_user("root", "admin")  # so that the asking one may be shut out
    with get_client(_always_up(server.app)) as client:
        site = Site(server, ids, folder / "copy", client)
        site.save()
        yield site
    house.close()


def _always_up(app):
    """The application without its start and end, which schemathesis would make after each test."""

    async def asked(scope, receive, send):
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    return asked


def _objects(server: Server, role: str, drawing: Path, slices: list[Path]) -> dict[str, str]:
    user_id = server.add_user(role, role)
    ids = {"user_id": user_id, "k": "3", "frames": "1", "frame": "1", "path": "drawing.json", "n": "0"}
    ids["study_id"] = ingest(server.house, Sender(user_id), [Given(one, one.name) for one in slices]).studies[0]
    ids["result_id"] = put_drawing(server, drawing, role)
    rows = {
        "job_id": Job(kind="draw", owner_id=user_id, study_id=ids["study_id"], state="failed"),
        "upload_id": Upload(owner_id=user_id),
        "token_id": Token(user_id=user_id, name="x", hash=role, scopes=["read"]),
        "session_id": Session(user_id=user_id, hash=f"other {role}", csrf="x"),
    }
    with server.house.database.session() as db:
        db.add_all([*rows.values(), Session(user_id=user_id, hash=fingerprint(role * 8), csrf=role * 8)])
        db.flush()
        ids |= {name: row.id for name, row in rows.items()}
        instance = db.query(Instance).filter(Instance.series.has(study_id=ids["study_id"])).first()
        series = instance.series
        db.get(Result, ids["result_id"]).series_id = series.id
        return {
            **ids,
            "series_id": series.id,
            "study": series.study.uid,
            "series": series.uid,
            "instance": instance.uid,
        }


@pytest.fixture(scope="module")
def document(site):
    schema = schemathesis.openapi.from_dict(site.server.app.openapi())
    schema.app = site.server.app
    return schema


def _ask(case: schemathesis.Case, site: Site, role: str) -> None:
    case.path_parameters = site.fill(role, case.path_parameters)
    case.body = site.fill(role, case.body)
    answer = case.call(base_url="https://localhost", session=site.client, headers=site.headers(role), timeout=120)
    if case.method not in ("GET", "HEAD", "OPTIONS"):
        site.put_back()
    case.validate_response(answer, checks=list(CHECKS))


def _fuzz(document, site: Site, role: str, count: int) -> dict[str, str]:
    """Asks each operation; what went wrong, by its name."""
    wrong: dict[str, str] = {}
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path == "/api/events" or operation.label in MULTIPART:  # the former never ends
            continue
        if count < MANY and any(one in operation.path for one in DESK):
            continue

        @settings(
            max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            _ask(case, site, role)

        start = time.monotonic()
        try:
            ask()
        except (Exception, FailureGroup) as error:  # an error of the application comes as it is
            wrong[operation.label] = "".join(traceback.format_exception(error))[-TOLD:]
        if time.monotonic() - start > 1:
            print(f"{operation.label}: {time.monotonic() - start:.1f} s")
    return wrong


@pytest.mark.parametrize("role", ["reader", "admin"])
def test_no_request_makes_a_server_error(document, site, role):
    wrong = _fuzz(document, site, role, COUNT)
    assert not wrong, "\n\n".join(f"== {name}\n{told}" for name, told in wrong.items())


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
def test_no_request_of_many_makes_a_server_error(document, site, role):
    wrong = _fuzz(document, site, role, MANY)
    assert not wrong, "\n\n".join(f"== {name}\n{told}" for name, told in wrong.items())


PART = b"\r\n--x\r\nContent-Type: application/dicom\r\n\r\n"


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    before=st.sampled_from([b"", b"--x\r\n", PART, PART[2:], b"--x"]),
    body=st.one_of(st.binary(max_size=300), st.integers(0, 400).map(lambda n: b"\0" * 128 + b"DICM" + b"\2\0" * n)),
    after=st.sampled_from([b"", b"\r\n--x--", PART + b"\r\n--x--", b"\r\n--x--\r\n" + b"y" * 99]),
    kind=st.sampled_from(["; boundary=x", "", '; boundary=""', "; boundary=" + "x" * 80, '; boundary="\x01"']),
)
def test_what_is_stowed_is_refused_or_kept(site, before, body, after, kind):
    headers = {**site.headers("reader"), "Content-Type": f'multipart/related; type="application/dicom"{kind}'}
    answer = site.client.post("https://localhost/dicom-web/studies", data=before + body + after, headers=headers)
    assert answer.status_code in (200, 202, 400, 409, 415)
