"""Many inputs through one pack: a row per input, label maps beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.cases import read_image
from limner.data.fitted import read_for
from limner.errors import InputError, LimnerError, OutputExistsError
from limner.image import Grid, LabelMap, Picture
from limner.infer.decode import to_uint8
from limner.infer.predict import Prediction, predict
from limner.infer.uncertainty import already, path_of, write_map
from limner.packs import Pack, PictureSpec


def predict_inputs(
    pack: Pack,
    inputs: Sequence[Path],
    out: Path,
    *,
    engine: str = "auto",
    max_memory_gb: float | None = None,
    force: bool = False,
    uncertainty: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> list[dict[str, Any]]:
    """Predicts each input, as the pack's task asks; label maps go to ``out/<id>.nii.gz``.

    An input that cannot be read does not stop the others: its row has ``error`` instead of ``labels``.

    Args:
        inputs: NIfTI files, DICOM folders, or archives of DICOM files; pictures for packs whose size has two numbers,
            NIfTI, DICOM folders or ``.npy`` for those whose size has three (see :func:`limner.io.read_input`).
        out: folder; made where it is missing.
        force: replace label maps that are there.
        uncertainty: write ``out/<id>.uncertainty.nii.gz`` (pictures: ``.png``), too.

    Returns:
        Rows with ``id`` and the task's answer, or ``id`` and ``error``: label maps of scans ``labels`` (path),
        ``volumes_ml`` by name, ``intervals_ml`` by name (``value``, ``low``, ``high``; an organ holds all that lies in
        it), ``seconds``; label pictures ``labels`` (path of a PNG; of a small volume of NIfTI on its file's grid,
        ``out/<id>.labels.nii.gz``), ``areas`` with intervals, ``confidence``, ``abstained``, and ``probabilities``
        where the pack names the whole picture; classes ``class``, ``probabilities``, ``groups``, ``abstained``, and
        ``classes``, those that are there, where several may be. With ``uncertainty`` the path of that map, too.

    Raises:
        OutputExistsError: a label map is there and ``force`` is false; nothing was predicted.
        InputError: two inputs have one name, every input failed, or an uncertainty map is asked of another task.
    """
    out = Path(out)
    names = [_id(Path(path)) for path in inputs]
    if len(set(names)) < len(names):
        raise InputError(f"Inputs must have different names; got {', '.join(names)}.")
    if uncertainty and pack.spec.task != "segment":
        raise InputError(
            f"Pack {pack.name!r} gives no map of uncertainty: its task is {pack.spec.task}, and such a map says how "
            "sure each voxel of a segmentation is. Leave --uncertainty out; its probabilities are in every row."
        )
    answer = _answerer(pack, names, out, _How(engine, max_memory_gb, force, uncertainty))
    rows: list[dict[str, Any]] = []
    for number, (name, path) in enumerate(zip(names, inputs, strict=True)):
        if progress:
            progress(name, number / len(names))
        try:
            rows.append({"id": name, **answer(name, Path(path))})
        except LimnerError as error:
            rows.append({"id": name, "error": str(error)})
    if all("error" in row for row in rows):
        raise InputError("No input could be predicted:\n" + "\n".join(f"  {r['id']}: {r['error']}" for r in rows))
    return rows


Answer = Callable[[str, Path], dict[str, Any]]


@dataclass(frozen=True)
class _How:
    """The options of :func:`predict_inputs`."""

    engine: str
    max_memory_gb: float | None
    force: bool
    uncertainty: bool


def _answerer(pack: Pack, names: Sequence[str], out: Path, how: _How) -> Answer:
    """What turns one input into its row."""
    if pack.spec.task == "classify":
        return _classes(pack, how.engine)
    if pack.spec.task == "detect" and isinstance(pack.spec.input, PictureSpec):
        return _boxes(pack, how.engine)
    pictures = isinstance(pack.spec.input, PictureSpec)
    there = [name for name in names if (out / f"{name}{_ending(pack)}").exists()]
    if how.uncertainty:
        dims = len(pack.main.picture.size) if pictures else 3
        there = [name for name in names if name in {*there, *already(out, names, dims)}]
    if there and not how.force:
        raise OutputExistsError(f"{out.name!r} already holds {', '.join(there)}; give --force or another -o.")
    out.mkdir(parents=True, exist_ok=True)
    if pictures:
        return _picture_masks(pack, out, how)
    if pack.spec.task == "detect":
        return _nodules(pack, out, how.engine, how.max_memory_gb)
    return lambda name, path: _label_map(pack, name, path, out, how)


def _classes(pack: Pack, engine: str) -> Answer:
    from limner.infer.classify import open_classifier

    classifier = open_classifier(pack, engine)

    def answer(name: str, path: Path) -> dict[str, Any]:
        found = classifier(read_for(path, pack.main.picture))
        return {
            "class": found.name,
            **({"classes": list(found.classes)} if pack.spec.multi_label else {}),
            "abstained": found.abstained,
            "probabilities": {one: round(p, 4) for one, p in found.probabilities.items()},
            "groups": {one: round(p, 4) for one, p in found.groups.items()},
        }

    return answer


def _boxes(pack: Pack, engine: str) -> Answer:
    from limner.infer.detect import open_detector

    detector = open_detector(pack, engine)

    def answer(name: str, path: Path) -> dict[str, Any]:
        found = detector(read_for(path, pack.main.picture))
        return {
            "class": found.name,
            "abstained": found.abstained,
            "probabilities": {one: round(p, 4) for one, p in found.probabilities.items()},
            "boxes": [
                {"box": list(one.box), "class": one.name, "probability": round(one.probability, 4)}
                for one in found.boxes
            ],
        }

    return answer


def _picture_masks(pack: Pack, out: Path, how: _How) -> Answer:
    from limner import io
    from limner.infer.masks import colors, open_mask_drawer, row

    drawer = open_mask_drawer(pack, how.engine)

    def answer(name: str, path: Path) -> dict[str, Any]:
        picture = read_for(path, pack.main.picture)
        found = drawer(picture)
        target = out / f"{name}{_ending(pack)}"
        aside = target.with_name(f".{name}.partial{_ending(pack)}")
        if len(picture.size) == 3:
            io.write_nifti_labels(_as_stored(found.labels, picture), aside)
        else:
            io.write_picture_labels(found.labels, aside, colors(found.names))
        aside.replace(target)
        told = {"labels": str(target), **row(found)}
        if how.uncertainty:
            place = path_of(out, name, found.uncertainty.ndim)
            shares = to_uint8(found.uncertainty)
            held = _as_stored(shares, picture) if shares.ndim == 3 else None
            told["uncertainty"] = str(write_map(held.array, place, held.grid) if held else write_map(shares, place))
        return told

    return answer


def _as_stored(labels: NDArray[np.uint8], picture: Picture) -> LabelMap:
    """Labels of a small volume on the grid of its file; an array without a place gets voxels of 1 mm from 0."""
    if picture.turn is not None:
        return LabelMap(picture.turn.undo(labels), picture.turn.stored)
    z, y, x = labels.shape
    return LabelMap(labels, Grid.axial((z, y, x), (1.0, 1.0, 1.0)))


def _ending(pack: Pack) -> str:
    """Of a label map's name."""
    if not isinstance(pack.spec.input, PictureSpec):
        return ".nii.gz"
    return ".labels.png" if len(pack.spec.input.size) == 2 else ".labels.nii.gz"


def _nodules(pack: Pack, out: Path, engine: str, max_memory_gb: float | None) -> Answer:
    from limner.infer.nodule_labels import label_nodules, row
    from limner.infer.nodules import NoduleFinder

    finder = NoduleFinder(pack, engine, max_memory_gb)

    def answer(name: str, path: Path) -> dict[str, Any]:
        image = read_image(path)
        found = finder(image)
        written = _written(pack, label_nodules(pack, image, found), name, out)
        return {"boxes": [row(one, image.grid) for one in found.shown], **written}

    return answer


def _label_map(pack: Pack, name: str, path: Path, out: Path, how: _How) -> dict[str, Any]:
    image = read_image(path, modalities=pack.spec.input.modality)
    found = predict(pack, image, engine=how.engine, max_memory_gb=how.max_memory_gb, uncertainty=how.uncertainty)
    row = _written(pack, found, name, out)
    if found.uncertainty is not None:
        place = path_of(out, name, 3)
        row["uncertainty"] = str(write_map(found.uncertainty, place, found.labels.grid))
    return row


def _written(pack: Pack, found: Prediction, name: str, out: Path) -> dict[str, Any]:
    """The label map as a file, and what a row says of it."""
    from limner import io

    target, aside = out / f"{name}.nii.gz", out / f".{name}.partial.nii.gz"
    io.write_nifti_labels(found.labels, aside)
    aside.replace(target)
    voxel = found.labels.grid.voxel_ml
    volumes = {one.name: round(float(found.labels.mask(one.name).sum()) * voxel, 2) for one in found.labels.present()}
    intervals = {}
    for one in volumes:
        if one in found.intervals_ml:
            value = float(found.labels.mask(*pack.region(one)).sum()) * voxel
            low, high = found.intervals_ml[one]  # measured on the net's grid, which may miss the scan's by a little
            ends = {"value": value, "low": min(low, value), "high": max(high, value)}
            intervals[one] = {end: round(ml, 2) for end, ml in ends.items()}
    return {"labels": str(target), "volumes_ml": volumes, "intervals_ml": intervals, "seconds": found.seconds}


def _id(path: Path) -> str:
    name = path.resolve().name
    for ending in (".nii.gz", ".nii", ".tar.xz", ".tar.gz", ".zip", ".dcm", ".npy", ".png", ".jpg", ".jpeg"):
        name = name.removesuffix(ending)
    return name
