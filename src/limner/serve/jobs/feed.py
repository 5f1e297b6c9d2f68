"""What changes, for those who watch: one look at the database a second, whatever the number of watchers.

A job's changes are found by comparing it with what it was a second ago; a study's by the audit log, in which every
change of it stands. Each watcher is told of their own jobs and of studies that they may see, and of nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as Transaction

from limner.serve.house import House
from limner.serve.jobs.states import WAITING
from limner.serve.jobs.told import JobTold, tell_jobs
from limner.serve.safety.sessions import has_ended
from limner.serve.tables import AuditEntry, Grant, Job, Result, Session, Study, Token, User, now

LOOK_EVERY_S = 1.0
RECENT = timedelta(seconds=10)
"""A job that ended longer ago was told when it did."""
HELD = 200
"""Events that may wait for one watcher; who is slower than that is let go, comes back, and asks for everything anew."""
READINGS = ("study.open", "study.retrieve", "cohort.export")
"""What the audit log notes and what changes nothing."""
log = logging.getLogger("limner.serve.feed")


@dataclass(eq=False)
class Watcher:
    """One client that listens.

    Args:
        user_id: who.
        login: fingerprint of the cookie or the token by which they came: the stream ends with it.
        loop: of the handler.
    """

    user_id: str
    login: str
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(HELD))

    def tell(self, event: str | None) -> None:
        """From any thread: an event to send, or None for the end."""
        try:
            self.loop.call_soon_threadsafe(self._put, event)
        except RuntimeError:  # the loop has ended
            return

    def _put(self, event: str | None) -> None:
        if event is None or self.events.full():
            while not self.events.empty():
                self.events.get_nowait()
            event = None
        self.events.put_nowait(event)


class Feed:
    """Looks while somebody watches.

    Args:
        house: whose changes.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._watchers: set[Watcher] = set()
        self._thread: threading.Thread | None = None
        self._jobs: dict[str, JobTold] = {}
        self._entry: int | None = None
        """The last that was told of; None as long as nothing was read."""

    def add(self, watcher: Watcher, most: int) -> bool:
        """Tells a watcher from now on; False where the user has too many already."""
        with self._lock:
            if sum(one.user_id == watcher.user_id for one in self._watchers) >= most:
                return False
            self._watchers.add(watcher)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="limner-feed", daemon=True)
                self._thread.start()
        return True

    def remove(self, watcher: Watcher) -> None:
        """The client is gone."""
        with self._lock:
            self._watchers.discard(watcher)

    def _look(self) -> None:
        closing, self._entry = self._house.closing, None
        while not closing.is_set():
            with self._lock:
                watchers = list(self._watchers)
                if not watchers:
                    self._thread = None
                    return
            try:
                if self._entry is None:
                    self._begin()
                else:
                    self._tell(watchers, self._entry)
            except Exception:  # the database is away for a moment: the next look tells what this one missed
                log.exception("changes could not be told")
            closing.wait(LOOK_EVERY_S)
        with self._lock:
            watchers, self._thread = list(self._watchers), None
        for one in watchers:
            one.tell(None)

    def _begin(self) -> None:
        with self._house.database.reading() as db:
            entry = _last_entry(db)
            self._jobs = {job.id: job for _, job in _recent_jobs(db)}
        self._entry = entry

    def _tell(self, watchers: list[Watcher], told: int) -> None:
        with self._house.database.reading() as db:
            alive = _alive(db, {one.login for one in watchers}, self._house)
            jobs = _recent_jobs(db)
            entry, studies = _changed_studies(db, told)
        before, self._jobs, self._entry = self._jobs, {job.id: job for _, job in jobs}, entry  # all was read
        changed = [(owner_id, job) for owner_id, job in jobs if before.get(job.id) != job]
        for one in watchers:
            if one.login not in alive:
                one.tell(None)
                continue
            for owner_id, job in changed:
                if owner_id == one.user_id:
                    one.tell(as_event("job", job.model_dump(mode="json")))
            for study_id, seen_by in studies.items():
                if seen_by is None or one.user_id in seen_by:
                    one.tell(as_event("study", {"id": study_id}))


def as_event(name: str, data: Any) -> str:
    """An event as the stream carries it (WHATWG HTML, 9.2)."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _last_entry(db: Transaction) -> int:
    return db.scalars(select(AuditEntry.n).order_by(AuditEntry.n.desc()).limit(1)).first() or 0


def _changed_studies(db: Transaction, after: int) -> tuple[int, dict[str, set[str] | None]]:
    """The last entry of the audit log, and study → users who may see it, None for everyone."""
    entries = list(db.scalars(select(AuditEntry).where(AuditEntry.n > after).order_by(AuditEntry.n)))
    if not entries:
        return after, {}
    changes = [one for one in entries if one.action not in READINGS]
    objects = {one.object_id for one in changes} | {str(one.details.get("study")) for one in changes}
    gone = {
        one.object_id: None if one.details.get("shared") else {one.actor}
        for one in changes
        if one.action == "study.delete"
    }
    return entries[-1].n, gone | _audience(db, objects)


def _recent_jobs(db: Transaction) -> list[tuple[str, JobTold]]:
    """Jobs that may have changed since the last look, with their owners' ids."""
    rows = list(db.scalars(select(Job).where(or_(Job.state.in_(WAITING), Job.ended > now() - RECENT))))
    return list(zip([one.owner_id for one in rows], tell_jobs(db, rows), strict=True))


def _audience(db: Transaction, objects: set[str]) -> dict[str, set[str] | None]:
    """Of the ids, those that are studies, or results and jobs of studies: who may see them."""
    of_results = select(Result.study_id).where(Result.id.in_(objects))
    of_jobs = select(Job.study_id).where(Job.id.in_(objects))
    wanted = or_(Study.id.in_(objects), Study.id.in_(of_results), Study.id.in_(of_jobs))
    found: dict[str, set[str] | None] = {}
    for study_id, owner_id, shared in db.execute(select(Study.id, Study.owner_id, Study.shared).where(wanted)):
        found[study_id] = None if shared else {owner_id}
    for study_id, user_id in db.execute(select(Grant.study_id, Grant.user_id).where(Grant.study_id.in_(found))):
        seen_by = found[study_id]
        if seen_by is not None:
            seen_by.add(user_id)
    return found


def _alive(db: Transaction, logins: set[str], house: House) -> set[str]:
    """Those logins and tokens that still hold."""
    sessions = select(Session).join(User, User.id == Session.user_id).where(Session.hash.in_(logins), User.active)
    tokens = select(Token).join(User, User.id == Token.user_id).where(Token.hash.in_(logins), User.active)
    alive = {one.hash for one in db.scalars(sessions) if not has_ended(one, house.settings.accounts)}
    return alive | {one.hash for one in db.scalars(tokens) if one.expires is None or one.expires > now()}
