"""Which series of a study is which channel of a pack on slices of MR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from limner.errors import InputError, SeriesChoiceError
from limner.image import Image, Problem, Series, Study
from limner.image.mr import SEQUENCES, AskedChannels
from limner.io.choose import why_not
from limner.io.sequences import Found, facts, how_to_name, identity, kind, name_of
from limner.io.sources import open_studies

LEAST_SHARED = 0.5
"""Share of the reference's voxels that another channel must reach, to be of the same part of the body."""


@dataclass(frozen=True, eq=False)
class Channels:
    """The series that a pack on slices reads together.

    Args:
        study: that the reference belongs to.
        reference: whose grid is drawn on; its modality is ``MR``, ``load`` gives that, and its problems say what was
            chosen among several, and what is missing.
        series: channel name → series; a channel that another stands in for is not there.
    """

    study: Study
    reference: Series
    series: Mapping[str, Series]

    def told(self) -> dict[str, str]:
        """Channel → how its series was acquired and how large it is, without its description."""
        return {name: facts(one) for name, one in self.series.items()}


def open_channels(paths: Sequence[Path], asked: AskedChannels, named: Mapping[str, str] | None = None) -> Channels:
    """Finds the series of each channel.

    Args:
        paths: folders and files of one patient's study; none where all channels are named by their paths.
        asked: which channels.
        named: channel → a path, or words of one series' description in ``paths``.

    Raises:
        InputError: a channel that the pack has not, or a word that fits no series, or several.
        SeriesChoiceError: several patients; no reference; a channel that cannot be told or lies elsewhere.
    """
    named, names, reference = dict(named or {}), asked.channel_names, str(asked.reference)
    if unknown := [name for name in named if name not in names]:
        raise InputError(f"There is no channel {unknown[0]!r}; this pack reads {_listed(names)}.")
    if not paths and reference not in named:
        raise InputError(f"Give a study, or name the series: --channel {reference}=PATH. {how_to_name(names)}")
    studies = open_studies(paths) if paths else ()
    everything = [(study, one) for study in studies for one in study.series]
    chosen = {name: _named(name, what, everything) for name, what in named.items()}
    found = Found(everything, names, {identity(series) for _, series in chosen.values()})
    problems: list[Problem] = []
    if reference not in chosen:
        chosen[reference] = found.reference(reference, problems)
    home = chosen[reference][1]
    for name in names:
        if name not in chosen and (other := found.beside(name, home, problems)) is not None:
            chosen[name] = other
    _one_patient([*studies, *(study for study, _ in chosen.values())])
    taken = {name: _as_mr(name, chosen[name][1], name in named) for name in names if name in chosen}
    for name in taken:
        problems += _beside(name, taken[name], taken[reference])
    problems += _missing(asked, taken)
    home = replace(taken[reference], problems=(*taken[reference].problems, *problems))
    return Channels(chosen[reference][0], home, {**taken, reference: home})


def _named(name: str, what: str, everything: Sequence[tuple[Study, Series]]) -> tuple[Study, Series]:
    """The series that a user means by a path, or by words of its description."""
    path = Path(what)
    if path.exists():
        studies = open_studies(path)
        readable = [(study, one) for study in studies for one in study.series if why_not(one, ("MR",)) is None]
        fit = readable if len(readable) < 2 else _like(name, readable)
        if len(fit) == 1:
            return fit[0]
        lines = "\n".join(
            f"  {name_of(one)}: {why_not(one, ('MR',)) or ''}" for study in studies for one in study.series
        )
        raise SeriesChoiceError(f"--channel {name}={path.name}: one MR series is expected there; there are:\n{lines}")
    words = what.lower().split()
    fit = [pair for pair in everything if all(word in pair[1].description.lower() for word in words)]
    exact = [pair for pair in fit if pair[1].description.lower() == what.lower()]
    fit = exact or fit
    if len(fit) == 1 and (reason := why_not(fit[0][1], ("MR",))):
        raise SeriesChoiceError(f"--channel {name}={what!r}: that series cannot be drawn. {reason}")
    if len(fit) != 1:
        lines = "\n".join(f"  {name_of(one)}" for _, one in (fit or everything))
        how_many = f"{len(fit)} series have these words" if fit else "no path, and no series has these words"
        raise InputError(f"--channel {name}={what!r}: {how_many}. Give a path or a series of the study:\n{lines}")
    return fit[0]


def _like(name: str, pairs: Sequence[tuple[Study, Series]]) -> list[tuple[Study, Series]]:
    """Those that look like a channel; before contrast medium may be T1 that says nothing of it, where none says so."""
    fit = [pair for pair in pairs if kind(pair[1]) == name]
    return fit or [pair for pair in pairs if name == "pre" and kind(pair[1]) == "t1"]


def _as_mr(name: str, series: Series, named: bool) -> Series:
    """A series as MR; NIfTI names no modality, and says so no more."""
    if series.format == "dicom":
        return series

    def load() -> Image:
        from limner.io.nifti import read_nifti

        image = read_nifti(series.files[0])
        return Image(image.array, image.grid, "MR")

    why = "as --channel says" if named else "as its name says"
    text = f"NIfTI does not say what was measured: the series is taken as {SEQUENCES[name]}, {why}."
    kept = [one for one in series.problems if one.code != "modality-unknown"]
    return replace(series, modality="MR", load=load, problems=(*kept, Problem("modality-unknown", "warning", text)))


def _beside(name: str, series: Series, reference: Series) -> list[Problem]:
    """Refuses a channel that lies elsewhere; says where it is not known to lie as the reference does."""
    if series is reference:
        return []
    share = shared(series, reference)
    if share < LEAST_SHARED:
        raise SeriesChoiceError(
            f"{SEQUENCES[name]} ({name_of(series)}) reaches {100 * share:.0f} % of the {name_of(reference)}; at least "
            f"{100 * LEAST_SHARED:.0f} % is expected. Channels are laid over one another by their place in the "
            f"scanner, so they must be of one part of one patient. Leave the series out, or name another: "
            f"--channel {name}=…"
        )
    found = []
    if series.format == "nifti":
        found = [one for one in series.problems if one.code == "modality-unknown"]
    frames = {series.frame_of_reference, reference.frame_of_reference}
    if len(frames) > 1 and "" not in frames:
        text = (
            f"{SEQUENCES[name]} has another frame of reference than the reference series, so nothing says that the "
            "patient lay alike. Look whether both fit; Limner does not register them."
        )
        found.append(Problem("other-frame", "warning", text))
    return found


def shared(series: Series, reference: Series) -> float:
    """Share of the reference's voxels that lie inside a series, looked for on a coarse lattice."""
    assert series.grid is not None
    assert reference.grid is not None
    axes = [np.linspace(0, n - 1, min(n, 24)) for n in reference.grid.shape]
    points = reference.grid.world(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3))
    where = series.grid.index(points)
    inside = (where >= -0.5) & (where <= np.array(series.grid.shape) - 0.5)
    return float(inside.all(axis=1).mean())


def _missing(asked: AskedChannels, taken: Mapping[str, Series]) -> list[Problem]:
    """What stands in for what is missing; refuses where nothing may."""
    found = []
    for name in asked.channel_names:
        if name in taken:
            continue
        other = next((one for one in asked.stand_ins.get(name, []) if one in taken), None)
        if other is None:
            raise SeriesChoiceError(
                f"No {SEQUENCES[name]} series was found, and nothing stands in for it. "
                f"{how_to_name(asked.channel_names)}"
            )
        found.append(f"{SEQUENCES[other]} stands in for {SEQUENCES[name]}")
    if not found:
        return []
    text = f"A sequence is missing: {'; '.join(found)}. Outlines are less sure than the pack's card says."
    if len(taken) == 1:
        own = SEQUENCES[str(asked.reference)]
        text += f" The pack compares {own} with the others; without any of them it may miss most of a lesion."
    return [Problem("stand-in", "warning", text)]


def _one_patient(studies: Sequence[Study]) -> None:
    """NIfTI names no patient, so its files are taken as one's where the user gives them together."""
    keys = {study.patient_key for study in studies if any(one.format == "dicom" for one in study.series)}
    if len(keys) > 1:
        raise SeriesChoiceError(
            f"One patient is expected; the input holds {len(keys)}. Give one patient's study at a time; "
            "`limner inspect` lists them."
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{name} ({SEQUENCES[name]})" for name in names)
