"""What an operator may choose when the server starts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MIB = 1024 * 1024


class Oidc(BaseModel):
    """An identity provider (OpenID Connect)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(description="Address of the provider; its discovery document lies below it.")
    client_id: str = Field(description="What the provider calls this server.")
    client_secret: str = Field(description="What this server proves itself with.", repr=False)
    role: Literal["reader", "planner", "none"] = Field(
        "reader", description="Role of a person who comes for the first time; none lets in whom an admin made before."
    )
    label: str = Field("Hospital login", description="What the button on the login page says.")


class Limits(BaseModel):
    """What one client may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    upload_bytes: int = Field(4096 * MIB, gt=0, description="Bytes of one upload, all its files together.")
    unpacked_bytes: int = Field(16384 * MIB, gt=0, description="Bytes that an archive may hold unpacked.")
    unpacked_ratio: float = Field(200.0, gt=1, description="Unpacked over packed bytes, beyond which it is a bomb.")
    files: int = Field(50_000, gt=0, description="Files of one upload.")
    body_bytes: int = Field(MIB, gt=0, description="Bytes of a JSON body.")
    mask_bytes: int = Field(64 * MIB, gt=0, description="Bytes of a corrected label map, gzipped.")
    requests_per_minute: int = Field(3000, gt=0, description="Requests of one session or token.")
    logins_per_minute: int = Field(60, gt=0, description="Login attempts from one address.")
    streams_per_user: int = Field(12, gt=0, description="Pages of one user that listen for changes at once.")
    jobs_per_user: int = Field(20, gt=0, description="Jobs of one user that wait or run.")


class Accounts(BaseModel):
    """How long a login holds, and what ends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    idle_minutes: float = Field(30.0, gt=0, description="Without a request a session ends after this.")
    session_hours: float = Field(12.0, gt=0, description="A session ends after this, whatever happens in it.")
    lockout_failures: int = Field(5, gt=0, description="Wrong passwords in a row that lock an account.")
    lockout_minutes: float = Field(15.0, gt=0, description="How long it stays locked.")
    invite_hours: float = Field(24.0, gt=0, description="How long a one-time link can be used.")
    password_length: int = Field(12, ge=8, description="Shortest password that is taken (NIST SP 800-63B 5.1.1).")


class ServeSettings(BaseModel):
    """How to serve.

    Raises:
        pydantic.ValidationError: a field that is unknown or out of its range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(Path("limner-data"), description="The folder that holds all that the server keeps.")
    host: str = Field("127.0.0.1", description="Address to listen at.")
    port: int = Field(8600, ge=0, le=65535, description="Port to listen at; 0 takes a free one.")
    dicom_port: int | None = Field(None, ge=0, le=65535, description="Port of the C-STORE receiver; none if not given.")
    ae_title: str = Field("LIMNER", max_length=16, description="Application entity title of this server.")
    database: str | None = Field(None, description="SQLAlchemy URL; SQLite in the data folder if not given.")
    queue: str | None = Field(None, description="redis://… for the job queue; SQLite in the data folder if not given.")
    workers: int = Field(1, ge=0, le=16, description="Jobs that run at once; 0 leaves them to other machines.")
    tls_cert: Path | None = Field(None, description="Certificate chain (PEM).")
    tls_key: Path | None = Field(None, description="Its private key (PEM).")
    dicom_tls: bool = Field(False, description="Speak TLS at the DICOM port, with the same certificate.")
    dicom_tls_ca: Path | None = Field(
        None,
        description="Authorities (PEM): who sends must show a certificate that one of them signed.",
    )
    insecure: bool = Field(False, description="Listen beyond loopback without TLS: behind a proxy that adds it.")
    public_url: str | None = Field(None, description="Address that people type, where a proxy stands before.")
    oidc: Oidc | None = Field(None, description="Identity provider; passwords only if not given.")
    organization: str = Field(
        "Organization not stated",
        min_length=1,
        max_length=64,
        description="Whose readers sign: stands in DICOM reports.",
    )
    limits: Limits = Limits()
    accounts: Accounts = Accounts()

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.data / 'limner.sqlite'}"
