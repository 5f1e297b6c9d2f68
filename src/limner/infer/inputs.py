"""Many inputs through one pack: a row per input, label maps beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from limner.data.cases import read_image
from limner.errors import InputError, LimnerError, OutputExistsError
from limner.infer.predict import predict
from limner.packs import Pack


def predict_inputs(
    pack: Pack,
    inputs: Sequence[Path],
    out: Path,
    *,
    engine: str = "auto",
    max_memory_gb: float | None = None,
    force: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> list[dict[str, Any]]:
    """Predicts each input, as the pack's task asks; label maps go to ``out/<id>.nii.gz``.

    An input that cannot be read does not stop the others: its row has ``error`` instead of ``labels``.

    Args:
        inputs: NIfTI files, DICOM folders, or archives of DICOM files.
        out: folder; made where it is missing.
        force: replace label maps that are there.

    Returns:
        Rows with ``id`` and the task's answer, or ``id`` and ``error``: label maps of scans ``labels`` (path),
        ``volumes_ml`` by name, ``seconds``; classes ``class``, ``probabilities``, ``groups``, ``abstained``.

    Raises:
        OutputExistsError: a label map is there and ``force`` is false; nothing was predicted.
        InputError: two inputs have one name, or every input failed.
    """
    out = Path(out)
    names = [_id(Path(path)) for path in inputs]
    if len(set(names)) < len(names):
        raise InputError(f"Inputs must have different names; got {', '.join(names)}.")
    answer = _answerer(pack, names, out, engine, max_memory_gb, force)
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


def _answerer(
    pack: Pack, names: Sequence[str], out: Path, engine: str, max_memory_gb: float | None, force: bool
) -> Answer:
    """What turns one input into its row."""
    if pack.spec.task == "classify":
        return _classes(pack, engine)
    there = [name for name in names if (out / f"{name}.nii.gz").exists()]
    if there and not force:
        raise OutputExistsError(f"{out.name!r} already holds {', '.join(there)}; give --force or another -o.")
    out.mkdir(parents=True, exist_ok=True)
    return lambda name, path: _label_map(pack, name, path, out, engine, max_memory_gb)


def _classes(pack: Pack, engine: str) -> Answer:
    from limner import io
    from limner.infer.classify import open_classifier

    classifier = open_classifier(pack, engine)

    def answer(name: str, path: Path) -> dict[str, Any]:
        found = classifier(io.read_picture(path))
        return {
            "class": found.name,
            "abstained": found.abstained,
            "probabilities": {one: round(p, 4) for one, p in found.probabilities.items()},
            "groups": {one: round(p, 4) for one, p in found.groups.items()},
        }

    return answer


def _label_map(
    pack: Pack, name: str, path: Path, out: Path, engine: str, max_memory_gb: float | None
) -> dict[str, Any]:
    from limner import io

    found = predict(pack, read_image(path), engine=engine, max_memory_gb=max_memory_gb)
    target, aside = out / f"{name}.nii.gz", out / f".{name}.partial.nii.gz"
    io.write_nifti_labels(found.labels, aside)
    aside.replace(target)
    voxel = found.labels.grid.voxel_ml
    volumes = {one.name: round(float(found.labels.mask(one.name).sum()) * voxel, 2) for one in found.labels.present()}
    return {"labels": str(target), "volumes_ml": volumes, "seconds": found.seconds}


def _id(path: Path) -> str:
    name = path.resolve().name
    for ending in (".nii.gz", ".nii", ".tar.xz", ".tar.gz", ".zip", ".dcm", ".png", ".jpg", ".jpeg"):
        name = name.removesuffix(ending)
    return name
