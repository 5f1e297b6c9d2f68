"""Many inputs through one pack: a row per input, label maps beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from limner.data.cases import read_image
from limner.data.fitted import read_for
from limner.errors import InputError, LimnerError, OutputExistsError, PackError
from limner.image import Grid, LabelMap, Picture
from limner.infer.decode import to_uint8
from limner.infer.memory import refuse_limit
from limner.infer.predict import Prediction, predict
from limner.infer.uncertainty import already, path_of, write_map
from limner.packs import Pack, PictureSpec

if TYPE_CHECKING:
    from limner.scene import Part


def predict_inputs(
    pack: Pack,
    inputs: Sequence[Path],
    out: Path,
    *,
    engine: str = "auto",
    max_memory_gb: float | None = None,
    force: bool = False,
    uncertainty: bool = False,
    channels: Mapping[str, str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> list[dict[str, Any]]:
    """Predicts each input, as the pack's task asks; label maps go to ``out/<id>.nii.gz``.

    An input that cannot be read does not stop the others: its row has ``error`` instead of ``labels``.

    Args:
        inputs: NIfTI files, DICOM folders, or archives of DICOM files; pictures for packs whose size has two numbers,
            NIfTI, DICOM folders or ``.npy`` for those whose size has three (see :func:`limner.io.read_input`). Packs on
            slices of MR take scans, too: a study's folder, or the NIfTI file of their reference.
        out: folder; made where it is missing.
        max_memory_gb: what the engine may hold at most; of scans, whose windows shrink.
        force: replace label maps that are there.
        channels: of a pack on slices of MR: channel → a path, or words of a series' description. Without inputs it is
            one scan, named after the reference's path.
        uncertainty: write ``out/<id>.uncertainty.nii.gz`` (pictures: ``.png``), too.

    Returns:
        Rows with ``id`` and the task's answer, or ``id`` and ``error``: nodules in scans ``boxes``, each with the id of
        the ``lesion`` that it stands on and one probability with it (of boxes on one lesion, the surest has it), and
        what label maps have; label maps of scans ``labels`` (path),
        ``volumes_ml`` by name, ``intervals_ml`` by name (``value``, ``low``, ``high``; an organ holds all that lies in
        it), ``seconds``, ``lesions`` (``id``, ``class``, ``volume_ml``, ``probability``, ``abstained``) where there are
        any; label pictures ``labels`` (path of a PNG; of a small volume of NIfTI on its file's grid,
        ``out/<id>.labels.nii.gz``), ``areas`` with intervals, ``confidence``, ``abstained``, and ``probabilities``
        where the pack names the whole picture; classes ``class``, ``probabilities``, ``groups``, ``abstained``, and
        ``classes``, those that are there, where several may be. With ``uncertainty`` the path of that map, too.

    Raises:
        OutputExistsError: a label map is there and ``force`` is false; nothing was predicted.
        PackError: a limit of memory for a pack on pictures, where it would not hold.
        InputError: two inputs have one name, every input failed, or an uncertainty map is asked of another task.
    """
    out = Path(out)
    if isinstance(pack.spec.input, PictureSpec):
        refuse_limit(pack.name, max_memory_gb)
    inputs = _with_channels(pack, inputs, channels or {})
    names = [_id(Path(path)) for path in inputs]
    if len(set(names)) < len(names):
        raise InputError(f"Inputs must have different names; got {', '.join(names)}.")
    if uncertainty and pack.spec.task != "segment":
        raise InputError(
            f"Pack {pack.name!r} gives no map of uncertainty: its task is {pack.spec.task}, and such a map says how "
            "sure each voxel of a segmentation is. Leave --uncertainty out; its probabilities are in every row."
        )
    answer = _answerer(pack, names, out, _How(engine, max_memory_gb, force, uncertainty, channels or {}))
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
    channels: Mapping[str, str]


def _with_channels(pack: Pack, inputs: Sequence[Path], channels: Mapping[str, str]) -> Sequence[Path]:
    """The inputs; where channels alone are named, the path of the reference stands for the scan."""
    if channels and not pack.draws_slices:
        raise InputError(f"Pack {pack.name!r} reads one series; --channel is for packs that read several together.")
    if inputs:
        return inputs
    reference = channels.get(str(pack.main.picture.reference)) if channels else None
    if reference is None:
        raise InputError("Give inputs, or name the reference of a pack on several series: --channel flair=PATH.")
    return [Path(reference)]


def _answerer(pack: Pack, names: Sequence[str], out: Path, how: _How) -> Answer:
    """What turns one input into its row."""
    if pack.spec.task == "generate":
        raise PackError(f"Pack {pack.name!r} makes pictures and reads none: limner generate {pack.name} -o OUT.")
    if pack.spec.task in ("translate", "superresolve"):
        raise PackError(f"Pack {pack.name!r} makes an image and names nothing in it: use `limner enhance`.")
    if pack.spec.task == "classify":
        return _classes(pack, how.engine)
    if pack.spec.task == "detect" and isinstance(pack.spec.input, PictureSpec):
        return _boxes(pack, how.engine)
    pictures = isinstance(pack.spec.input, PictureSpec)
    endings = (_ending(pack), ".nii.gz") if pack.draws_slices else (_ending(pack),)
    there = [name for name in names if any((out / f"{name}{ending}").exists() for ending in endings)]
    if how.uncertainty:
        dims = {len(pack.main.picture.size) if pictures else 3, 3 if pack.draws_slices else 0} - {0}
        there = [name for name in names if name in {*there, *(one for n in dims for one in already(out, names, n))}]
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
        if pack.draws_slices and (how.channels or not io.is_picture(path)):
            return _slices(pack, name, path, out, how)
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


def _slices(pack: Pack, name: str, path: Path, out: Path, how: _How) -> dict[str, Any]:
    """The row of a scan that is drawn slice by slice."""
    from limner import io
    from limner.infer.slices import predict_slices, told

    spec = pack.main.picture
    alone = how.channels.get(str(spec.reference)) == str(path)  # the channels are all there is
    opened = io.open_channels([] if alone else [path], spec, how.channels)
    images = {one: series.load() for one, series in opened.series.items()}
    found = predict_slices(pack, images, engine=how.engine, uncertainty=how.uncertainty)
    row = _written(pack, found, name, out) | told(found) | {"channels": opened.told()}
    problems = [one.text for one in (*opened.reference.problems, *found.problems)]
    if found.uncertainty is not None:
        row["uncertainty"] = str(write_map(found.uncertainty, path_of(out, name, 3), found.labels.grid))
    return {**row, **({"problems": problems} if problems else {})}


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
    from limner.infer.nodule_labels import label_nodules, lesion_of, row
    from limner.infer.nodules import NoduleFinder
    from limner.scene import find_parts

    finder = NoduleFinder(pack, engine, max_memory_gb)

    def answer(name: str, path: Path) -> dict[str, Any]:
        image = read_image(path)
        found = finder(image)
        labelled = label_nodules(pack, image, found)
        parts = find_parts(labelled.labels)
        boxes = [
            {**row(one, image.grid, labelled.abstain_below), "lesion": lesion_of(one, parts, image.grid)}
            for one in found.shown
        ]
        return {"boxes": boxes, **_written(pack, labelled, name, out, parts)}

    return answer


def _label_map(pack: Pack, name: str, path: Path, out: Path, how: _How) -> dict[str, Any]:
    image = read_image(path, modalities=pack.spec.input.modality)
    found = predict(pack, image, engine=how.engine, max_memory_gb=how.max_memory_gb, uncertainty=how.uncertainty)
    row = _written(pack, found, name, out)
    if found.uncertainty is not None:
        place = path_of(out, name, 3)
        row["uncertainty"] = str(write_map(found.uncertainty, place, found.labels.grid))
    return row


def _written(
    pack: Pack, found: Prediction, name: str, out: Path, parts: Sequence[Part] | None = None
) -> dict[str, Any]:
    """The label map as a file, and what a row says of it; ``parts`` where they are known."""
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
    row = {"labels": str(target), "volumes_ml": volumes, "intervals_ml": intervals, "seconds": found.seconds}
    return row | ({"lesions": lesions} if (lesions := _lesions(found, parts)) else {})


def _lesions(found: Prediction, parts: Sequence[Part] | None) -> list[dict[str, Any]]:
    """Each lesion of a label map, as a drawing would find it: how large, how probable, and whether that is enough."""
    from limner.scene import find_parts

    rows = []
    for part in find_parts(found.labels) if parts is None else parts:
        if part.label.kind == "lesion":
            p = found.probability_of(part)
            known = {"probability": round(p, 4), "abstained": found.unsure_of(p)}
            rows.append({"id": part.id, "class": part.label.name, "volume_ml": round(part.volume_ml, 3), **known})
    return rows


def _id(path: Path) -> str:
    name = path.resolve().name
    for ending in (".nii.gz", ".nii", ".tar.xz", ".tar.gz", ".zip", ".dcm", ".npy", ".png", ".jpg", ".jpeg"):
        name = name.removesuffix(ending)
    return name
