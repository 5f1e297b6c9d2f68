"""A drawing read back: what was found, and the label map with its names, kinds and codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from limner.errors import InputError
from limner.findings import Drawing
from limner.image import Code, Label, LabelMap
from limner.image.anatomy import concept, named
from limner.io.nifti import read_nifti_labels

DRAWING = "drawing.json"
_KINDS = ("organ", "lesion", "vessel", "tissue")


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawing of a scan, as its folder holds it.

    Args:
        folder: where it lies.
        drawing: ``drawing.json``.
        labels: ``labels.nii.gz`` with a label for each value that occurs.
        unnamed: values that occur and that no finding names; their labels are called ``"structure N"``.
    """

    folder: Path
    drawing: Drawing
    labels: LabelMap
    unnamed: tuple[int, ...] = ()

    def file(self, key: str) -> Path | None:
        """The path of one of its files (``seg``, ``scene`` …), None where the drawing has none."""
        name = self.drawing.files.get(key)
        path = self.folder / name if name else None
        return path if path and path.is_file() else None


def read_drawing(folder: Path | str) -> Drawn:
    """Reads a folder that ``limner draw`` made, or another program to the same contract.

    Args:
        folder: holds ``drawing.json`` and the label map that it names (``labels.nii.gz``).

    Raises:
        InputError: it is no drawing, one of a picture, or of a schema that is not known here.
        NotAnImageError: the label map is damaged.
    """
    folder = Path(folder)
    drawing = _drawing(folder)
    path = folder / drawing.files.get("labels", "labels.nii.gz")
    if not path.is_file():
        raise InputError(
            f"The drawing {folder.name!r} holds no label map {path.name!r}: a drawing of a scan is expected, as "
            f"`limner draw STUDY` makes it. A picture has no depth to plan or forecast in."
        )
    found = read_nifti_labels(path)
    values = [value for value in found.counts() if value]
    labels = {one.value: one for one in labels_of(drawing)}
    unnamed = tuple(value for value in values if value not in labels)
    whole = [labels[one] if one in labels else _nameless(one) for one in sorted({*values, *labels})]
    return Drawn(folder, drawing, LabelMap(found.array, found.grid, tuple(whole)), unnamed)


def _drawing(folder: Path) -> Drawing:
    path = folder / DRAWING
    if not path.is_file():
        what = "is not there" if not folder.exists() else "is no folder" if not folder.is_dir() else f"has no {DRAWING}"
        raise InputError(
            f"A drawing is expected, the folder that `limner draw STUDY -o DRAWING` makes; {str(folder)!r} {what}."
        )
    try:
        drawing = Drawing.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(one) for one in first["loc"]) or "the file"
        raise InputError(f"{DRAWING} of {folder.name!r} cannot be read: {where}: {first['msg']}.") from error
    if not drawing.schema_.startswith("limner.drawing/1"):
        raise InputError(f"{DRAWING} of {folder.name!r} is {drawing.schema_!r}; this Limner reads 'limner.drawing/1'.")
    return drawing


def labels_of(drawing: Drawing) -> list[Label]:
    """One label a value: the first finding that carries it names it."""
    found: dict[int, Label] = {}
    for one in drawing.findings:
        if one.label < 1 or one.label in found or one.kind not in _KINDS:
            continue
        known = named(one.name, one.label, one.kind)
        code = Code(one.code.scheme, one.code.value, one.code.meaning)
        found[one.label] = Label(
            one.label, one.name, one.kind, code, known.color, known.opacity, known.laterality
        )  # fmt: skip
    return list(found.values())


def _nameless(value: int) -> Label:
    name = f"structure {value}"
    return Label(value, name, "organ", concept(name), (150, 150, 150))
