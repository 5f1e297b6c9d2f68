"""Who asks, what their role allows, and which objects are theirs.

An object that is not yours is *not found*: whether it exists is nobody else's business, an admin's neither. What the
department owns is the admins' to share and to remove: nobody can log in as the department.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, HTTPException, Request
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session as Transaction

from limner.serve.house import AHouse, House
from limner.serve.safety.secrets import fingerprint, same_secret
from limner.serve.safety.sessions import COOKIE, CSRF_HEADER, SEEN_EVERY, find_session
from limner.serve.tables import Grant, Result, Series, Session, Study, Token, User, now

Role = Literal["reader", "planner", "admin"]
Scope = Literal["read", "write", "admin"]
ROLES: tuple[Role, ...] = ("reader", "planner", "admin")
"""Each role may do what those before it may."""
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")
DEPARTMENT = "department"
"""The name of the user who owns what scanners send; nobody can log in as it."""


@dataclass(frozen=True)
class Actor:
    """Who asks. ``scopes`` are those of a token; a session has all that its role allows."""

    user_id: str
    name: str
    role: Role
    scopes: frozenset[str]
    csrf: str | None
    session_id: str | None = None
    """None where a token asks."""

    @property
    def administers(self) -> bool:
        """An admin, with a login or a token that may do what admins do."""
        return self.role == "admin" and "admin" in self.scopes


@dataclass(frozen=True)
class Need:
    """What a route asks of its actor; the OpenAPI document shows it as ``x-role`` and ``x-scope``.

    ``login`` asks for a person who is logged in: no token may make tokens, or change what a person logs in with.
    """

    role: Role
    scope: Scope
    login: bool = False

    def __call__(self, request: Request, house: AHouse) -> Actor:
        """The actor, if they may.

        Raises:
            HTTPException: 401 without a login, 403 where role, scope or the CSRF header do not allow it.
        """
        actor = who(request, house)
        if actor is None:
            raise HTTPException(401, "Log in, or send an API token as `Authorization: Bearer …`.")
        if ROLES.index(actor.role) < ROLES.index(self.role):
            raise HTTPException(403, f"This needs the role {self.role}; you are {actor.role}. An admin can change it.")
        if self.scope not in actor.scopes:
            raise HTTPException(403, f"This needs a token with the scope {self.scope!r}.")
        if self.login and actor.session_id is None:
            raise HTTPException(403, "This cannot be done with a token: log in with your name and password.")
        return actor


def _needs(role: Role, scope: Scope, *, login: bool = False) -> Any:
    return Depends(Need(role, scope, login))


Reader = Annotated[Actor, _needs("reader", "read")]
ReaderWrites = Annotated[Actor, _needs("reader", "write")]
Planner = Annotated[Actor, _needs("planner", "read")]
PlannerWrites = Annotated[Actor, _needs("planner", "write")]
Admin = Annotated[Actor, _needs("admin", "admin")]
Oneself = Annotated[Actor, _needs("reader", "read", login=True)]
OneselfWrites = Annotated[Actor, _needs("reader", "write", login=True)]


def who(request: Request, house: House) -> Actor | None:
    """Who asks: by bearer token, else by cookie; None where neither is valid.

    Raises:
        HTTPException: 403, a change is asked for by cookie without the session's CSRF header.
    """
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        return _by_token(house, secret.strip())
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    with house.database.reading() as db:
        session = find_session(db, cookie, house.settings.accounts)
        user = db.get(User, session.user_id) if session else None
    if session is None or user is None or not user.active:
        return None
    given = request.headers.get(CSRF_HEADER, "")
    if request.method not in ("GET", "HEAD", "OPTIONS") and not same_secret(given, session.csrf):
        raise HTTPException(403, f"A change needs the header {CSRF_HEADER} with the value that GET /api/session gives.")
    if now() - session.seen > SEEN_EVERY:
        with house.database.session() as db:
            kept = db.get(Session, session.hash)
            if kept is not None:
                kept.seen = now()
    return Actor(user.id, user.name, role_of(user), frozenset(SCOPES), session.csrf, session.id)


def _by_token(house: House, secret: str) -> Actor | None:
    with house.database.reading() as db:
        token = db.scalars(select(Token).where(Token.hash == fingerprint(secret))).first()
        user = db.get(User, token.user_id) if token else None
    if token is None or user is None or not user.active or (token.expires and token.expires < now()):
        return None
    if token.used is None or now() - token.used > SEEN_EVERY:
        with house.database.session() as db:
            kept = db.get(Token, token.id)
            if kept is not None:
                kept.used = now()
    return Actor(user.id, user.name, role_of(user), frozenset(token.scopes), None)


def role_of(user: User) -> Role:
    """The role as the type that handlers compare."""
    return next(one for one in ROLES if one == user.role)


def visible(actor: Actor, study: type[Study] = Study) -> ColumnElement[bool]:
    """Which studies an actor may see, as a condition of a query on :class:`Study` or an alias of it."""
    granted = exists().where(Grant.study_id == study.id, Grant.user_id == actor.user_id)
    conditions = [study.owner_id == actor.user_id, study.shared, granted]
    if actor.administers:
        conditions.append(study.owner_id.in_(select(User.id).where(User.name == DEPARTMENT)))
    return or_(*conditions)


def owns(actor: Actor, study: Study) -> bool:
    """Whether an actor may share and remove a study: their own, or the department's for an admin."""
    return study.owner_id == actor.user_id or (actor.administers and study.owner.name == DEPARTMENT)


def find_study(db: Transaction, actor: Actor, study_id: str, *, own: bool = False) -> Study:
    """The study, if the actor may see it.

    Args:
        db: a transaction.
        actor: who asks.
        study_id: of the study.
        own: it is to be shared or removed (:func:`owns`).

    Raises:
        HTTPException: 404 where it is not shown to them, 403 where it is not theirs to change.
    """
    study = db.scalars(select(Study).where(Study.id == study_id, visible(actor))).first()
    if study is None:
        raise _missing("study")
    if own and not owns(actor, study):
        raise HTTPException(403, "Only the study's owner may do this; with what scanners sent, an admin.")
    return study


def find_series(db: Transaction, actor: Actor, series_id: str) -> Series:
    """The series, if the actor may see its study.

    Raises:
        HTTPException: 404.
    """
    series = db.scalars(select(Series).join(Study).where(Series.id == series_id, visible(actor))).first()
    if series is None:
        raise _missing("series")
    return series


def find_result(db: Transaction, actor: Actor, result_id: str, kind: str | None = None) -> Result:
    """The result, if the actor may see its study; one without a study is its owner's alone.

    Raises:
        HTTPException: 404.
    """
    result = db.get(Result, result_id)
    if result is None or (kind and result.kind != kind) or not may_see_result(db, actor, result):
        raise _missing(kind or "result")  # the same words: whether it exists is not told
    return result


def may_see_result(db: Transaction, actor: Actor, result: Result) -> bool:
    """Whether a result is shown to an actor: with its study, or to its owner alone where it has none."""
    if result.study_id is None:
        return result.owner_id == actor.user_id
    return db.scalars(select(Study.id).where(Study.id == result.study_id, visible(actor))).first() is not None


def _missing(noun: str) -> HTTPException:
    return HTTPException(404, f"There is no such {noun}, or it is not shown to you.")
