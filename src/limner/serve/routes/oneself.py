"""What a person changes of themselves: name, language, password; and where they are logged in."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select

from limner.serve import audit
from limner.serve.house import AHouse
from limner.serve.moments import Moment
from limner.serve.routes.session import Me, Password
from limner.serve.safety.access import Oneself, OneselfWrites
from limner.serve.safety.attempts import count_failure, seconds_locked
from limner.serve.safety.passwords import check_password, check_rules, hash_password
from limner.serve.safety.sessions import has_ended
from limner.serve.safety.users import clean_display, end_sessions
from limner.serve.tables import Session, User

router = APIRouter(prefix="/api", tags=["oneself"])


class Change(BaseModel):
    """What one may change of oneself; a role is not among it."""

    model_config = ConfigDict(extra="forbid")

    display: Annotated[str | None, Field(min_length=1, max_length=160)] = None
    lang: Literal["en", "zh"] | None = None


class NewPassword(BaseModel):
    """The present password, and the one to come."""

    model_config = ConfigDict(extra="forbid")

    present: Password
    new: Password


class OwnSession(BaseModel):
    """A browser in which one is logged in; ``here`` is the one that asks."""

    id: str
    created: Moment
    seen: Moment
    agent: str
    here: bool


class OwnSessions(BaseModel):
    """One's own sessions."""

    items: list[OwnSession]
    total: int


@router.patch("/session", summary="Change one's own name or language")
def patch_oneself(change: Change, actor: OneselfWrites, house: AHouse) -> Me:
    """What is not given stays."""
    with house.database.session() as db:
        user = db.get_one(User, actor.user_id)
        if change.display is not None:
            user.display = clean_display(change.display)
        if change.lang is not None:
            user.lang = change.lang
        audit.append(db, user.id, "user.self", user.id)
        return Me.model_validate(user, from_attributes=True)


@router.put("/session/password", summary="Change one's own password", status_code=204)
def put_password(change: NewPassword, actor: OneselfWrites, house: AHouse) -> None:
    """Asks for the present one, so that an unattended screen is not enough. All other sessions end."""
    with house.database.reading() as db:
        user = db.get_one(User, actor.user_id)
        wait = seconds_locked(db, user.name, "")
    if wait:
        raise HTTPException(429, "Too many wrong passwords. Wait, or ask an admin.", {"Retry-After": str(wait)})
    if not check_password(change.present, user.password):
        with house.database.session() as db:
            count_failure(db, user.name, "", house.settings.accounts)
        raise HTTPException(403, "The present password is another one.")
    check_rules(change.new, user.name, house.settings.accounts.password_length)
    encoded = hash_password(change.new)
    with house.database.session() as db:
        db.get_one(User, actor.user_id).password = encoded
        end_sessions(db, actor.user_id, but=actor.session_id)
        audit.append(db, actor.user_id, "user.password", actor.user_id, by="oneself")


@router.get("/sessions", summary="Where one is logged in")
def get_sessions(actor: Oneself, house: AHouse) -> OwnSessions:
    """The latest used first."""
    with house.database.reading() as db:
        rows = db.scalars(select(Session).where(Session.user_id == actor.user_id).order_by(Session.seen.desc())).all()
    items = [
        OwnSession(id=row.id, created=row.created, seen=row.seen, agent=row.agent, here=row.id == actor.session_id)
        for row in rows
        if not has_ended(row, house.settings.accounts)
    ]
    return OwnSessions(items=items, total=len(items))


@router.delete("/sessions/{session_id}", summary="Log out elsewhere", status_code=204)
def delete_session(session_id: str, actor: OneselfWrites, house: AHouse) -> None:
    """Ends one of one's own sessions."""
    with house.database.session() as db:
        mine = (Session.id == session_id, Session.user_id == actor.user_id)
        if db.scalars(select(Session).where(*mine)).first() is None:
            raise HTTPException(404, "There is no such session, or it is not yours.")
        db.execute(delete(Session).where(*mine))
        audit.append(db, actor.user_id, "session.end", actor.user_id, by="another session")
