"""``limner serve``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.options import Debug, Json


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; 127.0.0.1 if not given.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 8600 if not given, 0 for any free one.")] = None,
    dicom_port: Annotated[
        int | None, typer.Option(help="Also receive studies by DICOM C-STORE at this port, 0 for any free one.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The folder that holds all that the server keeps; limner-data if not given.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key (PEM), without a passphrase.")] = None,
    dicom_tls: Annotated[
        bool | None, typer.Option("--dicom-tls", help="Speak TLS at the DICOM port, with the same certificate.")
    ] = None,
    dicom_tls_ca: Annotated[
        Path | None, typer.Option(help="Authorities (PEM): senders must show a certificate that one of them signed.")
    ] = None,
    insecure: Annotated[
        bool | None, typer.Option("--insecure", help="Listen beyond this machine without TLS: a proxy adds it.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="postgresql+psycopg://…; SQLite in the folder if not given.")
    ] = None,
    queue: Annotated[
        str | None, typer.Option(metavar="URL", help="redis://…; SQLite in the folder if not given.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Jobs that run at once; 1 if not given.")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="All settings: login by OIDC, limits, time-outs.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Serve the workstation: everything that Limner knows, in a browser.

    The first start prints a link that makes the first admin; it works once. Without --tls-cert only this machine
    is served. Stop it with Ctrl+C: jobs that run go on at the next start. Not for clinical use.
    """
    from limner.serve.configure import read_settings
    from limner.serve.server import Opening
    from limner.serve.server import serve as serve_until_stopped

    settings = read_settings(
        config, host=host, port=port, dicom_port=dicom_port, data=data, tls_cert=tls_cert, tls_key=tls_key,
        dicom_tls=dicom_tls, dicom_tls_ca=dicom_tls_ca, insecure=insecure, database=database, queue=queue,
        workers=workers,
    )  # fmt: skip

    def told(opening: Opening) -> None:
        if as_json:
            print(json.dumps(asdict(opening)), flush=True)
            return
        print(f"Limner serves at {opening.url}, from {settings.data}. Stop it with Ctrl+C.")
        if opening.dicom_port is not None:
            over = ", over TLS" if settings.dicom_tls else ""
            print(f"Studies are received by C-STORE at port {opening.dicom_port}, as {settings.ae_title}{over}.")
        if opening.admin_link:
            hours = settings.accounts.invite_hours
            print(f"There is no user yet. This link makes the first admin, once, within {hours:g} hours:")
            print(f"  {opening.admin_link}")
        print("Not for clinical use.", flush=True)

    serve_until_stopped(settings, told)
