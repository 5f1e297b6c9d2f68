"""What the server remembers: one table a noun.

Ids are random text, so that none can be guessed. Times are UTC. Patients' names stand in ``studies`` and nowhere else.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def new_id() -> str:
    """96 random bits as text for URLs."""
    return secrets.token_hex(12)


def now() -> datetime:
    """The present, UTC, without a zone: as every database keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


OWNED: dict[str, Any] = {"cascade": "all, delete-orphan", "passive_deletes": True}
"""Rows that go with the row they belong to."""


class Table(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON, list[list[float]]: JSON}  # noqa: RUF012 - SQLAlchemy reads it once


class User(Table):
    """Who may log in. ``role`` is reader, planner or admin; the user ``department`` owns what a scanner sends."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    display: Mapped[str] = mapped_column(String(160), default="")
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    password: Mapped[str | None] = mapped_column(String(200))  # argon2id, encoded
    oidc: Mapped[str | None] = mapped_column(String(300), unique=True)  # issuer and subject
    lang: Mapped[str] = mapped_column(String(8), default="en")
    created: Mapped[datetime] = mapped_column(default=now)


class Attempts(Table):
    """Wrong passwords in a row, by a name or by an address (``key`` is a fingerprint of it)."""

    __tablename__ = "attempts"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last: Mapped[datetime] = mapped_column(default=now)
    locked_until: Mapped[datetime | None]


class Session(Table):
    """A login. The cookie holds the secret, the table its SHA-256; ``agent`` is the browser, as it calls itself."""

    __tablename__ = "sessions"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(24), unique=True, default=new_id)
    agent: Mapped[str] = mapped_column(String(200), default="")
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(default=now)
    seen: Mapped[datetime] = mapped_column(default=now)


class LoginBegun(Table):
    """A login that was sent to the identity provider: by the fingerprint of what its browser holds, for ten minutes."""

    __tablename__ = "logins_begun"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    back: Mapped[str] = mapped_column(Text)  # the page to come back to
    until: Mapped[datetime] = mapped_column(index=True)


class Token(Table):
    """An API token of a user, with scopes; shown once, kept as SHA-256."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created: Mapped[datetime] = mapped_column(default=now)
    used: Mapped[datetime | None]
    expires: Mapped[datetime | None]


class Invite(Table):
    """A one-time link: a first admin, a new user, or a forgotten password (``user_id``)."""

    __tablename__ = "invites"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime]
    used: Mapped[datetime | None]


class Study(Table):
    """A study, or a picture: whose it is, and what its headers say."""

    __tablename__ = "studies"
    __table_args__ = (UniqueConstraint("owner_id", "uid"), Index("studies_by_patient", "patient_id"))
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    uid: Mapped[str] = mapped_column(String(80), index=True)
    kind: Mapped[str] = mapped_column(String(16), default="scan")  # scan or picture
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    shared: Mapped[bool] = mapped_column(default=False)  # with everyone
    patient_name: Mapped[str] = mapped_column(String(200), default="")
    patient_id: Mapped[str] = mapped_column(String(80), default="")
    birth_date: Mapped[str] = mapped_column(String(16), default="")
    sex: Mapped[str] = mapped_column(String(16), default="")
    date: Mapped[str] = mapped_column(String(16), default="")  # YYYY-MM-DD, as the header says
    description: Mapped[str] = mapped_column(String(200), default="")
    accession: Mapped[str] = mapped_column(String(64), default="")
    modalities: Mapped[list[str]] = mapped_column(default=list)
    source: Mapped[str] = mapped_column(String(16), default="upload")  # upload, stow, cstore, pacs, sample
    dicom: Mapped[bool] = mapped_column(default=True)  # False: NIfTI, or a picture that no DICOM object holds
    series_count: Mapped[int] = mapped_column(default=0)
    instance_count: Mapped[int] = mapped_column(default=0)
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)  # study-level DICOM JSON, for QIDO
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    owner: Mapped[User] = relationship()
    series: Mapped[list[Series]] = relationship(back_populates="study", **OWNED)


class Grant(Table):
    """A study that its owner shows to one other user."""

    __tablename__ = "grants"
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)


class Series(Table):
    """A series of a study. ``geometry`` is what a page must know of its turned volume; none where it has no volume."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("study_id", "uid"),)
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    uid: Mapped[str] = mapped_column(String(80), index=True)
    modality: Mapped[str] = mapped_column(String(16), default="")
    number: Mapped[int | None]
    description: Mapped[str] = mapped_column(String(200), default="")
    geometry: Mapped[dict[str, Any] | None]
    instance_count: Mapped[int] = mapped_column(default=0)
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)  # series-level DICOM JSON, for QIDO
    study: Mapped[Study] = relationship(back_populates="series")
    instances: Mapped[list[Instance]] = relationship(back_populates="series", **OWNED)


class Instance(Table):
    """One file: its bytes lie in the store under their SHA-256."""

    __tablename__ = "instances"
    __table_args__ = (UniqueConstraint("series_id", "uid"),)
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    series_id: Mapped[str] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), index=True)
    uid: Mapped[str] = mapped_column(String(80), index=True)
    sop_class: Mapped[str] = mapped_column(String(80), default="")
    number: Mapped[int | None]
    frames: Mapped[int] = mapped_column(default=1)
    transfer_syntax: Mapped[str] = mapped_column(String(80), default="")
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    ending: Mapped[str] = mapped_column(String(8), default=".dcm")  # of the blob's name: readers go by it
    bytes: Mapped[int]
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)  # instance-level DICOM JSON, for QIDO
    series: Mapped[Series] = relationship(back_populates="instances")


class Result(Table):
    """A folder that a job made: drawing, plan, forecast, explanation, generated, or the report of a signed drawing.

    The row is written after the folder stands whole on the disk. ``parent_id`` is the drawing that a plan or a
    corrected version comes from.
    """

    __tablename__ = "results"
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    study_id: Mapped[str | None] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    series_id: Mapped[str | None] = mapped_column(ForeignKey("series.id", ondelete="SET NULL"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("results.id", ondelete="CASCADE"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(200), default="")
    pack: Mapped[str] = mapped_column(String(80), default="")
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[datetime] = mapped_column(default=now)
    signed_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime | None]
    signed_text: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[User] = relationship(foreign_keys=[owner_id])


class Measure(Table):
    """What a reader measured on a series; ``id`` is the page's own, ``version`` grows with each change.

    Once a signed report holds it (:class:`SignedMeasure`), it stays as it is.
    """

    __tablename__ = "measures"
    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    series_id: Mapped[str] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(16))  # length, angle, ellipse, probe
    plane: Mapped[str] = mapped_column(String(16))
    points_mm: Mapped[list[list[float]]]  # world LPS
    version: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime] = mapped_column(default=now)
    changed: Mapped[datetime] = mapped_column(default=now)
    author: Mapped[User] = relationship()
    series: Mapped[Series] = relationship()


class SignedMeasure(Table):
    """A measurement that stands in the signed report of a drawing."""

    __tablename__ = "signed_measures"
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id", ondelete="CASCADE"), primary_key=True)
    measure_id: Mapped[str] = mapped_column(ForeignKey("measures.id", ondelete="CASCADE"), primary_key=True, index=True)


class Job(Table):
    """Work for the queue. This row is the truth; the queue only carries its id."""

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_state", "state", "created"),)
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    study_id: Mapped[str | None] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    result_id: Mapped[str | None] = mapped_column(String(24))  # what it works on
    made_id: Mapped[str | None] = mapped_column(String(24))  # the result that it made
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    step: Mapped[str] = mapped_column(String(40), default="")
    fraction: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]


class Upload(Table):
    """Files that are on their way; the study appears when the upload is finished.

    ``outcome`` is what finishing gave, kept for a client who lost the answer on its way.
    """

    __tablename__ = "uploads"
    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    bytes: Mapped[int] = mapped_column(default=0)
    files: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[dict[str, Any] | None]
    created: Mapped[datetime] = mapped_column(default=now)


class AuditEntry(Table):
    """One link of the audit log's chain: each holds the hash of the one before."""

    __tablename__ = "audit"
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(24))  # a user's id, "" for nobody
    action: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(80), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Setting(Table):
    """What an admin set: planning rules, PACS nodes."""

    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]]
