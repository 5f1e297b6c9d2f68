"""Logins: kept on the server, so that they can be ended there."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response
from sqlalchemy import delete
from sqlalchemy.orm import Session as Transaction

from limner.serve.safety.secrets import fingerprint, new_secret
from limner.serve.settings import Accounts
from limner.serve.tables import Session, User, now

COOKIE = "__Host-limner"
"""The prefix binds the cookie to this host, its root path and a secure origin (RFC 6265bis 4.1.3.2)."""
CSRF_HEADER = "X-CSRF-Token"
SEEN_EVERY = timedelta(seconds=30)
"""How often a session's last use is written down: not with each slice."""


def start_session(db: Transaction, user: User, request: Request, response: Response) -> Session:
    """Logs a user in: the cookie goes to the client, its fingerprint to the table.

    A session that the client had before ends, and its cookie is never taken on (OWASP: session fixation).
    """
    end_session(db, request)
    oldest = now() - timedelta(days=30)
    db.execute(delete(Session).where(Session.created < oldest))
    secret = new_secret()
    agent = request.headers.get("User-Agent", "")[:200]
    session = Session(hash=fingerprint(secret), user_id=user.id, csrf=new_secret(), agent=agent)
    db.add(session)
    response.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="strict")
    return session


def end_session(db: Transaction, request: Request) -> None:
    """Ends the session of the request's cookie, if it has one."""
    cookie = request.cookies.get(COOKIE)
    if cookie:
        db.execute(delete(Session).where(Session.hash == fingerprint(cookie)))


def forget_cookie(response: Response) -> None:
    """Takes the cookie back, and what the browser kept of patients."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache"'


def find_session(db: Transaction, secret: str, accounts: Accounts) -> Session | None:
    """The session of a cookie, if it has not ended."""
    session = db.get(Session, fingerprint(secret))
    if session is None or has_ended(session, accounts):
        return None
    return session


def has_ended(session: Session, accounts: Accounts) -> bool:
    """By idleness or by age."""
    present = now()
    idle = present - session.seen > timedelta(minutes=accounts.idle_minutes)
    return idle or present - session.created > timedelta(hours=accounts.session_hours)
