"""Studies that scanners and archives send by C-STORE: they belong to the department, and everyone sees them.

Whoever is listed as a PACS node may send, from the node's own address; besides them only this machine.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections import defaultdict
from pathlib import Path

from limner.errors import NotAnImageError
from limner.io.dicom_receiver import Caller, Handlers, Receiver
from limner.serve import audit
from limner.serve.house import House
from limner.serve.nodes import list_nodes
from limner.serve.safety.bind import dicom_context
from limner.serve.store.intake import Sender, department, ingest, tell
from limner.serve.store.reading import Given, Rules

log = logging.getLogger("limner.serve.dicom_port")


def start_dicom_port(house: House) -> Receiver:
    """Listens at the settings' DICOM port until it is stopped.

    Raises:
        InputError: the port is taken.
    """
    for name in ("pynetdicom", "pydicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # their messages may hold values of headers
    arrivals = _Arrivals(house)
    settings = house.settings
    assert settings.dicom_port is not None
    handlers = Handlers(arrivals.take, arrivals.allow, arrivals.done)
    place = (settings.host, settings.dicom_port)
    return Receiver(settings.ae_title, place, handlers, tls=dicom_context(settings))


class _Arrivals:
    """Keeps what comes, and remembers per caller which series grew."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._grown: defaultdict[Caller, set[tuple[str, str]]] = defaultdict(set)
        with house.database.session() as db:
            self._owner = department(db).id

    def allow(self, caller: Caller) -> bool:
        if _is_loopback(caller.address):
            return True
        nodes = list_nodes(self._house)
        return any(
            one.ae_title == caller.ae_title and caller.address in _addresses(one.host) for one in nodes if one.sends
        )

    def take(self, path: Path, caller: Caller) -> None:
        """Keeps one instance: on the disk and in the tables when this returns.

        Raises:
            NotAnImageError: it cannot be kept; says why.
        """
        sender = Sender(self._owner, "cstore", shared=True, singly=True)
        rules = Rules(make_uids=False, dicom_only=True)
        outcome = ingest(self._house, sender, [Given(path, "instance")], rules)
        if outcome.refused:
            log.warning("an instance from %s was refused: %s", caller.ae_title, outcome.refused[0].reason)
            raise NotAnImageError(outcome.refused[0].reason)
        with self._lock:
            self._grown[caller].update((outcome.studies[0], one) for one in outcome.series)

    def done(self, caller: Caller) -> None:
        with self._lock:
            grown = self._grown.pop(caller, set())
        if not grown:
            return
        with self._house.database.session() as db:
            for study in sorted({study for study, _ in grown}):
                audit.append(db, self._owner, "study.received", study, caller=caller.ae_title)
        tell(self._house, sorted({series for _, series in grown}))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _addresses(host: str) -> set[str]:
    """All addresses of a host; none where its name is not known."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()
