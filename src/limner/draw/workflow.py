"""From a study to a drawing, step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limner.draw.meter import Meter, Progress
from limner.draw.options import DrawOptions
from limner.draw.picture import draw_picture
from limner.draw.predictor import PackPredictor, Predictor
from limner.draw.reasons import AllReasons, check_explain
from limner.draw.record import METHODS, run_record
from limner.draw.scan_reasons import find_scan_reasons
from limner.draw.slices import SlicePredictor, check_slices
from limner.draw.source import SCANS_PACK, picture_pack
from limner.draw.synthetic import marks_of, synthetic_input
from limner.errors import LimnerError, NothingFoundError, PackError
from limner.findings import Drawing, Finding, PackNote, ProblemNote, StudyNote
from limner.image import Image, LabelMap, Mesh, Problem, Series, Study
from limner.infer import Prediction, load_pack
from limner.infer.memory import refuse_limit
from limner.io.folder import check_output, new_folder

PICTURE = "picture.png"
FILES = {
    "labels": "labels.nii.gz",
    "seg": "labels.seg.dcm",
    "scene": "scene.glb",
    "report": "report.html",
    "pdf": "report.pdf",
    "sr": "report.sr.dcm",
    "run": "run.json",
    "picture": PICTURE,
    "confidence": "confidence.nii.gz",
}
EXPLANATION = "explanation"
STEPS = ("open", "predict", "measure", "explain", "surfaces", "export", "verify", "report")
PICTURE_SIZE = (1200, 900)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What stands after the surfaces, before the files."""

    study: Study
    series: Series
    image: Image
    predicted: Prediction
    channels: Mapping[str, str]
    findings: tuple[Finding, ...]
    meshes: tuple[Mesh, ...]
    reasons: AllReasons
    synthetic: Problem | None

    @property
    def labels(self) -> LabelMap:
        """On the grid of ``image``."""
        return self.predicted.labels


def draw(
    paths: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    options: DrawOptions | None = None,
    predictor: Predictor | None = None,
    progress: Progress | None = None,
) -> Drawing:
    """Draws one study, or one picture, into a folder that anyone can open without Limner.

    Args:
        paths: folders and files of one patient's study (DICOM, NIfTI, or an archive of them); or one picture.
        out: the folder to make. It appears when it is whole, or not at all.
        options: how to draw; the defaults when None.
        predictor: draws the label map in place of the pack that the options name.
        progress: called with the step (one of ``STEPS``) and its fraction.

    Returns:
        The drawing, as it stands in ``drawing.json``.

    Raises:
        InputError: the input cannot be drawn, or the output cannot be made; nothing was written.
        VerificationError: an export does not lie where the label map lies; nothing was left.
    """
    options = options or DrawOptions()
    sources = [Path(one) for one in ([paths] if isinstance(paths, (str, Path)) else paths)]
    named = [Path(one) for one in options.channels.values() if Path(one).exists()]
    check_output(Path(out), force=options.force, inputs=[*sources, *named])
    check_explain(options.explain)
    if predictor is None:
        pack = picture_pack(sources, options.pack)
        if pack is not None:
            if options.channels:
                raise PackError(
                    "A picture is drawn alone; --channel names the series of a scan, for packs that read several "
                    "together. Leave it out."
                )
            refuse_limit(pack.name, options.max_memory_gb)
            return draw_picture(sources[0], Path(out), pack, options, progress)
        predictor = _predictor(options)
    if isinstance(predictor, SlicePredictor):
        check_slices(predictor.pack.name, options)
    meter = Meter(progress)
    drawn = _see(sources, predictor, options, meter)
    with new_folder(Path(out), force=options.force) as folder:
        return _write(folder, drawn, predictor, options, meter)


def _predictor(options: DrawOptions) -> Predictor:
    """What runs the pack that the options name."""
    pack = load_pack(options.pack or SCANS_PACK)
    if pack.draws_slices:
        return SlicePredictor(pack, options.engine, options.channels)
    if options.channels:
        raise PackError(f"Pack {pack.name!r} reads one series; --channel is for packs that read several together.")
    return PackPredictor(pack.folder, options.engine, options.max_memory_gb)


def _see(sources: Sequence[Path], predictor: Predictor, options: DrawOptions, meter: Meter) -> _Drawn:
    """Open, predict, measure, explain, surfaces: all that needs no file."""
    from limner.scene import find_parts, measure, surfaces

    with meter.step("open"):
        study, series = predictor.open(sources)
        image = series.load()
        marks = marks_of(series, image)
    with meter.step("predict") as done:
        predicted = predictor.predict(image, done)
    _refuse_nothing(predicted, predictor, image)
    with meter.step("measure"):
        parts = find_parts(predicted.labels)
        measured = measure(predicted.labels, image, predicted.confidence, predicted.intervals_ml, parts=parts)
        findings = judged(measured, predicted)
    with meter.step("explain") as done:
        known = {one.id: one for one in findings}
        found = {part.id: (part, known[part.id]) for part in parts if part.id in known}
        reasons = find_scan_reasons(predictor, image, predicted, found, options, done)
    with meter.step("surfaces"):
        meshes = surfaces(predicted.labels, parts=parts)
    findings = reasons.on(findings, f"{EXPLANATION}/")
    channels, others = (predictor.channels, predictor.marks) if isinstance(predictor, SlicePredictor) else ({}, ())
    synthetic = synthetic_input([marks, *others], options.lang)
    return _Drawn(study, series, image, predicted, channels, findings, meshes, reasons, synthetic)


def _refuse_nothing(predicted: Prediction, predictor: Predictor, image: Image) -> None:
    """A scene, a SEG and a report of no structure at all would be empty, and easily taken for "all is well"."""
    if predicted.labels.array.any():
        return
    left_out = "".join(f" Left out: {name}, {why}." for name, why in predicted.left_out.items())
    size = " × ".join(map(str, image.grid.shape))
    raise NothingFoundError(
        f"Pack {predictor.pack.name!r} drew nothing in this scan of {size} voxels, not even an organ.{left_out} Does "
        "the scan show the part of the body that the pack is for, and are its values what it expects? See "
        "`limner inspect` and `limner packs show`. Nothing was written."
    )


def judged(findings: Sequence[Finding], predicted: Prediction) -> tuple[Finding, ...]:
    """The findings, each lesion with "not sure" where the pack's own threshold says so."""

    def unsure(one: Finding) -> bool:
        return one.kind == "lesion" and predicted.unsure_of(one.probability)

    return tuple(one.model_copy(update={"abstained": True}) if unsure(one) else one for one in findings)


def _write(folder: Path, drawn: _Drawn, predictor: Predictor, options: DrawOptions, meter: Meter) -> Drawing:
    """Export, verify, report: all the files, into a folder that is not yet in place."""
    from limner.io import verify_drawing

    with meter.step("export"):
        no_picture = _picture(drawn.meshes, folder / PICTURE)
        drawing = _drawing(drawn, predictor.pack, no_picture, confidence=options.confidence)
        _export(folder, drawn, drawing)
    with meter.step("verify"):
        checks = verify_drawing(folder, drawn.labels, drawn.meshes, drawn.series)
    with meter.step("report"):
        record = run_record(predictor.pack, drawn.predicted.engine, options, meter, checks)
        citations = (*METHODS, *drawn.reasons.citations, *predictor.citations, *options.citations)
        _report(folder, drawn, drawing, record, citations, options.lang)
    record = run_record(predictor.pack, drawn.predicted.engine, options, meter, checks)
    (folder / FILES["run"]).write_text(json.dumps(record, indent=1) + "\n")
    (folder / "drawing.json").write_text(drawing.model_dump_json(by_alias=True, indent=1) + "\n")
    return drawing


def _drawing(drawn: _Drawn, pack: PackNote, no_picture: Problem | None, *, confidence: bool) -> Drawing:
    """The nouns of ``drawing.json``; its files are those that this study and this machine allow."""
    from limner.io import dicom_obstacle

    obstacle = dicom_obstacle(drawn.series)
    no_dicom = Problem("no-dicom-source", "warning", obstacle) if obstacle else None
    lacking = drawn.predicted.left_out
    absent = [Problem("left-out", "warning", f"Not drawn: {name}; {why}.") for name, why in lacking.items()]
    first = [drawn.synthetic] if drawn.synthetic else []
    here = [one for one in (no_dicom, no_picture) if one]
    problems = [*first, *drawn.study.problems, *drawn.series.problems, *drawn.predicted.problems, *absent, *here]
    left_out = {*(("seg", "sr") if no_dicom else ()), *(("picture",) if no_picture else ())}
    if not confidence or drawn.predicted.confidence is None:
        left_out.add("confidence")
    return Drawing(
        schema="limner.drawing/1",
        study=StudyNote(
            uid=drawn.study.uid,
            series_uid=drawn.series.uid,
            modality=drawn.series.modality,
            date=drawn.study.date,
            channels=dict(drawn.channels),
        ),
        pack=pack,
        abstained=drawn.predicted.abstained,
        findings=drawn.findings,
        problems=tuple(ProblemNote(code=one.code, severity=one.severity, text=one.text) for one in problems),
        files={key: name for key, name in FILES.items() if key not in left_out},
    )


def _picture(meshes: Sequence[Mesh], path: Path) -> Problem | None:
    """A still of the scene; a machine without OpenGL makes the drawing without it, and the drawing says so."""
    from limner.scene import render_png

    try:
        render_png(meshes, path, size=PICTURE_SIZE)
    except LimnerError as error:
        return Problem("no-picture", "warning", f"The scene has no still picture. {error}")
    return None


def _export(folder: Path, drawn: _Drawn, drawing: Drawing) -> None:
    """Label map, segmentation object, scene, meshes, structured report and explanations."""
    from limner.io import write_glb, write_nifti_labels, write_nifti_shares, write_seg, write_sr, write_stl

    labels, series, pack = drawn.labels, drawn.series, drawing.pack
    write_nifti_labels(labels, folder / FILES["labels"])
    write_glb(drawn.meshes, folder / FILES["scene"])
    (folder / "meshes").mkdir()
    for mesh in drawn.meshes:
        write_stl(mesh, folder / "meshes" / f"{mesh.id}.stl")
    drawn.reasons.write(folder / EXPLANATION)
    if "confidence" in drawing.files and drawn.predicted.confidence is not None:
        sure = np.where(labels.array > 0, drawn.predicted.confidence, np.uint8(0))
        write_nifti_shares(sure, labels.grid, folder / FILES["confidence"])
    if "seg" in drawing.files:
        seg = folder / FILES["seg"]
        write_seg(labels, series, seg, pack_name=pack.name, pack_version=pack.version, by_hand=drawn.predicted.by_hand)
        write_sr(drawing, labels, series, seg, folder / FILES["sr"])


def _report(
    folder: Path, drawn: _Drawn, drawing: Drawing, record: dict[str, Any], citations: tuple[str, ...], lang: str
) -> None:
    """The pages for people."""
    from limner.report import ReportContent, write_html, write_pdf

    content = ReportContent(
        drawing=drawing,
        image=drawn.image,
        labels=drawn.labels,
        glb=(folder / FILES["scene"]).read_bytes(),
        scene_png=(folder / PICTURE).read_bytes() if "picture" in drawing.files else None,
        run=record,
        citations=citations,
        whys=drawn.reasons.whys,
    )
    write_html(folder / FILES["report"], content, lang=lang)
    write_pdf(folder / FILES["pdf"], content, lang=lang)
