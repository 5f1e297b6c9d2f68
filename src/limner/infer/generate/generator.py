"""A pack's generator on an engine: a seed is a picture, always the same one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.infer.engines import Engine, open_engine
from limner.infer.generate.conditions import CONDITIONS, Conditions, Values
from limner.infer.generate.volume_map import VolumeMap
from limner.packs import DirectionSpec, Pack, PictureSpec

MANY = 2048
"""Latents whose mean style is the middle of all pictures of a class."""


@dataclass(frozen=True, eq=False)
class Latent:
    """All that makes one picture.

    Args:
        styles: ``(layers, width)``.
        noise: ``(noises,)``.
        condition: ``(K,)`` one-hot class, ``(K, *size)`` label map, ``(3 K,)`` sizes and places, ``(0,)`` where there
            is none.
    """

    styles: NDArray[np.float32]
    noise: NDArray[np.float32]
    condition: NDArray[np.float32]


class Generator:
    """Seeds to latents to pictures.

    Args:
        pack: of the task ``generate``.
        engine: its name, for provenance.
        mapping: latents to styles.
        synthesis: styles to pictures.
    """

    def __init__(self, pack: Pack, engine: str, mapping: Engine, synthesis: Engine) -> None:
        self.pack, self.engine, self._mapping, self._synthesis = pack, engine, mapping, synthesis
        self.known = pack.generator
        volumes = not isinstance(pack.spec.input, PictureSpec) and self.known.condition == "mask"
        self.made_from: Conditions = VolumeMap(pack) if volumes else CONDITIONS[self.known.condition](pack)
        self._means: dict[bytes, NDArray[np.float32]] = {}

    @property
    def picture(self) -> PictureSpec:
        """Size and channels of what it makes."""
        return self.pack.main.picture

    def latent(
        self,
        seed: int,
        *,
        condition: NDArray[np.float32] | None = None,
        truncation: float = 1.0,
        values: Values | None = None,
    ) -> Latent:
        """What a seed stands for.

        Args:
            seed: of latent and noise, and of the condition where none is given.
            condition: see :class:`Latent`.
            truncation: 1 for all that was learned; less comes nearer to the middle, with fewer strange pictures and
                less variety; 0 is the mean picture. Source: Karras 2019, appendix B.
            values: attributes to set where no condition is given, by name (``made_from.names``).
        """
        rng = np.random.default_rng([seed, 1])
        z = rng.normal(size=(1, self.known.latent)).astype(np.float32)
        noise = rng.normal(size=self.known.noises).astype(np.float32)
        if condition is None:
            condition = self.made_from.drawn(seed, values or {})
        style = self.styles(z, condition[None])[0]
        if truncation != 1.0:
            mean = self.mean_style(condition)
            style = mean + truncation * (style - mean)
        return Latent(np.repeat(style[None], self.known.layers, 0), noise, condition)

    def styles(self, z: NDArray[np.float32], condition: NDArray[np.float32]) -> NDArray[np.float32]:
        """Styles ``(N, width)`` of latents ``(N, latent)``."""
        return self._mapping.run({"z": z, **self.made_from.to_mapping(condition)})["style"]

    def mean_style(self, condition: NDArray[np.float32]) -> NDArray[np.float32]:
        """The middle of all pictures, or of those of a condition that shapes styles."""
        shapes_it = bool(self.made_from.to_mapping(condition[None]))
        key = condition.tobytes() if shapes_it else b""
        if key not in self._means:
            z = np.random.default_rng(0).normal(size=(MANY, self.known.latent)).astype(np.float32)
            all_alike = np.repeat(condition[None], MANY, 0) if shapes_it else condition[None]
            self._means[key] = self.styles(z, all_alike).mean(0)
        return self._means[key]

    def pictures(self, latents: list[Latent], batch: int = 8) -> NDArray[np.float32]:
        """Pictures, or volumes, ``(N, C, *size)`` in 0–1."""
        found = []
        for start in range(0, len(latents), batch):
            some = latents[start : start + batch]
            given = {"styles": np.stack([x.styles for x in some])}
            if self.known.noises:
                given["noise"] = np.stack([x.noise for x in some])
            given |= self.made_from.to_synthesis(np.stack([x.condition for x in some]))
            found.append(self._synthesis.run(given)["picture"])
        return np.clip(np.concatenate(found) * 0.5 + 0.5, 0, 1)

    def along(self, latent: Latent, direction: DirectionSpec, steps: float) -> Latent:
        """A latent moved along a direction, by that many standard deviations of all styles."""
        way = np.asarray(direction.vector, np.float32) * np.float32(steps * direction.spread)
        return replace(latent, styles=latent.styles + way)

    def direction(self, name: str) -> DirectionSpec:
        """A direction by name; of several with one name that which the attribute follows most closely.

        Raises:
            InputError: with the names that there are.
        """
        fitting = [one for one in self.known.directions if one.name == name]
        if not fitting:
            there = ", ".join(dict.fromkeys(one.name for one in self.known.directions)) or "none"
            raise InputError(f"Pack {self.pack.name!r} knows no direction {name!r}; it has {there}.")
        return max(fitting, key=lambda one: one.correlation)

    def between(self, one: Latent, other: Latent, share: float) -> Latent:
        """A latent on the way: styles in a straight line; noise on a circle, so that it stays as strong.

        A class or a label map is that of the first until the other is nearer; sizes and places go with the styles.
        """
        angle = share * np.pi / 2
        return replace(
            one,
            styles=(one.styles + np.float32(share) * (other.styles - one.styles)).astype(np.float32),
            noise=(np.cos(angle) * one.noise + np.sin(angle) * other.noise).astype(np.float32),
            condition=self.made_from.between(one.condition, other.condition, share),
        )


def open_generator(pack: Pack, engine: str = "auto") -> Generator:
    """The generator of a pack.

    Raises:
        PackError: the pack generates nothing; EngineError: see :func:`limner.infer.engines.open_engine`.
    """
    name, synthesis = open_engine(engine, pack.main)
    return Generator(pack, name, open_engine(name, pack.part("mapping", "mapping.onnx", ("style",)))[1], synthesis)
