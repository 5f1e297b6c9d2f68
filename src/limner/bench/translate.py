"""Packs that translate, side by side on one cohort: figures of each, and what the first has beside every other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from limner.errors import InputError
from limner.infer.evaluate.figures import EvaluateOptions, Interval
from limner.infer.evaluate.translate import HIGHER, differences, measure
from limner.packs import Pack


@dataclass(frozen=True)
class TranslateBench:
    """What is compared.

    Args:
        packs: of the task ``translate``, with the same channels.
        cohort: with all sequences.
        options: split, column of the mask, bootstrap.
    """

    packs: Sequence[Pack]
    cohort: Path
    options: EvaluateOptions = field(default_factory=EvaluateOptions)


@dataclass(frozen=True)
class Compared:
    """Figures of packs on the same slices.

    Args:
        n: slices; ``patients`` of whom; ``left_out``: slices that are no pair.
        figures: pack → figure → mean with interval.
        above: other pack → figure → by how much the first lies above it, paired by slice and patient.
    """

    n: int
    patients: int
    left_out: int
    figures: dict[str, dict[str, Interval]]
    above: dict[str, dict[str, Interval]]


def bench_translate(bench: TranslateBench, progress: Callable[[str, float], None] | None = None) -> Compared:
    """Holds every pack against the cohort, and the first against all others.

    Raises:
        InputError: fewer than two packs, or two that make another channel, of other ones, at another size.
        CohortError: no slice has all sequences.
    """
    if len(bench.packs) < 2:
        raise InputError("Two packs or more are compared; give at least two.")
    names = _names(bench.packs)
    asked = {(one.translator.wanted, *one.main.picture.channel_names, one.main.picture.size) for one in bench.packs}
    if len(asked) > 1:
        raise InputError("Packs are compared that make one channel of the same others at one size; these differ.")
    found = []
    for number, pack in enumerate(bench.packs):
        told = progress and _part(progress, names[number], number, len(names))
        found.append(measure(pack, bench.cohort, bench.options, told))
    first = found[0]
    shown = [*HIGHER, "missed", "invented"]
    figures = {
        name: {figure: one.interval(figure, bench.options) for figure in shown if one.by_patient(figure)}
        for name, one in zip(names, found, strict=True)
    }
    real = {figure: first.interval(f"{figure}_real", bench.options) for figure in ("tumor_dice", "missed", "invented")}
    figures["(acquired)"] = {figure: one for figure, one in real.items() if one.value is not None}
    return Compared(
        n=len(first.slices),
        patients=len({one.patient for one in first.slices}),
        left_out=len(first.left_out),
        figures=figures,
        above={name: differences(first, one, bench.options) for name, one in zip(names[1:], found[1:], strict=True)},
    )


def _names(packs: Sequence[Pack]) -> list[str]:
    """By name; by the folder above where two have one."""
    names = [one.name for one in packs]
    if len({*names}) == len(names):
        return names
    return [one.folder.resolve().parent.name if one.folder.name == "pack" else one.folder.name for one in packs]


def _part(progress: Callable[[str, float], None], name: str, number: int, count: int) -> Callable[[str, float], None]:
    return lambda case, share: progress(f"{name}: {case}", (number + share) / count)
