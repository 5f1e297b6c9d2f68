"""Users: made, changed, shut out. What takes a right away also ends what was begun with it."""

from __future__ import annotations

import unicodedata

from fastapi import HTTPException
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session as Transaction

from limner.errors import InputError
from limner.serve import audit
from limner.serve.house import House
from limner.serve.safety.access import DEPARTMENT, Role
from limner.serve.safety.attempts import forgive
from limner.serve.safety.passwords import check_rules, hash_password
from limner.serve.tables import Invite, Session, Token, User, now


def clean_name(name: str) -> str:
    """A login name in its one form: people mean the same by Ann and ann.

    Raises:
        InputError: signs other than letters, digits and ``. - _ @ +``.
    """
    cleaned = unicodedata.normalize("NFKC", name).strip().casefold()
    if not cleaned or len(cleaned) > 80 or not all(one.isalnum() or one in ".-_@+" for one in cleaned):
        raise InputError("A login name has 1 to 80 letters, digits, or signs of `. - _ @ +`, without spaces.")
    return cleaned


def clean_display(text: str) -> str:
    """A name as people write it, without signs that cannot be seen.

    Raises:
        InputError: nothing is left of it.
    """
    cleaned = " ".join("".join(one if one.isprintable() else " " for one in unicodedata.normalize("NFC", text)).split())
    if not cleaned or len(cleaned) > 160:
        raise InputError("A person's name has 1 to 160 characters that can be seen.")
    return cleaned


def find_user(db: Transaction, user_id: str) -> User:
    """Raises HTTPException 404; the user who owns what scanners send is not shown."""
    user = db.get(User, user_id)
    if user is None or user.name == DEPARTMENT:
        raise HTTPException(404, "There is no such user.")
    return user


def by_name(db: Transaction, name: str) -> User | None:
    """The user who logs in by this name."""
    return db.scalars(select(User).where(User.name == name, User.name != DEPARTMENT)).first()


def add_user(db: Transaction, name: str, display: str, role: Role) -> User:
    """A new user, who cannot log in before a password is set.

    Raises:
        HTTPException: 409, the name is taken.
        InputError: a name that cannot be one.
    """
    name = clean_name(name)
    if name == DEPARTMENT or by_name(db, name) is not None:
        raise HTTPException(409, "This login name is taken. Choose another.")
    user = User(name=name, display=clean_display(display), role=role)
    db.add(user)
    db.flush()
    return user


def set_password(db: Transaction, house: House, user: User, password: str) -> None:
    """Takes a password that fits the rules, and ends what was begun with the old one.

    Raises:
        InputError: it does not fit the rules.
    """
    check_rules(password, user.name, house.settings.accounts.password_length)
    user.password = hash_password(password)
    forgive(db, user.name)
    end_sessions(db, user.id)


def change_role(db: Transaction, actor_id: str, user: User, role: Role) -> None:
    """Gives another role; sessions and tokens of the former end.

    Raises:
        HTTPException: 409, nobody would be admin.
    """
    if role == user.role:
        return
    if user.role == "admin":
        _keep_an_admin(db, user)
    audit.append(db, actor_id, "user.role", user.id, before=user.role, after=role)
    user.role = role
    shut_out(db, user.id)


def set_active(db: Transaction, actor_id: str, user: User, active: bool) -> None:
    """Lets a user in again, or shuts them out; what they made stays.

    Raises:
        HTTPException: 409, nobody would be admin.
    """
    if active == user.active:
        return
    if not active and user.role == "admin":
        _keep_an_admin(db, user)
    user.active = active
    audit.append(db, actor_id, "user.active" if active else "user.inactive", user.id)
    shut_out(db, user.id)


def shut_out(db: Transaction, user_id: str) -> None:
    """Ends all sessions, tokens and open links of a user."""
    end_sessions(db, user_id)
    db.execute(delete(Token).where(Token.user_id == user_id))
    db.execute(update(Invite).where(Invite.user_id == user_id, Invite.used.is_(None)).values(used=now()))


def end_sessions(db: Transaction, user_id: str, *, but: str | None = None) -> None:
    """Ends a user's sessions, all but one if told so."""
    db.execute(delete(Session).where(Session.user_id == user_id, Session.id != (but or "")))


def _keep_an_admin(db: Transaction, leaving: User) -> None:
    """The rows stay locked until the transaction ends, so that two admins cannot remove each other at once."""
    can_log_in = or_(User.password.is_not(None), User.oidc.is_not(None))
    admins = db.scalars(select(User.id).where(User.role == "admin", User.active, can_log_in).with_for_update()).all()
    if not set(admins) - {leaving.id}:
        raise HTTPException(409, "This is the last admin who can log in. Make another one first.")
