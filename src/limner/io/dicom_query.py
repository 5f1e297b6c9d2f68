"""Looking for studies at another node, and having them sent: C-FIND, C-GET, C-MOVE.

Source: DICOM PS3.4 annex C (query/retrieve), study root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import build_context, build_role, evt
from pynetdicom import sop_class as sop

from limner.io.dicom_node import (
    MOST_CONTEXTS,
    PLAIN,
    Calling,
    Node,
    NodeError,
    Progress,
    Transfer,
    associate,
    check,
    check_ae_title,
    code_of,
)
from limner.io.dicom_receiver import chunked, hand_over

_ASKED = """
PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyDescription AccessionNumber
ModalitiesInStudy NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances
"""
_IMAGES = (
    sop.CTImageStorage,
    sop.EnhancedCTImageStorage,
    sop.MRImageStorage,
    sop.EnhancedMRImageStorage,
    sop.ComputedRadiographyImageStorage,
    sop.DigitalXRayImageStorageForPresentation,
    sop.DigitalMammographyXRayImageStorageForPresentation,
    sop.XRayAngiographicImageStorage,
    sop.UltrasoundImageStorage,
    sop.UltrasoundMultiFrameImageStorage,
    sop.PositronEmissionTomographyImageStorage,
    sop.NuclearMedicineImageStorage,
    sop.SecondaryCaptureImageStorage,
    sop.VLPhotographicImageStorage,
)
_OBJECTS = (
    sop.SegmentationStorage,
    sop.BasicTextSRStorage,
    sop.EnhancedSRStorage,
    sop.ComprehensiveSRStorage,
    sop.Comprehensive3DSRStorage,
    sop.EncapsulatedPDFStorage,
    sop.KeyObjectSelectionDocumentStorage,
    sop.GrayscaleSoftcopyPresentationStateStorage,
    sop.RTStructureSetStorage,
    sop.SpatialRegistrationStorage,
    sop.ParametricMapStorage,
    sop.MultiFrameTrueColorSecondaryCaptureImageStorage,
    sop.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
)
"""What is asked for in a C-GET: a context has one transfer syntax in the end, so each compression needs its own."""
_COMPRESSED = (
    JPEGLSLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGBaseline8Bit,
    JPEG2000,
    JPEGLSNearLossless,
    RLELossless,
)
_PENDING = (0xFF00, 0xFF01)


@dataclass(frozen=True)
class StudyQuery:
    """What is looked for. ``*`` and ``?`` stand for any letters and any one letter (PS3.4 C.2.2.2.4)."""

    patient_name: str = ""
    patient_id: str = ""
    accession: str = ""
    modality: str = ""
    study_uid: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class FoundStudy:
    """A study at another node."""

    uid: str
    patient_name: str
    patient_id: str
    birth_date: str
    sex: str
    date: str
    description: str
    accession: str
    modalities: tuple[str, ...]
    series: int | None
    instances: int | None


def find_studies(
    node: Node, query: StudyQuery, calling: Calling | None = None, *, most: int = 200
) -> tuple[list[FoundStudy], bool]:
    """Looks for studies (C-FIND, study root).

    Args:
        node: where.
        query: for what.
        calling: who asks.
        most: how many are taken; the node is told to stop there.

    Returns:
        The studies, and whether there are more.

    Raises:
        NodeError: the node cannot be reached or refuses.
    """
    model = sop.StudyRootQueryRetrieveInformationModelFind
    found: list[FoundStudy] = []
    with associate(node, calling, [build_context(model)]) as association:
        for status, identifier in association.send_c_find(_identifier(query), model, msg_id=1):
            if code_of(status) not in _PENDING:
                check(status, node, "the query")
                break
            if identifier is None:
                continue
            if len(found) == most:
                association.send_c_cancel(1, None, model)
                return found, True
            found.append(_found(identifier))
    return found, False


def get_study(
    node: Node,
    study_uid: str,
    take: Callable[[Path], object],
    calling: Calling | None = None,
    progress: Progress | None = None,
) -> Transfer:
    """Fetches a study over the same association (C-GET); no port needs to be open here.

    Args:
        node: where it is.
        study_uid: which.
        take: is given each file as it comes, and must have kept it when it returns; what it raises is told to the node.
        calling: who asks.
        progress: is told how many came, and of how many.

    Raises:
        NodeError: the node cannot be reached, refuses, or broke off.
    """
    model = sop.StudyRootQueryRetrieveInformationModelGet
    contexts = [build_context(kind, PLAIN) for kind in (*_IMAGES, *_OBJECTS)]
    contexts += [build_context(kind, syntax) for kind in _IMAGES for syntax in _COMPRESSED]
    contexts = [build_context(model), *contexts]
    assert len(contexts) <= MOST_CONTEXTS
    roles = [build_role(kind, scp_role=True) for kind in (*_IMAGES, *_OBJECTS)]
    transfer = Transfer()

    def store(event: evt.Event) -> int:
        return hand_over(event, lambda path, _: take(path), transfer.reasons)

    chunked()
    with associate(node, calling, contexts, ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, store)]) as association:
        _follow(association.send_c_get(_level(study_uid), model), node, transfer, progress)
    return transfer


def move_study(
    node: Node,
    study_uid: str,
    destination: str,
    calling: Calling | None = None,
    progress: Progress | None = None,
) -> Transfer:
    """Has a node send a study to another (C-MOVE).

    Args:
        node: where it is.
        study_uid: which.
        destination: AE title of the receiver, which the node must know.
        calling: who asks.
        progress: is told how many were sent, and of how many.

    Raises:
        NodeError: the node cannot be reached, refuses, or does not know the receiver.
    """
    check_ae_title(destination)
    model = sop.StudyRootQueryRetrieveInformationModelMove
    transfer = Transfer()
    with associate(node, calling, [build_context(model)]) as association:
        _follow(association.send_c_move(_level(study_uid), destination, model), node, transfer, progress)
    return transfer


def _follow(responses: Any, node: Node, transfer: Transfer, progress: Progress | None) -> None:
    """Reads the responses of a C-GET or C-MOVE (PS3.4 C.4.2.1.5, C.4.3.1.3)."""
    for status, _ in responses:
        code = code_of(status)
        if code is None:
            raise NodeError(f"{node} broke off after {transfer.done} instances; ask again for what is missing.")
        transfer.done = int(status.get("NumberOfCompletedSuboperations") or transfer.done)
        transfer.failed = int(status.get("NumberOfFailedSuboperations") or transfer.failed)
        left = int(status.get("NumberOfRemainingSuboperations") or 0)
        if progress:
            progress(transfer.done + transfer.failed, transfer.done + transfer.failed + left)
        if code not in _PENDING and code != 0xB000:  # B000: done, with failures that are counted
            check(status, node, "the transfer")


def _identifier(query: StudyQuery) -> pydicom.Dataset:
    asked = pydicom.Dataset()
    for word in _ASKED.split():
        setattr(asked, word, "" if not word.startswith("Number") else None)
    asked.QueryRetrieveLevel = "STUDY"
    asked.PatientName, asked.PatientID = query.patient_name, query.patient_id
    asked.AccessionNumber, asked.ModalitiesInStudy = query.accession, query.modality
    asked.StudyInstanceUID = query.study_uid
    if query.since or query.until:
        asked.StudyDate = "-".join(one.strftime("%Y%m%d") if one else "" for one in (query.since, query.until))
    if not (query.patient_name + query.patient_id).isascii():
        asked.SpecificCharacterSet = "ISO_IR 192"
    return asked


def _level(study_uid: str) -> pydicom.Dataset:
    asked = pydicom.Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", study_uid
    return asked


def _found(row: pydicom.Dataset) -> FoundStudy:
    day = str(row.get("StudyDate") or "")
    modalities = row.get("ModalitiesInStudy") or ()
    return FoundStudy(
        uid=str(row.get("StudyInstanceUID") or ""),
        patient_name=str(row.get("PatientName") or ""),
        patient_id=str(row.get("PatientID") or ""),
        birth_date=_day(str(row.get("PatientBirthDate") or "")),
        sex=str(row.get("PatientSex") or ""),
        date=_day(day),
        description=str(row.get("StudyDescription") or ""),
        accession=str(row.get("AccessionNumber") or ""),
        modalities=(modalities,) if isinstance(modalities, str) else tuple(str(one) for one in modalities),
        series=_whole(row.get("NumberOfStudyRelatedSeries")),
        instances=_whole(row.get("NumberOfStudyRelatedInstances")),
    )


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else ""


def _whole(value: Any) -> int | None:
    return int(value) if value not in (None, "") else None
