"""What zone of coagulation a probe makes, by power and time: a table that a person may edit."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path as File

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from limner.errors import InputError


class Probe(BaseModel):
    """A row of the table: an ellipsoid around the probe.

    Args:
        name: of the probe.
        watts: power; None where the generator sets it.
        minutes: how long.
        long_mm: diameter along the probe.
        short_mm: diameter across.
        measured: whether the source measured it; False for example values.
        source: who says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    watts: float | None = Field(None, gt=0)
    minutes: float = Field(gt=0)
    long_mm: float = Field(gt=0)
    short_mm: float = Field(gt=0)
    measured: bool
    source: str

    @property
    def volume_ml(self) -> float:
        """Of the ellipsoid: π/6 · long · short²."""
        return 3.141592653589793 / 6 * self.long_mm * self.short_mm**2 / 1000


def load_probes(path: File | None = None, names: Iterable[str] = ()) -> tuple[Probe, ...]:
    """The rows of a table.

    Args:
        path: JSON with a list ``probes``; the shipped table where None.
        names: keep the rows of these probes; all where none is given.

    Raises:
        InputError: the table cannot be read, a row lacks something, or a name is unknown (the nearest is named).

    >>> [one.measured for one in load_probes(names=["cool-tip radiofrequency needle"])]
    [True]
    """
    where = "the shipped table" if path is None else f"{path.name!r}"
    try:
        shipped = resources.files("limner.scene.needles").joinpath("probes.json")
        text = shipped.read_text(encoding="utf-8") if path is None else path.read_text(encoding="utf-8")
        rows = tuple(Probe(**row) for row in json.loads(text)["probes"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as reason:
        raise InputError(
            f"The table of probes in {where} cannot be used: {reason}. It is JSON with a list 'probes', each row with "
            "name, watts, minutes, long_mm, short_mm, measured and source."
        ) from reason
    known = {one.name for one in rows}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise InputError(
                f"No probe {name!r} in {where}; there are {', '.join(sorted(known))}. Nearest: {near[0]!r}."
            )
    wanted = set(names)
    return tuple(one for one in rows if not wanted or one.name in wanted)
