"""``limner explain``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limner.cli import show
from limner.cli.options import Debug, Engine, Force, Json, Label, Lang, Language, Output, SkipDamaged

if TYPE_CHECKING:
    from limner.infer import Pack
    from limner.infer.explain.evaluate import CohortOptions


class Method(StrEnum):
    """How to explain; ``both`` is Grad-CAM and LIME."""

    grad_cam = "grad-cam"
    lime = "lime"
    both = "both"
    attributes = "attributes"
    all = "all"


Target = Annotated[
    str | None,
    typer.Option(
        help="The class or group to explain, or a finding of a scan (nodule-1, 'liver tumor'); the likeliest, surest "
        "or largest where not given."
    ),
]
Mask = Annotated[
    Path | None, typer.Option(help="The lesion's mask on the input's grid: a picture, or NIfTI of a volume.")
]
Split = Annotated[str | None, typer.Option(help="Of a cohort: only the rows of this split.")]
Most = Annotated[int | None, typer.Option(min=1, help="Of a cohort: only so many cases, evenly over it.")]
Answers = Annotated[bool, typer.Option("--answers", help="Of a cohort: explain answers, not the true class.")]


def explain(
    pack: Annotated[str, typer.Argument(help="Name or folder of the model pack.")],
    given: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="A picture, small volume or scan, as the pack reads, or a cohort (CSV, JSONL)."
        ),
    ],
    out: Output,
    method: Annotated[Method, typer.Option(help="What to explain by.")] = Method.all,
    target: Target = None,
    mask: Mask = None,
    split: Split = None,
    answers: Answers = False,
    most: Most = None,
    label: Label = "label",
    skip_damaged: SkipDamaged = False,
    samples: Annotated[
        int | None, typer.Option(min=20, help="Inputs that LIME asks about; 300, of scans 80, where not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of LIME and of the checks.")] = 0,
    lang: Lang = Language.en,
    engine: Engine = "auto",
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say why a pack answers as it does: heat maps, attributes, a sentence, and whether they can be believed.

    Of a scan one finding is explained, in the part of the scan in which the net found it.
    A cohort gives figures instead: how often the heat is in the lesion, and what deletion and insertion do.
    """
    from limner.infer import load_pack
    from limner.io.folder import check_output, new_folder

    check_output(out, force=force, marker="explanation.json", inputs=[given])
    loaded = load_pack(pack)
    if given.suffix in (".csv", ".jsonl"):
        options = _options(
            method, split=split, truth=not answers, most=most, label=label, skip_damaged=skip_damaged, engine=engine,
            seed=seed,
        )  # fmt: skip
        _cohort(loaded, given, out, options, force, as_json)
        return
    from limner.infer import explain as explaining

    source, region = explaining.read_source(loaded, given, mask)
    with show.progress_bar() as progress:
        more = explaining.More(target=target, mask=region, samples=samples, progress=progress)
        found = explaining.explain(
            loaded, source, method=method.value, engine=engine, lang=lang.value, seed=seed, more=more
        )
    with new_folder(out, force=force, marker="explanation.json") as folder:
        files = explaining.write_explanation(found, folder)
    if as_json:
        show.as_json(explaining.as_dict(found, files))
        return
    typer.echo(found.sentence)
    for warning in found.all_warnings:
        typer.echo(f"warning: {warning}")
    typer.echo(f"The explanation is in {out}. {show.NOTE}")


def _options(method: Method, **more: Any) -> CohortOptions:
    from limner.infer.explain.evaluate import CohortOptions

    kind = {"grad-cam": "grad-cam", "lime": "lime"}.get(method.value)
    if kind is None:
        raise typer.BadParameter("A cohort is explained by one method: --method grad-cam or --method lime.")
    return CohortOptions(kind, **more)  # type: ignore[arg-type]


def _cohort(pack: Pack, cohort: Path, out: Path, options: CohortOptions, force: bool, as_json: bool) -> None:
    """Figures over a cohort."""
    from limner.infer.explain.evaluate import evaluate_explanations
    from limner.io.folder import new_folder

    with show.progress_bar() as progress:
        found = evaluate_explanations(pack, cohort, options, progress)
    with new_folder(out, force=force, marker="explanation.json") as folder:
        (folder / "explanation.json").write_text(found.model_dump_json(indent=1) + "\n")
    if as_json:
        show.as_json(found.model_dump(mode="json"))
        return
    rows = [
        {"metric": name, "value": one.value, "low": one.low, "high": one.high, "baseline": found.baseline[name].value}
        for name, one in found.metrics.items()
    ]
    typer.echo(
        f"{found.pack}, {found.method} of {found.explained}, n = {found.n}; nothing found in {found.nothing_found}"
    )
    show.rows(rows, False)
    for problem in found.problems:
        typer.echo(f"warning: {problem}")
