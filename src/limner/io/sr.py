"""DICOM structured report: what was found and measured, as TID 1500 that a PACS can search.

Source: DICOM PS3.16 TID 1500, 1411, 300, 310; the longest diameter is IBSI's "maximum 3D diameter" (L0JK).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from limner.errors import InputError
from limner.findings import Drawing, Finding, Measurement
from limner.image import Label, LabelMap, Series
from limner.io.reference import MANUFACTURER, MODEL, NOT_CLINICAL, Source, new_uid, read_source, save_aside
from limner.io.seg import SEG_CLASS

_OURS = "99LIMNER"  # a private coding scheme (PS3.16 8.2) for what no standard code says
_UNITS = {
    "ml": ("ml", "milliliter"),
    "mm": ("mm", "millimeter"),
    "mm2": ("mm2", "square millimeter"),
    "HU": ("[hnsf'U]", "Hounsfield unit"),
    "%": ("%", "percent"),
    "1": ("1", "no units"),
    "": ("1", "no units"),
}
_NAMES: dict[str, tuple[str, str, str]] = {
    "volume": ("118565006", "SCT", "Volume"),
    "longest diameter": ("L0JK", "IBSI", "Maximum 3D Diameter of a Mesh"),
    "RECIST diameter": ("103339001", "SCT", "Long Axis"),
    "RECIST short diameter": ("103340004", "SCT", "Short Axis"),
    "mean": ("112031", "DCM", "Attenuation Coefficient"),
    "median": ("112031", "DCM", "Attenuation Coefficient"),
    "standard deviation": ("112031", "DCM", "Attenuation Coefficient"),
}
_DERIVATIONS: dict[str, tuple[str, str, str]] = {
    "mean": ("373098007", "SCT", "Mean"),
    "median": ("373099004", "SCT", "Median"),
    "standard deviation": ("386136009", "SCT", "Standard Deviation"),
}
_PROCEDURES = {
    "CT": ("77477000", "SCT", "Computed tomography"),
    "MR": ("113091000", "SCT", "Magnetic resonance imaging"),
}
_SIGNAL = ("110852", "DCM", "MR signal intensity")
_ANSWER = ("answer", _OURS, "How the model judges its finding")
_NOT_SURE = ("not-sure", _OURS, "Not sure: below the threshold of the model pack")
_WHOLE_ORGAN = ("whole-organ", _OURS, "Organ with the tumours and vessels inside it")
_ONE_PART = ("one-part", _OURS, "One connected part of the segment")


@dataclass(frozen=True, eq=False)
class _Segments:
    """The SEG that the findings lie in: its header, segment numbers and millilitres by label name."""

    header: pydicom.Dataset
    numbers: dict[str, int]
    volumes_ml: dict[str, float]


def write_sr(drawing: Drawing, labels: LabelMap, series: Series, seg_path: Path, path: Path) -> None:
    """Writes the findings of a drawing as a Comprehensive 3D SR that refers to the SEG and its series.

    Args:
        drawing: its findings and measurements, and whether the model is sure of it as a whole; where it is not, the
            report says so in a code and in words.
        labels: the label map that the SEG was written from.
        series: the DICOM series that was drawn.
        seg_path: the SEG, already written.
        path: appears whole or not at all.

    Raises:
        InputError: the series cannot be referred to, or no finding has a segment.
    """
    from highdicom.sr import Comprehensive3DSR

    source = read_source(series)
    groups, seg_header = finding_groups(drawing, labels, source, seg_path)
    if not groups:
        raise InputError("No finding lies in a segment of the SEG: there is nothing to report as DICOM SR.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values copied from the source's patient module are the source's
        report = Comprehensive3DSR(
            evidence=[*source.headers, seg_header],
            content=_content(groups, drawing, source),
            series_instance_uid=new_uid(),
            series_number=901,
            sop_instance_uid=new_uid(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL,
            software_versions=drawing.pack.version,
            device_serial_number="0",
            series_description=f"Limner measurements ({NOT_CLINICAL.lower()})",
            is_complete=True,
        )
        save_aside(report, path)


def finding_groups(
    drawing: Drawing, labels: LabelMap, source: Source, seg_path: Path, algorithm: Any = None
) -> tuple[list[Any], pydicom.Dataset]:
    """The measurement groups of all findings that have a segment, and the header of the SEG that they refer to.

    Args:
        drawing: its findings and measurements.
        labels: the label map that the SEG was written from.
        source: the series that was drawn.
        seg_path: the SEG.
        algorithm: says in each group which program found it (TID 4019); left out where the whole report is a program's.
    """
    segments = _segments(seg_path, labels)
    described = [(one, _label(one, labels)) for one in drawing.findings]
    groups = [
        _group(one, (label, algorithm), segments, source, labels)
        for one, label in described
        if label and label.name in segments.numbers
    ]
    return groups, segments.header


def _segments(seg_path: Path, labels: LabelMap) -> _Segments:
    header = pydicom.dcmread(seg_path, stop_before_pixels=True, specific_tags=_SEG_TAGS.split())
    numbers = {str(one.SegmentLabel): int(one.SegmentNumber) for one in header.SegmentSequence}
    counts = labels.counts()
    volumes = {one.name: counts.get(one.value, 0) * labels.grid.voxel_ml for one in labels.labels}
    return _Segments(header, numbers, volumes)


_SEG_TAGS = """
SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality SegmentSequence
PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime
ReferringPhysicianName
"""


UNSURE_OF_ALL = (
    "Not sure: the model is below the threshold of its pack for this study as a whole. It may have missed what is "
    "there, also where nothing is marked; look for yourself."
)
"""Said of a drawing whose answer as a whole is "not sure"."""


def _content(groups: list[Any], drawing: Drawing, source: Source) -> Any:
    from highdicom.sr import (
        CodeContentItem,
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
        TextContentItem,
    )
    from pydicom.sr.codedict import codes

    observer = ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=new_uid("limner", drawing.pack.name, drawing.pack.sha256),
            name=MODEL,
            manufacturer_name=MANUFACTURER,
            model_name=f"{drawing.pack.name} {drawing.pack.version}",
        ),
    )
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=_code(_PROCEDURES.get(source.headers[0].Modality, ("363679005", "SCT", "Imaging"))),
        imaging_measurements=groups,
    )
    said = [f"{NOT_CLINICAL}. Found by {drawing.pack.name} {drawing.pack.version}; no person has checked it."]
    if drawing.abstained:
        said.append(UNSURE_OF_ALL)
        answer = CodeContentItem(name=_code(_ANSWER), value=_code(_NOT_SURE), relationship_type="CONTAINS")
        report[0].ContentSequence.append(answer)
    for text in said:
        comment = TextContentItem(name=codes.DCM.Comment, value=text, relationship_type="CONTAINS")
        report[0].ContentSequence.append(comment)
    return report


def _group(finding: Finding, told: tuple[Label, Any], segments: _Segments, source: Source, labels: LabelMap) -> Any:
    """One finding: where it is, what it is, by what it was found, and what was measured (TID 1411)."""
    from highdicom import sr
    from pydicom.sr.codedict import codes

    label, algorithm = told
    method = _method(finding, label, segments)
    measurements = [one for note in finding.measurements if (one := _measurement(note, labels, method)) is not None]
    if finding.probability is not None:
        certainty = Measurement(name="certainty", value=100 * finding.probability, unit="%")
        measurements.append(_measurement(certainty, labels, None))
    site = labels_site(label, labels)
    unsure = [sr.QualitativeEvaluation(_code(_ANSWER), _code(_NOT_SURE))] if finding.abstained else None
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=new_uid(), identifier=finding.id),
        referenced_segment=sr.ReferencedSegment(
            sop_class_uid=SEG_CLASS,
            sop_instance_uid=segments.header.SOPInstanceUID,
            segment_number=segments.numbers[label.name],
            source_series=sr.SourceSeriesForSegmentation(str(source.headers[0].SeriesInstanceUID)),
        ),
        finding_category=_code(_CATEGORY[label.kind]),
        finding_type=_code((finding.code.value, finding.code.scheme, finding.code.meaning)),
        finding_sites=[sr.FindingSite(anatomic_location=site, laterality=_side(label, codes))] if site else None,
        algorithm_id=algorithm,
        measurements=[one for one in measurements if one is not None],
        qualitative_evaluations=unsure,
    )


_CATEGORY = {
    "organ": ("123037004", "SCT", "Anatomical Structure"),
    "vessel": ("123037004", "SCT", "Anatomical Structure"),
    "tissue": ("85756007", "SCT", "Tissue"),
    "lesion": ("49755003", "SCT", "Morphologically Altered Structure"),
}


def labels_site(label: Label, labels: LabelMap) -> Any:
    """Where a finding is: a lesion in the organ that its name starts with, a sided organ at itself; else None."""
    if label.kind == "lesion":
        organs = [one for one in labels.labels if one.kind == "organ" and label.name.startswith(f"{one.name} ")]
        return _code((organs[0].code.value, organs[0].code.scheme, organs[0].code.meaning)) if organs else None
    return _code((label.code.value, label.code.scheme, label.code.meaning)) if label.laterality else None


def _side(label: Label, codes: Any) -> Any:
    return {"right": codes.SCT.Right, "left": codes.SCT.Left}.get(label.laterality or "")


def _method(finding: Finding, label: Label, segments: _Segments) -> Any:
    """Says where the measured thing is more, or less, than the voxels of the segment it refers to."""
    volume = finding.measure("volume")
    if volume is None:
        return None
    own = segments.volumes_ml[label.name]
    if volume.value > 1.002 * own:
        return _code(_WHOLE_ORGAN)
    return _code(_ONE_PART) if volume.value < 0.998 * own and label.kind == "lesion" else None


def _measurement(note: Measurement, labels: LabelMap, method: Any) -> Any:
    """TID 300, with its interval as measurement uncertainty (TID 310); None where the value is no number."""
    from highdicom import sr

    if note.value != note.value or abs(note.value) == float("inf"):
        return None
    known = {**_NAMES, "certainty": ("111012", "DCM", "Certainty of Finding")}
    name = known.get(note.name, (note.name.replace(" ", "-")[:16], _OURS, note.name[:64]))
    if note.name in _DERIVATIONS and note.unit == "1":
        name = _SIGNAL
    sites = None
    if note.name.startswith("distance to "):
        target = note.name.removeprefix("distance to ")
        name = ("121206", "DCM", "Distance")
        sites = [_distance_site(target, labels)]
    unit = _UNITS.get(note.unit, (note.unit[:16], note.unit))
    derivation = _DERIVATIONS.get(note.name)
    return sr.Measurement(
        name=_code(name),
        value=round(float(note.value), 4),
        unit=_code((unit[0], "UCUM", unit[1])),
        derivation=_code(derivation) if derivation else None,
        finding_sites=sites,
        method=method if note.name == "volume" else None,
        properties=_uncertainty(note, unit),
    )


def _uncertainty(note: Measurement, unit: tuple[str, str]) -> Any:
    """How far the interval of a measurement reaches up and down, in its own unit; None where it has no interval."""
    from highdicom.sr import CodedConcept, MeasurementProperties

    if note.low is None or note.high is None:
        return None
    properties = MeasurementProperties(
        upper_measurement_uncertainty=max(0.0, round(note.high - note.value, 4)),
        lower_measurement_uncertainty=max(0.0, round(note.value - note.low, 4)),
    )
    for item in properties:  # highdicom writes "no units"
        item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [CodedConcept(unit[0], "UCUM", unit[1])]
    return properties


def _distance_site(target: str, labels: LabelMap) -> Any:
    """What a distance is measured to: a structure, or its surface."""
    from highdicom.sr import FindingSite

    structure = target.removesuffix(" surface")
    known = next((one.code for one in labels.labels if one.name == structure), None)
    place = (
        (known.value, known.scheme, known.meaning)
        if known
        else (structure.replace(" ", "-")[:16], _OURS, structure[:64])
    )
    surface = _code(("410679008", "SCT", "Surface")) if structure != target else None
    return FindingSite(anatomic_location=_code(place), topographical_modifier=surface)


def _label(finding: Finding, labels: LabelMap) -> Label | None:
    return next((one for one in labels.labels if one.value == finding.label), None)


def _code(parts: tuple[str, str, str]) -> Any:
    from pydicom.sr.coding import Code

    return Code(parts[0], parts[1], parts[2])
