"""A sequence of MR made of others by a pack: slices of pictures, and whole scans slice by slice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.data.pairs import copies
from limner.errors import GeometryError, InputError, PackError
from limner.image import Image, Problem, fit_picture, resample_array
from limner.image.mr import SEQUENCES
from limner.infer.engines import Engine, open_engine
from limner.infer.masks import restore
from limner.infer.predict import as_stored, in_axial_order
from limner.infer.slices import lay_together, not_axial, square
from limner.packs import Calibration, Pack
from limner.tasks import translate as task

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Translated:
    """A picture that was made of others.

    Args:
        picture: ``(Y, X)`` in 0–255, on the grid of what it was made from.
        doubt: as large: how much each value hangs on how the net was asked, brought to the size of its errors on the
            check split; None where it was not asked for. It is no error bar of what the inputs do not show.
    """

    picture: Float
    doubt: Float | None


class Translator:
    """A pack's translation on an engine.

    Args:
        pack: of the task ``translate``.
        engine: its name, for provenance.
        opened: the engine.
    """

    def __init__(self, pack: Pack, engine: str, opened: Engine) -> None:
        self.pack, self.engine, self._run = pack, engine, opened.run
        self.known, self.spec = pack.translator, pack.main.picture
        self.mirrored = "x" in pack.spec.mirrors
        self.scale = (pack.spec.calibration or Calibration()).temperature

    def __call__(self, channels: NDArray[np.uint8], *, doubt: bool = False) -> Translated:
        """The wanted channel of one slice.

        Args:
            channels: ``(C, Y, X)`` in the pack's order (``spec.channel_names``), windowed as a whole scan.
            doubt: ask in four ways instead of one.

        Raises:
            InputError: another number of channels, no bytes, or channels that are copies of one another.
        """
        names = self.spec.channel_names
        if channels.ndim != 3 or len(channels) != len(names) or channels.dtype != np.uint8:
            raise InputError(
                f"Pack {self.pack.name!r} makes {SEQUENCES[self.known.wanted]} of {len(names)} channels in eight bits, "
                f"{', '.join(names)}, as (C, Y, X); got {channels.shape} of {channels.dtype}."
            )
        same = [] if len(np.unique(channels)) < 2 else copies(channels, names)
        if same:
            a, b = same[0]
            raise InputError(
                f"The channels {a} and {b} hold the same pixels: one of them is missing, and the other was put in its "
                f"place. Pack {self.pack.name!r} needs both."
            )
        fitted, fit = fit_picture(channels, self.spec.size)
        made, spread = task.translated(fitted, self._ask, self.mirrored, doubt)
        picture = restore(made[None], fit)[0]
        if spread is None:
            return Translated(picture, None)
        return Translated(picture, restore(spread[None], fit)[0] * np.float32(self.scale))

    def _ask(self, x: Float) -> Float:
        """Views one after another: that bounds the memory."""
        return np.concatenate([self._run({"image": x[k : k + 1]})["picture"][:, 0] for k in range(len(x))])


def open_translator(pack: Pack, engine: str = "auto") -> Translator:
    """A pack's translation of slices.

    Raises:
        PackError: the pack does something else. EngineError: the engine cannot load it.
    """
    pack.translator  # noqa: B018 - refuses packs that translate nothing
    return Translator(pack, *open_engine(engine, pack.main))


@dataclass(frozen=True, eq=False)
class TranslatedScan:
    """A series that was never acquired.

    Args:
        image: on the grid of the reference channel, eight bits; MR has no unit.
        doubt: as large; see :class:`Translated`.
        given: of the axial slice in which most is there, with square pixels: channel → what the net saw.
        made: of it in that slice.
        unsure: in that slice, None without ``doubt``.
        problems: what a reader must know.
        engine: that ran.
        seconds: of the work.
    """

    image: Image
    doubt: Image | None
    given: Mapping[str, NDArray[np.uint8]]
    made: Float
    unsure: Float | None
    problems: tuple[Problem, ...]
    engine: str
    seconds: float


def translate_study(
    pack: Pack,
    channels: Mapping[str, Image],
    *,
    engine: str = "auto",
    doubt: bool = True,
    progress: Callable[[float], None] | None = None,
) -> TranslatedScan:
    """Makes the wanted sequence of a scan.

    Every channel is laid on the reference's grid by its place in the world and windowed as a whole; the net sees one
    axial slice at a time, with square pixels, and what it makes comes back to the grid.

    Args:
        pack: of the task ``translate``.
        channels: name → image; all that the pack is given, see :func:`limner.io.open_channels`.
        engine: of :data:`limner.infer.engines.ENGINES`, or ``auto``.
        doubt: ask in four ways, and say how far they differ.
        progress: called with the share of slices that is done.

    Raises:
        PackError: the pack does something else, or a channel is not there.
        GeometryError: the reference is one slice, or its axes are not at right angles.
        InputError: two channels are the same series.
    """
    translator = open_translator(pack, engine)
    spec = translator.spec
    if missing := [name for name in spec.channel_names if name not in channels]:
        told, wanted = ", ".join(spec.channel_names), SEQUENCES[translator.known.wanted]
        raise PackError(f"Pack {pack.name!r} makes {wanted} of {told}; {missing[0]} is missing.")
    start = time.perf_counter()
    reference = channels[str(spec.reference)]
    axial = in_axial_order(reference)
    if min(axial.grid.shape) < 2:
        raise GeometryError(f"A scan of at least two voxels along each axis is expected; got {axial.grid.shape}.")
    grid = square(axial.grid)
    stack, problems = lay_together(spec, channels, grid)
    if same := copies(stack, spec.channel_names):
        raise InputError(
            f"The channels {' and '.join(same[0])} hold the same voxels; each must be a series of its own."
        )
    made = np.empty(stack.shape[1:], np.float32)
    unsure = np.empty(stack.shape[1:], np.float32) if doubt else None
    for z in range(len(made)):
        one = _slice(translator, np.ascontiguousarray(stack[:, z]), doubt)
        made[z] = one.picture
        if unsure is not None and one.doubt is not None:
            unsure[z] = one.doubt
        if progress:
            progress((z + 1) / len(made))

    def back(values: Float) -> Image:
        there = np.clip(resample_array(values, grid, axial.grid) + 0.5, 0, 255).astype(np.uint8)
        return Image(as_stored(reference, there), reference.grid, "MR")

    warned = Problem("translated", "warning", warning(pack))
    fullest = int((stack[:, :, ::4, ::4] > 0).sum((0, 2, 3)).argmax())
    return TranslatedScan(
        back(made),
        None if unsure is None else back(unsure),
        dict(zip(spec.channel_names, stack[:, fullest], strict=True)),
        made[fullest],
        None if unsure is None else unsure[fullest],
        (warned, *problems, *not_axial(axial.grid)),
        translator.engine,
        round(time.perf_counter() - start, 3),
    )


def warning(pack: Pack) -> str:
    """What must be said wherever a translation is shown."""
    known, given = pack.translator, [SEQUENCES[one] for one in pack.main.picture.channel_names]
    return (
        f"This {SEQUENCES[known.wanted]} was never acquired: a net made it of {', '.join(given)}. A lesion that those "
        "do not show may be missing in it, and one may be seen that is not there. The map of uncertainty says how much "
        "a value hangs on how the net was asked; it does not see what the net has invented. Never read it alone."
    )


def _slice(translator: Translator, channels: NDArray[np.uint8], doubt: bool) -> Translated:
    """One slice; where the channels are copies, nothing is there but black, or a flat field."""
    if copies(channels, translator.spec.channel_names):
        empty = np.zeros(channels.shape[1:], np.float32)
        return Translated(empty, empty if doubt else None)
    return translator(channels, doubt=doubt)
