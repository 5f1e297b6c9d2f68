"""The command ``limner``: its tree of commands, and how an error leaves it."""

from __future__ import annotations

import logging
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, NoReturn

import typer

import limner
from limner.cli import (
    audit,
    bench,
    bench_plans,
    bench_serve,
    drawing,
    enhance,
    explain,
    forecast,
    generate,
    learning,
    packs,
    pacs,
    plan,
    serve,
)
from limner.errors import LimnerError

app = typer.Typer(
    name="limner",
    help="Medical images to drawings: what was found, where it is, how sure we are and why. Not for clinical use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"limner {limner.__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")]


@app.callback()
def _limner(version: Version = False) -> None: ...


app.command(epilog="Example: limner demo -o demo")(drawing.demo)
app.command(epilog="Example: limner inspect study/ --json")(drawing.inspect)
app.command(epilog="Example: limner draw study/ -o drawing")(drawing.draw)
app.command(epilog="Example: limner predict abdomen-ct study/ -o labels --json")(learning.predict)
app.command(epilog="Example: limner evaluate abdomen-ct cohort.csv --json")(learning.evaluate)
app.command(epilog="Example: limner explain dermamnist lesion.jpg -o why --method grad-cam")(explain.explain)
app.command(epilog="Example: limner enhance ct-superres study/ -o thin")(enhance.enhance)
app.command(epilog="Example: limner train recipes/liver.yaml --set train.steps=100 -o run")(learning.train)
app.command(epilog="Example: limner generate skin-stylegan2 -n 16 --seed 1 -o made")(generate.generate)
app.command(epilog="Example: limner plan drawing/ --target tumor-1 -o plan")(plan.plan)
app.command(epilog="Example: limner forecast series.csv --json")(forecast.forecast)
app.command(epilog="Example: limner serve --data limner-data --port 8600")(serve.serve)
bench.app.command(epilog="Example: limner bench plan ct_liver_ircad01/labels.nii.gz")(bench_plans.plan)
bench.app.command(epilog="Example: limner bench segments ct_liver_lits/cohort.csv --split test")(bench_plans.segments)
bench.app.command(epilog="Example: limner bench click ct_liver_lits/cohort.csv --split val")(bench_plans.click)
bench.app.command(epilog="Example: limner bench forecast tumour_growth_laleh2022/ --split test")(bench_plans.forecast)
bench.app.command("forecast-space", epilog="Example: limner bench forecast-space --cases 60 --seed 7")(
    bench_plans.forecast_space
)
bench.app.command("serve", epilog="Example: limner bench serve --readers 20 --seconds 30")(bench_serve.serve)
app.add_typer(packs.app, name="packs")
app.add_typer(pacs.app, name="pacs")
app.add_typer(audit.app, name="audit")
app.add_typer(bench.app, name="bench")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and ends the process: 0 done, 1 our fault, 2 the user's input, 130 and 143 stopped."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    signal.signal(signal.SIGTERM, _stop)
    if not debug:
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)  # of libraries; what matters to the user is said by an error or a problem
    try:
        app(given)
    except LimnerError as error:
        _fail(str(error), error.exit_code, debug)
    except MemoryError:
        _fail("There is not enough memory. Close other programs, or give --max-memory.", 2, debug)
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        _fail(f"Limner failed, and the fault is ours ({told}). Run it again with --debug to see where.", 1, debug)
    sys.exit(0)


def _fail(message: str, exit_code: int, debug: bool) -> NoReturn:
    if debug:
        traceback.print_exc()
    typer.echo(f"Error: {message}", err=True)
    sys.exit(exit_code)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM unwinds the stack, so that unfinished output is removed."""
    del frame
    sys.exit(128 + number)
