"""How often one may ask, and how much may come with it."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Message, Receive, Scope

from limner.serve.safety.secrets import fingerprint
from limner.serve.safety.sessions import COOKIE
from limner.serve.settings import Limits

MOST_KEPT = 10_000
"""Clients that are remembered; who is forgotten begins anew with a full bucket."""
ADDRESS_SHARE = 20
"""An address may ask so many times as often as one login: behind it may stand a whole hospital."""
LOGINS = re.compile(r"POST /api/(session|invites/[^/]*)/?|\w+ /api/session/oidc(/callback)?/?")
LARGE = (
    (re.compile(r"/api/uploads/[^/]+/files/?"), "upload_bytes"),
    (re.compile(r"/dicom-web/studies(/[^/]+)?/?"), "upload_bytes"),
    (re.compile(r"/api/results/[^/]+/corrections/?"), "mask_bytes"),
)
"""Addresses that take more than a JSON body, and the limit that counts there."""


class Buckets:
    """Token buckets: one for each login and address, each filled steadily and never above a minute's worth.

    Args:
        limits: how fast they fill.
        clock: seconds that only grow.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, scope: Scope) -> int:
        """Takes one from each bucket that a request draws on; seconds to wait where one is empty, else 0."""
        address = (scope.get("client") or ("",))[0]
        asked = [(f"address {address}", self._limits.requests_per_minute * ADDRESS_SHARE)]
        credential = _credential(scope)
        if credential:
            asked.append((fingerprint(credential), self._limits.requests_per_minute))
        if LOGINS.fullmatch(f"{scope['method']} {scope['path']}"):
            asked.append((f"logins {address}", self._limits.logins_per_minute))
        return max(self._take_one(key, per_minute) for key, per_minute in asked)

    def _take_one(self, key: str, per_minute: int) -> int:
        with self._lock:
            present = self._clock()
            left, since = self._kept.pop(key, (float(per_minute), present))
            left = min(float(per_minute), left + (present - since) * per_minute / 60)
            enough = left >= 1
            self._kept[key] = (left - 1 if enough else left, present)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return 0 if enough else ceil((1 - left) * 60 / per_minute)


def _credential(scope: Scope) -> str:
    headers = Headers(scope=scope)
    return headers.get("authorization") or cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def body_limit(scope: Scope, limits: Limits) -> int:
    """Bytes that a request's body may have."""
    for pattern, name in LARGE:
        if scope["method"] in ("PUT", "POST") and pattern.fullmatch(scope["path"]):
            return int(getattr(limits, name))
    return limits.body_bytes


def bounded(receive: Receive, scope: Scope, limit: int) -> Receive:
    """Hands a body on until it is too long: by what its header says, or by what came.

    Raises (when read):
        HTTPException: 413.
    """
    came = 0
    told = Headers(scope=scope).get("content-length", "")

    async def read() -> Message:
        nonlocal came
        if told.isdigit() and int(told) > limit:
            raise _too_large(limit)
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise _too_large(limit)
        return message

    return read


def _too_large(limit: int) -> HTTPException:
    # the connection ends: what still comes on it is not read
    return HTTPException(413, f"This takes {limit} bytes at most. Send less at once.", {"Connection": "close"})
