"""Another DICOM application, and a connection to it (an association).

Source: DICOM PS3.8 7.1 (association), 9.3.4 (rejection).
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from limner.errors import InputError

Progress = Callable[[int, int], None]
MOST_CONTEXTS = 128  # PS3.8 9.3.2.2: odd numbers up to 255
PLAIN = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
"""Explicit and implicit VR little endian; by number, since whoever only names nodes does not wait for pydicom."""


class NodeError(InputError):
    """Another DICOM node cannot be reached, refuses, or could not do what was asked."""


@dataclass(frozen=True)
class Node:
    """Another DICOM application.

    Args:
        ae_title: what it is called.
        host: name or address.
        port: it listens at.
    """

    ae_title: str
    host: str
    port: int

    def __post_init__(self) -> None:
        check_ae_title(self.ae_title)

    @classmethod
    def parse(cls, text: str) -> Node:
        """Reads ``TITLE@host:port``.

        Raises:
            InputError: it is something else.

        >>> Node.parse("ORTHANC@localhost:4242")
        Node(ae_title='ORTHANC', host='localhost', port=4242)
        """
        title, at, place = text.rpartition("@")
        host, colon, port = place.rpartition(":")
        if not (at and colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise InputError(f"A DICOM node is TITLE@host:port, such as ORTHANC@localhost:4242; {text!r} is none.")
        return cls(title, host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"{self.ae_title} at {self.host}:{self.port}"


@dataclass(frozen=True)
class Calling:
    """Who asks, and how long an answer may take.

    Args:
        ae_title: what we are called.
        connect_s: until the other side has taken the call.
        answer_s: until it says the next thing.
        tls: speaks TLS (PS3.15 B.12), and believes whom this context believes; in the clear where None.
    """

    ae_title: str = "LIMNER"
    connect_s: float = 10.0
    answer_s: float = 60.0
    tls: ssl.SSLContext | None = None


@dataclass
class Transfer:
    """What became of instances on their way: how many arrived, and why others did not.

    ``fates`` are told where we send: by SOP Instance UID, empty where it arrived, else why it did not.
    """

    done: int = 0
    failed: int = 0
    reasons: list[str] = field(default_factory=list)
    fates: dict[str, str] = field(default_factory=dict)


def check_ae_title(title: str) -> None:
    """Refuses what is no application entity title (PS3.5 6.2, AE).

    Raises:
        InputError: empty, longer than 16 letters, or with letters that DICOM does not allow.
    """
    good = 0 < len(title.strip()) <= 16 and title.isascii() and title.isprintable() and "\\" not in title
    if not good:
        raise InputError(f"An AE title has 1 to 16 ASCII letters, none of them a backslash; {title!r} is none.")


@contextmanager
def associate(node: Node, calling: Calling | None, contexts: Sequence[Any], **options: Any) -> Iterator[Any]:
    """An association, released at the end.

    Args:
        node: with whom.
        calling: who asks.
        contexts: what is proposed.
        options: as pynetdicom takes them.

    Raises:
        NodeError: nobody answers, or we are refused.
    """
    calling = calling or Calling()
    from pynetdicom import AE  # whoever only names nodes does not wait for it

    entity = AE(ae_title=calling.ae_title)
    entity.acse_timeout, entity.connection_timeout = calling.connect_s, calling.connect_s
    entity.dimse_timeout, entity.network_timeout = calling.answer_s, calling.answer_s
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if calling.tls is not None:
            options["tls_args"] = (calling.tls, node.host)
        association = entity.associate(node.host, node.port, list(contexts), ae_title=node.ae_title, **options)
        if association.is_rejected:
            raise NodeError(
                f"{node} refuses the association: check that it knows {calling.ae_title!r} as a caller, and that its "
                f"own title is {node.ae_title!r}."
            )
        if not association.is_established:
            if (connection := getattr(association.dul.socket, "socket", None)) is not None:
                connection.close()  # pynetdicom leaves one open on which no TLS was agreed
            raise NodeError(f"No DICOM node answers as {node}: check address and port, and that it is switched on.")
        try:
            yield association
        finally:
            if association.is_established:
                association.release()


def code_of(status: Any) -> int | None:
    """The status of a response, None where the connection broke off (PS3.7 annex C)."""
    return int(status.Status) if status is not None and "Status" in status else None


def check(status: Any, node: Node, what: str) -> None:
    """Refuses a response that is no success.

    Raises:
        NodeError: says what could not be done.
    """
    code = code_of(status)
    if code is None:
        raise NodeError(f"{node} broke off during {what}, or took too long.")
    if code:
        said = str(status.get("ErrorComment") or "").strip()
        hint = " It does not know the receiver." if code == 0xA801 else ""
        raise NodeError(f"{node} could not do {what}: status 0x{code:04X}{f' ({said})' if said else ''}.{hint}")
