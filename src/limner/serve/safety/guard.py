"""What stands before every route and around every answer, refusals and faults included.

Plain ASGI: an answer that is streamed passes piece by piece.
"""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.serve.house import House
from limner.serve.problems import problem
from limner.serve.safety.headers import add_headers
from limner.serve.safety.limits import Buckets, body_limit, bounded
from limner.serve.safety.origin import refusal

log = logging.getLogger("limner.serve.requests")


def guarded(app: ASGIApp, house: House) -> ASGIApp:
    """The application behind its guard: who is asked by which name, how often, and with how much."""
    settings = house.settings
    buckets = Buckets(settings.limits)

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(scope, message, settings)
            await send(message)

        try:
            told = refusal(scope, settings)
            if told is not None:
                await problem(*told)(scope, receive, answer)
                return
            wait = buckets.take(scope)
            if wait:
                text = f"You ask too often. Wait {wait} s, then go on."
                await problem(429, text, {"Retry-After": str(wait)})(scope, receive, answer)
                return
            limit = body_limit(scope, settings.limits)
            await app(scope, bounded(receive, scope, limit), answer)
        finally:
            _note(scope, status, time.monotonic() - started)

    return guard


def _note(scope: Scope, status: int, seconds: float) -> None:
    """One line of log: the route's pattern and never the address, which holds ids and what people typed."""
    route = getattr(scope.get("route"), "path", "-")
    level = logging.WARNING if status >= 500 or not status else logging.INFO
    log.log(level, "%s %s %s %.0f ms", scope["method"][:8], route, status or "gone", seconds * 1000)
