"""A generator at hand: one picture after another, as fast as a slider moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.image import Picture
from limner.infer.generate.generator import Generator, Latent
from limner.infer.generate.principal import Principal, principal_directions
from limner.infer.generate.workflow import as_bytes
from limner.io import Origin
from limner.io.synthetic import labels_png, picture_png
from limner.packs import DirectionSpec

REACH = 4.0
"""Standard deviations along a direction, beyond which no picture has anything to do with what was learned."""


@dataclass(frozen=True)
class Wish:
    """One picture of nobody.

    Args:
        seed: of latent, noise and condition.
        between: two seeds and the share of the way, 0 to 1; ``seed`` is not used then.
        kind: a class of the pack, where it makes pictures by class.
        values: attributes to set, by name, where it has some.
        moves: standard deviations along directions, by id (:meth:`Studio.directions`).
        truncation: 1 for all that was learned, less for nearer to the middle.
        show: the picture, or the label map that it was made from.
    """

    seed: int = 0
    between: tuple[int, int, float] | None = None
    kind: str | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    moves: Mapping[str, float] = field(default_factory=dict)
    truncation: float = 1.0
    show: Literal["picture", "labels"] = "picture"

    @property
    def told(self) -> int | str:
        """What the mark says of where the picture comes from."""
        start: int | str = self.seed
        if self.between:
            one, other, share = self.between
            start = f"{one}…{other}: {share:.3f}"
        moved = [f"{name} {steps:+.2f}" for name, steps in self.moves.items() if steps]
        return ", ".join([str(start), *moved]) if moved else start


class Studio:
    """A generator with what its sliders move.

    Args:
        generator: of pictures; volumes take too long for a slider.
    """

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    @cached_property
    def principal(self) -> tuple[Principal, ...]:
        """See :func:`limner.infer.generate.principal.principal_directions`."""
        return principal_directions(self.generator)

    @cached_property
    def directions(self) -> dict[str, DirectionSpec]:
        """All directions by id: ``named-1`` and on as the pack has them, then ``principal-1`` and on."""
        named = {f"named-{number}": one for number, one in enumerate(self.generator.known.directions, 1)}
        return {**named, **{one.direction.name.replace(" ", "-"): one.direction for one in self.principal}}

    def latent(self, wish: Wish) -> Latent:
        """What a wish stands for.

        Raises:
            InputError: no such class, attribute or direction, or a value out of range.
        """
        generator = self.generator
        if wish.kind is not None and wish.values:
            raise InputError("A class and attributes both say what the picture is made from; give one of them.")
        condition = None if wish.kind is None else generator.made_from.of_class(wish.kind)

        def at(seed: int) -> Latent:
            return generator.latent(seed, condition=condition, truncation=wish.truncation, values=wish.values)

        if wish.between is None:
            found = at(wish.seed)
        else:
            one, other, share = wish.between
            if not 0 <= share <= 1:
                raise InputError(f"The share of a way is from 0 to 1; got {share:g}.")
            found = generator.between(at(one), at(other), share)
        for name, steps in wish.moves.items():
            found = generator.along(found, self._direction(name), _within(name, steps))
        return found

    def png(self, wish: Wish) -> bytes:
        """The picture as a PNG that carries both marks; the same wish gives the same bytes.

        Raises:
            InputError: see :meth:`latent`; a label map is asked of a pack that makes pictures from none.
        """
        latent = self.latent(wish)
        pack = self.generator.pack
        origin = Origin(f"{pack.name} {pack.version}", pack.sha256, "generate", wish.told)
        if wish.show == "labels":
            return labels_png(self._labels(latent), origin)
        return picture_png(Picture(as_bytes(self.generator.pictures([latent])[0])), origin)

    def _labels(self, latent: Latent) -> NDArray[np.uint8]:
        labels = self.generator.made_from.labels(latent.condition)
        if labels is None:
            raise InputError(f"Pack {self.generator.pack.name!r} makes pictures from no label map.")
        return labels

    def _direction(self, name: str) -> DirectionSpec:
        if name not in self.directions:
            raise InputError(
                f"Pack {self.generator.pack.name!r} has no direction {name!r}; it has {', '.join(self.directions)}."
            )
        return self.directions[name]


def _within(name: str, steps: float) -> float:
    if not -REACH <= steps <= REACH:
        raise InputError(f"{name} is moved by {REACH:g} standard deviations at most; got {steps:g}.")
    return steps
