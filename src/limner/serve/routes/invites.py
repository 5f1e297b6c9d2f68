"""One-time links: the first admin, a new user, a forgotten password."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.house import AHouse
from limner.serve.moments import Moment
from limner.serve.routes.session import Password, SessionNow, session_now
from limner.serve.safety.access import Role
from limner.serve.safety.invites import anyone, find_invite
from limner.serve.safety.sessions import start_session
from limner.serve.safety.users import add_user, clean_display, set_password
from limner.serve.tables import Invite, User, now

router = APIRouter(prefix="/api/invites", tags=["invites"])


class InviteNow(BaseModel):
    """What a link is for. ``name`` is set where the user is there already."""

    kind: Literal["first-admin", "new", "reset"]
    role: Role
    name: str | None
    display: str | None
    expires: Moment
    password_length: int


class Accept(BaseModel):
    """Who accepts. ``name`` and ``display`` count only where the link makes the user."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=80)] = ""
    display: Annotated[str, Field(max_length=160)] = ""
    password: Password


@router.get("/{token}", summary="What a one-time link is for")
def get_invite(token: str, house: AHouse) -> InviteNow:
    """Unknown, used and expired links are told alike."""
    with house.database.session() as db:
        invite, user = _find(db, token)
        kind: Literal["first-admin", "new", "reset"] = "first-admin"
        if user is not None:
            kind = "new" if user.password is None else "reset"
        return InviteNow(
            kind=kind,
            role=next(one for one in ("reader", "planner", "admin") if one == invite.role),
            name=user.name if user else None,
            display=user.display if user else None,
            expires=invite.expires,
            password_length=house.settings.accounts.password_length,
        )


@router.post("/{token}", summary="Use a one-time link", responses={400: {"description": "The password is refused."}})
def post_invite(token: str, accept: Accept, request: Request, response: Response, house: AHouse) -> SessionNow:
    """Sets the password and logs in. The link is used up; other sessions of the user end."""
    with house.database.session() as db:
        invite, user = _find(db, token)
        if user is None:
            user = add_user(db, accept.name, accept.display or accept.name, "admin")
            audit.append(db, user.id, "user.make", user.id, role="admin", by="first-admin link")
        elif accept.display:
            user.display = clean_display(accept.display)
        set_password(db, house, user, accept.password)
        invite.used = now()
        audit.append(db, user.id, "user.password", user.id, by="link")
        session = start_session(db, user, request, response)
        audit.append(db, user.id, "session.start", user.id, by="link")
    return session_now(house, user, session.csrf)


def _find(db: Transaction, token: str) -> tuple[Invite, User | None]:
    """The link and its user; None where it makes the first admin.

    Raises:
        HTTPException: 404.
    """
    invite = find_invite(db, token)
    user = db.get(User, invite.user_id) if invite is not None and invite.user_id else None
    usable = user.active if user is not None else invite is not None and invite.user_id is None and not anyone(db)
    if invite is None or not usable:
        raise HTTPException(404, "This link is unknown, used or expired. Ask an admin for another one.")
    return invite, user
