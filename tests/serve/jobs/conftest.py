"""A server with the phantom's study in it, and a worker that runs one job at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.jobs.worker import Worker
from limner.serve.settings import ServeSettings
from limner.serve.store.intake import Sender, ingest
from limner.serve.store.reading import Given
from tests.infer.packs import threshold_pack
from tests.serve.conftest import Server

LEVELS = {"background": -1000.0, "body": 0.0, "liver": 100.0, "liver tumor": 60.0, "bones": 700.0}
PACK = "phantom"
INPUT = {
    "modality": ["CT"], "window_hu": [-1000.0, 1000.0], "patch": [32, 64, 64], "divisible": [1, 1, 1],
    "spacing_mm": [5, 3, 3],
}  # fmt: skip


@dataclass
class Ward:
    """A server, a planner who is logged in, and their study.

    Args:
        server: without a worker of its own.
        client: the planner's.
        user_id: the planner's.
        study_id: the phantom's.
    """

    server: Server
    client: TestClient
    user_id: str
    study_id: str

    @property
    def house(self):
        return self.server.house

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Asks for a job."""
        answer = self.client.post("/api/jobs", json={"kind": kind, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def work(self, job_id: str) -> dict[str, Any]:
        """Runs a job as the worker does, to its end; what it became."""
        Worker(self.house).run(job_id)
        return self.job(job_id)

    def job(self, job_id: str) -> dict[str, Any]:
        return self.client.get(f"/api/jobs/{job_id}").json()

    def draw(self) -> dict[str, Any]:
        """A drawing of the phantom; the result."""
        job = self.work(self.ask("draw", study_id=self.study_id, options={"pack": PACK})["id"])
        assert job["state"] == "done", job["message"]
        return self.client.get(f"/api/results/{job['made_id']}").json()


def put_pack(data: Path) -> None:
    """A pack that draws the phantom in a second, as a site would install its own."""
    threshold_pack(data / "packs" / PACK, LEVELS, name=PACK, input=INPUT)


def open_ward(server: Server, slices: list[Path], name: str = "plato") -> Ward:
    put_pack(server.house.settings.data)
    client = server.person("planner", name)
    user_id = client.get("/api/session").json()["user"]["id"]
    outcome = ingest(server.house, Sender(user_id), [Given(one, one.name) for one in slices])
    return Ward(server, client, user_id, outcome.studies[0])


@pytest.fixture
def ward(server, write_ct, tmp_path) -> Ward:
    return open_ward(server, write_ct(tmp_path / "ct"))


@pytest.fixture(scope="session")
def phantom_slices(write_ct, tmp_path_factory) -> list[Path]:
    return write_ct(tmp_path_factory.mktemp("phantom"))


@pytest.fixture(scope="module")
def make_server_for_module(tmp_path_factory):
    """As ``make_server``, for all tests of a module."""
    made: list[Server] = []

    def make(**settings: Any) -> Server:
        house = House.open(ServeSettings(data=tmp_path_factory.mktemp("house") / "data", **settings))
        made.append(Server(house, create_app(house=house)))
        return made[-1]

    yield make
    for server in made:
        for client in server.clients:
            client.close()
        server.house.close()
