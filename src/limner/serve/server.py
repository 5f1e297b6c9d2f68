"""Running the server: address, lock, side processes, and an end in good order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn

from limner.serve.house import House
from limner.serve.jobs.supervise import start_worker
from limner.serve.lock import only_server
from limner.serve.safety.bind import address, check_bind, open_socket
from limner.serve.safety.invites import first_admin_link
from limner.serve.settings import ServeSettings

PATIENCE_S = 5
"""How long requests that still run may take to end when the server stops."""
log = logging.getLogger("limner.serve")


@dataclass(frozen=True)
class Opening:
    """What an operator is told once the server listens."""

    url: str
    port: int
    dicom_port: int | None
    admin_link: str | None
    """Makes the first admin, once; None where there is a user already."""


def serve(settings: ServeSettings, told: Callable[[Opening], None]) -> None:
    """Serves until SIGINT or SIGTERM.

    Args:
        settings: how.
        told: is called once, when the server listens.

    Raises:
        InputError: the address may not or cannot be used, or another server works on the data folder.
        OutputError: the data folder cannot be written.
    """
    check_bind(settings)
    from limner.serve.app import create_app  # all routes come with it: a refusal does not wait for them

    _log_to_stderr()
    with ExitStack() as open_things:
        house = House.open(settings)
        open_things.callback(house.close)
        open_things.enter_context(only_server(settings.data))
        socket = open_things.enter_context(open_socket(settings))
        port = socket.getsockname()[1]
        app = create_app(house=house)
        open_things.enter_context(_worker(settings))
        dicom_port = open_things.enter_context(_dicom_port(house))
        url = address(settings, port)
        told(Opening(url, port, dicom_port, first_admin_link(house, url)))
        _Server(house, _config(app, settings)).run(sockets=[socket])


class _Server(uvicorn.Server):
    """Uvicorn, which tells the house at once that the end has come: streams of events end by themselves."""

    def __init__(self, house: House, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._house = house

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A stop that was asked for is no failure, so the signal is not raised again afterwards."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()
        self._house.closing.set()


def _config(app: Any, settings: ServeSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # it would write addresses, and in them what people typed
        server_header=False,
        ws="none",
        proxy_headers=settings.public_url is not None,  # believed from this machine's own proxy only
        timeout_graceful_shutdown=PATIENCE_S,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=32 * 1024,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )


@contextmanager
def _worker(settings: ServeSettings) -> Iterator[None]:
    """The process that runs jobs."""
    worker = start_worker(settings)
    try:
        yield
    finally:
        if worker is not None:
            worker.stop()


@contextmanager
def _dicom_port(house: House) -> Iterator[int | None]:
    """The receiver of C-STORE; the port that it listens at."""
    if house.settings.dicom_port is None:
        yield None
        return
    from limner.serve.dicom_port import start_dicom_port  # pynetdicom only where it is asked for

    receiver = start_dicom_port(house)
    try:
        yield receiver.port
    finally:
        receiver.stop()


def _log_to_stderr() -> None:
    logging.disable(logging.NOTSET)  # the command line silences libraries; a server has a log
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    log.setLevel(logging.INFO)
