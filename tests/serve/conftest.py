"""A server in this process, and people of each role who are logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from fastapi.testclient import TestClient

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.safety.passwords import hash_password
from limner.serve.safety.sessions import CSRF_HEADER
from limner.serve.settings import Limits, ServeSettings
from limner.serve.tables import User

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


@dataclass
class Server:
    """A server under test."""

    house: House
    app: object
    clients: list[TestClient] = field(default_factory=list)

    def add_user(self, name: str, role: str) -> str:
        """Makes a user; the id."""
        with self.house.database.session() as db:
            user = User(name=name, display=name.title(), role=role, password=HASH)
            db.add(user)
            db.flush()
            return user.id

    def anyone(self) -> TestClient:
        """A client who is not logged in."""
        client = TestClient(self.app, base_url="https://localhost", raise_server_exceptions=True)
        self.clients.append(client)
        return client

    def log_in(self, name: str) -> TestClient:
        """A client with the cookie and the CSRF header of a login."""
        client = self.anyone()
        answer = client.post("/api/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers[CSRF_HEADER] = answer.json()["csrf"]
        return client

    def person(self, role: str, name: str | None = None) -> TestClient:
        """A new user of a role, logged in."""
        name = name or f"{role}-{len(self.clients)}"
        self.add_user(name, role)
        return self.log_in(name)


@pytest.fixture
def make_server(tmp_path) -> Iterator[Callable[..., Server]]:
    """Makes servers; keywords are settings."""
    made: list[Server] = []

    def make(**settings) -> Server:
        settings = {"limits": Limits(logins_per_minute=10_000), **settings}
        house = House.open(ServeSettings(data=tmp_path / f"data{len(made)}", **settings))
        made.append(Server(house, create_app(house=house)))
        return made[-1]

    yield make
    for server in made:
        for client in server.clients:
            client.close()
        server.house.close()


@pytest.fixture
def server(make_server) -> Server:
    """A server with an empty data folder."""
    return make_server()
