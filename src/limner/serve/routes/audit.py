"""The audit log, for admins."""

from __future__ import annotations

from time import sleep
from typing import Annotated

from fastapi import APIRouter, Query

from limner.serve import audit
from limner.serve.audit.listing import Entries, entries
from limner.serve.house import AHouse
from limner.serve.refusals import BusyError
from limner.serve.safety.access import Admin

router = APIRouter(prefix="/api/audit", tags=["audit"])
REST_S = 0.01
"""Between batches of entries, for those who ask for slices meanwhile."""


@router.get("", summary="Who did what")
def get_audit(
    actor: Admin,
    house: AHouse,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    newest: bool = False,
    action: Annotated[str, Query(max_length=40)] = "",
) -> Entries:
    """Oldest first, from ``after`` on; with ``newest`` newest first, and ``after`` is where the last page ended."""
    del actor
    with house.database.reading() as db:
        return entries(db, after=after, limit=limit, newest=newest, action=action)


@router.get("/verify", summary="Whether the audit log is whole")
def get_verify(actor: Admin, house: AHouse) -> audit.Verdict:
    """Reads every entry, and holds the log against the mark outside the database; one at a time, others get 503."""
    del actor
    anchor = audit.read_anchor(house.settings.data)  # before the log: it is never ahead of it
    if not house.verifying.acquire(blocking=False):
        raise BusyError("The log is being read already. Ask again in a minute.", 60)
    try:
        return audit.verify(house.database, anchor, lambda: sleep(REST_S))
    finally:
        house.verifying.release()
