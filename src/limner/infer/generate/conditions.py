"""What pictures are made from, beside chance: nothing, a class, a label map, or sizes and places. One class of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.image import fit_picture
from limner.infer.generate.shapes import NUMBERS, draw_place, draw_shapes, place_of
from limner.io import read_picture_labels
from limner.packs import Pack

Numbers = NDArray[np.float32]
Values = Mapping[str, float]
"""Attributes that a person has set, by name."""


class Conditions(Protocol):
    """The conditions of a pack. What it does not take it refuses with an InputError that says what it does take."""

    names: tuple[str, ...]
    """Attributes that can be set."""

    def drawn(self, seed: int, values: Values) -> Numbers:
        """One as often as in what was learned from, with these attributes."""

    def of_class(self, name: str) -> Numbers:
        """That of a class."""

    def of_labels(self, path: Path) -> Numbers:
        """That of a label map in a file."""

    def of_style(self, style: Numbers) -> Numbers:
        """That which an encoder read off a picture, with its style ``(width,)``."""

    def between(self, one: Numbers, other: Numbers, share: float) -> Numbers:
        """On the way from one to the other."""

    def to_mapping(self, conditions: Numbers) -> dict[str, Numbers]:
        """What the net that makes styles takes of conditions ``(N, …)``."""

    def to_synthesis(self, conditions: Numbers) -> dict[str, Numbers]:
        """What the net that makes pictures takes of them."""

    def told(self, condition: Numbers) -> dict[str, Any]:
        """What a table says of a picture made from it."""

    def labels(self, condition: Numbers) -> NDArray[np.uint8] | None:
        """The label map ``(H, W)`` that is written beside a picture."""


class Nothing:
    """No condition; the others differ from it."""

    names: tuple[str, ...] = ()

    def __init__(self, pack: Pack) -> None:
        self.pack, self.known = pack, pack.generator
        self.kinds = self.known.conditions(len(pack.spec.classes))

    def drawn(self, seed: int, values: Values) -> Numbers:
        """See :class:`Conditions`."""
        self._refuse_strange(values)
        return self._drawn(np.random.default_rng([seed, 2]), values)

    def _drawn(self, rng: np.random.Generator, values: Values) -> Numbers:
        return np.zeros(0, np.float32)

    def _refuse_strange(self, values: Values) -> None:
        for name, value in values.items():
            if name not in self.names:
                there = f"it has {', '.join(self.names)}" if self.names else "it has none"
                raise InputError(f"Pack {self.pack.name!r} has no attribute {name!r} to set; {there}.")
            if not 0 <= value <= 1:
                raise InputError(f"The attribute {name!r} is a share, from 0 to 1; got {value:g}.")

    def of_class(self, name: str) -> Numbers:
        """See :class:`Conditions`."""
        raise InputError(f"Pack {self.pack.name!r} makes no {name!r}; its classes are none: it is not made by class.")

    def of_labels(self, path: Path) -> Numbers:
        """See :class:`Conditions`."""
        raise InputError(f"Pack {self.pack.name!r} makes pictures from no label map; leave --labels out.")

    def of_style(self, style: Numbers) -> Numbers:
        """See :class:`Conditions`."""
        return style[self.known.latent :]

    def between(self, one: Numbers, other: Numbers, share: float) -> Numbers:
        """See :class:`Conditions`: the nearer of the two."""
        return one if share < 0.5 else other

    def to_mapping(self, conditions: Numbers) -> dict[str, Numbers]:
        """See :class:`Conditions`."""
        return {}

    def to_synthesis(self, conditions: Numbers) -> dict[str, Numbers]:
        """See :class:`Conditions`."""
        return {}

    def told(self, condition: Numbers) -> dict[str, Any]:
        """See :class:`Conditions`."""
        return {}

    def labels(self, condition: Numbers) -> NDArray[np.uint8] | None:
        """See :class:`Conditions`."""
        return None


class OneClass(Nothing):
    """A class, one-hot ``(K,)``."""

    def _drawn(self, rng: np.random.Generator, values: Values) -> Numbers:
        shares = np.array(self.known.shares)
        return self._one(int(rng.choice(self.kinds, p=shares / shares.sum())))

    def _one(self, number: int) -> Numbers:
        return np.eye(self.kinds, dtype=np.float32)[number]

    def of_class(self, name: str) -> Numbers:
        """See :class:`Conditions`."""
        classes = self.pack.spec.classes
        if name not in classes:
            raise InputError(f"Pack {self.pack.name!r} makes no {name!r}; its classes are {', '.join(classes)}.")
        return self._one(classes.index(name))

    def of_style(self, style: Numbers) -> Numbers:
        """See :class:`Conditions`: the likeliest class."""
        return self._one(int(style[self.known.latent :].argmax()))

    def to_mapping(self, conditions: Numbers) -> dict[str, Numbers]:
        """See :class:`Conditions`."""
        return {"condition": conditions}

    def told(self, condition: Numbers) -> dict[str, Any]:
        """See :class:`Conditions`: what cohorts call the class, and its name."""
        number = int(condition.argmax())
        return {"label": self.pack.spec.class_values[number], "class": self.pack.spec.classes[number]}


class LabelMap(Nothing):
    """A label map ``(K, H, W)``; where none is given, one of the shapes that were seen is drawn."""

    def __init__(self, pack: Pack) -> None:
        super().__init__(pack)
        marked = pack.spec.classes[1:]
        prefixes = [""] if len(marked) == 1 else [f"{name} " for name in marked]
        self.names = tuple(f"{prefix}{name}" for prefix in prefixes for name in NUMBERS)
        self.size = pack.main.picture.size[0], pack.main.picture.size[1]

    def _drawn(self, rng: np.random.Generator, values: Values) -> Numbers:
        each = enumerate(self.known.shapes)
        return np.stack([draw_shapes(rng, one, self.size, self._of_kind(k, values)) for k, one in each])

    def _of_kind(self, kind: int, values: Values) -> dict[str, float]:
        """What is set of one marked thing: ``size``, ``y``, ``x``."""
        names = self.names[len(NUMBERS) * kind :]
        return {short: values[name] for short, name in zip(NUMBERS, names, strict=False) if name in values}

    def of_labels(self, path: Path) -> Numbers:
        """See :class:`Conditions`."""
        labels = fit_picture(read_picture_labels(path)[None], self.size, nearest=True)[0][0]
        spec = self.pack.spec
        values = [int(value) for value in spec.class_values]
        strange = sorted({int(v) for v in np.unique(labels)} - set(values))
        if strange:
            there = ", ".join(f"{value} {name}" for value, name in zip(values, spec.classes, strict=True))
            raise InputError(f"The label map {path.name!r} holds {strange}; pack {self.pack.name!r} knows {there}.")
        return np.stack([labels == value for value in values[1:]]).astype(np.float32)

    def to_synthesis(self, conditions: Numbers) -> dict[str, Numbers]:
        """See :class:`Conditions`."""
        return {"label": conditions}

    def labels(self, condition: Numbers) -> NDArray[np.uint8] | None:
        """See :class:`Conditions`."""
        values = np.zeros(condition.shape[1:], np.uint8)
        for value, one in zip(self.pack.spec.class_values[1:], condition, strict=True):
            values[one > 0.5] = int(value)
        return values


class Places(LabelMap):
    """Of each marked thing the radius of a disc as large and its middle ``(3 K,)``; see :mod:`limner.nets.place`."""

    def _drawn(self, rng: np.random.Generator, values: Values) -> Numbers:
        each = enumerate(self.known.shapes)
        return np.concatenate([draw_place(rng, one, self._of_kind(k, values)).numbers for k, one in each])

    def of_labels(self, path: Path) -> Numbers:
        """See :class:`Conditions`: a disc as large, and where the mark is."""
        return np.concatenate([place_of(one).numbers for one in super().of_labels(path)])

    def between(self, one: Numbers, other: Numbers, share: float) -> Numbers:
        """See :class:`Conditions`: straight from one to the other."""
        return one + np.float32(share) * (other - one)

    def to_mapping(self, conditions: Numbers) -> dict[str, Numbers]:
        """See :class:`Conditions`."""
        return {"condition": conditions}

    def to_synthesis(self, conditions: Numbers) -> dict[str, Numbers]:
        """See :class:`Conditions`: the style holds it."""
        return {}

    def told(self, condition: Numbers) -> dict[str, Any]:
        """See :class:`Conditions`: sizes (shares of the picture) and places (shares of its side)."""
        each = condition.reshape(-1, len(NUMBERS)).astype(float)
        values = [value for radius, y, x in each for value in (np.pi * radius**2, y, x)]
        return {"attributes": {name: round(float(v), 4) for name, v in zip(self.names, values, strict=True)}}

    def labels(self, condition: Numbers) -> NDArray[np.uint8] | None:
        """See :class:`Conditions`: none, since the outline is the net's own."""
        return None


CONDITIONS: dict[str, type[Nothing]] = {"none": Nothing, "label": OneClass, "mask": LabelMap, "place": Places}
"""By the condition that a pack names."""
