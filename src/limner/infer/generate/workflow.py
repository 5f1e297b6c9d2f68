"""From seeds to a folder of marked pictures, a sheet to look at, and what would make them again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.errors import InputError
from limner.image import Picture, fit_picture
from limner.infer.generate.generator import Generator, Latent
from limner.infer.generate.sheet import sheet
from limner.io import Origin, read_picture_labels
from limner.io.folder import new_folder
from limner.io.synthetic import marked_pixels, write_picture
from limner.packs import Pack

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class GenerateOptions:
    """What is asked for.

    Args:
        count: pictures; their seeds are ``seed``, ``seed + 1``, …
        seed: of the first.
        between: two seeds; ``frames`` pictures lead from one to the other.
        direction: name of a direction; ``frames`` pictures of each seed lead along it, ``reach`` standard deviations
            each way.
        frames: of a way; 60 between two, 7 along a direction where None.
        kind: a class of the pack, where it makes pictures of classes.
        labels: a label map (PNG, its values those of the pack's classes) to make pictures from.
        truncation: 1 for all that was learned, less for nearer to the middle.
    """

    count: int = 8
    seed: int = 0
    between: tuple[int, int] | None = None
    direction: str | None = None
    reach: float = 2.5
    frames: int | None = None
    kind: str | None = None
    labels: Path | None = None
    truncation: float = 1.0


@dataclass(frozen=True)
class Generated:
    """What was made: the folder, and ``generated.json`` as a dict."""

    folder: Path
    told: dict[str, Any]


def generate(
    generator: Generator, out: Path, options: GenerateOptions, *, force: bool = False, progress: Progress | None = None
) -> Generated:
    """Makes pictures of nobody, a PNG each.

    Args:
        generator: see :func:`limner.infer.generate.open_generator`.
        out: folder to make, whole or not at all: PNGs, their label maps where they were made from some, ``sheet.png``,
            ``way.webp`` (a way between two, as a film), ``generated.json``, and ``cohort.csv`` to train from. Each
            picture, the sheet and the film carry both marks (:mod:`limner.io.synthetic`).
        options: how many, from which seeds.

    Raises:
        InputError: the pack has no such class or direction, or takes no label map; or two ways are asked for at once.
    """
    pack = generator.pack
    if options.between and options.direction:
        raise InputError("A way leads between two seeds or along a direction; ask for one of them.")
    fixed = _condition(generator, options)
    seeds, latents = _latents(generator, options, fixed)
    with new_folder(out, force=force, marker="generated.json") as folder:
        rows, pictures = [], []
        for start in range(0, len(latents), 8):
            if progress:
                progress("generate", start / len(latents))
            some = generator.pictures(latents[start : start + 8])
            for number, (picture, latent) in enumerate(zip(some, latents[start : start + 8], strict=True), start):
                rows.append(_write(generator, picture, latent, seeds[number], folder, number))
            pictures.append(some)
        together = np.concatenate(pictures)
        columns = options.frames or 7 if options.direction else None
        write_picture(sheet(together, columns=columns), folder / "sheet.png", origin_of(pack))
        told = _told(pack, generator, options, rows)
        if options.between:
            _film(together, folder / "way.webp", origin_of(pack))
            told["files"]["film"] = "way.webp"
        _write_cohort(rows, folder / told["files"]["cohort"], pack)
        (folder / "generated.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Generated(out, told)


def _latents(
    generator: Generator, options: GenerateOptions, fixed: NDArray[np.float32] | None
) -> tuple[list[int | str], list[Latent]]:
    def at(seed: int) -> Latent:
        return generator.latent(seed, condition=fixed, truncation=options.truncation)

    seeds = [options.seed + k for k in range(options.count)]
    if options.direction is not None:
        way = generator.direction(options.direction)
        steps = np.linspace(-options.reach, options.reach, options.frames or 7)
        moved = [(f"{seed}, {way.name} {step:+.2f}", at(seed), float(step)) for seed in seeds for step in steps]
        return [name for name, _, _ in moved], [generator.along(one, way, step) for _, one, step in moved]
    if options.between is None:
        return [*seeds], [at(seed) for seed in seeds]
    first, last = (at(seed) for seed in options.between)
    shares = np.linspace(0, 1, options.frames or 60)
    names: list[int | str] = [f"{options.between[0]}…{options.between[1]}: {share:.3f}" for share in shares]
    return names, [generator.between(first, last, float(share)) for share in shares]


def _condition(generator: Generator, options: GenerateOptions) -> NDArray[np.float32] | None:
    """What all pictures are made from, where the person has said it."""
    pack, known = generator.pack, generator.known
    if options.kind is not None:
        if known.condition != "label" or options.kind not in pack.spec.classes:
            there = ", ".join(pack.spec.classes) if known.condition == "label" else "none: it is not made by class"
            raise InputError(f"Pack {pack.name!r} makes no {options.kind!r}; its classes are {there}.")
        return generator.one_class(pack.spec.classes.index(options.kind))
    if options.labels is not None:
        if known.condition != "mask":
            raise InputError(f"Pack {pack.name!r} makes pictures from no label map; leave --labels out.")
        labels = fit_picture(read_picture_labels(options.labels)[None], generator.picture.size, nearest=True)[0][0]
        values = [int(value) for value in pack.spec.class_values]
        strange = sorted({int(v) for v in np.unique(labels)} - set(values))
        if strange:
            there = ", ".join(f"{value} {name}" for value, name in zip(values, pack.spec.classes, strict=True))
            raise InputError(
                f"The label map {options.labels.name!r} holds {strange}; pack {pack.name!r} knows {there}."
            )
        return np.stack([labels == value for value in values[1:]]).astype(np.float32)
    return None


def _write(
    generator: Generator, picture: NDArray[np.float32], latent: Latent, seed: int | str, folder: Path, number: int
) -> dict[str, Any]:
    pack = generator.pack
    name = f"{number:04d}.png"
    write_picture(Picture(as_bytes(picture)), folder / name, origin_of(pack, seed if isinstance(seed, int) else None))
    row: dict[str, Any] = {"id": f"{number:04d}", "image": name, "seed": seed}
    if generator.known.condition == "label":
        row["label"] = pack.spec.class_values[int(latent.condition.argmax())]
        row["class"] = pack.spec.classes[int(latent.condition.argmax())]
    if generator.known.condition == "mask":
        row["mask"] = f"{number:04d}.labels.png"
        values = np.zeros(latent.condition.shape[1:], np.uint8)
        for value, one in zip(pack.spec.class_values[1:], latent.condition, strict=True):
            values[one > 0.5] = int(value)
        Image.fromarray(values).save(folder / row["mask"])
    return row


def origin_of(pack: Pack, seed: int | None = None) -> Origin:
    """What the marks of a picture say."""
    return Origin(f"{pack.name} {pack.version}", pack.sha256, "generate", seed)


def as_bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """0–1 to 0–255."""
    return np.rint(picture * 255).astype(np.uint8)


def _film(pictures: NDArray[np.float32], path: Path, origin: Origin, seconds: float = 4.0) -> None:
    frames = [Image.fromarray(marked_pixels(Picture(as_bytes(one)), origin)).convert("RGB") for one in pictures]
    frames = [*frames, *frames[-2:0:-1]]  # and back, so that it can go on for ever
    each = max(20, round(1000 * seconds / len(pictures)))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=each, loop=0, lossless=True)


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
        "seed": options.seed,
        "truncation": options.truncation,
        "between": list(options.between) if options.between else None,
        "direction": options.direction,
        "licence": pack.spec.licence,
        "images": rows,
        "files": {"sheet": "sheet.png", "cohort": "cohort.csv"},
    }
