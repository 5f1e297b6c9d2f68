"""A small PACS on loopback, by pynetdicom: it keeps what is sent, is searched, and gives back (C-GET, C-MOVE)."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pydicom
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

TITLE = "ARCHIVE"


@dataclass
class Pacs:
    """What it holds, and who it knows."""

    port: int = 0
    kept: list[pydicom.Dataset] = field(default_factory=list)
    receivers: dict[str, tuple[str, int]] = field(default_factory=dict)
    wanted: list[pydicom.Dataset] = field(default_factory=list)

    @property
    def node(self) -> str:
        return f"{TITLE}@127.0.0.1:{self.port}"

    def find(self, event: Any) -> Iterator[tuple[int, pydicom.Dataset | None]]:
        asked = event.identifier
        self.wanted.append(asked)
        for uid in sorted({one.StudyInstanceUID for one in self.kept}):
            of = [one for one in self.kept if one.StudyInstanceUID == uid]
            name = str(asked.PatientName)
            if name and not fnmatch.fnmatchcase(str(of[0].PatientName).lower(), name.lower()):
                continue
            row = pydicom.Dataset()
            for word in ("PatientName", "PatientID", "StudyDate", "StudyDescription", "StudyInstanceUID"):
                setattr(row, word, of[0].get(word, ""))
            row.SpecificCharacterSet = of[0].get("SpecificCharacterSet", "")
            row.ModalitiesInStudy = sorted({one.Modality for one in of})
            row.NumberOfStudyRelatedInstances = len(of)
            if event.is_cancelled:
                yield 0xFE00, None
                return
            yield 0xFF00, row

    def get(self, event: Any) -> Iterator[Any]:
        of = [one for one in self.kept if one.StudyInstanceUID == event.identifier.StudyInstanceUID]
        yield len(of)
        for one in of:
            yield 0xFF00, one

    def move(self, event: Any) -> Iterator[Any]:
        place = self.receivers.get(event.move_destination.strip())
        if place is None:
            yield None, None
            return
        yield (*place, {"contexts": _contexts(self.kept)})
        yield from self.get(event)


def _contexts(kept: list[pydicom.Dataset]) -> list[Any]:
    from pynetdicom import build_context

    kinds = {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in kept}
    return [build_context(*one) for one in sorted(kinds)]


@contextmanager
def running_pacs(**options: Any) -> Iterator[Pacs]:
    """Runs one; ``callers`` are the AE titles that it knows, ``syntaxes`` what it takes."""
    pacs = Pacs()
    entity = AE(ae_title=TITLE)
    if options.get("callers"):
        entity.require_calling_aet = options["callers"]
    syntaxes = options.get("syntaxes", ALL_TRANSFER_SYNTAXES)
    entity.add_supported_context(Verification)
    for one in AllStoragePresentationContexts:
        entity.add_supported_context(one.abstract_syntax, syntaxes, scu_role=True, scp_role=True)
    for model in (
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        StudyRootQueryRetrieveInformationModelMove,
    ):
        entity.add_supported_context(model)

    def store(event: Any) -> int:
        path = getattr(event.request, "_dataset_path", None)  # where limner receives in this process, too
        one = pydicom.dcmread(path) if path else event.dataset
        if path:
            one.PatientName  # noqa: B018 - read it before the file goes
            path.unlink()
        else:
            one.file_meta = event.file_meta
        pacs.kept.append(one)
        return 0x0000

    handlers = [(evt.EVT_C_STORE, store), (evt.EVT_C_FIND, pacs.find), (evt.EVT_C_GET, pacs.get),
                (evt.EVT_C_MOVE, pacs.move)]  # fmt: skip
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    pacs.port = server.server_address[1]
    try:
        yield pacs
    finally:
        server.shutdown()


__all__ = ["TITLE", "Pacs", "running_pacs"]
