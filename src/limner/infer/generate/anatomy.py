"""Label maps whose tumours lie elsewhere and look otherwise, where anatomy allows: ``limner generate --place``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.data.placing import Rules, healed, sample_place, with_tumor
from limner.errors import InputError
from limner.packs import Pack

CLEAR_PIXELS = 2.0
"""In pictures, whose pixels have no size, a tumour stays so far from what is not its organ."""


@dataclass(frozen=True)
class Tumors:
    """Tumours of one kind for the label maps of a pack.

    Args:
        value: of the tumour in a map of the pack's classes.
        rules: where it may lie.
        spacing: of the maps.
    """

    value: int
    rules: Rules
    spacing: tuple[float, ...]

    def moved(self, labels: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        """A map without its own tumours of that kind and with another one; the same for the same seed.

        Raises:
            InputError: nowhere is room for one.
        """
        rng = np.random.default_rng([seed, 5])
        bare = healed(labels, self.value, self.rules.inside)
        return with_tumor(bare, sample_place(rng, bare, self.rules, self.spacing), self.value, self.spacing)


def tumors_of(pack: Pack, name: str, spacing: Sequence[float], diameters: Sequence[float] = ()) -> Tumors:
    """The tumours of a pack by name: "tumor" is "liver tumor" where no other lesion's name ends so.

    They lie in the organ that holds them (the pack's ``regions``), in any organ where the pack does not say which, and
    stay clear of vessels, bones and all else.

    Args:
        pack: that generates from label maps.
        name: of a lesion.
        spacing: of the maps, in mm; 1 for pixels.
        diameters: quantiles; those of :mod:`limner.data.placing` where none are given.

    Raises:
        InputError: the pack knows no such lesion, or no organ.
    """
    spec = pack.spec
    lesions = [one for one in pack.labels if one.kind == "lesion" and one.name in spec.classes[1:]]
    fitting = [one for one in lesions if one.name == name] or [one for one in lesions if one.name.endswith(name)]
    if pack.generator.condition != "mask" or len(fitting) != 1:
        there = ", ".join(one.name for one in lesions) if pack.generator.condition == "mask" else ""
        raise InputError(f"Pack {pack.name!r} has no tumour {name!r} to place; it has {there or 'none'}.")
    [lesion] = fitting
    holders = [organ for organ, some in spec.regions.items() if lesion.name in some]
    organs = [one.value for one in pack.labels if one.kind == "organ" and (not holders or one.name in holders)]
    if not organs:
        raise InputError(
            f"Pack {pack.name!r} draws no organ in which a {lesion.name} could be placed; its label maps hold "
            f"{', '.join(spec.classes[1:])}."
        )
    clear = Rules.clear if len(spacing) == 3 else CLEAR_PIXELS
    rules = Rules(tuple(organs), clear, tuple(diameters) or Rules.diameters)
    return Tumors(lesion.value, rules, tuple(spacing))
