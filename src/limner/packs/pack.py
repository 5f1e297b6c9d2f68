"""A model pack: a folder with weights and what is known about them, and no code."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from limner.errors import PackError
from limner.image import Label, anatomy
from limner.packs.inputs import PictureSpec
from limner.packs.made import GeneratorSpec, TranslatorSpec
from limner.packs.net import OUTPUTS, Net
from limner.packs.slices import SlicesSpec
from limner.packs.spec import PackSpec

CLASSICAL_LABELS: dict[str, tuple[str, ...]] = {
    "lungs": ("right lung", "left lung"),
    "bones": ("bones",),
    "body": ("body",),
    "head": ("head",),
}


@dataclass(frozen=True)
class Pack:
    """A pack on disk, read and checked."""

    folder: Path
    spec: PackSpec

    @property
    def name(self) -> str:
        """Name of the pack."""
        return self.spec.name

    @property
    def version(self) -> str:
        """Version of the pack."""
        return self.spec.version

    @property
    def main(self) -> Net:
        """The net that draws."""
        spec = self.spec
        if spec.generator is not None:
            return self.part("synthesis", "model.onnx", OUTPUTS[spec.task])
        files = self.folder / "model.onnx", self.folder / "weights.safetensors"
        named = isinstance(spec.input, PictureSpec) or spec.task in ("detect", "superresolve")
        outputs = OUTPUTS[spec.task] if named else ("logits",)
        if isinstance(spec.input, SlicesSpec) and spec.input.latent:
            outputs = outputs[:1]  # how far its samples differ says what the spread would
        ports = (1, 1) if spec.task == "superresolve" else None
        if spec.task == "translate" and isinstance(spec.input, PictureSpec):
            ports = (spec.input.channels, 1)
        return Net(self.name, *files, spec.input, tuple(spec.classes), spec.net, outputs, ports)

    @property
    def generator(self) -> GeneratorSpec:
        """What it takes to make pictures.

        Raises:
            PackError: this pack makes none.
        """
        if self.spec.generator is None:
            raise PackError(
                f"Pack {self.name!r} generates nothing: its task is {self.spec.task}. Others: `limner packs list`."
            )
        return self.spec.generator

    @property
    def translator(self) -> TranslatorSpec:
        """What it makes of what.

        Raises:
            PackError: this pack translates nothing.
        """
        if self.spec.translator is None:
            raise PackError(
                f"Pack {self.name!r} translates nothing: its task is {self.spec.task}. Others: `limner packs list`."
            )
        return self.spec.translator

    def part(self, name: str, file: str, outputs: tuple[str, ...]) -> Net:
        """One graph of a generator: ``mapping``, ``synthesis``, ``encoder`` or ``decoder``."""
        spec, known = self.spec, self.generator
        ports = known.conditions(len(spec.classes)), spec.input.channels
        files = self.folder / file, self.folder / "weights.safetensors"
        return Net(self.name, *files, spec.input, tuple(spec.classes), spec.net, outputs, ports, name)

    @property
    def draws_slices(self) -> bool:
        """Whether it outlines pictures that are slices of a scan, and so draws a scan slice by slice."""
        return (
            self.spec.task == "segment"
            and isinstance(self.spec.input, PictureSpec)
            and bool(self.spec.input.channel_names)
        )

    @property
    def locator(self) -> Net | None:
        """The net that finds, where the pack has one."""
        spec = self.spec.locator
        if spec is None:
            return None
        files = self.folder / "locator.onnx", self.folder / "locator.safetensors"
        return Net(self.name, *files, spec.input, tuple(spec.classes), spec.net)

    @property
    def structures(self) -> tuple[str, ...]:
        """What the nets name, in the order of the label values: the main net's classes, then the locator's others."""
        found = self.spec.classes[1:]
        if self.spec.locator:
            found = [*found, *(name for name in self.spec.locator.classes[1:] if name not in found)]
        return tuple(found)

    @cached_property
    def sha256(self) -> str:
        """One hash over everything that shapes an answer: ``pack.json`` and the files that it lists."""
        return hashlib.sha256((self.folder / "pack.json").read_bytes()).hexdigest()

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """Every label that a drawing by this pack may hold."""
        ruled = [part for name in self.spec.classical for part in CLASSICAL_LABELS[name]]
        kinds = self.spec.kinds
        return tuple(
            anatomy.named(name, value, kinds.get(name)) for value, name in enumerate([*self.structures, *ruled], 1)
        )

    def region(self, name: str) -> tuple[str, ...]:
        """The labels of a region: an organ holds all that lies inside it.

        Raises:
            PackError: for a region that this pack does not know.
        """
        known = [one.name for one in self.labels]
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise PackError(f"Pack {self.name!r} has no region {name!r}; it has {', '.join(known)}.{hint}")
        return (name, *(one for one in self.spec.regions.get(name, []) if one != name))

    def verify(self) -> None:
        """Holds every file against the hash in ``pack.json``.

        Raises:
            PackError: names the file that differs.
        """
        for name, expected in self.spec.files.items():
            path = self.folder / name
            if not path.is_file():
                raise PackError(f"Pack {self.name!r} lacks its file {name!r}; fetch the pack again.")
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != expected:
                raise PackError(
                    f"Pack {self.name!r}: {name!r} is not the file it was made with "
                    f"(SHA-256 {found[:12]}…, expected {expected[:12]}…); fetch the pack again."
                )
