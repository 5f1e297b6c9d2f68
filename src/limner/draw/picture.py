"""From a picture to a drawing: a photograph, a still, a radiograph (DICOM too), whatever its pack is for.

Nothing leaves but pixels: what a camera writes into a file (place, time, names) and the file's own name stay behind.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.draw.answer import Answer, answer
from limner.draw.meter import Meter, Progress
from limner.draw.options import DrawOptions
from limner.draw.picture_problems import picture_problems
from limner.draw.reasons import AllReasons, find_reasons
from limner.draw.record import run_record
from limner.errors import InputError, VerificationError
from limner.findings import Drawing, PackNote, StudyNote
from limner.image import Picture
from limner.io import Check, Marks, Origin
from limner.io.folder import new_folder
from limner.packs import Pack

IMAGE, LABELS, EXPLANATION = "picture.png", "labels.png", "explanation"
STEPS = ("open", "predict", "explain", "export", "verify", "report")


@dataclass(frozen=True, eq=False)
class _Seen:
    """What stands before the files."""

    uid: str
    picture: Picture
    answer: Answer
    reasons: AllReasons
    marks: Marks


def draw_picture(
    source: Path, out: Path, pack: Pack, options: DrawOptions | None = None, progress: Progress | None = None
) -> Drawing:
    """Draws one picture into a folder that anyone can open without Limner.

    Args:
        source: the picture.
        out: the folder to make. It appears when it is whole, or not at all.
        pack: what draws.
        options: how to draw; the defaults when None.
        progress: called with the step (one of ``STEPS``) and its fraction.

    Returns:
        The drawing, as it stands in ``drawing.json``.

    Raises:
        InputError: the picture cannot be drawn, or the output cannot be made; nothing was written.
        VerificationError: a picture that was written does not hold what was drawn; nothing was left.
    """
    options = options or DrawOptions()
    meter = Meter(progress)
    seen = _see(source, pack, options, meter)
    with new_folder(out, force=options.force) as folder:
        return _write(folder, seen, pack, options, meter)


def _see(source: Path, pack: Pack, options: DrawOptions, meter: Meter) -> _Seen:
    """Open, predict, explain: all that needs no file."""
    from limner.io import read_marks, read_picture, study_uid

    with meter.step("open"):
        picture = read_picture(source)
        check_picture(picture, pack)
        uid = study_uid(source) or content_uid(source)
        marks = read_marks(source)
    with meter.step("predict"):
        found = answer(pack, picture, options.engine)
    with meter.step("explain") as done:
        reasons = find_reasons(pack, picture, found, options, done)
    return _Seen(uid, picture, found, reasons, marks)


def content_uid(source: Path) -> str:
    """A DICOM UID made from the bytes of a file: the same file has the same UID, and it tells nothing of it.

    Source: DICOM PS3.5 B.2, a UUID derived UID: ``2.25.`` and 128 bits as a decimal number.
    """
    digest = hashlib.sha256(source.read_bytes()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def check_picture(picture: Picture, pack: Pack) -> None:
    """Refuses what no pack can answer.

    Raises:
        InputError: one value everywhere, or channels that the pack does not read.
    """
    if int(picture.array.min()) == int(picture.array.max()):
        raise InputError(
            f"The picture ({picture.size[1]} × {picture.size[0]} pixels) has the value {int(picture.array.min())} "
            f"everywhere: there is nothing on it. Was it saved whole?"
        )
    channels, have = pack.main.picture.channels, picture.array.shape[0]
    if channels not in (1, have) and have != 1:
        raise InputError(f"Pack {pack.name!r} reads {channels} channels, and the picture has {have}.")


def _write(folder: Path, seen: _Seen, pack: Pack, options: DrawOptions, meter: Meter) -> Drawing:
    """Export, verify, report: all the files, into a folder that is not yet in place."""
    with meter.step("export"):
        drawing = _drawing(seen, pack, options.lang)
        _export(folder, seen)
    with meter.step("verify"):
        checks = _verify(folder, seen)
    note = drawing.pack
    with meter.step("report"):
        record = run_record(note, seen.answer.engine, options, meter, checks)
        _report(folder, seen, drawing, pack, record, options)
    record = run_record(note, seen.answer.engine, options, meter, checks)
    (folder / "run.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / "drawing.json").write_text(drawing.model_dump_json(by_alias=True, indent=1) + "\n")
    return drawing


def _drawing(seen: _Seen, pack: Pack, lang: str) -> Drawing:
    """The nouns of ``drawing.json``."""
    outlined = seen.answer.mask is not None
    files = {"image": IMAGE, "report": "report.html", "pdf": "report.pdf", "run": "run.json"}
    if seen.reasons.of:
        files["explanation"] = f"{EXPLANATION}/explanation.json"
    return Drawing(
        schema="limner.drawing/1",
        study=StudyNote(uid=seen.uid, modality=next(iter(pack.main.picture.modality), "OT"), date=None),
        pack=PackNote(name=pack.name, version=pack.version, sha256=pack.sha256),
        abstained=seen.answer.abstained,
        findings=seen.reasons.on(seen.answer.findings, f"{EXPLANATION}/"),
        problems=picture_problems(pack, seen.picture, seen.answer, seen.marks, lang, seen.reasons),
        files={"labels": LABELS, **files} if outlined else files,
    )


def _export(folder: Path, seen: _Seen) -> None:
    """The pixels of the picture, the label map, the explanations."""
    from limner.io import write_picture_labels

    write_pixels(seen.picture, folder / IMAGE, seen.marks.explicit)
    if seen.answer.mask is not None:
        colors = {one.value: one.color for one in seen.answer.labels}
        most = max(colors, default=0)
        write_picture_labels(seen.answer.mask, folder / LABELS, [colors.get(k, (0, 0, 0)) for k in range(most + 1)])
    seen.reasons.write(folder / EXPLANATION)


def write_pixels(picture: Picture, path: Path, origin: Origin | None) -> None:
    """A PNG without any word of the source but that a net made it, where it says so."""
    from PIL import Image

    from limner.io.synthetic import png_words

    array = picture.array[0] if picture.array.shape[0] == 1 else np.moveaxis(picture.array, 0, -1)
    Image.fromarray(np.ascontiguousarray(array)).save(
        path, "PNG", compress_level=3, pnginfo=png_words(origin) if origin else None
    )


def _verify(folder: Path, seen: _Seen) -> list[Check]:
    """Reads back what was written and compares it pixel by pixel.

    Raises:
        VerificationError: names the file that differs.
    """
    from limner.io import read_picture, read_picture_labels

    written = read_picture(folder / IMAGE).array
    checks = [_same(IMAGE, seen.picture.array, written)]
    if seen.answer.mask is not None:
        checks.append(_same(LABELS, seen.answer.mask, read_picture_labels(folder / LABELS)))
    for check in checks:
        if not check.ok:
            raise VerificationError(
                f"{check.file!r}, read back, differs from what was drawn in {check.got[0]:.0f} values; nothing is kept."
            )
    return checks


def _same(file: str, drawn: NDArray[np.uint8], read: NDArray[np.uint8]) -> Check:
    different = drawn.size if drawn.shape != read.shape else int(np.count_nonzero(drawn != read))
    return Check(file, "pixels that differ", (0.0,), (float(different),), 0.0, different == 0)


def _report(
    folder: Path, seen: _Seen, drawing: Drawing, pack: Pack, record: dict[str, object], options: DrawOptions
) -> None:
    """The pages for people."""
    from limner.report import PictureContent, write_picture_html, write_picture_pdf

    content = PictureContent(
        drawing=drawing,
        picture=seen.picture,
        pack=pack.spec,
        probabilities=seen.answer.probabilities,
        groups=seen.answer.groups,
        mask=seen.answer.mask,
        labels=seen.answer.labels,
        unsure=seen.answer.unsure,
        reasons=seen.reasons.shown,
        sentence=seen.reasons.sentence,
        run=record,
        citations=(*seen.reasons.citations, *pack.spec.citations, *options.citations),
    )
    write_picture_html(folder / "report.html", content, lang=options.lang)
    write_picture_pdf(folder / "report.pdf", content, lang=options.lang)
