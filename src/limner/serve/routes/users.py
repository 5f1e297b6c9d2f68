"""Users, for admins; and names to share with, for everyone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.house import AHouse, House
from limner.serve.moments import Moment
from limner.serve.safety.access import DEPARTMENT, Admin, Reader, Role, role_of
from limner.serve.safety.attempts import forgive, is_locked
from limner.serve.safety.bind import typed_address
from limner.serve.safety.invites import has_open_invite, link, make_invite
from limner.serve.safety.users import add_user, change_role, clean_display, find_user, set_active
from limner.serve.tables import Session, User

router = APIRouter(prefix="/api", tags=["users"])

Name = Annotated[str, Field(min_length=1, max_length=80)]
Display = Annotated[str, Field(min_length=1, max_length=160)]


class UserNow(BaseModel):
    """A user as an admin sees them."""

    id: str
    name: str
    display: str
    role: Role
    active: bool
    locked: bool
    can_log_in: bool
    oidc: bool
    invited: bool
    created: Moment
    seen: Moment | None


class Users(BaseModel):
    """All users."""

    items: list[UserNow]
    total: int


class NewUser(BaseModel):
    """Who shall be able to log in."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    display: Display
    role: Role


class Link(BaseModel):
    """A link that can be used once. It is shown now and never again."""

    link: str
    expires: Moment


class MadeUser(BaseModel):
    """The user, and the link with which they choose a password."""

    user: UserNow
    invite: Link


class UserChange(BaseModel):
    """What an admin may change; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    display: Display | None = None
    role: Role | None = None
    active: bool | None = None
    locked: Annotated[bool | None, Field(description="False unlocks; nobody is locked by hand.")] = None


class Person(BaseModel):
    """Whom a study can be shown to."""

    id: str
    display: str


class People(BaseModel):
    """All who can be shown a study."""

    items: list[Person]
    total: int


@router.get("/users", summary="All users")
def get_users(actor: Admin, house: AHouse) -> Users:
    """Active or not, by name."""
    del actor
    with house.database.reading() as db:
        users = db.scalars(select(User).where(User.name != DEPARTMENT).order_by(User.name)).all()
        return Users(items=[_now(db, user) for user in users], total=len(users))


@router.post("/users", summary="Make a user", status_code=201, responses={409: {"description": "The name is taken."}})
def post_user(new: NewUser, request: Request, actor: Admin, house: AHouse) -> MadeUser:
    """They choose their own password with the link, which is shown once."""
    with house.database.session() as db:
        user = add_user(db, new.name, new.display, new.role)
        audit.append(db, actor.user_id, "user.make", user.id, role=new.role)
        invite = _invite(db, request, house, user)
        return MadeUser(user=_now(db, user), invite=invite)


@router.patch("/users/{user_id}", summary="Change a user", responses={409: {"description": "The last admin."}})
def patch_user(user_id: str, change: UserChange, actor: Admin, house: AHouse) -> UserNow:
    """Another role, or shutting out, ends the user's sessions and tokens at once."""
    with house.database.session() as db:
        user = find_user(db, user_id)
        if change.display is not None:
            user.display = clean_display(change.display)
            audit.append(db, actor.user_id, "user.display", user.id)
        if change.role is not None:
            change_role(db, actor.user_id, user, change.role)
        if change.active is not None:
            set_active(db, actor.user_id, user, change.active)
        if change.locked is False:
            forgive(db, user.name)
            audit.append(db, actor.user_id, "user.unlock", user.id)
        db.flush()
        return _now(db, user)


@router.post("/users/{user_id}/invite", summary="A link for a new password", status_code=201)
def post_invite(user_id: str, request: Request, actor: Admin, house: AHouse) -> Link:
    """For a user who forgot theirs, or let the first link expire. The old password holds until the link is used."""
    with house.database.session() as db:
        user = find_user(db, user_id)
        if not user.active:
            raise HTTPException(409, "This user is shut out. Let them in again first.")
        audit.append(db, actor.user_id, "user.invite", user.id)
        return _invite(db, request, house, user)


@router.get("/people", summary="Whom a study can be shown to")
def get_people(actor: Reader, house: AHouse) -> People:
    """Everyone who is active, but oneself."""
    others = (User.active, User.name != DEPARTMENT, User.id != actor.user_id)
    with house.database.reading() as db:
        users = db.scalars(select(User).where(*others).order_by(User.display)).all()
    return People(items=[Person(id=one.id, display=one.display or one.name) for one in users], total=len(users))


def _invite(db: Transaction, request: Request, house: House, user: User) -> Link:
    made = make_invite(db, role_of(user), house.settings.accounts.invite_hours, user.id)
    return Link(link=link(typed_address(request, house.settings), made.secret), expires=made.expires)


def _now(db: Transaction, user: User) -> UserNow:
    return UserNow(
        id=user.id,
        name=user.name,
        display=user.display,
        role=role_of(user),
        active=user.active,
        locked=is_locked(db, user.name),
        can_log_in=user.active and (user.password is not None or user.oidc is not None),
        oidc=user.oidc is not None,
        invited=has_open_invite(db, user.id),
        created=user.created,
        seen=db.scalar(select(func.max(Session.seen)).where(Session.user_id == user.id)),
    )
