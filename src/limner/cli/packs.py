"""``limner packs``: the models that are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Debug, Force, Json, Output

app = typer.Typer(help="The model packs that are at hand.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name or folder of the model pack.")]


@app.command("list", epilog="Example: limner packs list")
def list_(as_json: Json = False, debug: Debug = False) -> None:
    """List the packs: task, version, licence."""
    from limner.infer import list_packs

    show.packs(list_packs(), as_json)


@app.command("show", epilog="Example: limner packs show abdomen-ct")
def show_(name: Name, as_json: Json = False, debug: Debug = False) -> None:
    """Show one pack: its card, or all of pack.json."""
    from limner.infer import load_pack

    show.pack(load_pack(name), as_json)


@app.command(epilog="Example: limner packs verify abdomen-ct")
def verify(
    name: Name,
    cohort: Annotated[
        Path | None,
        typer.Option(help="Of a pack that generates: what it learned from (split train); copies of it are refused."),
    ] = None,
    split: Annotated[str, typer.Option(help="With --cohort: the split that it did not learn from.")] = "test",
    pairs: Annotated[
        Path | None,
        typer.Option(help="With --cohort: a new PNG to draw the closest pairs in; they show training pictures."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check that a pack is whole and unchanged, and, given the data, that it gives back none of them."""
    from limner.errors import InputError
    from limner.infer import load_pack

    if pairs is not None and cohort is None:
        raise InputError("--pairs draws made pictures beside those they were learned from: name these with --cohort.")
    pack = load_pack(name)
    pack.verify()
    row = {"pack": pack.name, "version": pack.version, "sha256": pack.sha256, "verified": True}
    if cohort is not None:
        from limner.infer.shippable import refuse_copier

        with show.progress_bar() as progress:
            found = refuse_copier(pack, cohort, pairs, split=split, progress=progress)
        row |= {"copies": f"0 of {found.asked}"} | ({"pairs": str(pairs)} if pairs else {})
    show.rows([row], as_json)


@app.command(epilog="Example: limner packs calibrate skin-lesion ours.csv --split val -o skin-lesion-ours")
def calibrate(
    name: Name,
    cohort: Annotated[Path, typer.Argument(help="A CSV or JSONL with a row per case that the pack never met.")],
    out: Output,
    split: Annotated[str | None, typer.Option(help="Only the rows of this split.")] = None,
    column: Annotated[str | None, typer.Option(help="The column of labels, masks or boxes.")] = None,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Fit a pack's probabilities on your own cases, such as another scanner's; weights stay as they are.

    Of packs on scans: from which probability on a lesion is sure, on scans that are drawn whole.
    """
    from limner.infer import load_pack
    from limner.packs import PictureSpec

    pack = load_pack(name)
    with show.progress_bar() as progress:
        if isinstance(pack.spec.input, PictureSpec):
            from limner.train import check_installed

            check_installed()
            from limner.train.recalibrate import recalibrate

            recalibrate(pack, cohort, out, split, column, force=force, progress=progress)
        else:
            from limner.infer.recalibrate import recalibrate_lesions

            recalibrate_lesions(pack, cohort, out, split, column, force=force, progress=progress)
    made = load_pack(out)
    known = made.spec.calibration
    assert known is not None
    show.rows([{"pack": str(out), **known.model_dump(mode="json", exclude_none=True)}], as_json)
