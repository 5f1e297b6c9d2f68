"""Login by the hospital's identity provider."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.house import AHouse, House
from limner.serve.safety.access import Role
from limner.serve.safety.begun import PATIENCE_S, keep_begun, take_begun
from limner.serve.safety.bind import typed_address
from limner.serve.safety.oidc import COOKIE, OidcError, Person, Provider, local_path
from limner.serve.safety.sessions import start_session
from limner.serve.safety.users import add_user, by_name, clean_name
from limner.serve.tables import User

router = APIRouter(prefix="/api/session/oidc", tags=["session"])
log = logging.getLogger("limner.serve")
ANSWER: dict[str, Any] = {
    "response_class": RedirectResponse,
    "status_code": 303,
    "responses": {303: {"description": "To the provider, and back to where one wanted to go."}},
}


@router.get("", summary="Log in at the identity provider", **ANSWER)
def begin(request: Request, house: AHouse, back: Annotated[str, Query(max_length=2000)] = "/") -> RedirectResponse:
    """Sends the browser to the provider; ``back`` is the page to come back to."""
    try:
        url, secret = _provider(house).begin(_callback(request, house))
        with house.database.session() as db:
            keep_begun(db, secret, local_path(back))
    except OidcError as error:
        return _refused(error)
    answer = RedirectResponse(url, 303)
    answer.set_cookie(COOKIE, secret, max_age=int(PATIENCE_S), path="/", secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/callback", summary="Come back from the identity provider", **ANSWER)
def callback(request: Request, house: AHouse) -> RedirectResponse:
    """Logs the person in whom the provider vouches for."""
    provider = _provider(house)
    try:
        given = request.cookies.get(COOKIE, "")
        with house.database.session() as db:
            back = take_begun(db, given)
        person = provider.finish(_callback(request, house), given, dict(request.query_params))
        answer = RedirectResponse(back, 303)
        with house.database.session() as db:
            user = _user(db, house, person)
            start_session(db, user, request, answer)
            audit.append(db, user.id, "session.start", user.id, by="oidc")
    except OidcError as error:
        if error.code != "expired":  # nobody fills the log who has not begun a login
            with house.database.session() as db:
                audit.append(db, "", "session.refused", "", by="oidc", why=error.code)
        return _refused(error)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _user(db: Transaction, house: House, person: Person) -> User:
    """The user of a person: known by the subject, else one whom an admin made for a verified address, else new.

    A user who has a password is never taken over by a provider's word.

    Raises:
        OidcError: shut out, or unknown where nobody is let in unasked.
    """
    if len(person.subject) > 300:
        raise OidcError("refused", "The provider's name for this person is too long to be kept.")
    user = db.scalars(select(User).where(User.oidc == person.subject)).first()
    if user is None and person.email:
        made = by_name(db, person.email)
        if made is not None and made.active and made.password is None and made.oidc is None:
            made.oidc = person.subject
            audit.append(db, made.id, "user.oidc", made.id)
            user = made
    if user is None:
        user = _new_user(db, house, person)
    if not user.active:
        raise OidcError("unknown", "This user is shut out.")
    return user


def _new_user(db: Transaction, house: House, person: Person) -> User:
    role: Role | None = _provider(house).role
    if role is None:
        raise OidcError("unknown", "Nobody made a user for this person.")
    wanted = "".join(one if one.isalnum() or one in ".-_@+" else "." for one in person.name)[:70] or "user"
    name, count = clean_name(wanted), 1
    while by_name(db, name) is not None or name == "department":
        count += 1
        name = f"{clean_name(wanted)}-{count}"
    user = add_user(db, name, _seen(person.display) or name, role)
    user.oidc = person.subject
    audit.append(db, user.id, "user.make", user.id, role=role, by="oidc")
    return user


def _seen(display: str) -> str:
    return "".join(one if one.isprintable() else " " for one in display)[:160].strip()


def _provider(house: House) -> Provider:
    if house.provider is None:
        raise HTTPException(404, "This server has no identity provider; an operator sets `oidc` in its settings.")
    return house.provider


def _callback(request: Request, house: House) -> str:
    return f"{typed_address(request, house.settings)}/api/session/oidc/callback"


def _refused(error: OidcError) -> RedirectResponse:
    log.warning("a login by the identity provider failed: %s", error)
    return RedirectResponse(f"/login?oidc={error.code}", 303)
