"""A cohort as a zip, written while it is sent: a folder a pack, each with the table that ``limner train`` reads."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from limner.errors import LimnerError
from limner.packs import Pack
from limner.serve.cohort.cases import Corrected
from limner.serve.house import House

COLUMNS = ("id", "image", "mask", "patient", "split", "site", "version", "author", "comment")
PIECE = 1 << 20
SITE = "here"
_README = """Corrected drawings of Limner's workstation, {n} cases. Not for clinical use.

Each folder holds the cases of one pack: cohort.csv, regions.json, images/ (NIfTI), masks/ (NIfTI).

    limner evaluate {pack} {pack}/cohort.csv
    limner train RECIPE.yaml    # with `cohort: {pack}/cohort.csv` among its sources

No file names a patient; the scans themselves are patients' data all the same.
"""


class _Pipe(io.RawIOBase):
    """What zipfile writes into, and the answer reads from: nothing is kept but the piece on its way."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        """Takes a piece."""
        self._pieces.append(bytes(piece))
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        """Bytes so far."""
        return self._at

    def take(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def write_archive(house: House, cases: Sequence[Corrected], packs: dict[str, Pack | None]) -> Iterator[bytes]:
    """The zip, piece by piece. Scans are stored as they lie: packing them again would keep a core busy for minutes.

    Args:
        house: whose cases they are.
        cases: all of them.
        packs: that drew them, by name; None where a pack has gone, whose cases then come without ``regions.json``.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:  # type: ignore[arg-type]
        names = sorted({one.pack for one in cases})
        archive.writestr("README.txt", _README.format(n=len(cases), pack=names[0] if names else "PACK"))
        for name in names:
            some = [one for one in cases if one.pack == name]
            kept = []
            for case in some:
                yield pipe.take()
                image = _image(house, case)
                if image is None:
                    continue
                yield from _add(archive, pipe, image, f"{name}/images/{case.id}.nii")
                mask = house.result_folder(case.id) / "labels.nii.gz"
                yield from _add(archive, pipe, mask, f"{name}/masks/{case.id}.nii.gz")
                kept.append(case)
            archive.writestr(f"{name}/cohort.csv", table(kept))
            pack = packs.get(name)
            if pack is not None:
                archive.writestr(f"{name}/regions.json", json.dumps(regions(pack), indent=1) + "\n")
    yield pipe.take()


def table(cases: Sequence[Corrected]) -> str:
    """The cohort's CSV (RFC 4180)."""
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    for one in cases:
        files = {"image": f"images/{one.id}.nii", "mask": f"masks/{one.id}.nii.gz", "site": SITE}
        told = {name: getattr(one, name) for name in ("id", "patient", "split", "version", "author", "comment")}
        rows.writerow({**told, **files})
    return text.getvalue()


def regions(pack: Pack) -> dict[str, list[int]]:
    """Structure → the values of it in a label map: an organ's with all that lies inside it."""
    values = {one.name: one.value for one in pack.labels}
    inner = {organ: [values[one] for one in parts if one in values] for organ, parts in pack.spec.regions.items()}
    return {name: [value, *inner.get(name, ())] for name, value in values.items()}


def _image(house: House, case: Corrected) -> Path | None:
    """The scan; None where it cannot be read (any more)."""
    try:
        house.volumes.geometry(case.series_id, patient=True)
    except LimnerError:
        return None
    path = house.volumes.path(case.series_id)
    return path if path.is_file() else None


def _add(archive: zipfile.ZipFile, pipe: _Pipe, path: Path, name: str) -> Iterator[bytes]:
    info = zipfile.ZipInfo(name)
    with path.open("rb") as file, archive.open(info, "w", force_zip64=True) as entry:
        while piece := file.read(PIECE):
            entry.write(piece)
            yield pipe.take()
