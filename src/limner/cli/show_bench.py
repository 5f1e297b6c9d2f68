"""What ``limner bench`` prints: tables for people, JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from limner.cli.show import as_json, print_table, table_of

if TYPE_CHECKING:
    from limner.bench import (
        AugmentResult,
        BenchResult,
        ClickResult,
        Compared,
        GainResult,
        GenerateResult,
        MarksResult,
        PlanResult,
        SegmentsResult,
        SyntheticResult,
        WorkstationResult,
    )
    from limner.infer.evaluate import Interval


def steps(result: BenchResult, json_wanted: bool) -> None:
    """Seconds and peak memory per step."""
    if json_wanted:
        as_json(result.as_dict())
        return
    typer.echo(result.title)
    table = table_of("step", "seconds", "peak (MB)")
    for step in result.steps:
        table.add_row(step.name, f"{step.seconds:.1f}", f"{step.peak_mb:.0f}")
    table.add_section()
    table.add_row("total", f"{result.seconds:.1f}", f"{result.peak_mb:.0f}")
    print_table(table)


def augment(result: AugmentResult, json_wanted: bool) -> None:
    """Samples per second of each way, and how many times faster ours is."""
    if json_wanted:
        as_json(result.as_dict())
        return
    typer.echo(result.title)
    table = table_of("library", "what it does", "samples/s", "CPU seconds", "ours is faster by")
    for number, row in enumerate(result.rows):
        times = f"{row.ours_faster:.1f} ×" if number else ""
        table.add_row(row.name, row.how, f"{row.per_second:.2f}", f"{row.cpu_seconds:.2f}", times)
    print_table(table)
    if result.missing:
        typer.echo(f"Not installed, and so not measured: {', '.join(result.missing)}.")


def marks(result: MarksResult, json_wanted: bool) -> None:
    """Where the mark was found, and how often where there was none."""
    if json_wanted:
        as_json(result.as_dict())
        return
    table = table_of("pixels", "JPEG", "pictures", "mark found", "tag read", "PSNR (dB)", "least")
    for row in result.rows:
        counts = (f"{count / row.n:.4f}" for count in (row.found, row.tags))
        decibel = (f"{row.psnr_mean:.1f}", f"{row.psnr_least:.1f}")
        table.add_row(str(row.size), str(row.quality), str(row.n), *counts, *decibel)
    print_table(table)
    typer.echo(
        f"{result.false_alarms} of {result.unmarked} unmarked pictures taken for marked (bound: {result.bound:g} each)."
    )


def click(result: ClickResult, json_wanted: bool) -> None:
    """Dice of each lesion after each click, and the means."""
    if json_wanted:
        as_json(result.as_dict())
        return
    count = len(result.rows[0].dice)
    table = table_of("lesion", "ml", *(f"{n}" for n in range(1, count + 1)), "slowest (s)")
    for row in result.rows:
        table.add_row(row.id, f"{row.ml:.1f}", *(_share(one) for one in row.dice), f"{max(row.seconds):.2f}")
    print_table(table)
    for n, one in result.dice.items():
        spread = "" if one.low is None else f" ({one.low:.3f} to {one.high:.3f})"
        typer.echo(f"Mean Dice after {n} click{'s' * (n > 1)}: {one.value:.3f}{spread}, {len(result.rows)} lesions.")
    typer.echo(f"Slowest click: {result.slowest_s:.2f} s.")


def segments(result: SegmentsResult, json_wanted: bool) -> None:
    """Dice of each case and each segment, and where vessels were missing."""
    if json_wanted:
        as_json(result.as_dict())
        return
    numbers = sorted(result.per_segment)
    table = table_of("case", "vessels", *(f"{k}" for k in numbers), "mean", "without")
    for row in result.rows:
        dice = (_share(row.dice.get(k)) for k in numbers)
        table.add_row(row.id, row.vessels, *dice, f"{row.mean:.3f}", f"{row.without:.3f}")
    table.add_section()
    shown = (_share(result.per_segment[k].value) for k in numbers)
    table.add_row("mean", "", *shown, f"{result.mean.value:.3f}", f"{result.without_vessels.value:.3f}")
    print_table(table)
    for name, one in (("with vessels", result.mean), ("without", result.without_vessels)):
        typer.echo(f"Mean Dice {name}: {one.value:.3f} ({one.low:.3f} to {one.high:.3f}), {len(result.rows)} livers.")
    for kind, one in result.by_vessels.items():
        count = sum(row.vessels == kind for row in result.rows)
        typer.echo(f"Vessels {kind}: {count} livers, mean Dice {one.value:.3f}.")


def _share(value: float | None) -> str:
    """Two digits: eight of them stand in a row of a narrow terminal."""
    return "" if value is None else f"{value:.2f}".removeprefix("0")


def gain(result: GainResult, json_wanted: bool) -> None:
    """Each figure with and without, mean and standard deviation over the seeds."""
    if json_wanted:
        as_json(result.as_dict())
        return
    typer.echo(result.title)
    table = table_of("data", "figure", "n", "with", "without", "gain, seed by seed")
    for row in result.rows:
        found = row.as_dict()
        ways = (_plus_minus(*found[k].values()) for k in ("having_over_seeds", "lacking_over_seeds"))
        table.add_row(row.data, row.figure, str(row.n), *ways, _plus_minus(found["gain"], found["gain_sd"], "+"))
    print_table(table)
    typer.echo(f"± is the standard deviation over seeds. The runs are in {result.folder}.")


def synthetic(result: SyntheticResult, json_wanted: bool) -> None:
    """Each figure by way of training, and what synthetic pictures add."""
    if json_wanted:
        as_json(result.as_dict())
        return
    typer.echo(result.title)
    named = {"real": "real only", "augmented": "augmented", "synthetic": "with synthetic", "both": "both"}
    table = table_of("data", "figure", "n", *named.values())
    for row in result.rows:
        found = row.as_dict()
        table.add_row(row.data, row.figure, str(row.n), *(_plus_minus(*found["over_seeds"][k].values()) for k in named))
    print_table(table)
    rows = [(row.figure, row.as_dict()["gains"]) for row in result.rows]
    table = table_of("figure", *rows[0][1])
    for name, gains in rows:
        table.add_row(name, *("{value:+.3g} ({low:+.3g} to {high:+.3g})".format(**one) for one in gains.values()))
    print_table(table)
    typer.echo(
        "± is the standard deviation over seeds, each with other real cases; in brackets the 95 % interval of the mean "
        f"difference (t, seed by seed). {result.generator} The runs are in {result.folder}."
    )


def generate(result: GenerateResult, json_wanted: bool) -> None:
    """Pictures per second, and the ways of a generator beside those of blended pixels."""
    if json_wanted:
        as_json(result.as_dict())
        return
    typer.echo(f"{result.title}: {result.per_second:.0f} pictures per second.")
    table = table_of(f"{result.ways} ways from seed to seed", "generator", "blended pixels", "difference")
    rows = {
        "perceptual path length, less is smoother": result.length,
        "sharpness of the middle, as a share of the ends'": result.sharpness,
        "kernel distance of middles from ends": result.unlike,
    }
    for name, row in rows.items():
        interval = f"{row.difference:+.3g} ({row.low:+.3g} to {row.high:+.3g})"
        table.add_row(name, f"{row.generator:.3g}", f"{row.blending:.3g}", interval)
    print_table(table)
    typer.echo(f"In brackets: 95 % interval over resampled ways. Seen by {result.features}.")


def compared(result: Compared, json_wanted: bool) -> None:
    """Figures of each pack, and by how much the first lies above every other."""
    if json_wanted:
        as_json(
            {
                "n": result.n,
                "patients": result.patients,
                "left_out": result.left_out,
                "figures": {name: {k: v.model_dump() for k, v in one.items()} for name, one in result.figures.items()},
                "above": {name: {k: v.model_dump() for k, v in one.items()} for name, one in result.above.items()},
            }
        )
        return
    first = next(iter(result.figures))
    shown = list(result.figures[first])
    for title, rows, sign in (("pack", result.figures, ""), (f"{first} less", result.above, "+")):
        table = table_of(title, *(name.replace("_", " ") for name in shown))
        for name, one in rows.items():
            table.add_row(name, *(_interval(one[figure], sign) if figure in one else "" for figure in shown))
        print_table(table)
    typer.echo(
        f"{result.n} slices of {result.patients} patients ({result.left_out} left out: no pair); 95 % intervals over "
        "patients, differences by slice and patient. PSNR in dB, error in grey values of 255."
    )


def _interval(found: Interval, sign: str = "") -> str:
    if found.value is None:
        return ""
    value, low, high = (f"{one:{sign}.3f}" for one in (found.value, found.low or 0.0, found.high or 0.0))
    return f"{value} ({low} to {high})"


def _plus_minus(mean: float, apart: float, sign: str = "") -> str:
    """Three decimals, or as many digits where the value is a small distance."""
    form = f"{sign}.3f" if abs(mean) >= 0.01 or mean == 0 else f"{sign}.3g"
    return f"{mean:{form}} ± {apart:{form.removeprefix('+')}}"


def plan(result: PlanResult, json_wanted: bool) -> None:
    """How fast, and whether what is offered holds."""
    if json_wanted:
        as_json(result.as_dict())
        return
    speed = result.speed
    typer.echo(
        f"{result.title}: {speed.candidates} paths against {speed.structures} structures, {speed.per_second / 1e6:.2f} "
        f"million a second on {speed.threads} threads ({speed.per_cpu_second / 1e6:.2f} million a second of one core; "
        f"of {speed.traced} the way was followed, {speed.traced_per_second / 1e6:.2f} million a second)."
    )
    typer.echo(f"First answer {speed.first_answer_s:.2f} s ({speed.first_answer_cpu_s:.2f} s of processor).")
    typer.echo(f"A needle moved: {speed.what_if_ms:.0f} ms.")
    table = table_of("target", "mm", "paths", "violations", "entries refused by", "or relax")
    for one in result.targets:
        refused = ", ".join(f"{name} {count}" for name, count in one.refused.items())
        table.add_row(
            one.target, f"{one.diameter_mm:.0f}", str(one.paths), str(one.violations), refused, one.relax or ""
        )
    print_table(table)
    if result.resection:
        kinds = ", ".join(f"{kind} {median:.0f} ms" for kind, (median, _) in result.resection.what_if_ms.items())
        typer.echo(
            f"Resection: {result.resection.examined} cuts in {result.resection.propose_seconds:.1f} s; moved: {kinds}."
        )


def workstation(result: WorkstationResult, json_wanted: bool) -> None:
    """What a reader waits for."""
    told = result.as_dict()
    if json_wanted:
        as_json(told)
        return
    typer.echo(f"{result.shape[0]} slices of {result.shape[1]} x {result.shape[2]}, engine {result.engine}")
    table = table_of("what", "median", "worst")
    for name, key in (("first slice (s)", "first_slice_s"), ("whole study (s)", "whole_study_s")):
        table.add_row(name, f"{told[key]['median']:.2f}", f"{told[key]['worst']:.2f}")
    for layout, one in told["scroll_ms"].items():
        table.add_row(f"a slice, {LAYOUT_WORDS[layout]} (ms)", f"{one['median']:.0f}", f"{one['p95']:.0f} (p95)")
    print_table(table)


LAYOUT_WORDS = {"one": "one pane", "mpr": "three planes", "mpr3d": "three planes and 3D"}
