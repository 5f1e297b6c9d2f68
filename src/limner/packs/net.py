"""One net of a pack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from limner.errors import PackError
from limner.packs.inputs import InputSpec, PictureSpec
from limner.packs.slices import SlicesSpec
from limner.packs.spec import NetSpec

OUTPUTS: dict[str, tuple[str, ...]] = {
    "classify": ("logits", "maps"),
    "segment": ("logits",),
    "detect": ("centers", "sizes", "offsets"),
    "generate": ("picture",),
    "translate": ("picture",),
    "superresolve": ("values", "spread"),
}
"""What a net gives, by task, in this order."""


@dataclass(frozen=True)
class Net:
    """One net of a pack: its files, what it expects, what its channels mean.

    ``ports`` are the channels with which it is built again, those of input and classes where None; ``part`` is the
    module of it that this graph is, the whole where empty; ``inner`` are values inside that are asked for instead of
    its outputs.
    """

    pack: str
    model: Path
    weights: Path
    input: InputSpec | PictureSpec | SlicesSpec
    classes: tuple[str, ...]
    build: NetSpec | None
    outputs: tuple[str, ...] = ("logits",)
    ports: tuple[int, int] | None = None
    part: str = ""
    inner: tuple[str, ...] = ()

    @property
    def volume(self) -> InputSpec:
        """The input of a net on scans.

        Raises:
            PackError: this net reads pictures.
        """
        if isinstance(self.input, SlicesSpec):
            raise PackError(f"Pack {self.pack!r} makes voxels finer and names nothing in them: use `limner enhance`.")
        if not isinstance(self.input, InputSpec):
            raise PackError(f"Pack {self.pack!r} reads pictures, not scans. See `limner packs list` for others.")
        return self.input

    @property
    def picture(self) -> PictureSpec:
        """The input of a net on pictures.

        Raises:
            PackError: this net reads scans.
        """
        if isinstance(self.input, SlicesSpec):
            raise PackError(f"Pack {self.pack!r} makes voxels finer and names nothing in them: use `limner enhance`.")
        if not isinstance(self.input, PictureSpec):
            raise PackError(f"Pack {self.pack!r} reads scans, not pictures. See `limner packs list` for others.")
        return self.input

    @property
    def slices(self) -> SlicesSpec:
        """The input of a net that makes slices thinner, or pixels finer.

        Raises:
            PackError: this net does something else.
        """
        if not isinstance(self.input, SlicesSpec):
            raise PackError(f"Pack {self.pack!r} does not make voxels finer. See `limner packs list` for others.")
        return self.input
