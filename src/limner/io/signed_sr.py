"""A signed report as DICOM SR: what the model found, what the reader measured and wrote, and who verified it when.

Source: DICOM PS3.16 TID 1500, 1501 (length, angle, value: inferred from spatial coordinates, TID 320), 1410 (a region),
CID 7002 (impression); PS3.3 C.17.2 (SR Document General: verification), C.18.6 (SCOORD: pixel 1 begins at 0.0).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.valuerep import DT

from limner.errors import InputError
from limner.findings import Mark, Measurement, SignedReport
from limner.io.drawing import Drawn
from limner.io.reference import MANUFACTURER, MODEL, NOT_CLINICAL, Source, new_uid, save_aside
from limner.io.sr import UNSURE_OF_ALL, finding_groups

SERIES = "Signed report"
SERIES_NUMBER = 911
_ON_SLICE_MM = 0.1
_NAMES: dict[str, tuple[str, str, str]] = {
    "length": ("410668003", "SCT", "Length"),
    "angle": ("1483009", "SCT", "Angle"),
    "area": ("42798000", "SCT", "Area"),
}
_DERIVATIONS = {
    "mean": ("373098007", "SCT", "Mean"),
    "standard deviation": ("386136009", "SCT", "Standard Deviation"),
    "minimum": ("255605001", "SCT", "Minimum"),
    "maximum": ("56851009", "SCT", "Maximum"),
}
_VALUES = {
    "HU": (("112031", "DCM", "Attenuation Coefficient"), ("[hnsf'U]", "UCUM", "Hounsfield unit")),
    "MR": (("110852", "DCM", "MR signal intensity"), ("1", "UCUM", "no units")),
    "": (("grey-value", "99LIMNER", "Value of a pixel"), ("1", "UCUM", "no units")),
}
_UNITS = {
    "mm": ("mm", "UCUM", "millimeter"),
    "mm2": ("mm2", "UCUM", "square millimeter"),
    "deg": ("deg", "UCUM", "degree"),
}
_PROCEDURES = {
    "CT": ("77477000", "SCT", "Computed tomography"),
    "MR": ("113091000", "SCT", "Magnetic resonance imaging"),
}


@dataclass(frozen=True, eq=False)
class Signing:
    """What a signed report is made from.

    Args:
        report: what was signed.
        drawn: the drawing that was read.
        source: the series that was drawn.
        others: series on which marks lie, by their UID; that of the drawing needs not be among them.
        key: from which the object's UIDs are made: the same key gives the same object.
    """

    report: SignedReport
    drawn: Drawn
    source: Source
    others: dict[str, Source]
    key: str

    def on(self, mark: Mark) -> Source:
        """The series on which a mark lies."""
        if mark.series_uid == str(self.source.headers[0].SeriesInstanceUID):
            return self.source
        if mark.series_uid not in self.others:
            raise InputError("A measurement lies on a series that is not at hand: no image can be named for it.")
        return self.others[mark.series_uid]


def write_signed_sr(signing: Signing, path: Path) -> None:
    """Writes a complete, verified Comprehensive 3D SR.

    Args:
        signing: all that it says.
        path: appears whole or not at all.

    Raises:
        GeometryError: the label map does not lie on the series.
    """
    from highdicom.sr import Comprehensive3DSR

    report, drawn = signing.report, signing.drawn
    signed_at = datetime.fromisoformat(report.at)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values copied from the source's patient module are the source's
        groups, evidence = _groups(signing)
        before = drawn.file("sr")
        made = Comprehensive3DSR(
            evidence=evidence,
            content=_content(signing, groups),
            series_instance_uid=new_uid("limner", "signed report", signing.key, "series"),
            series_number=SERIES_NUMBER,
            sop_instance_uid=new_uid("limner", "signed report", signing.key),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL,
            software_versions=drawn.drawing.pack.version,
            device_serial_number="0",
            series_description=SERIES,
            is_complete=True,
            is_final=True,
            is_verified=True,
            verifying_observer_name=person_name(report.by),
            verifying_organization=report.organization[:64],
            previous_versions=[pydicom.dcmread(before)] if before else None,
            specific_character_set="ISO_IR 192",
        )
        made.VerifyingObserverSequence[0].VerificationDateTime = DT(signed_at)
        save_aside(made, path)


def person_name(display: str) -> str:
    """A person's name as DICOM holds it (PN), from the one name that the house knows.

    >>> person_name("Dr. Ana Li = chief^1")
    'Dr. Ana Li   chief 1^'
    """
    plain = "".join(" " if one in "^=\\" or not one.isprintable() else one for one in display).strip()
    return f"{plain[:62] or 'unnamed'}^"


def _groups(signing: Signing) -> tuple[list[Any], list[pydicom.Dataset]]:
    """The measurement groups, and all that they refer to."""
    from highdicom import sr

    drawn, source = signing.drawn, signing.source
    evidence = [*source.headers]
    groups: list[Any] = []
    seg = drawn.file("seg")
    if seg is not None:
        pack = drawn.drawing.pack
        algorithm = sr.AlgorithmIdentification(name=pack.name, version=pack.version)
        groups, header = finding_groups(drawn.drawing, drawn.labels, source, seg, algorithm)
        evidence.append(header)
    for number, mark in enumerate(signing.report.marks, start=1):
        on = signing.on(mark)
        groups.append(_mark(mark, number, on))
        if on is not source:
            evidence += on.headers
    return groups, list({one.SOPInstanceUID: one for one in evidence}.values())


def _content(signing: Signing, groups: list[Any]) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    report, drawing = signing.report, signing.drawn.drawing
    person = sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(
            name=person_name(report.by), organization_name=report.organization
        ),
    )
    procedure = _PROCEDURES.get(signing.source.headers[0].Modality, ("363679005", "SCT", "Imaging"))
    made = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_person_context=person),
        procedure_reported=_code(procedure),
        imaging_measurements=groups or None,
    )
    said = [
        f"{NOT_CLINICAL}. Found by {drawing.pack.name} {drawing.pack.version}; read, measured and signed by a person."
    ]
    if drawing.abstained:
        said.append(UNSURE_OF_ALL)
    for text in said:
        made[0].ContentSequence.append(_text(codes.DCM.Comment, text))
    impressions = sr.ContainerContentItem(
        name=_code(("121072", "DCM", "Impressions")), relationship_type="CONTAINS", is_content_continuous=False
    )
    impressions.ContentSequence = sr.ContentSequence([_text(_code(("121073", "DCM", "Impression")), report.text)])
    made[0].ContentSequence.append(impressions)
    return made


def _text(name: Any, text: str) -> Any:
    from highdicom.sr import TextContentItem

    return TextContentItem(name=name, value=text, relationship_type="CONTAINS")


def _mark(mark: Mark, number: int, source: Source) -> Any:
    """One measurement by hand, on the image in which it lies, else in the frame of reference."""
    from highdicom import sr

    tracking = sr.TrackingIdentifier(uid=new_uid("limner", "mark", mark.id), identifier=f"{mark.kind} {number}")
    place = image_of(mark.outline_mm, source.headers)
    if mark.kind == "ellipse":
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            referenced_region=_region(mark, place, source),
            measurements=[_measurement(one, source) for one in mark.measurements],
        )
    line = _line(mark, place, source)
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        measurements=[_measurement(one, source, [line]) for one in mark.measurements],
    )


def image_of(
    points_mm: Sequence[Sequence[float]], headers: Sequence[pydicom.Dataset]
) -> tuple[pydicom.Dataset, NDArray[np.float64]] | None:
    """The image in whose plane points lie, and where on it: ``(n, 2)`` columns and rows, the first pixel from 0 to 1.

    None where they lie in no image's plane: a measurement on a reformatted pane.
    """
    points = np.asarray(points_mm, float)
    best: tuple[float, pydicom.Dataset, NDArray[np.float64]] | None = None
    for header in headers:
        if not all(word in header for word in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")):
            return None
        turn = np.asarray(header.ImageOrientationPatient, float)
        along_row, along_column = turn[:3], turn[3:]
        away = points - np.asarray(header.ImagePositionPatient, float)
        far = float(np.abs(away @ np.cross(along_row, along_column)).max())
        if far <= _ON_SLICE_MM and (best is None or far < best[0]):
            between_rows, between_columns = (float(one) for one in header.PixelSpacing)
            at = np.stack([away @ along_row / between_columns, away @ along_column / between_rows], axis=-1) + 0.5
            best = far, header, at
    if best is None:
        return None
    _, header, at = best
    inside = (at >= 0).all() and (at <= [header.get("Columns", 0), header.get("Rows", 0)]).all()
    return (header, at) if inside else None


def _line(mark: Mark, place: Any, source: Source) -> Any:
    from highdicom import sr

    point = mark.kind == "probe"
    if place is None:
        return sr.CoordinatesForMeasurement3D(
            graphic_type=sr.GraphicTypeValues3D.POINT if point else sr.GraphicTypeValues3D.POLYLINE,
            graphic_data=np.asarray(mark.outline_mm, float),
            frame_of_reference_uid=str(source.headers[0].FrameOfReferenceUID),
        )
    return sr.CoordinatesForMeasurement(
        graphic_type=sr.GraphicTypeValues.POINT if point else sr.GraphicTypeValues.POLYLINE,
        graphic_data=place[1],
        source_image=_image(place[0]),
    )


def _region(mark: Mark, place: Any, source: Source) -> Any:
    from highdicom import sr

    if place is None:
        return sr.ImageRegion3D(
            graphic_type=sr.GraphicTypeValues3D.ELLIPSE,
            graphic_data=np.asarray(mark.outline_mm, float),
            frame_of_reference_uid=str(source.headers[0].FrameOfReferenceUID),
        )
    return sr.ImageRegion(
        graphic_type=sr.GraphicTypeValues.ELLIPSE, graphic_data=place[1], source_image=_image(place[0])
    )


def _image(header: pydicom.Dataset) -> Any:
    from highdicom.sr import SourceImageForRegion

    return SourceImageForRegion(str(header.SOPClassUID), str(header.SOPInstanceUID))


def _measurement(note: Measurement, source: Source, lines: list[Any] | None = None) -> Any:
    from highdicom import sr

    if note.name in _NAMES:
        name, unit, derivation = _NAMES[note.name], _UNITS[note.unit], None
    else:
        kind = "HU" if note.unit == "HU" else "MR" if source.headers[0].Modality == "MR" else ""
        (name, unit), derivation = _VALUES[kind], _DERIVATIONS.get(note.name)
    return sr.Measurement(
        name=_code(name),
        value=round(note.value, 4),
        unit=_code(unit),
        derivation=_code(derivation) if derivation else None,
        referenced_coordinates=lines,
    )


def _code(parts: tuple[str, str, str]) -> Any:
    from pydicom.sr.coding import Code

    return Code(parts[0], parts[1], parts[2])
