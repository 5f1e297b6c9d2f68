"""Logging in and out."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from limner import __version__
from limner.serve import audit
from limner.serve.house import AHouse, House
from limner.serve.safety.access import Role, who
from limner.serve.safety.attempts import count_failure, forgive, seconds_locked
from limner.serve.safety.drafts import key_of
from limner.serve.safety.invites import anyone
from limner.serve.safety.passwords import check_password, hash_password, needs_rehash
from limner.serve.safety.sessions import end_session, forget_cookie, start_session
from limner.serve.safety.users import by_name
from limner.serve.tables import User

router = APIRouter(prefix="/api/session", tags=["session"])

Name = Annotated[str, Field(min_length=1, max_length=80)]
Password = Annotated[str, Field(min_length=1, max_length=400)]


class Login(BaseModel):
    """A name and a password."""

    name: Name
    password: Password


class Me(BaseModel):
    """Who is logged in."""

    id: str
    name: str
    display: str
    role: Role
    lang: str


class SessionNow(BaseModel):
    """The login, and what a page must know before it draws."""

    user: Me | None
    csrf: str | None = None
    drafts_key: str | None = Field(None, description="Base64: what the browser seals the user's drafts with (AES-GCM).")
    idle_seconds: float
    version: str = __version__
    oidc: str | None = None
    first_start: bool


@router.get("", summary="Who is logged in")
def get_session(request: Request, house: AHouse) -> SessionNow:
    """Never refuses: without a login ``user`` is null."""
    actor = who(request, house)
    with house.database.reading() as db:
        user = db.get(User, actor.user_id) if actor else None
        first_start = not anyone(db)
    return session_now(house, user, actor.csrf if actor else None, first_start=first_start)


@router.post("", summary="Log in", responses={401: {"description": "Name or password is wrong."}})
def log_in(login: Login, request: Request, response: Response, house: AHouse) -> SessionNow:
    """Starts a session; its cookie comes with the answer."""
    name = unicodedata.normalize("NFKC", login.name).strip().casefold()
    address = request.client.host if request.client else ""
    with house.database.reading() as db:
        wait = seconds_locked(db, name, address)
        user = by_name(db, name)
    if wait:
        raise HTTPException(429, "Too many wrong passwords. Wait, or ask an admin.", {"Retry-After": str(wait)})
    right = check_password(login.password, user.password if user else None)
    with house.database.session() as db:
        user = by_name(db, name)  # as it is now, not as it was before the password was weighed
        if user is None or not right or not user.active:
            locks = count_failure(db, name, address, house.settings.accounts)
            audit.append(db, "", "session.locked" if locks else "session.refused", user.id if user else "")
            refused = True
        else:
            refused = False
            forgive(db, name)
            if user.password and needs_rehash(user.password):
                user.password = hash_password(login.password)
            session = start_session(db, user, request, response)
            audit.append(db, user.id, "session.start", user.id)
    if refused or user is None:
        raise HTTPException(401, "The name or the password is wrong.")
    return session_now(house, user, session.csrf)


@router.delete("", summary="Log out", status_code=204)
def log_out(request: Request, response: Response, house: AHouse) -> None:
    """Ends the session on the server and takes the cookie back."""
    actor = who(request, house)
    if actor and actor.session_id:
        with house.database.session() as db:
            end_session(db, request)
            audit.append(db, actor.user_id, "session.end", actor.user_id)
    forget_cookie(response)


def session_now(house: House, user: User | None, csrf: str | None, *, first_start: bool = False) -> SessionNow:
    """The login as a page is told it."""
    me = Me.model_validate(user, from_attributes=True) if user else None
    return SessionNow(
        user=me,
        csrf=csrf,
        drafts_key=key_of(house.settings.data, user.id) if user and csrf else None,
        idle_seconds=house.settings.accounts.idle_minutes * 60,
        oidc=house.settings.oidc.label if house.settings.oidc else None,
        first_start=first_start,
    )
