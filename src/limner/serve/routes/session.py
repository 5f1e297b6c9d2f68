"""Logging in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from limner import __version__
from limner.serve import audit
from limner.serve.house import AHouse, House
from limner.serve.safety.access import DEPARTMENT, Role, who
from limner.serve.safety.passwords import check_password
from limner.serve.safety.secrets import fingerprint
from limner.serve.safety.sessions import COOKIE, forget_cookie, start_session
from limner.serve.tables import Session, User

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
        anyone = db.scalars(select(User.id).where(User.name != DEPARTMENT).limit(1)).first()
    return _now(house, user, actor.csrf if actor else None, first_start=anyone is None)


@router.post("", summary="Log in", responses={401: {"description": "Name or password is wrong."}})
def log_in(login: Login, response: Response, house: AHouse) -> SessionNow:
    """Starts a session; its cookie comes with the answer."""
    with house.database.reading() as db:
        user = db.scalars(select(User).where(User.name == login.name)).first()
    right = check_password(login.password, user.password if user else None)
    if user is None or not right or not user.active:
        raise HTTPException(401, "The name or the password is wrong.")
    with house.database.session() as db:
        session = start_session(db, user, response)
        audit.append(db, user.id, "session.start")
    return _now(house, user, session.csrf)


@router.delete("", summary="Log out", status_code=204)
def log_out(request: Request, response: Response, house: AHouse) -> None:
    """Ends the session on the server and takes the cookie back."""
    actor = who(request, house)
    cookie = request.cookies.get(COOKIE)
    if actor and cookie:
        with house.database.session() as db:
            session = db.get(Session, fingerprint(cookie))
            if session is not None:
                db.delete(session)
            audit.append(db, actor.user_id, "session.end")
    forget_cookie(response)


def _now(house: House, user: User | None, csrf: str | None, *, first_start: bool = False) -> SessionNow:
    me = Me.model_validate(user, from_attributes=True) if user else None
    return SessionNow(
        user=me,
        csrf=csrf,
        idle_seconds=house.settings.accounts.idle_minutes * 60,
        oidc=house.settings.oidc.label if house.settings.oidc else None,
        first_start=first_start,
    )
