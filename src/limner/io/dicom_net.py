"""DICOM over the network, as one who asks: echo and send here, find, get and move in ``dicom_query``.

Source: DICOM PS3.4 annex A (verification) and B (storage). The receiver is :mod:`limner.io.dicom_receiver`.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import UID
from pynetdicom import build_context
from pynetdicom.sop_class import Verification

from limner.errors import NotAnImageError
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
from limner.io.dicom_query import FoundStudy, StudyQuery, find_studies, get_study, move_study
from limner.io.header import Header, read_header
from limner.io.stored_frames import as_explicit

__all__ = [
    "Calling",
    "FoundStudy",
    "Node",
    "NodeError",
    "Progress",
    "StudyQuery",
    "Transfer",
    "check_ae_title",
    "echo",
    "find_studies",
    "get_study",
    "move_study",
    "send_files",
]


def echo(node: Node, calling: Calling | None = None) -> float:
    """Asks whether a node is there (C-ECHO).

    Returns:
        The seconds that it took.

    Raises:
        NodeError: it is not, or refuses.
    """
    begun = time.perf_counter()
    with associate(node, calling, [build_context(Verification)]) as association:
        check(association.send_c_echo(), node, "the echo")
    return time.perf_counter() - begun


def send_files(
    node: Node, files: Sequence[Path], calling: Calling | None = None, progress: Progress | None = None
) -> Transfer:
    """Sends DICOM files (C-STORE), as they are stored where the node takes that, else decompressed.

    Raises:
        NodeError: the node cannot be reached or refuses.
        NotAnImageError: a file is no DICOM.
    """
    transfer = Transfer()
    headers = [read_header(path) for path in files]
    kinds = list(dict.fromkeys((one.sop_class, one.transfer_syntax) for one in headers))
    for at in range(0, len(kinds), MOST_CONTEXTS // 2):
        part = kinds[at : at + MOST_CONTEXTS // 2]
        contexts = [build_context(kind, syntax) for kind, syntax in part]
        contexts += [build_context(kind, PLAIN) for kind in dict.fromkeys(kind for kind, _ in part)]
        with associate(node, calling, contexts) as association:
            for path, header in zip(files, headers, strict=True):
                if (header.sop_class, header.transfer_syntax) in part:
                    _send(association, path, header, transfer)
                    if progress:
                        progress(transfer.done + transfer.failed, len(files))
    return transfer


def _send(association: Any, path: Path, header: Header, transfer: Transfer) -> None:
    takes = [one.transfer_syntax[0] for one in association.accepted_contexts if one.abstract_syntax == header.sop_class]
    try:
        if header.transfer_syntax in takes:
            status = association.send_c_store(path)
        elif takes:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                plain = pydicom.dcmread(BytesIO(as_explicit(path)))
            status = association.send_c_store(plain)
        else:
            raise ValueError(f"the node does not take {UID(header.sop_class).name}")
        code = code_of(status)
        if code is None:
            raise ConnectionError("the connection broke off")
        if code and code >> 12 != 0xB:  # warnings (B…) are kept all the same
            raise ValueError(f"the node answered with status 0x{code:04X}")
        transfer.done += 1
        transfer.fates[header.sop_uid] = ""
    except (ValueError, RuntimeError, ConnectionError, NotAnImageError) as error:
        transfer.failed += 1
        transfer.reasons.append(str(error))
        transfer.fates[header.sop_uid] = str(error)
