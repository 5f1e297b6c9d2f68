"""One-time links: the first admin, a new user, a forgotten password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.house import House
from limner.serve.safety.access import DEPARTMENT, Role
from limner.serve.safety.secrets import fingerprint, new_secret
from limner.serve.tables import Invite, User, now


@dataclass(frozen=True)
class MadeInvite:
    """A link's secret, which is known only now, and until when it can be used."""

    secret: str
    expires: datetime


def make_invite(db: Transaction, role: Role, hours: float, user_id: str | None = None) -> MadeInvite:
    """A new link; earlier links of the same user can no longer be used.

    Args:
        db: a transaction that may write.
        role: of the user to come.
        hours: how long it can be used.
        user_id: of one who is there already, and sets a new password with it.
    """
    if user_id is not None:
        db.execute(update(Invite).where(Invite.user_id == user_id, Invite.used.is_(None)).values(used=now()))
    made = MadeInvite(new_secret(), now() + timedelta(hours=hours))
    db.add(Invite(hash=fingerprint(made.secret), user_id=user_id, role=role, expires=made.expires))
    return made


def find_invite(db: Transaction, secret: str) -> Invite | None:
    """The link's row, if it can still be used; locked until the transaction ends, so that it is used once."""
    invite = db.scalars(select(Invite).where(Invite.hash == fingerprint(secret)).with_for_update()).first()
    return invite if invite is not None and invite.used is None and invite.expires > now() else None


def has_open_invite(db: Transaction, user_id: str) -> bool:
    """Whether the user was given a link that can still be used."""
    unused = (Invite.user_id == user_id, Invite.used.is_(None), Invite.expires > now())
    return db.scalars(select(Invite.hash).where(*unused).limit(1)).first() is not None


def first_admin_link(house: House, address: str) -> str | None:
    """A link that makes the first admin; None where there is a user. A new start voids the link of the last.

    The secret stands in the fragment, which a browser sends nowhere: it is in no log and no referrer.
    """
    with house.database.session() as db:
        if anyone(db):
            return None
        db.execute(delete(Invite))
        made = make_invite(db, "admin", house.settings.accounts.invite_hours)
        audit.append(db, "", "invite.first-admin")
    return link(address, made.secret)


def link(address: str, secret: str) -> str:
    """The address that opens the page where the link is used."""
    return f"{address}/invite#{secret}"


def anyone(db: Transaction) -> bool:
    """Whether there is a user who can log in."""
    return db.scalars(select(User.id).where(User.name != DEPARTMENT).limit(1)).first() is not None
