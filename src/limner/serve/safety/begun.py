"""Logins that were sent to the provider and have not come back: in the database, for any process on it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Transaction

from limner.serve.safety.oidc import OidcError
from limner.serve.safety.secrets import fingerprint
from limner.serve.tables import LoginBegun, now

PATIENCE_S = 600.0
MOST_PENDING = 1000


def keep_begun(db: Transaction, secret: str, back: str) -> None:
    """Remembers a login that was sent to the provider, and forgets those that never came back."""
    db.execute(delete(LoginBegun).where(LoginBegun.until < now()))
    kept = select(LoginBegun.hash).order_by(LoginBegun.until.desc()).offset(MOST_PENDING - 1)
    db.execute(delete(LoginBegun).where(LoginBegun.hash.in_(db.scalars(kept).all())))
    db.add(LoginBegun(hash=fingerprint(secret), back=back, until=now() + timedelta(seconds=PATIENCE_S)))


def take_begun(db: Transaction, secret: str) -> str:
    """Where a person wanted to go whose login is in flight; each is taken once.

    Raises:
        OidcError: none of this browser is, or not any more.
    """
    taken = delete(LoginBegun).where(LoginBegun.hash == fingerprint(secret), LoginBegun.until > now())
    back = db.scalars(taken.returning(LoginBegun.back)).first()
    if back is None:
        raise OidcError("expired", "This login took too long, or was begun in another browser.")
    return back
