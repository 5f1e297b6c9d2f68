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
    """Predicts each input and writes its label map to ``out/<id>.nii.gz``.

    An input that cannot be read does not stop the others: its row has ``error`` instead of ``labels``.

    Args:
        inputs: NIfTI files, DICOM folders, or archives of DICOM files.
        out: folder; made where it is missing.
        force: replace label maps that are there.

    Returns:
        Rows with ``id``, ``labels`` (path), ``volumes_ml`` by name, ``seconds``; or ``id`` and ``error``.

    Raises:
        OutputExistsError: a label map is there and ``force`` is false; nothing was predicted.
        InputError: two inputs have one name, or every input failed.
    """
    from limner import io

    out = Path(out)
    names = [_id(Path(path)) for path in inputs]
    if len(set(names)) < len(names):
        raise InputError(f"Inputs must have different names; got {', '.join(names)}.")
    there = [name for name in names if (out / f"{name}.nii.gz").exists()]
    if there and not force:
        raise OutputExistsError(f"{out.name!r} already holds {', '.join(there)}; give --force or another -o.")
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for number, (name, path) in enumerate(zip(names, inputs, strict=True)):
        if progress:
            progress(name, number / len(names))
        try:
            found = predict(pack, read_image(Path(path)), engine=engine, max_memory_gb=max_memory_gb)
        except LimnerError as error:
            rows.append({"id": name, "error": str(error)})
            continue
        target = out / f"{name}.nii.gz"
        aside = out / f".{name}.partial.nii.gz"
        io.write_nifti_labels(found.labels, aside)
        aside.replace(target)
        voxel = found.labels.grid.voxel_ml
        volumes = {
            one.name: round(float(found.labels.mask(one.name).sum()) * voxel, 2) for one in found.labels.present()
        }
        rows.append({"id": name, "labels": str(target), "volumes_ml": volumes, "seconds": found.seconds})
    if all("error" in row for row in rows):
        raise InputError("No input could be predicted:\n" + "\n".join(f"  {r['id']}: {r['error']}" for r in rows))
    return rows


def _id(path: Path) -> str:
    name = path.resolve().name
    for ending in (".nii.gz", ".nii", ".tar.xz", ".tar.gz", ".zip", ".dcm"):
        name = name.removesuffix(ending)
    return name
