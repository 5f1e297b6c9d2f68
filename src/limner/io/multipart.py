"""Bodies of several parts, read and written as a stream: how DICOMweb carries files.

Source: RFC 2046 5.1 and RFC 2387 (multipart/related); DICOM PS3.18 8.6.1.2.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from limner.errors import InputError

MOST_HEADER = 16384
"""Bytes of the header of one part."""


class Sink(Protocol):
    """Where the parts of a body go, one after another."""

    def begin(self, headers: Mapping[str, str]) -> None:
        """A part begins; names of headers are in lower case."""

    def data(self, piece: bytes) -> None:
        """More of its content."""

    def end(self) -> None:
        """It is whole."""


class MultipartReader:
    r"""Takes a body apart as it comes; holds no more of it than a piece and a delimiter.

    Args:
        boundary: as the Content-Type says.
        sink: where the parts go.

    >>> class Shown:
    ...     def begin(self, headers):
    ...         print(headers)
    ...
    ...     def data(self, piece):
    ...         print(piece)
    ...
    ...     def end(self):
    ...         print("end")
    >>> reader = MultipartReader("b", Shown())
    >>> reader.feed(b"--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--")
    {'content-type': 'text/plain'}
    b'hi'
    end
    >>> reader.close()
    """

    def __init__(self, boundary: str, sink: Sink) -> None:
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        self._sink = sink
        self._held = b"\r\n"  # the first delimiter may lack the line break before it
        self._step: Callable[[], bool] = self._preamble
        self._first = True  # nothing of the part's content was given yet

    def feed(self, piece: bytes) -> None:
        """Takes the next piece.

        Raises:
            InputError: the body is not as RFC 2046 has it.
        """
        self._held += piece
        while self._step():
            pass

    def close(self) -> None:
        """Says that there are no more pieces.

        Raises:
            InputError: the body ended before its last delimiter.
        """
        if self._step != self._epilogue:
            raise InputError("The multipart body ends before its closing delimiter: it was cut off.")

    def _preamble(self) -> bool:
        at = self._held.find(self._delimiter)
        if at < 0:
            self._held = self._held[-len(self._delimiter) :]
            return False
        return self._after(at, self._delimited)

    def _delimited(self) -> bool:
        if self._held.startswith(b"--"):
            return self._after(-2, self._epilogue)
        at = self._held.find(b"\r\n")
        if at >= 0 and not self._held[:at].strip(b" \t"):  # padding may stand behind a delimiter
            self._held = self._held[at:]
            self._step = self._headers
            return True
        if at >= 0 or len(self._held) > 256:
            raise InputError("The multipart body has something behind a delimiter: expected a line break.")
        return False

    def _headers(self) -> bool:
        at = self._held.find(b"\r\n\r\n")
        if at < 0:
            if len(self._held) > MOST_HEADER:
                raise InputError(f"A part of the multipart body has a header of more than {MOST_HEADER} bytes.")
            return False
        headers = {}
        for line in self._held[:at].decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        self._sink.begin(headers)
        self._held = self._held[at + 2 :]  # the line break before an empty part is its delimiter's
        self._step = self._body
        self._first = True
        return True

    def _body(self) -> bool:
        if self._first:
            if len(self._held) < len(self._delimiter):
                return False
            self._first = False
            if not self._held.startswith(self._delimiter):
                self._held = self._held[2:]
        at = self._held.find(self._delimiter)
        keep = len(self._delimiter) - 1
        if at < 0:
            if len(self._held) > keep:
                self._sink.data(self._held[:-keep])
                self._held = self._held[-keep:]
            return False
        if at:
            self._sink.data(self._held[:at])
        self._sink.end()
        return self._after(at, self._delimited)

    def _epilogue(self) -> bool:
        self._held = b""
        return False

    def _after(self, at: int, step: Callable[[], bool]) -> bool:
        self._held = self._held[at + len(self._delimiter) :] if at >= 0 else self._held[-at:]
        self._step = step
        return True


def new_boundary() -> str:
    """A delimiter that occurs in no file."""
    return f"limner-{secrets.token_hex(16)}"


def write_multipart(boundary: str, parts: Iterable[tuple[Mapping[str, str], Iterable[bytes]]]) -> Iterator[bytes]:
    """A body of several parts, piece by piece.

    Args:
        boundary: the delimiter, as the Content-Type says.
        parts: headers and content of each.
    """
    for headers, pieces in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        yield f"\r\n--{boundary}\r\n{lines}\r\n".encode("latin-1")
        yield from pieces
    yield f"\r\n--{boundary}--\r\n".encode("latin-1")
