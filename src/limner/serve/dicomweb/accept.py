"""What a client can read: the Accept header, or the query parameter of the same name.

Source: RFC 9110 12.5.1; DICOM PS3.18 8.3.3.1 and 8.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from fastapi import HTTPException, Request

JSON = "application/dicom+json"


@dataclass(frozen=True)
class MediaRange:
    """One thing that a client can read.

    Args:
        type: such as ``image/jpeg``; of several parts, that of a part.
        several: whether it is to come as multipart/related.
        transfer_syntax: a UID, ``*``, or nothing where the type's default is meant.
        q: how much it is wanted.
    """

    type: str
    several: bool
    transfer_syntax: str
    q: float


def accepted(request: Request) -> list[MediaRange]:
    """What the client can read, the most wanted first; anything at all where it does not say.

    Raises:
        HTTPException: 406 where only several parts of no named type, or nothing, are left.
    """
    asked = request.query_params.get("accept") or ", ".join(request.headers.getlist("accept")) or "*/*"
    ranges = [_range(one) for one in _split(asked)]
    return sorted((one for one in ranges if one.q > 0), key=lambda one: -one.q)


def require_json(request: Request) -> None:
    """Refuses a client who cannot read DICOM JSON.

    Raises:
        HTTPException: 406.
    """
    readable = (JSON, "application/json", "application/*", "*/*")
    if not any(one.type in readable and not one.several for one in accepted(request)):
        raise HTTPException(406, f"Searches and metadata are told as {JSON}; XML is not written here.")


def boundary_of(request: Request) -> tuple[str, str]:
    """The delimiter of a request of several parts, and the type of its parts.

    Raises:
        HTTPException: 415 for what is not multipart/related, 400 without a delimiter.
    """
    kind, params = _parsed(request.headers.get("content-type", ""))
    if kind != "multipart/related":
        raise HTTPException(415, 'Send multipart/related; type="application/dicom".')
    boundary = params.get("boundary", "")
    if not 0 < len(boundary) <= 200 or not boundary.isascii():
        raise HTTPException(400, "The Content-Type names no boundary.")
    return boundary, params.get("type", "").lower()


def _range(text: str) -> MediaRange:
    kind, params = _parsed(text)
    several = kind == "multipart/related"
    try:
        q = float(params.get("q", "1"))
    except ValueError:
        q = 0.0
    syntax = params.get("transfer-syntax", "")
    return MediaRange(params.get("type", "*/*").lower() if several else kind, several, syntax, q)


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message["content-type"] = text.strip() or "*/*"
    parts = message.get_params(failobj=[("*/*", "")])
    return parts[0][0].strip().lower(), {str(name).lower(): str(value) for name, value in parts[1:]}


def _split(text: str) -> list[str]:
    """At commas outside quotation marks."""
    parts, quoted = [""], False
    for one in text:
        if one == '"':
            quoted = not quoted
        if one == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += one
    return [part for part in parts if part.strip()]
