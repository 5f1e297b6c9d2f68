"""Which series of a study look like which MR sequence, and which of several is the best."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.errors import SeriesChoiceError
from limner.image import Problem, Series, Study
from limner.image.mr import SEQUENCES, sequence_of
from limner.io.choose import why_not

Vector = NDArray[np.float64]
_PARALLEL = 0.9


@dataclass(frozen=True, eq=False)
class Found:
    """The series of a study that can be read, by what they seem to be."""

    everything: Sequence[tuple[Study, Series]]
    names: Sequence[str]
    taken: set[Hashable]
    """Those that are channels already, by :func:`identity`."""

    def like(self, *sequences: str) -> list[tuple[Study, Series]]:
        """Those of some sequences that can be read and are not taken."""
        return [
            (study, one)
            for study, one in self.everything
            if identity(one) not in self.taken and why_not(one, ("MR",)) is None and kind(one) in sequences
        ]

    def reference(self, name: str, problems: list[Problem]) -> tuple[Study, Series]:
        """The axial one with the most slices."""
        fit = self.like(name)
        if not fit:
            raise SeriesChoiceError(
                f"No {SEQUENCES[name]} series was found, and nothing can be drawn without it. There are:\n"
                f"{self._all()}\n{how_to_name(self.names)}"
            )
        best = max(fit, key=lambda pair: (slices_along(pair[1], np.array([0.0, 0, 1])), voxels(pair[1])))
        if len(fit) > 1:
            problems.append(chosen_among(name, best[1], len(fit)))
        return best

    def beside(self, name: str, home: Series, problems: list[Problem]) -> tuple[Study, Series] | None:
        """The one whose slices lie as the reference's do, None where there is none."""
        fit = self.like(name) or (self._plain_t1(home) if name == "pre" else [])
        along = across(home)
        best = max(fit, key=lambda pair: (slices_along(pair[1], along), voxels(pair[1])), default=None)
        if best is not None and len(fit) > 1:
            problems.append(chosen_among(name, best[1], len(fit)))
        return best

    def _plain_t1(self, home: Series) -> list[tuple[Study, Series]]:
        """T1 that says nothing of contrast medium: before it, unless two of one plane may be before and after."""
        fit = self.like("t1")
        if len(fit) > 1 and not self.like("post") and "post" in self.names:
            alike = [one for _, one in fit if slices_along(one, across(home))]
            if len(alike) > 1:
                lines = "\n".join(f"  {name_of(one)}" for one in alike)
                raise SeriesChoiceError(
                    f"{len(alike)} T1 series may be before and after contrast medium, and nothing says which:\n{lines}"
                    f"\n{how_to_name(self.names)}"
                )
        return fit

    def _all(self) -> str:
        return "\n".join(f"  {name_of(one)}: {why_not(one, ('MR',)) or seems(one)}" for _, one in self.everything)


def identity(series: Series) -> Hashable:
    """The same for a series that is opened twice, by its own path and within its study.

    The UID alone does not do: a DICOM series of several volumes (echoes, phases) is opened as one series each.
    """
    if series.format == "nifti":
        return series.uid
    return series.uid, series.description, len(series.files), series.mr


def kind(series: Series) -> str | None:
    """Which sequence a series is, see :func:`limner.image.mr.sequence_of`; None for other modalities."""
    return sequence_of(series.mr, series.description) if series.modality in ("MR", "") else None


def slices_along(series: Series, direction: Vector) -> bool:
    """Whether the slices are stacked along a direction."""
    assert series.grid is not None
    spacing = series.grid.spacing_mm
    even = max(spacing) < 1.3 * min(spacing)  # as good in every plane
    return even or bool(abs(across(series) @ direction) >= _PARALLEL)


def across(series: Series) -> Vector:
    """Along which slices are stacked: the axis with the widest spacing."""
    assert series.grid is not None
    return series.grid.direction[:, int(np.argmax(series.grid.spacing_mm))]


def voxels(series: Series) -> int:
    """How many it has."""
    assert series.grid is not None
    return int(np.prod(series.grid.shape))


def chosen_among(name: str, series: Series, among: int) -> Problem:
    """Says that one of several was chosen, and how to choose another."""
    text = (
        f"{among} series may be {SEQUENCES[name]}; taken was {facts(series)}, for its plane and number of voxels. "
        f"--channel {name}=… names another."
    )
    return Problem("chosen-series", "warning", text)


def facts(series: Series) -> str:
    """Its size and how it was acquired; not its description, into which people write names."""
    assert series.grid is not None
    z, y, x = series.grid.shape
    size = f"{x} × {y} × {z} voxels of " + " × ".join(f"{mm:.3g}" for mm in series.grid.spacing_mm[::-1]) + " mm"
    told = series.mr.told() if series.mr else ""
    return f"{size}, {told}" if told else size


def name_of(series: Series) -> str:
    """A series for messages on the screen."""
    return f"{series.modality or series.format} {series.description!r}, {len(series.files)} files".replace(" ''", "")


def seems(series: Series) -> str:
    """What a series seems to be, for people."""
    found = kind(series)
    return SEQUENCES.get(found or "", "T1" if found == "t1" else "nothing that this pack reads")


def how_to_name(names: Sequence[str]) -> str:
    """How to name what cannot be told."""
    given = " ".join(f"--channel {name}=PATH" for name in names)
    meant = "; ".join(f"{name}: {SEQUENCES[name]}" for name in names)
    return f"Name them: {given} (a path, or words of a series' description; {meant})."
