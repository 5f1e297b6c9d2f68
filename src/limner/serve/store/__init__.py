"""What the server keeps: files by hash, studies in tables, uploads on their way, and what is removed when.

``ingest`` is the one way in, whichever door a file comes by; ``files_of`` is the one way out. A row's bytes are on the
disk before the row is.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limner.serve.store.blobs import Blob, Blobs, fsync
    from limner.serve.store.intake import Outcome, Sender, add_instances, department, ingest, tell
    from limner.serve.store.reading import Given, Refused, Rules
    from limner.serve.store.removal import delete_files, delete_rows, sweep
    from limner.serve.store.series import files_of

_ROOM = "limner.serve.store"
_DOORS = {
    "Blob": f"{_ROOM}.blobs",
    "Blobs": f"{_ROOM}.blobs",
    "Given": f"{_ROOM}.reading",
    "Outcome": f"{_ROOM}.intake",
    "Refused": f"{_ROOM}.reading",
    "Rules": f"{_ROOM}.reading",
    "Sender": f"{_ROOM}.intake",
    "add_instances": f"{_ROOM}.intake",
    "delete_files": f"{_ROOM}.removal",
    "delete_rows": f"{_ROOM}.removal",
    "department": f"{_ROOM}.intake",
    "files_of": f"{_ROOM}.series",
    "fsync": f"{_ROOM}.blobs",
    "ingest": f"{_ROOM}.intake",
    "sweep": f"{_ROOM}.removal",
    "tell": f"{_ROOM}.intake",
}

__all__ = [
    "Blob",
    "Blobs",
    "Given",
    "Outcome",
    "Refused",
    "Rules",
    "Sender",
    "add_instances",
    "delete_files",
    "delete_rows",
    "department",
    "files_of",
    "fsync",
    "ingest",
    "sweep",
    "tell",
]


def __getattr__(name: str) -> Any:
    """Loads the module of a public name on first use (PEP 562): the house knows blobs, and ingest knows the house."""
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_DOORS[name]), name)
