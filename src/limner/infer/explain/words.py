"""An explanation in words, English and Chinese: only what was measured is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from limner.errors import InputError
from limner.infer.explain.catalogue import WORDS
from limner.infer.explain.checks import energy_inside
from limner.infer.explain.explanation import AttributeEffect, AttributeTable, Check, HeatMap
from limner.infer.explain.heat import hottest
from limner.infer.explain.source import ScanSource, Source

LANGUAGES = ("en", "zh")

METHOD_NAMES = {"grad-cam": "Grad-CAM", "lime": "LIME"}

NO_MARGIN = 10.0
"""What :func:`limner.data.lesion_attributes.margin_width` gives where lesion and surroundings are alike."""
ASYMMETRIC, IRREGULAR, BLURRED = 0.1, 1.5, 0.5
"""Above these the words say asymmetric, irregular, blurred; ours, for the wording only: the figure stands beside."""


class Speaker:
    """Says things in one language.

    Args:
        lang: ``en`` or ``zh``.

    Raises:
        InputError: for another language.

    >>> Speaker("en")("mask_measured")[:10]
    'The lesion'
    """

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            raise InputError(f"Explanations are written in {' or '.join(LANGUAGES)}; got lang={lang!r}.")
        self._column = LANGUAGES.index(lang)

    def __call__(self, key: str, **values: Any) -> str:
        """One entry, filled in."""
        return WORDS[key][self._column].format(**values)

    def failed(self, kind: str, check: Check) -> str:
        """Why a check was not passed."""
        return self(check.name, method=self.method(kind), value=check.value, baseline=check.baseline)

    def method(self, kind: str) -> str:
        """A method's name."""
        return METHOD_NAMES.get(kind) or self("attributes.method")

    def join(self, parts: Sequence[str]) -> str:
        """``a, b and c``."""
        if len(parts) < 2:
            return "".join(parts)
        return self("comma").join(parts[:-1]) + self("and") + parts[-1]

    def attribute(self, one: AttributeEffect) -> str:
        """What was measured of an attribute."""
        value = one.value
        if one.name == "colour":
            names = [self(name) for name in one.detail["shares"]] or [self("none of six")]
            many = "colour.many" if len(one.detail["shares"]) != 1 else "colour.one"
            return self(many, n=int(value), names=self("comma").join(names))
        if one.name == "margin" and value >= NO_MARGIN:
            return self("margin.none")
        limits = {"asymmetry": ASYMMETRIC, "border": IRREGULAR, "margin": BLURRED}
        if one.name in limits:
            return self(f"{one.name}.{'yes' if value > limits[one.name] else 'no'}", v=value)
        return self(one.name, v=value, unit=self(one.unit) if one.unit else "")

    def place(self, heat: np.ndarray) -> str:
        """Where the hottest point lies, in thirds of the picture."""
        at = hottest(heat)
        if heat.ndim == 3:
            return self("around_voxel", place=", ".join(map(str, at)))
        third = [min(2, int(3 * i / n)) for i, n in zip(at, heat.shape, strict=True)]
        names = [("upper", "middle", "lower")[third[0]], ("left", "middle", "right")[third[1]]]
        if names == ["middle", "middle"]:
            where = self("centre")
        elif self._column == 0:
            said = [name for name in names if name != "middle"]
            where = f"its {' '.join(said)}{'' if len(said) == 2 else ' part'}"
        else:  # 左上, 右下: the side first
            where = "".join(self(name) for name in names[::-1] if name != "middle") + "部"
        return self("at", place=where)


def sentence(
    say: Speaker,
    opening: tuple[str, str, float],
    table: AttributeTable | None,
    maps: Sequence[HeatMap],
    source: Source,
) -> str:
    """The explanation in a few sentences.

    Args:
        say: the language.
        opening: the key of its first words (a task, ``other``, ``unsure``), name, probability.
        table: of attributes, None where there is none.
        maps: of which the first that is warm somewhere is described.
        source: what they lie on.
    """
    key, name, p = opening
    text = say(key, name=name, p=p)
    text += _because(say, p, table) if table else ""
    parts = [text + say("stop")]
    warm = next((one for one in maps if (one.values > 0).any()), None)
    if warm is not None:
        parts.append(_in_scan(say, warm, source) if isinstance(source, ScanSource) else _in_picture(say, warm))
    return say("gap").join(parts)


def _in_picture(say: Speaker, made: HeatMap) -> str:
    """How much of the picture holds half of the heat, and where."""
    share = 100 * half_area(made.values)
    return say("half", method=say.method(made.kind), share=max(share, 1.0), place=say.place(made.values))


def _in_scan(say: Speaker, made: HeatMap, source: ScanSource) -> str:
    """How much of the heat lies in the finding, and how far from its middle the strongest place is."""
    share = energy_inside(_spread(made), source.mask).value
    strongest = source.grid.world(hottest(made.values, source.grid.index(source.center_mm)))
    away = float(np.linalg.norm(strongest - source.center_mm))
    return say("half_of_finding", method=say.method(made.kind), share=share, mm=away)


def _spread(made: HeatMap) -> np.ndarray:
    """Heat per voxel: a part's weight is shared out among its voxels, or large parts would outweigh all others."""
    if made.segments is None:
        return made.values
    sizes = np.bincount(made.segments.ravel(), minlength=len(made.weights) + 1)
    return np.asarray(made.values / np.maximum(sizes, 1)[made.segments])


def _because(say: Speaker, p: float, table: AttributeTable) -> str:
    """The clause about attributes: those that were taken out together, and what that did; or what was measured."""
    if all(one.without is None for one in table.effects):
        return say("measured", what=say.join([say.attribute(one) for one in table.effects]))
    removed = [one for one in table.effects if one.name in table.removed]
    fall = (p - table.all_without) / max(p, 1e-6)
    if not removed or fall < 0.1:
        return say("hardly", what=say.join([say.attribute(one) for one in table.effects]))
    them = say("them" if len(removed) > 1 else "it")
    what = say.join([say.attribute(one) for one in removed])
    return say("mainly" if fall >= 0.5 else "partly", what=what, them=them, p=p, q=table.all_without)


def half_area(heat: np.ndarray) -> float:
    """The smallest share of the picture that holds half of the positive heat."""
    warm = np.sort(np.maximum(heat, 0).ravel().astype(np.float64))[::-1]
    total = float(warm.sum())
    if total <= 0:
        return 1.0
    return (int(np.searchsorted(np.cumsum(warm), total / 2)) + 1) / warm.size
