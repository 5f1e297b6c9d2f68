"""Cases that a pack learned from: nothing may be fitted or held against the truth on them again."""

from __future__ import annotations

from pathlib import Path

from limner.data.cohort import read_cohort
from limner.errors import CohortError
from limner.packs import Pack


def set_name(cohort: str) -> str:
    """A set by its folder; an archive by its own name too."""
    path = Path(cohort)
    return f"{path.parent.name}/{path.name}" if path.suffix == ".npz" else path.parent.name


def where(cohort: Path, split: str | None) -> str:
    """A set and its split, as packs say what they were fitted on."""
    return f"{set_name(str(cohort))}{f' {split}' if split else ''}"


def refuse_learned(pack: Pack, cohort: Path, split: str | None) -> None:
    """Refuses cases that a pack learned from: on those it is surer than it may be.

    A pack says which sets, splits and cases it learned from; a renamed copy of them cannot be told.

    Raises:
        CohortError: names them.
    """
    name = set_name(str(cohort))
    learned = {row.case for row in pack.spec.training if row.source == name}
    if not learned:
        return
    if cohort.suffix == ".npz":
        asked = {f"split {split}"} if split else learned
    else:
        cases = read_cohort(cohort, files=False).split(split).cases
        asked = {case.id for case in cases} | {f"split {case.split}" for case in cases}
    if met := sorted(learned & asked) or ("all" in learned and ["all"]):
        shown = ", ".join(met[:10])
        raise CohortError(
            f"Pack {pack.name!r} learned from {name!r} ({shown}), and on what it learned it is surer than it may be. "
            "Give cases that it has never met: another --split, or your own cohort."
        )
