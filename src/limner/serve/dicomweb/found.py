"""Studies, series and instances by their UIDs, as far as the actor may see them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from weakref import WeakKeyDictionary

from fastapi import Depends, HTTPException
from fastapi import Path as InPath
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased, load_only

from limner.serve import audit
from limner.serve.house import House
from limner.serve.safety.access import Actor, visible
from limner.serve.tables import Instance, Series, Study

Uid = Annotated[str, InPath(pattern=r"^[0-9][0-9.]{0,63}$")]
AUDIT_EVERY_S = 600.0
"""A viewer asks for a study in hundreds of pieces; the audit log hears of it once in this time."""
_OTHER = aliased(Study)
_heard: WeakKeyDictionary[House, dict[tuple[str, str], float]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Target:
    """What an address names: a study, a series of it, or an instance of that."""

    study: str
    series: str = ""
    instance: str = ""

    @property
    def address(self) -> str:
        """Its path below the root of the service."""
        parts = (("studies", self.study), ("series", self.series), ("instances", self.instance))
        return "".join(f"/{noun}/{uid}" for noun, uid in parts if uid)


def _study(study: Uid) -> Target:
    return Target(study)


def _series(study: Uid, series: Uid) -> Target:
    return Target(study, series)


def _instance(study: Uid, series: Uid, instance: Uid) -> Target:
    return Target(study, series, instance)


AStudy = Annotated[Target, Depends(_study)]
ASeries = Annotated[Target, Depends(_series)]
AnInstance = Annotated[Target, Depends(_instance)]
"""For a handler's argument: what the address names."""


@dataclass(frozen=True)
class Kept:
    """One instance of the store."""

    target: Target
    path: Path
    transfer_syntax: str
    sop_class: str
    frames: int


def shown(actor: Actor) -> ColumnElement[bool]:
    """Which studies DICOMweb shows an actor: DICOM, visible, and each UID once.

    Two users may each have a copy of one study. Who has their own sees that one, others the first that is shared.
    """
    other = _OTHER
    first = or_(
        and_(other.owner_id == actor.user_id, Study.owner_id != actor.user_id),
        and_(other.owner_id != actor.user_id, Study.owner_id != actor.user_id, other.id < Study.id),
    )
    better = exists().where(other.uid == Study.uid, other.id != Study.id, other.dicom, visible(actor, other), first)
    return and_(visible(actor), Study.dicom, ~better)


def find_kept(house: House, actor: Actor, target: Target) -> list[Kept]:
    """The instances that an address names, in the order of series and instance number.

    Raises:
        HTTPException: 404, none that the actor may see.
    """
    query = (
        select(Instance, Series.uid, Study.id)
        .join(Series, Series.id == Instance.series_id)
        .join(Study, Study.id == Series.study_id)
        .where(shown(actor), Study.uid == target.study)
        .options(
            load_only(Instance.uid, Instance.sha256, Instance.ending, Instance.transfer_syntax, Instance.sop_class,
                      Instance.frames)
        )
        .order_by(Series.number, Series.uid, Instance.number, Instance.uid)
    )  # fmt: skip
    if target.series:
        query = query.where(Series.uid == target.series)
    if target.instance:
        query = query.where(Instance.uid == target.instance)
    with house.database.reading() as db:
        rows = db.execute(query).all()
    if not rows:
        raise HTTPException(404, "There is no such study, series or instance, or it is not shown to you.")
    _hear(house, actor, rows[0][2])
    blobs = house.blobs
    return [
        Kept(
            Target(target.study, series, one.uid), blobs.open_or_refuse(one.sha256, one.ending), one.transfer_syntax,
            one.sop_class, one.frames,
        )
        for one, series, _ in rows
    ]  # fmt: skip


def find_study_id(db: Session, actor: Actor, uid: str) -> str:
    """The study with a UID.

    Raises:
        HTTPException: 404.
    """
    found = db.scalars(select(Study.id).where(shown(actor), Study.uid == uid)).first()
    if found is None:
        raise HTTPException(404, "There is no such study, or it is not shown to you.")
    return found


def _hear(house: House, actor: Actor, study_id: str) -> None:
    heard, key, present = _heard.setdefault(house, {}), (actor.user_id, study_id), time.monotonic()
    if present - heard.get(key, -AUDIT_EVERY_S) < AUDIT_EVERY_S:
        return
    with house.database.session() as db:
        audit.append(db, actor.user_id, "study.retrieve", study_id)
    heard[key] = present
    for old in [one for one, at in list(heard.items()) if present - at > AUDIT_EVERY_S]:
        heard.pop(old, None)
