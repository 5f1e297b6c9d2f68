"""A server that listens on loopback, and clients that come with a token."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn

from limner.serve.safety.secrets import fingerprint
from limner.serve.tables import Token


@dataclass
class Live:
    """A server at an address."""

    server: object
    address: str

    def token(self, user_id: str, *scopes: str) -> dict[str, str]:
        """Headers of a user who comes with a token."""
        secret = f"limner-{user_id}-{'-'.join(scopes)}"
        with self.server.house.database.session() as db:
            db.add(Token(user_id=user_id, name="test", hash=fingerprint(secret), scopes=list(scopes)))
        return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def live(make_server, monkeypatch) -> Iterator[Live]:
    """A server behind a real socket."""
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    server = make_server()
    config = uvicorn.Config(server.app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.005)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield Live(server, f"http://127.0.0.1:{port}")
    running.should_exit = True
    thread.join(10)
