"""What changes, as it changes: server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse

from limner.serve.house import AHouse
from limner.serve.jobs.feed import Feed, Watcher
from limner.serve.safety.access import Reader
from limner.serve.safety.secrets import fingerprint
from limner.serve.safety.sessions import COOKIE

router = APIRouter(prefix="/api/events", tags=["events"])

HEARTBEAT_S = 15.0
"""So that proxies don't take a quiet stream for a dead one."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get(
    "",
    summary="One's jobs and studies, as they change",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events `job` and `study` (its id)."}},
)
async def events(request: Request, actor: Reader, house: AHouse) -> StreamingResponse:
    """Ends with the login. A client that comes back asks for what it shows anew: nothing is told twice."""
    feed = house.feed
    watcher = Watcher(actor.user_id, _login(request), asyncio.get_running_loop())
    most = house.settings.limits.streams_per_user
    if not feed.add(watcher, most):
        raise HTTPException(429, f"{most} pages of yours listen already: close one.")
    return StreamingResponse(_stream(feed, watcher), media_type="text/event-stream", headers=HEADERS)


async def _stream(feed: Feed, watcher: Watcher) -> AsyncIterator[str]:
    try:
        yield ": open\n\n"
        while True:
            try:
                event = await asyncio.wait_for(watcher.events.get(), HEARTBEAT_S)
            except TimeoutError:
                yield ": here\n\n"
                continue
            if event is None:
                return
            yield event
    finally:
        feed.remove(watcher)


def _login(request: Request) -> str:
    """Fingerprint of what the client showed; :class:`Reader` has found it valid."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return fingerprint(secret.strip() if kind.lower() == "bearer" else request.cookies.get(COOKIE, ""))
