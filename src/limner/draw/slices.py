"""A predictor that draws a scan of several MR series slice by slice, with a pack that learned from slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from limner.draw.options import DrawOptions
from limner.draw.predictor import pack_note
from limner.draw.scan_reasons import ASKING
from limner.draw.synthetic import marks_of
from limner.errors import PackError
from limner.findings import PackNote
from limner.image import Image, Series, Study
from limner.infer import Pack, Prediction
from limner.infer.memory import refuse_limit
from limner.infer.slices import predict_slices
from limner.io import Channels, Marks, open_channels


def check_slices(name: str, options: DrawOptions) -> None:
    """Refuses what a pack on slices, of this name, cannot do, before any work.

    Raises:
        PackError: an explanation that asks nets; a limit of memory.
    """
    if options.explain in ASKING:
        raise PackError(
            f"--explain {options.explain} asks the net about a window of one scan, and pack {name!r} reads several "
            "series slice by slice: its nets cannot be asked. Leave --explain out: the shape of lesions is measured "
            "then; or give `--explain none`."
        )
    refuse_limit(name, options.max_memory_gb)


class SlicePredictor:
    """A pack on slices of MR, over all the series that it reads.

    Args:
        pack: with :attr:`limner.packs.Pack.draws_slices`.
        engine: ``auto``, ``openvino``, ``onnxruntime`` or ``torch``.
        named: channel → a path, or words of a series' description, where the headers do not tell.
    """

    def __init__(self, pack: Pack, engine: str = "auto", named: Mapping[str, str] | None = None) -> None:
        self._pack, self._engine, self._named = pack, engine, dict(named or {})
        self._channels: Channels | None = None
        self._marks: tuple[Marks, ...] = ()

    @property
    def pack(self) -> PackNote:
        """The pack's name, version and hash."""
        return pack_note(self._pack)

    @property
    def citations(self) -> tuple[str, ...]:
        """What the pack asks to be cited for."""
        return tuple(self._pack.spec.citations)

    @property
    def channels(self) -> Mapping[str, str]:
        """Channel → how its series was acquired; empty before a study was opened."""
        return self._channels.told() if self._channels else {}

    @property
    def marks(self) -> tuple[Marks, ...]:
        """What the series beside the reference say of their origin; none before a study was drawn."""
        return self._marks

    def open(self, sources: Sequence[Path]) -> tuple[Study, Series]:
        """The reference series: all others are laid on its grid."""
        self._channels = open_channels(sources, self._pack.main.picture, self._named)
        return self._channels.study, self._channels.reference

    def predict(self, image: Image, progress: Callable[[float], None]) -> Prediction:
        """As :func:`limner.infer.slices.predict_slices`, of the study that was opened; ``image`` is its reference."""
        if self._channels is None:
            raise PackError("A scan of several series is opened before it is drawn: call open() first.")
        reference = self._pack.main.picture.reference
        beside = {name: one for name, one in self._channels.series.items() if name != reference}
        others = {name: one.load() for name, one in beside.items()}
        self._marks = tuple(marks_of(beside[name], one) for name, one in others.items())
        return predict_slices(self._pack, {str(reference): image, **others}, engine=self._engine, progress=progress)
