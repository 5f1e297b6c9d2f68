"""``limner pacs``: studies to and from other DICOM nodes."""

from __future__ import annotations

import dataclasses
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli import show
from limner.cli.options import Debug, Json, Output

if TYPE_CHECKING:
    from limner.io.dicom_net import Calling, Node, Progress, Transfer

app = typer.Typer(
    help="Studies to and from a PACS (DICOM network). A node is TITLE@host:port, such as ORTHANC@localhost:4242.",
    no_args_is_help=True,
)

ANode = Annotated[str, typer.Argument(metavar="NODE", help="The other side: TITLE@host:port.")]
Uid = Annotated[str, typer.Argument(metavar="STUDY", help="StudyInstanceUID; `limner pacs find` tells it.")]
Title = Annotated[str, typer.Option("--title", help="What we are called (AE title); the other side may ask for it.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="StudyDate, included.")]


@app.command(epilog="Example: limner pacs echo ORTHANC@localhost:4242")
def echo(node: ANode, title: Title = "LIMNER", as_json: Json = False, debug: Debug = False) -> None:
    """Ask whether a node is there (C-ECHO)."""
    from limner.io import dicom_net

    seconds = dicom_net.echo(_node(node), _calling(title))
    show.rows([{"node": node, "answers": True, "seconds": round(seconds, 3)}], as_json)


@app.command(epilog="Example: limner pacs find ORTHANC@localhost:4242 --name 'DOE*' --modality CT --since 2026-01-01")
def find(
    node: ANode,
    name: Annotated[str, typer.Option(help="Patient's name; * and ? are wildcards.")] = "",
    patient: Annotated[str, typer.Option("--id", help="Patient's id.")] = "",
    accession: Annotated[str, typer.Option(help="Accession number.")] = "",
    modality: Annotated[str, typer.Option(help="Such as CT or MR.")] = "",
    since: Day = None,
    until: Day = None,
    most: Annotated[int, typer.Option(help="How many are taken.", min=1)] = 200,
    title: Title = "LIMNER",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Look for studies (C-FIND)."""
    from limner.io import dicom_net

    days = (one.date() if one else None for one in (since, until))
    query = dicom_net.StudyQuery(name, patient, accession, modality, "", *days)
    found, more = dicom_net.find_studies(_node(node), query, _calling(title), most=most)
    told = [dataclasses.asdict(one) for one in found]
    if as_json:
        show.as_json(told)
        return
    columns = ("patient_name", "patient_id", "date", "modalities", "description", "instances", "uid")
    show.rows([{word: _text(row[word]) for word in columns} for row in told], json_wanted=False)
    if more:
        typer.echo(f"There are more than {most}; narrow the search, or give --most.")


@app.command(epilog="Example: limner pacs get ORTHANC@localhost:4242 1.2.840.113619.2.55 -o study")
def get(
    node: ANode, study: Uid, out: Output, title: Title = "LIMNER", as_json: Json = False, debug: Debug = False
) -> None:
    """Fetch a study over the connection that we open (C-GET); no port needs to be open here."""
    from limner.io import dicom_net
    from limner.io.dicom_receiver import keep_in
    from limner.io.folder import new_folder

    with new_folder(out) as folder, _bar("get") as progress:
        transfer = dicom_net.get_study(
            _node(node), study, lambda path: keep_in(folder, path), _calling(title), progress
        )
        _refuse_nothing(transfer, node)
    _tell(transfer, as_json, study=str(out))


@app.command(epilog="Example: limner pacs move ORTHANC@localhost:4242 1.2.840.113619.2.55 LIMNER")
def move(
    node: ANode,
    study: Uid,
    receiver: Annotated[str, typer.Argument(help="AE title of the receiver, which the node must know.")],
    title: Title = "LIMNER",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Have a node send a study to a receiver (C-MOVE), such as `limner pacs listen` or `limner serve`."""
    from limner.io import dicom_net

    with _bar("move") as progress:
        transfer = dicom_net.move_study(_node(node), study, receiver, _calling(title), progress)
    _tell(transfer, as_json, receiver=receiver)


@app.command(epilog="Example: limner pacs send ORTHANC@localhost:4242 drawing/labels.seg.dcm drawing/report.sr.dcm")
def send(
    node: ANode,
    paths: Annotated[list[Path], typer.Argument(help="DICOM files, or folders of them.")],
    title: Title = "LIMNER",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Send DICOM files to a node (C-STORE)."""
    from limner.errors import InputError
    from limner.io import dicom_net
    from limner.io.header import is_dicom

    missing = [str(one) for one in paths if not one.exists()]
    if missing:
        raise InputError(f"There is nothing at {', '.join(missing)}.")
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    files = [file for file in files if file.is_file() and is_dicom(file)]
    if not files:
        raise InputError("No DICOM file is among these paths.")
    with _bar("send") as progress:
        transfer = dicom_net.send_files(_node(node), files, _calling(title), progress)
    _refuse_nothing(transfer, node)
    _tell(transfer, as_json, node=node)


@app.command(epilog="Example: limner pacs listen -o incoming --port 11112 --from ORTHANC")
def listen(
    out: Output,
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 11112,
    host: Annotated[str, typer.Option(help="Address to listen at; this machine alone if not given.")] = "127.0.0.1",
    senders: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="TITLE", help="Who may send; anyone who reaches us if not given."),
    ] = None,
    title: Title = "LIMNER",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Receive DICOM files until stopped (C-STORE), into STUDY/SERIES/INSTANCE.dcm."""
    from limner.io.dicom_receiver import Handlers, Receiver, keep_in

    out.mkdir(parents=True, exist_ok=True)
    handlers = Handlers(
        take=lambda path, _: keep_in(out, path),
        allow=lambda caller: not senders or caller.ae_title in senders,
        done=lambda caller: _say({"sender": caller.ae_title}, "{sender} is done.", as_json),
    )
    receiver = Receiver(title, (host, port), handlers)
    told = {"title": title, "host": host, "port": receiver.port, "folder": str(out)}
    _say(told, "Listening as {title} at {host}:{port}; what comes goes to {folder}. Stop with Ctrl-C.", as_json)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # set, as a shell's background jobs are started without them
        signal.signal(number, lambda *_: stopped.set())
    try:
        stopped.wait()
        _say({"stopped": True}, "Stopped.", as_json)
    finally:
        receiver.stop()


def _say(told: dict[str, object], words: str, as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else words.format(**told))


def _node(text: str) -> Node:
    from limner.io.dicom_net import Node

    return Node.parse(text)


def _calling(title: str) -> Calling:
    from limner.io.dicom_net import Calling, check_ae_title

    check_ae_title(title)
    return Calling(title)


@contextmanager
def _bar(step: str) -> Iterator[Progress | None]:
    with show.progress_bar() as progress:
        yield (lambda done, of: progress(step, done / max(of, 1))) if progress else None


def _refuse_nothing(transfer: Transfer, node: str) -> None:
    from limner.errors import InputError

    if not transfer.done:
        why = f": {transfer.reasons[0]}" if transfer.reasons else ""
        raise InputError(f"Nothing went over between here and {node}{why}. Is the study there, and are we known?")


def _tell(transfer: Transfer, as_json: bool, **where: str) -> None:
    show.rows([{**where, "instances": transfer.done, "failed": transfer.failed}], as_json)
    if transfer.failed and transfer.reasons and not as_json:
        typer.echo(f"The first that failed: {transfer.reasons[0]}")


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "/".join(str(one) for one in value)
    return "" if value is None else str(value)
