"""Whether the server is up."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/api/health", tags=["health"])


class Health(BaseModel):
    """Nothing more: what runs here is nobody's business who is not logged in."""

    ok: bool = True


@router.get("", summary="Whether the server is up")
def get_health() -> Health:
    """Always the same answer."""
    return Health()
