"""``limner bench``: what things cost on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show, show_bench
from limner.cli.learning import Overrides
from limner.cli.options import Debug, Engine, Force, Json, Lang, Language, MaxMemory, MaybeOutput

app = typer.Typer(help="What things cost on this machine.", no_args_is_help=True)


@app.callback()
def _bench() -> None: ...


@app.command(epilog="Example: limner bench draw study/ --slices 600")
def draw(
    path: Annotated[Path | None, typer.Argument(help="A study; the built-in one when it is not given.")] = None,
    slices: Annotated[
        int | None, typer.Option("--slices", "--repeat-slices", help="Repeat or leave out slices to make so many.")
    ] = None,
    pack: Annotated[str, typer.Option(help="Name or folder of the model pack.")] = "abdomen-ct",
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw a study in a process of its own: seconds and peak memory of each step."""
    from limner.bench import DrawBench, bench_draw

    show_bench.steps(bench_draw(DrawBench(path, slices, pack, engine, max_memory)), as_json)


@app.command(epilog="Example: limner bench augment --rounds 9")
def augment(
    side: Annotated[int, typer.Option(help="Voxels along each axis.")] = 128,
    rounds: Annotated[int, typer.Option(help="Timed runs of each library, in turn.")] = 5,
    threads: Annotated[int, typer.Option(help="That each may use; a loader's worker has one.")] = 1,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Augment a volume and its label (affine, elastic, noise) beside MONAI and TorchIO: samples per second."""
    from limner.bench import AugmentBench, bench_augment

    with show.progress_bar() as progress:
        result = bench_augment(AugmentBench(side, rounds, threads), progress)
    show_bench.augment(result, as_json)


@app.command(epilog="Example: limner bench gain recipes/augmentation-gain.yaml")
def gain(
    recipe: Annotated[Path, typer.Argument(help="A recipe with `expect`: the figures that are compared.")],
    without: Annotated[str, typer.Option(metavar="KEY=VALUE", help="The setting that leaves it out.")] = "augment={}",
    seeds: Annotated[int, typer.Option(help="Runs of each way.")] = 3,
    overrides: Overrides = None,
    out: MaybeOutput = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the runs that are there.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train with and without a section of a recipe, over several seeds, and print what it gains."""
    from limner.bench import GainBench, bench_gain

    bench = GainBench(recipe, without, seeds, tuple(overrides or ()), out, resume)
    show_bench.gain(bench_gain(bench, lambda run, _: typer.echo(run, err=True)), as_json)


@app.command(epilog="Example: limner bench synthetic recipes/few-skin.yaml --add synthetic:0.5:skin-stylegan2")
def synthetic(
    recipe: Annotated[Path, typer.Argument(help="A recipe for pictures with `expect`: the figures that are compared.")],
    add: Annotated[str, typer.Option(metavar="synthetic:SHARE[:PACK]", help="As limner train takes it.")] = (
        "synthetic:0.5"
    ),
    cases: Annotated[int, typer.Option(min=1, help="Real patients that are learned from.")] = 10,
    made: Annotated[int, typer.Option("-n", "--made", min=1, help="Pictures of nobody.")] = 1000,
    seeds: Annotated[int, typer.Option(min=2, help="Runs of each way, each with other real patients.")] = 5,
    overrides: Overrides = None,
    out: MaybeOutput = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the runs that are there.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train on few real cases: alone, augmented, beside pictures of nobody, and both; print what each adds.

    The generator learned from other real cases too; the interval covers neither it nor the test cases.
    """
    from limner.bench import SyntheticBench, bench_synthetic

    bench = SyntheticBench(recipe, add, cases, made, seeds, tuple(overrides or ()), out, resume)
    show_bench.synthetic(bench_synthetic(bench, lambda run, _: typer.echo(run, err=True)), as_json)


@app.command(epilog="Example: limner bench translate runs/medgan/pack runs/pix2pix/pack --cohort lgg.csv --split test")
def translate(
    packs: Annotated[
        list[str],
        typer.Argument(metavar="PACK...", help="Packs that make one sequence; the first is held against the others."),
    ],
    cohort: Annotated[Path, typer.Option(help="CSV or JSONL of slices with all sequences, as for limner evaluate.")],
    split: Annotated[str | None, typer.Option(help="Only this split.")] = None,
    mask: Annotated[str, typer.Option(help="Column that names the mask of the tumour.")] = "mask",
    judge: Annotated[
        str | None, typer.Option(help="The pack by whose features and tumours they are judged; the packs' own if none.")
    ] = None,
    engine: Engine = "auto",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Hold packs that translate against the same slices: values, features, and the tumour drawn on what they made."""
    from limner.bench import TranslateBench, bench_translate
    from limner.infer import load_pack
    from limner.infer.evaluate import EvaluateOptions

    options = EvaluateOptions(split=split, mask=mask, engine=engine, features=judge)
    bench = TranslateBench([load_pack(one) for one in packs], cohort, options)
    with show.progress_bar() as progress:
        result = bench_translate(bench, progress)
    show_bench.compared(result, as_json)


@app.command(epilog="Example: limner bench marks pictures/ --size 64 --quality 90")
def marks(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Real pictures, or folders of them.")],
    size: Annotated[list[int] | None, typer.Option(help="Pixels of the longer side; 64, 128 and 256.")] = None,
    quality: Annotated[list[int] | None, typer.Option(help="Of JPEG; 90 and 75.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Mark pictures invisibly as synthetic, pack them as JPEG, and count where the mark is found, and where wrongly."""
    from limner.bench import MarksBench, bench_marks

    bench = MarksBench(tuple(paths), tuple(size or (64, 128, 256)), tuple(quality or (90, 75)))
    with show.progress_bar() as progress:
        result = bench_marks(bench, progress)
    show_bench.marks(result, as_json)


@app.command(epilog="Example: limner bench generate glioma-mr-vae")
def generate(
    pack: Annotated[str, typer.Argument(help="Name or folder of a generative model pack.")],
    ways: Annotated[int, typer.Option(min=8, help="Pairs of seeds between which pictures lead.")] = 24,
    frames: Annotated[int, typer.Option(min=3, help="Of each way.")] = 17,
    features: Annotated[str | None, typer.Option(help="The pack in whose features pictures are compared.")] = None,
    engine: Engine = "auto",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Pictures per second, and how smooth, sharp and real ways between pictures are, beside blending their pixels."""
    from limner.bench import GenerateBench, bench_generate

    with show.progress_bar() as progress:
        result = bench_generate(GenerateBench(pack, ways, frames, engine=engine, features=features), progress)
    show_bench.generate(result, as_json)


@app.command(epilog="Example: limner bench quiz skin-stylegan2 cohort.csv -o quiz.html")
def quiz(
    pack: Annotated[str, typer.Argument(help="Name or folder of a generative model pack.")],
    cohort: Annotated[Path, typer.Argument(help="Real pictures: a CSV or JSONL with a row per case.")],
    out: Annotated[Path, typer.Option("-o", "--output", help="The page to make.")] = Path("quiz.html"),
    split: Annotated[str | None, typer.Option(help="Only the rows of this split.")] = "test",
    count: Annotated[int, typer.Option("-n", "--count", min=2, help="Pictures of each kind.")] = 20,
    pairs: Annotated[bool, typer.Option("--pairs", help="Side by side: which of two is made?")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice and the order.")] = 0,
    lang: Lang = Language.en,
    engine: Engine = "auto",
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """A page on which a person guesses: real or made? It holds real pictures; mind who gets it."""
    from limner.bench import QuizBench, bench_quiz

    asked = QuizBench(pack, cohort, split, count, "pair" if pairs else "one", lang.value, seed, engine)
    with show.progress_bar() as progress:
        page = bench_quiz(asked, out, force=force, progress=progress)
    if as_json:
        show.as_json({"page": str(page), "real": count, "made": count})
        return
    typer.echo(f"Open {page} in a browser.")


@app.command(epilog="Example: limner bench workstation study/")
def workstation(
    path: Annotated[Path | None, typer.Argument(help="A study; the built-in one when it is not given.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Times that the study is opened.")] = 3,
    steps: Annotated[int, typer.Option(min=2, help="Slices that are scrolled through in each layout.")] = 40,
    engine: Annotated[str, typer.Option(help="canvas: the processor; niivue: WebGL, emulated here.")] = "canvas",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Open a study in a real browser on a server of its own: the first slice, the whole study, each scrolled slice."""
    from limner.bench import WorkstationBench, bench_workstation
    from limner.errors import InputError

    if engine not in ("canvas", "niivue"):
        raise InputError(f"--engine is canvas or niivue; got {engine!r}.")
    with show.progress_bar() as progress:
        result = bench_workstation(WorkstationBench(path, rounds, steps, engine), progress)
    show_bench.workstation(result, as_json)
