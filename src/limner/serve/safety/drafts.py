"""The keys that drafts are sealed with where they wait in a browser.

A draft (edits of a label map, a path, a measurement, the text of a report) outlives a reload and a logout, on machines
that a ward shares. It lies there as ciphertext; its key is the user's own, comes with a login, and stays in memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from limner.errors import OutputError

FILE = "drafts.key"
BYTES = 32


def key_of(data: Path, user_id: str) -> str:
    """A user's key for AES-256, base64: the same at each login, and of no use for another user's drafts.

    Args:
        data: folder of the server; its secret is made there with the first key.
        user_id: whose.

    Raises:
        OutputError: the secret cannot be read or written.

    Source: HKDF-Expand of RFC 5869 2.3 for one block: HMAC-SHA256 of the purpose, the user and the byte 1.
    """
    told = b"limner.drafts/1 " + user_id.encode() + b"\x01"
    return base64.b64encode(hmac.digest(_secret(data / FILE), told, hashlib.sha256)).decode()


def _secret(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        secret = path.read_bytes()
    except OSError as error:
        raise OutputError(f"The key of drafts {path} cannot be used: {error.strerror}.") from None
    if len(secret) != BYTES:
        raise OutputError(
            f"The key of drafts {path} has {len(secret)} bytes, not {BYTES}. Bring it back from a backup; without it, "
            "drafts that wait in browsers cannot be read any more, and the file may be removed."
        )
    return secret


def _make(path: Path) -> None:
    """Whole or not there: of two that make it at once, the first one's stays."""
    aside = path.with_name(f"{FILE}.{secrets.token_hex(6)}")
    made = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(made, secrets.token_bytes(BYTES))
        os.fsync(made)
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        os.close(made)
        aside.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
