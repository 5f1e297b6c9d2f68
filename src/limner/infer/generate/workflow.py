"""From seeds to a folder of marked pictures, a sheet to look at, and what would make them again."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import read_for
from limner.data.label_channels import label_channels
from limner.errors import InputError
from limner.image import Picture
from limner.infer.generate.anatomy import tumors_of
from limner.infer.generate.generator import Generator, Latent
from limner.infer.generate.inversion import invert
from limner.infer.generate.sheet import sheet
from limner.io import Origin
from limner.io.folder import check_output, new_folder
from limner.io.synthetic import labels_png, write_picture
from limner.io.synthetic_dicom import DicomSeries
from limner.io.synthetic_film import write_film
from limner.packs import Pack

Progress = Callable[[str, float], None]
MARKER, DICOM = "generated.json", "dicom"


@dataclass(frozen=True)
class GenerateOptions:
    """What is asked for.

    Args:
        count: pictures; their seeds are ``seed``, ``seed + 1``, …; 8 where None.
        seed: of the first; 0 where None.
        between: two ends, each a seed or the path of a picture; ``frames`` pictures lead from one to the other.
        direction: name of a direction; ``frames`` pictures of each seed lead along it, ``reach`` standard deviations
            each way.
        frames: of a way; 60 between two, 7 along a direction where None.
        kind: a class of the pack, where it makes pictures of classes.
        labels: a label map to make pictures (PNG) or volumes (NIfTI) from; its values are those of the pack's classes.
        place: a lesion of the pack: each picture gets another one where the label map leaves room for it.
        truncation: 1 for all that was learned, less for nearer to the middle.
        values: attributes to set, by name.
        dicom: also write each picture as DICOM (Secondary Capture).
    """

    count: int | None = None
    seed: int | None = None
    between: tuple[int | Path, int | Path] | None = None
    direction: str | None = None
    reach: float = 2.5
    frames: int | None = None
    kind: str | None = None
    labels: Path | None = None
    place: str | None = None
    truncation: float = 1.0
    values: Mapping[str, float] = field(default_factory=dict)
    dicom: bool = False

    @property
    def seeds(self) -> list[int]:
        """Of the pictures, or of each way along a direction."""
        return [(self.seed or 0) + k for k in range(8 if self.count is None else self.count)]

    @property
    def of_somebody(self) -> bool:
        """Whether pictures of real people are among what it is made from."""
        return any(isinstance(end, Path) for end in self.between or ())


@dataclass(frozen=True)
class Generated:
    """What was made: the folder, and ``generated.json`` as a dict."""

    folder: Path
    told: dict[str, Any]


def generate_pictures(
    generator: Generator,
    out: Path,
    options: GenerateOptions,
    *,
    force: bool = False,
    progress: Progress | None = None,
    conditions: Callable[[int], NDArray[np.float32]] | None = None,
) -> Generated:
    """Makes pictures of nobody, a PNG each.

    Args:
        generator: see :func:`limner.infer.generate.open_generator`.
        out: folder to make, whole or not at all: PNGs, their label maps where they were made from some, ``sheet.png``,
            ``way.webp`` (a way between two, as a film), ``dicom/`` where asked for, ``generated.json``, and
            ``cohort.csv`` to train from. Every file of pixels carries its marks (:mod:`limner.io.synthetic`).
        options: how many, from which seeds.
        conditions: of each seed, in place of what ``options`` says.

    Raises:
        InputError: the pack has no such class, attribute or direction, or takes no label map; or what is asked for does
            not go together. PackError: the way has a picture as an end, and the pack cannot look for it.
        OutputExistsError: see :func:`limner.io.folder.check_output`; before a given picture is looked for.
    """
    pack = generator.pack
    refuse_contradictions(options)
    given = [one for one in (*(options.between or ()), options.labels) if isinstance(one, Path)]
    check_output(out, force=force, marker=MARKER, inputs=given)
    seeds, latents = _latents(generator, options, conditions or _conditions(generator, options))
    with new_folder(out, force=force, marker=MARKER) as folder:
        rows, pictures, series = [], [], DicomSeries(folder / DICOM) if options.dicom else None
        for start in range(0, len(latents), 8):
            if progress:
                progress("generate", start / len(latents))
            some = generator.pictures(latents[start : start + 8])
            for number, (picture, latent) in enumerate(zip(some, latents[start : start + 8], strict=True), start):
                path = folder / f"{number:04d}.png"
                rows.append(_write(generator, picture, latent, seeds[number], path, options, series))
            pictures.append(some)
        together = np.concatenate(pictures)
        columns = options.frames or 7 if options.direction else None
        write_picture(sheet(together, columns=columns), folder / "sheet.png", origin_of(pack, options))
        told = _told(pack, generator, options, rows)
        if options.dicom:
            told["files"]["dicom"] = DICOM
        if options.between:
            _film(together, folder / "way.webp", origin_of(pack, options))
            told["files"]["film"] = "way.webp"
        if not options.of_somebody:  # nobody is learned from under an invented name
            told["files"]["cohort"] = "cohort.csv"
            _write_cohort(rows, folder / "cohort.csv", pack)
        (folder / MARKER).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Generated(out, told)


def refuse_contradictions(options: GenerateOptions) -> None:
    """Refuses what would be ignored.

    Raises:
        InputError: says what does not go with what.
    """
    ways = options.between or options.direction
    if options.between and options.direction:
        raise InputError("A way leads between two seeds or along a direction; ask for one of them.")
    if options.frames is not None and not ways:
        raise InputError("--frames counts the pictures of a way: say which, with --between A B or --direction NAME.")
    for name, value in (("-n", options.count), ("--seed", options.seed)):
        if options.between and value is not None:
            raise InputError(
                f"{name} is for pictures of seeds, and --between names both ends itself; leave {name} out. How many "
                "pictures lie between is said by --frames."
            )
    if options.between and options.truncation != 1 and all(isinstance(end, Path) for end in options.between):
        raise InputError("--truncation moves seeds to the middle, and both ends are given pictures; leave it out.")


def _latents(
    generator: Generator, options: GenerateOptions, made_from: Callable[[int], NDArray[np.float32] | None]
) -> tuple[list[int | str], list[Latent]]:
    def at(end: int | Path) -> Latent:
        if isinstance(end, Path):
            return invert(generator, read_for(end, generator.picture))
        return generator.latent(end, condition=made_from(end), truncation=options.truncation, values=options.values)

    seeds = options.seeds
    if options.direction is not None:
        way = generator.direction(options.direction)
        steps = np.linspace(-options.reach, options.reach, options.frames or 7)
        moved = [(f"{seed}, {way.name} {step:+.2f}", at(seed), float(step)) for seed in seeds for step in steps]
        return [name for name, _, _ in moved], [generator.along(one, way, step) for _, one, step in moved]
    if options.between is None:
        return [*seeds], [at(seed) for seed in seeds]
    first, last = (at(end) for end in options.between)
    shares = np.linspace(0, 1, options.frames or 60)
    ends = "…".join(str(end) for end in _ends(options))
    names: list[int | str] = [f"{ends}: {share:.3f}" for share in shares]
    return names, [generator.between(first, last, float(share)) for share in shares]


def _ends(options: GenerateOptions) -> list[int | str]:
    """Of a way; a picture's path may name its patient."""
    return ["a given picture" if isinstance(end, Path) else end for end in options.between or ()]


def _conditions(generator: Generator, options: GenerateOptions) -> Callable[[int], NDArray[np.float32] | None]:
    """What the picture of a seed is made from, where the person has said it."""
    fixed = _condition(generator, options)
    if options.place is None:
        return lambda seed: fixed
    if options.labels is None or fixed is None:
        raise InputError("--place puts a tumour into the label map of --labels; give one.")
    tumors, labels = tumors_of(generator.pack, options.place, (1.0, 1.0)), as_labels(fixed)
    return lambda seed: label_channels(tumors.moved(labels, seed), len(fixed) + 1).astype(np.float32)


def as_labels(channels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Channels ``(K, H, W)`` of classes as one map of their values, 1 to K."""
    values = np.zeros(channels.shape[1:], np.uint8)
    for value, one in enumerate(channels, 1):
        values[one > 0.5] = value
    return values


def _condition(generator: Generator, options: GenerateOptions) -> NDArray[np.float32] | None:
    """What all pictures are made from, where the person has said it."""
    told = {"--class": options.kind, "--labels": options.labels, "--set": options.values or None}
    if len(both := [name for name, value in told.items() if value is not None]) > 1:
        raise InputError(f"{' and '.join(both)} both say what all pictures are made from; give one of them.")
    if both and options.of_somebody:
        raise InputError(f"A given picture says itself what it is made from: leave {both[0]} out, or go between seeds.")
    if options.kind is not None:
        return generator.made_from.of_class(options.kind)
    if options.labels is not None:
        return generator.made_from.of_labels(options.labels)
    return None


def _write(
    generator: Generator,
    picture: NDArray[np.float32],
    latent: Latent,
    seed: int | str,
    path: Path,
    options: GenerateOptions,
    series: DicomSeries | None,
) -> dict[str, Any]:
    """One picture, marked, and its row, which says nothing of a given picture that no encoder has read off it."""
    origin = origin_of(generator.pack, options, seed)
    write_picture(Picture(as_bytes(picture)), path, origin)
    if series is not None:
        series.add(Picture(as_bytes(picture)), f"{path.stem}.dcm", origin)
    row: dict[str, Any] = {"id": path.stem, "image": path.name, "seed": seed}
    if options.of_somebody and not generator.known.encoder:
        return row
    row |= generator.made_from.told(latent.condition)
    if (labels := generator.made_from.labels(latent.condition)) is not None:
        row["mask"] = f"{path.stem}.labels.png"
        path.with_name(row["mask"]).write_bytes(labels_png(labels, origin))
    return row


def origin_of(pack: Pack, options: GenerateOptions, seed: int | str | None = None) -> Origin:
    """What the marks of a picture say."""
    return Origin(f"{pack.name} {pack.version}", pack.sha256, "generate", seed, options.of_somebody)


def as_bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """0–1 to 0–255."""
    return np.rint(picture * 255).astype(np.uint8)


def _film(pictures: NDArray[np.float32], path: Path, origin: Origin, seconds: float = 4.0) -> None:
    frames = [Picture(as_bytes(one)) for one in pictures]
    there_and_back = [*frames, *frames[-2:0:-1]]  # so that it can go on for ever
    write_film(there_and_back, path, origin, max(20, round(1000 * seconds / len(pictures))))


def _write_cohort(rows: list[dict[str, Any]], path: Path, pack: Pack) -> None:
    """The pictures as a cohort of nobodies, all to be learned from."""
    columns = ["id", "image", *(name for name in ("label", "mask") if name in rows[0]), "split", "patient", "synthetic"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            nobody = f"synthetic-{pack.sha256[:6]}-{row['id']}"
            writer.writerow({**row, "id": nobody, "patient": nobody, "split": "train", "synthetic": 1})


def _told(pack: Pack, generator: Generator, options: GenerateOptions, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": "limner.generated/1",
        "synthetic": True,
        "pack": {"name": pack.name, "version": pack.version, "sha256": pack.sha256},
        "engine": generator.engine,
        "seed": options.seed or 0,
        "truncation": options.truncation,
        "between": _ends(options) or None,
        "direction": options.direction,
        "frames": options.frames,
        "class": options.kind,
        "labels_sha256": hashlib.sha256(options.labels.read_bytes()).hexdigest() if options.labels else None,
        "placed": options.place,
        "set": dict(options.values),
        "licence": pack.spec.licence,
        "images": rows,
        "files": {"sheet": "sheet.png"},
    }
