"""``limner audit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.options import Debug, Json

if TYPE_CHECKING:
    from limner.serve.audit.ledger import Ledger

app = typer.Typer(
    help="The audit log of `limner serve`: who did what, and whether the log is whole.", no_args_is_help=True
)

Data = Annotated[Path, typer.Option(help="The data folder of the server.")]
Url = Annotated[
    str | None, typer.Option(metavar="URL", help="The server's --database; SQLite in the folder if not given.")
]


@app.command(epilog="Example: limner audit verify --data limner-data")
def verify(data: Data = Path("limner-data"), database: Url = None, as_json: Json = False, debug: Debug = False) -> None:
    """Check the whole audit log: every entry, every link, and the mark outside the database.

    Leaves with 1 where the log was changed. Note the last hash elsewhere now and then: it proves the log up to there,
    even against somebody who can write all files of the server.
    """
    with _ledger(data, database) as ledger:
        verdict = ledger.verify()
    if as_json:
        print(verdict.model_dump_json())
    elif verdict.whole:
        print(f"The audit log is whole: {verdict.entries} entries, the last with the hash {verdict.hash}.")
    else:
        print(f"The audit log was changed ({verdict.entries} entries):")
        for one in verdict.breaks:
            print(f"  at entry {one.n}: {one.what}")
    if not verdict.whole:
        raise SystemExit(1)


@app.command("list", epilog="Example: limner audit list --action session. --last 20")
def list_entries(
    data: Data = Path("limner-data"),
    database: Url = None,
    action: Annotated[str, typer.Option(help="Only actions that begin so, such as session.")] = "",
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest.")] = 50,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the newest entries of the audit log, oldest first. It names users, never patients."""
    with _ledger(data, database) as ledger:
        found = ledger.entries(last, action)
    if as_json:
        print(json.dumps({"items": [one.model_dump() for one in found.items], "total": found.total}))
        return
    for one in found.items:
        who = one.actor_name or one.actor or "nobody"
        details = " ".join(f"{name}={value}" for name, value in one.details.items())
        print(f"{one.n:>7}  {one.at[:19]}Z  {who:<16} {one.action:<20} {one.object_id:<26} {details}".rstrip())


def _ledger(data: Path, database: str | None) -> Ledger:
    from limner.serve.audit.ledger import Ledger

    return Ledger(data, database)
