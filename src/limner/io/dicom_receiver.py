"""The receiver of DICOM files: others store instances here, one after another (C-STORE), or ask whether we are there.

An instance comes as a stream into a file, and is handed over when it is whole; Success is answered only when whoever
took it says that it is kept. Source: DICOM PS3.4 annex B; PS3.7 9.1.1; PS3.8 9.3.4 (reasons for a refusal); PS3.15
B.12 (TLS).
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, _config, evt
from pynetdicom.presentation import AllStoragePresentationContexts
from pynetdicom.sop_class import Verification

from limner.errors import InputError, LimnerError
from limner.io.header import read_header

SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000
"""Statuses of a C-STORE (PS3.4 table B.2-1)."""
_CALLER_UNKNOWN = (0x01, 0x01, 0x03)  # rejected for good, by the user, calling AE title not recognised
log = logging.getLogger("limner.io.dicom_receiver")


@dataclass(frozen=True)
class Caller:
    """Who sends."""

    ae_title: str
    address: str


@dataclass(frozen=True)
class ReceiverLimits:
    """What callers may ask for together.

    Args:
        associations: at the same time.
        pdu_bytes: of one piece on the wire.
        idle_s: without a word, or in the middle of one, an association ends.
        handshake_s: how long the other side may take to agree on TLS.
        instance_bytes: of one file.
    """

    associations: int = 10
    pdu_bytes: int = 131072
    idle_s: float = 60.0
    handshake_s: float = 10.0
    instance_bytes: int = 1 << 33


@dataclass(frozen=True)
class Handlers:
    """What is done with what comes.

    Args:
        take: is given a file and its sender; it must have kept the file when it returns. It may raise InputError for
            what cannot be kept, OSError for a disk that is full.
        allow: whether a caller may send at all.
        done: a caller has sent what they had, or has gone.
    """

    take: Callable[[Path, Caller], object]
    allow: Callable[[Caller], bool]
    done: Callable[[Caller], object]


class Receiver:
    """Listens until it is stopped.

    Args:
        ae_title: what we are called; callers may use any name for us.
        address: host and port to listen at; port 0 takes a free one.
        handlers: what is done with what comes.
        limits: of callers.
        tls: a server's context; what comes is in the clear where None.

    Raises:
        InputError: the address is taken, or may not be used.
    """

    def __init__(
        self,
        ae_title: str,
        address: tuple[str, int],
        handlers: Handlers,
        limits: ReceiverLimits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._handlers, self._limits = handlers, limits or ReceiverLimits()
        chunked()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            entity = AE(ae_title=ae_title)
            entity.maximum_associations = self._limits.associations
            entity.maximum_pdu_size = self._limits.pdu_bytes
            entity.network_timeout = entity.dimse_timeout = self._limits.idle_s
            entity.acse_timeout = 10.0
            entity.add_supported_context(Verification)
            for one in AllStoragePresentationContexts:
                entity.add_supported_context(one.abstract_syntax, ALL_TRANSFER_SYNTAXES)
            bound = [
                (evt.EVT_CONN_OPEN, self._opened),
                (evt.EVT_REQUESTED, self._requested),
                (evt.EVT_PDU_RECV, self._arriving),
                (evt.EVT_C_STORE, self._store),
                (evt.EVT_CONN_CLOSE, self._closed),
            ]
            try:
                self._server: Any = entity.start_server(
                    address, block=False, evt_handlers=bound, ssl_context=tls and cast(Any, _LaterHandshake(tls))
                )
            except OSError as error:
                raise InputError(
                    f"Cannot listen for DICOM at {address[0]}:{address[1]} ({error.strerror}). Choose another port."
                ) from None

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Takes no more calls and ends those that are open."""
        self._server.shutdown()

    def _opened(self, event: evt.Event) -> None:
        """In a thread of the caller's own: who says nothing holds up nobody else."""
        connection = event.assoc.dul.socket.socket
        try:
            if isinstance(connection, ssl.SSLSocket):
                connection.settimeout(self._limits.handshake_s)
                connection.do_handshake()
            connection.settimeout(self._limits.idle_s)
        except OSError as error:
            log.warning("a caller from %s did not agree on TLS: %s", event.address[0], type(error).__name__)
            connection.close()

    def _requested(self, event: evt.Event) -> None:
        if not self._handlers.allow(_caller(event)):
            log.warning("a caller from %s was refused: its AE title is not listed for it", _caller(event).address)
            event.assoc.acse.send_reject(*_CALLER_UNKNOWN)
            event.assoc.kill()

    def _arriving(self, event: evt.Event) -> None:
        stream = getattr(event.assoc.dimse.message, "_data_set_file", None)
        if stream is not None and not stream.closed and stream.tell() > self._limits.instance_bytes:
            log.warning("a sender was cut off: an instance of more than %d bytes", self._limits.instance_bytes)
            event.assoc.abort()

    def _store(self, event: evt.Event) -> int:
        return hand_over(event, self._handlers.take)

    def _closed(self, event: evt.Event) -> None:
        message = event.assoc.dimse.message  # what is left of an instance that was cut off
        stream, half = getattr(message, "_data_set_file", None), getattr(message, "_data_set_path", None)
        if stream is not None:
            stream.close()
        if half is not None:
            Path(half).unlink(missing_ok=True)
        if event.assoc.requestor.primitive is not None and not event.assoc.is_rejected:
            with contextlib.suppress(Exception):
                self._handlers.done(_caller(event))


class _LaterHandshake:
    """A context for pynetdicom, which would shake hands in the one thread that takes all calls."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, connection: socket.socket, *, server_side: bool) -> ssl.SSLSocket:
        """The connection, on which nothing has been agreed yet."""
        return self._context.wrap_socket(connection, server_side=server_side, do_handshake_on_connect=False)


def keep_in(folder: Path, path: Path) -> Path:
    """Puts a file that came where its UIDs say, ``STUDY/SERIES/INSTANCE.dcm``; it is on the disk when this returns.

    Raises:
        NotAnImageError: it is no DICOM that could be kept.
    """
    header = read_header(path)
    target = folder / header.study_uid / header.series_uid / f"{header.sop_uid}.dcm"
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".part")
    shutil.copyfile(path, aside)
    for step in (aside, target.parent):
        if step == target.parent:
            aside.replace(target)
        handle = os.open(step, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return target


def hand_over(event: evt.Event, take: Callable[[Path, Caller], object], reasons: list[str] | None = None) -> int:
    """Gives an instance that came whole to who keeps it; the status to answer with."""
    path = Path(event.dataset_path)
    try:
        take(path, _caller(event))
    except LimnerError as error:
        if reasons is not None:
            reasons.append(str(error))
        return CANNOT_UNDERSTAND
    except OSError as error:
        log.error("an instance could not be kept: %s", error.strerror)
        return OUT_OF_RESOURCES
    except Exception:
        log.exception("an instance could not be kept")
        return OUT_OF_RESOURCES
    finally:
        path.unlink(missing_ok=True)
    return SUCCESS


def chunked() -> None:
    """Instances come into files, not into memory."""
    _config.STORE_RECV_CHUNKED_DATASET = True


def _caller(event: evt.Event) -> Caller:
    requestor = event.assoc.requestor
    title = str(getattr(requestor.primitive, "calling_ae_title", "") or requestor.ae_title)
    return Caller(title.strip(), str(requestor.address))
