"""A real server: a process of its own on loopback, with people who log in over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml

from limner.serve.safety.sessions import COOKIE, CSRF_HEADER

PASSWORD = "correct horse battery"


class Doors:
    """Ways into a server that listens at ``url``."""

    url: str
    clients: list[httpx.Client]

    def anyone(self) -> httpx.Client:
        """A client who is not logged in."""
        client = httpx.Client(base_url=self.url, timeout=60, trust_env=False, verify=False)
        client.event_hooks = {"request": [partial(_send_cookie, client)]}
        self.clients.append(client)
        return client

    def person(self, admin: httpx.Client, role: str, name: str) -> httpx.Client:
        """A new user of a role, invited by the admin and logged in."""
        made = admin.post("/api/users", json={"name": name, "display": name.title(), "role": role})
        made.raise_for_status()
        client = self.anyone()
        secret = made.json()["invite"]["link"].partition("#")[2]
        return _logged_in(client, client.post(f"/api/invites/{secret}", json=_person(name)))

    def log_in(self, name: str) -> httpx.Client:
        """Another session of a user."""
        client = self.anyone()
        return _logged_in(client, client.post("/api/session", json={"name": name, "password": PASSWORD}))


@dataclass
class Live(Doors):
    """A running server. ``lines`` is its log so far."""

    process: subprocess.Popen[str]
    url: str
    opening: dict[str, Any]
    data: Path
    lines: list[str]
    clients: list[httpx.Client] = field(default_factory=list)

    def admin(self, name: str = "admin") -> httpx.Client:
        """The first admin, made with the one-time link and logged in."""
        client = self.anyone()
        secret = self.opening["admin_link"].partition("#")[2]
        return _logged_in(client, client.post(f"/api/invites/{secret}", json=_person(name)))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends the server by its process id; its exit code."""
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


def _send_cookie(client: httpx.Client, request: httpx.Request) -> None:
    """Sends the secure cookie over http too, as browsers do on loopback; httpx does not."""
    held = client.cookies.get(COOKIE)
    if held and request.url.scheme == "http":
        request.headers["Cookie"] = f"{COOKIE}={held}"


def start(data: Path, *arguments: str, **settings: Any) -> Live:
    """Starts ``limner serve`` on a free port and waits until it listens; keywords are fields of ServeSettings."""
    data.mkdir(parents=True, exist_ok=True)
    config = data.parent / f"{data.name}.yaml"
    config.write_text(yaml.safe_dump({"workers": 0, **settings}))
    command = ["serve", "--port", "0", "--data", str(data), "--config", str(config), "--json", "--debug", *arguments]
    process = subprocess.Popen(
        [sys.executable, "-m", "limner", *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    lines: list[str] = []
    threading.Thread(target=_keep, args=(process.stderr, lines), daemon=True).start()
    told = process.stdout.readline()
    if not told:
        code = process.wait(30)
        raise RuntimeError(f"The server ended with {code}: {''.join(lines)}")
    opening = json.loads(told)
    return Live(process, f"{opening['url']}", opening, data, lines)


@contextmanager
def live_server(data: Path, *arguments: str, **settings: Any) -> Iterator[Live]:
    """A server that is ended at the end, whatever happens."""
    server = start(data, *arguments, **settings)
    try:
        yield server
    finally:
        server.stop()
        server.process.stdout.close()


def _keep(stream: Any, lines: list[str]) -> None:
    with stream:
        lines.extend(stream)


def _person(name: str) -> dict[str, str]:
    return {"name": name, "display": name.title(), "password": PASSWORD}


def _logged_in(client: httpx.Client, answer: httpx.Response) -> httpx.Client:
    assert answer.status_code == 200, answer.text
    client.headers[CSRF_HEADER] = answer.json()["csrf"]
    return client
