"""The channels of slices of MR, as packs and recipes name them."""

from __future__ import annotations

from typing import Protocol

from limner.image.mr import SEQUENCES, AskedChannels


class NamedChannels(AskedChannels, Protocol):
    """What a pack or a recipe says of the channels of slices."""

    @property
    def channels(self) -> int:
        """How many."""


def check_channels(given: NamedChannels, axes: int) -> None:
    """Holds the names of channels against one another; none at all are fine.

    Raises:
        ValueError: for the first that does not fit.
    """
    names = given.channel_names
    if not names and given.reference is None and not given.stand_ins:
        return
    if axes != 2 or len(names) != given.channels or len(set(names)) != len(names):
        raise ValueError(f"channel_names: a name for each of {given.channels} channels of a slice; got {names}")
    if unknown := [name for name in names if name not in SEQUENCES]:
        raise ValueError(f"channel_names: {unknown[0]!r} is not one of {', '.join(SEQUENCES)}")
    if given.reference not in names:
        raise ValueError(f"reference: one of {', '.join(names)} is expected; got {given.reference!r}")
    named = {*given.stand_ins, *(one for some in given.stand_ins.values() for one in some)}
    if unknown := sorted(named - {*names}):
        raise ValueError(f"stand_ins: {unknown[0]!r} is not one of {', '.join(names)}")
