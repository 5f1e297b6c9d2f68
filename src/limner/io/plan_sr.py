"""A plan as DICOM SR: each needle path with its entry and target in the patient's own coordinates.

Source: DICOM PS3.16 TID 1500, 1501 and 300 (a length is inferred from a polyline), PS3.3 C.18.9 (SCOORD3D, in the mm of
a frame of reference).
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from limner.errors import InputError
from limner.findings import Interval, NeedlePath, Plan
from limner.io.reference import MANUFACTURER, MODEL, NOT_CLINICAL, new_uid, save_aside

_OURS = "99LIMNER"
_PATH = ("needle-path", _OURS, "Proposed straight needle path")
_LENGTH = ("410668003", "SCT", "Length")
_DISTANCE = ("121206", "DCM", "Distance")
_ANGLE = ("1483009", "SCT", "Angle")
_MM, _DEG = ("mm", "UCUM", "millimeter"), ("deg", "UCUM", "degree")
_ONLY_AT_MEAN = ("safe-at-mean", _OURS, "A margin holds at the best estimate only, not over its interval")
_SAFETY = ("safety", _OURS, "How the plan judges its path")


def write_plan_sr(plan: Plan, seg_path: Path, path: Path) -> None:
    """Writes the paths of a plan as a Comprehensive 3D SR in the study of the drawing's SEG.

    Args:
        plan: with one path at least.
        seg_path: the drawing's ``labels.seg.dcm``: study, patient and frame of reference come from it, and it is the
            evidence that the report names.
        path: appears whole or not at all.

    Raises:
        InputError: there is no path, or the SEG has no frame of reference.
    """
    from highdicom.sr import Comprehensive3DSR

    if not plan.paths:
        raise InputError("A plan without a needle path has nothing that DICOM SR could tell.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values copied from the source's patient module are the source's
        header = pydicom.dcmread(seg_path, stop_before_pixels=True)
        frame = header.get("FrameOfReferenceUID")
        if not frame:
            raise InputError(f"{seg_path.name} has no frame of reference: its coordinates mean nothing to a PACS.")
        report = Comprehensive3DSR(
            evidence=[header],
            content=_content(plan, str(frame)),
            series_instance_uid=new_uid(),
            series_number=902,
            sop_instance_uid=new_uid(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL,
            software_versions=plan.schema_,
            device_serial_number="0",
            series_description=f"Limner needle paths ({NOT_CLINICAL.lower()})",
            is_complete=True,
        )
        save_aside(report, path)


def _content(plan: Plan, frame: str) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    observer = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=new_uid("limner", plan.schema_),
            name=MODEL,
            manufacturer_name=MANUFACTURER,
            model_name=plan.schema_,
        ),
    )
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=_code(("363679005", "SCT", "Imaging")),
        imaging_measurements=[_group(one, plan, frame) for one in plan.paths],
    )
    blind = ", ".join(one.name for one in plan.blind_spots)
    for text in (
        f"{NOT_CLINICAL}. Proposed by a program for {plan.target}; no person has checked it.",
        f"Paths were not kept clear of: {blind}." if blind else "",
    ):
        if text:
            said = sr.TextContentItem(name=codes.DCM.Comment, value=text, relationship_type="CONTAINS")
            report[0].ContentSequence.append(said)
    return report


def _group(one: NeedlePath, plan: Plan, frame: str) -> Any:
    """One path (TID 1501): its length, inferred from the line itself, its clearance and its angle."""
    from highdicom import sr

    line = sr.CoordinatesForMeasurement3D(
        graphic_type=sr.GraphicTypeValues3D.POLYLINE,
        graphic_data=np.array([one.entry_mm, one.target_mm], float),
        frame_of_reference_uid=frame,
    )
    measurements = [
        sr.Measurement(_code(_LENGTH), round(one.length_mm, 2), _code(_MM), referenced_coordinates=[line]),
        sr.Measurement(_code(_ANGLE), round(one.angle_deg, 1), _code(_DEG)),
    ]
    if one.nearest is not None:
        site = (one.nearest.name.replace(" ", "-")[:16], _OURS, one.nearest.name[:64])
        clearance = sr.Measurement(
            _code(_DISTANCE),
            round(one.clearance_mm.value, 2),
            _code(_MM),
            finding_sites=[sr.FindingSite(anatomic_location=_code(site))],
            properties=_uncertainty(one.clearance_mm),
        )
        measurements.append(clearance)
    doubt = [sr.QualitativeEvaluation(_code(_SAFETY), _code(_ONLY_AT_MEAN))] if one.safe_only_at_mean else None
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=new_uid(), identifier=f"{plan.target} {one.id}"),
        finding_type=_code(_PATH),
        measurements=measurements,
        qualitative_evaluations=doubt,
    )


def _uncertainty(interval: Interval) -> Any:
    from highdicom.sr import CodedConcept, MeasurementProperties

    properties = MeasurementProperties(
        upper_measurement_uncertainty=max(0.0, round(interval.high - interval.value, 3)),
        lower_measurement_uncertainty=max(0.0, round(interval.value - interval.low, 3)),
    )
    for item in properties:  # highdicom writes "no units"
        item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [CodedConcept(*_MM)]
    return properties


def _code(parts: tuple[str, str, str]) -> Any:
    from pydicom.sr.coding import Code

    return Code(parts[0], parts[1], parts[2])
