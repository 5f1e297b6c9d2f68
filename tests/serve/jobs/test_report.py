"""A signed drawing becomes DICOM: a verified SR with the reader's own measurements, and a PDF, both of the study."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from sqlalchemy import select

from limner.errors import InputError
from limner.io.dicom_receiver import Caller, Handlers, Receiver
from limner.serve.jobs import states
from limner.serve.jobs.run import work
from limner.serve.nodes import PacsNodes, keep_nodes
from limner.serve.tables import AuditEntry, Instance, Job, Series
from tests.serve.jobs.conftest import PACK, Ward, open_ward

TEXT = "A tumour in the right lobe. 肝右叶肿瘤."
ORGANIZATION = "St. Elsewhere"


def new_measure() -> str:
    return secrets.token_hex(12)


@dataclass
class Reading:
    """A signed drawing and what was made of it."""

    ward: Ward
    drawing: dict
    measures: dict[str, dict]
    report: dict
    folder: Path
    unsigned: list[pydicom.Dataset]
    """What was sent before the signature."""

    @property
    def sr(self) -> pydicom.Dataset:
        return pydicom.dcmread(self.folder / "report.sr.dcm")


def series_of(ward: Ward) -> dict:
    [series] = [one for one in ward.client.get(f"/api/studies/{ward.study_id}").json()["series"] if one["shape"]]
    return ward.client.get(f"/api/series/{series['id']}").json()


def measure(ward: Ward, series: dict, kind: str, plane: str, indices) -> dict:
    """Keeps a measurement whose points are voxels (x, y, z) of the volume."""
    affine = np.array(series["affine"])
    points = [(affine @ [*one, 1.0])[:3].tolist() for one in indices]
    told = {"series_id": series["id"], "kind": kind, "plane": plane, "points_mm": points}
    answer = ward.client.put(f"/api/studies/{ward.study_id}/measures/{new_measure()}", json=told)
    assert answer.status_code == 200, answer.text
    return answer.json()


def work_here(ward: Ward, job_id: str, state: str | None = "done") -> dict:
    """Runs a job in this process: a new one would load all packages again."""
    with ward.house.database.session() as db:
        claim = states.claim(db, job_id)
    work(ward.house, claim)
    job = ward.job(job_id)
    assert state in (None, job["state"]), job["message"]
    return job


def draw_here(ward: Ward) -> dict:
    options = {"pack": PACK, "explain": "none"}
    job = work_here(ward, ward.ask("draw", study_id=ward.study_id, options=options)["id"])
    return ward.client.get(f"/api/results/{job['made_id']}").json()


def report_of(ward: Ward, drawing_id: str) -> dict:
    results = ward.client.get(f"/api/studies/{ward.study_id}").json()["results"]
    [report] = [one for one in results if one["kind"] == "report" and one["parent_id"] == drawing_id]
    return ward.client.get(f"/api/results/{report['id']}").json()


def run_waiting(ward: Ward) -> None:
    """What a worker does when it comes: finds what the queue lost, and runs it."""
    with ward.house.database.reading() as db:
        ids = list(db.scalars(select(Job.id).where(Job.kind == "report", Job.state == "queued")))
    for one in ids:
        work_here(ward, one)


@pytest.fixture(scope="module")
def reading(make_server_for_module, phantom_slices) -> Reading:
    ward = open_ward(make_server_for_module(organization=ORGANIZATION), phantom_slices)
    drawing = draw_here(ward)
    with archive(ward) as unsigned:
        send(ward, drawing["id"])
    series = series_of(ward)
    nz = series["shape"][0]
    made = {
        "length": measure(ward, series, "length", "axial", [(10, 12, nz // 2), (30, 20, nz // 2)]),
        "angle": measure(ward, series, "angle", "axial", [(10, 10, 3), (20, 10, 3), (20, 25, 3)]),
        "ellipse": measure(ward, series, "ellipse", "axial", [(10, 12, nz // 2), (30, 20, nz // 2)]),
        "coronal": measure(ward, series, "length", "coronal", [(10, 14, 1), (25, 14, nz - 2)]),
        "probe": measure(ward, series, "probe", "axial", [(20, 16, nz // 2)]),
    }
    seen = [{"id": one["id"], "version": one["version"]} for one in made.values()]
    signed = ward.client.post(f"/api/results/{drawing['id']}/sign", json={"text": TEXT, "measures": seen})
    assert signed.status_code == 200, signed.text
    run_waiting(ward)
    report = report_of(ward, drawing["id"])
    return Reading(ward, signed.json(), made, report, ward.house.result_folder(report["id"]), unsigned)


def numbers(dataset: pydicom.Dataset) -> list[pydicom.Dataset]:
    """All NUM items of a report, in order."""
    found = [dataset] if dataset.get("ValueType") == "NUM" else []
    for one in dataset.get("ContentSequence", ()):
        found += numbers(one)
    return found


def of_code(dataset: pydicom.Dataset, code: str) -> list[pydicom.Dataset]:
    return [one for one in numbers(dataset) if one.ConceptNameCodeSequence[0].CodeValue == code]


def value(item: pydicom.Dataset) -> float:
    return float(item.MeasuredValueSequence[0].NumericValue)


def test_the_report_says_who_verified_it_and_when(reading):
    sr = reading.sr
    assert (sr.CompletionFlag, sr.VerificationFlag, sr.PreliminaryFlag) == ("COMPLETE", "VERIFIED", "FINAL")
    [observer] = sr.VerifyingObserverSequence
    assert str(observer.VerifyingObserverName).strip("^") == "Plato"
    assert observer.VerifyingOrganization == ORGANIZATION
    assert str(observer.VerificationDateTime)[:14] == reading.drawing["signed"]["at"][:19].translate(
        {ord(one): None for one in "-:T"}
    )
    impression = [one for one in sr.ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == "121072"]
    assert impression[0].ContentSequence[0].TextValue == TEXT
    assert sr.PredecessorDocumentsSequence[0].StudyInstanceUID == sr.StudyInstanceUID


def test_lengths_lie_on_the_image_that_they_were_made_on(reading):
    """The coordinates of the SR, led back to millimetres by the image's own header, are the reader's points."""
    drawn = reading.measures["length"]
    expected = np.linalg.norm(np.subtract(*drawn["points_mm"]))
    in_plane = [one for one in of_code(reading.sr, "410668003") if one.ContentSequence[0].ValueType == "SCOORD"]
    [length] = in_plane
    assert value(length) == pytest.approx(expected, abs=1e-3)
    line = length.ContentSequence[0]
    uid = line.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    with reading.ward.house.database.reading() as db:
        row = db.scalars(select(Instance).where(Instance.uid == uid)).one()
    image = pydicom.dcmread(reading.ward.house.blobs.path(row.sha256, row.ending))
    at = np.reshape(line.GraphicData, (-1, 2)) - 0.5
    right, down = np.array(image.ImageOrientationPatient[:3]), np.array(image.ImageOrientationPatient[3:])
    rows, columns = image.PixelSpacing
    world = np.array(image.ImagePositionPatient) + at[:, :1] * columns * right + at[:, 1:] * rows * down
    assert np.abs(world - drawn["points_mm"]).max() < 0.1


def test_a_length_across_slices_stands_in_the_frame_of_reference(reading):
    [across] = [one for one in of_code(reading.sr, "410668003") if one.ContentSequence[0].ValueType == "SCOORD3D"]
    line = across.ContentSequence[0]
    assert np.allclose(np.reshape(line.GraphicData, (-1, 3)), reading.measures["coronal"]["points_mm"], atol=1e-3)
    assert line.ReferencedFrameOfReferenceUID


def test_angle_region_and_value_are_what_the_voxels_say(reading):
    """Against a slow count over the volume that the server gave out."""
    client, series = reading.ward.client, series_of(reading.ward)
    nz, ny, nx = series["shape"]
    body = client.get(f"/api/series/{series['id']}/slices/{nz // 2}").content
    slice_ = np.frombuffer(body, "<i2").reshape(ny, nx) * series["slope"] + series["intercept"]
    inside = [slice_[y, x] for y in range(ny) for x in range(nx) if ((x - 20) / 10) ** 2 + ((y - 16) / 4) ** 2 <= 1]
    assert value(of_code(reading.sr, "1483009")[0]) == pytest.approx(90, abs=1e-2)
    _, dy, dx = series["spacing_mm"]
    assert value(of_code(reading.sr, "42798000")[0]) == pytest.approx(np.pi * 10 * dx * 4 * dy, rel=1e-3)
    regions = numbers(region_of(reading.sr))
    told = [value(one) for one in regions[1:]]
    assert told == pytest.approx([np.mean(inside), np.std(inside), min(inside), max(inside)], abs=1e-3)
    assert len(regions) == 5
    [probe] = [
        one
        for one in of_code(reading.sr, "112031")
        if any(child.get("GraphicType") == "POINT" for child in one.get("ContentSequence", ()))
    ]
    assert value(probe) == slice_[16, 20]


def region_of(sr: pydicom.Dataset) -> pydicom.Dataset:
    """The group that holds an ellipse."""
    [measured] = [one for one in sr.ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == "126010"]
    [group] = [
        one for one in measured.ContentSequence if any(c.get("GraphicType") == "ELLIPSE" for c in one.ContentSequence)
    ]
    return group


def test_the_model_s_findings_stand_beside_the_reader_s_and_say_that_a_model_found_them(reading):
    volumes = of_code(reading.sr, "118565006")
    told = [
        one["value"]
        for f in reading.drawing["drawing"]["findings"]
        for one in f["measurements"]
        if one["name"] == "volume"
    ]
    assert [value(one) for one in volumes] == pytest.approx(told, abs=1e-3)
    assert "phantom" in str(reading.sr)


def test_sr_and_pdf_are_instances_of_the_study_that_dicom_s_own_tools_take(reading, tmp_path):
    with reading.ward.house.database.reading() as db:
        rows = db.execute(
            select(Series.modality, Series.description, Instance.uid)
            .join(Instance)
            .where(Series.study_id == reading.ward.study_id, Series.description == "Signed report")
        ).all()
    assert {modality for modality, _, _ in rows} == {"SR", "DOC"}
    assert {uid for _, _, uid in rows} == set(reading.report["summary"]["objects"])
    for name in ("report.sr.dcm", "report.pdf.dcm"):
        checker = shutil.which("dciodvfy")
        assert checker, "dciodvfy is not installed: apt-get install dicom3tools"
        said = subprocess.run([checker, reading.folder / name], capture_output=True, text=True, check=False).stderr
        assert said
        assert [line for line in said.splitlines() if line.startswith("Error")] == []
    assert shutil.which("dsrdump"), "dsrdump is not installed: apt-get install dcmtk"
    dumped = subprocess.run(["dsrdump", reading.folder / "report.sr.dcm"], capture_output=True, text=True, check=True)
    assert "Length" in dumped.stdout and "Verified" in dumped.stdout.title()


def test_the_pdf_tells_the_same_to_people(reading):
    boxed = pydicom.dcmread(reading.folder / "report.pdf.dcm")
    assert boxed.VerificationFlag == "VERIFIED" and boxed.StudyInstanceUID == reading.sr.StudyInstanceUID
    content = boxed.EncapsulatedDocument[: boxed.EncapsulatedDocumentLength]
    assert content == (reading.folder / "report.pdf").read_bytes()
    assert shutil.which("pdftotext"), "pdftotext is not installed: apt-get install poppler-utils"
    command = ["pdftotext", "-layout", reading.folder / "report.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    length = np.linalg.norm(np.subtract(*reading.measures["length"]["points_mm"]))
    for said in (
        "Plato",
        ORGANIZATION,
        "A tumour in the right lobe.",
        f"{length:.1f} mm",
        reading.drawing["signed"]["at"][:10],
    ):
        assert said in text, said


def test_what_was_signed_stays(reading):
    """Neither measurement nor report can be changed, by nobody."""
    client, length = reading.ward.client, reading.measures["length"]
    path = f"/api/studies/{reading.ward.study_id}/measures/{length['id']}"
    moved = {name: length[name] for name in ("series_id", "kind", "plane")}
    moved |= {"points_mm": [[0, 0, 0], [1, 1, 1]], "base": length["version"]}
    assert client.put(path, json=moved).status_code == 409
    assert client.delete(path).status_code == 409
    assert client.delete(f"/api/results/{reading.report['id']}").status_code == 409
    told = client.get(f"/api/studies/{reading.ward.study_id}/measures").json()["items"]
    assert all(one["signed"] for one in told if one["id"] in {m["id"] for m in reading.measures.values()})
    with reading.ward.house.database.reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "result.sign")).one()
    assert set(entry.details["measures"]) == {one["id"] for one in reading.measures.values()}


@contextmanager
def archive(ward: Ward, refuse: str = "") -> Iterator[list[pydicom.Dataset]]:
    """Our own receiver as a PACS that an admin listed; what it holds. It cannot keep objects of one modality."""
    kept: list[pydicom.Dataset] = []

    def take(path: Path, caller: Caller) -> None:
        one = pydicom.dcmread(path)
        if one.Modality == refuse:
            raise InputError("not this")
        kept.append(one)

    receiver = Receiver("ARCHIVE", ("127.0.0.1", 0), Handlers(take, lambda caller: True, lambda caller: None))
    node = {"name": "Archive", "ae_title": "ARCHIVE", "host": "127.0.0.1", "port": receiver.port}
    try:
        with ward.house.database.session() as db:
            keep_nodes(db, PacsNodes.model_validate({"items": [node | {"receives": True}]}))
        yield kept
    finally:
        receiver.stop()


def send(ward: Ward, result_id: str) -> dict:
    job = ward.ask("pacs-send", result_id=result_id, options={"node": "Archive"})
    return work_here(ward, job["id"], None)


def test_drawing_and_signed_report_are_sent_to_an_archive(reading):
    with archive(reading.ward) as kept:
        job = send(reading.ward, reading.drawing["id"])
    assert job["state"] == "done", job["message"]
    assert sorted(one.Modality for one in kept) == ["DOC", "SEG", "SR"], "one SR: the signed one"
    assert [one.VerificationFlag for one in kept if one.Modality == "SR"] == ["VERIFIED"]
    assert all(name in job["message"] for name in ("Archive", "SEG", "signed SR", "signed PDF"))
    with reading.ward.house.database.reading() as db:
        entry = db.scalars(
            select(AuditEntry).where(AuditEntry.action == "pacs.send").order_by(AuditEntry.n.desc())
        ).first()
    assert entry.object_id == reading.drawing["id"]
    assert entry.details == {"node": "ARCHIVE", "arrived": 3, "failed": 0}


def test_what_nobody_signed_says_so_on_its_way(reading):
    flags = {one.Modality: one.get("VerificationFlag") for one in reading.unsigned}
    assert flags == {"SEG": None, "SR": "UNVERIFIED", "DOC": "UNVERIFIED"}


def test_what_an_archive_does_not_take_is_named(reading):
    with archive(reading.ward, refuse="DOC") as kept:
        job = send(reading.ward, reading.drawing["id"])
    assert job["state"] == "failed" and len(kept) == 2
    assert "signed PDF (" in job["message"] and "Sent to Archive: SEG" in job["message"]
    gone = send(reading.ward, reading.drawing["id"])
    assert gone["state"] == "failed" and "does not answer" in gone["message"] and "127.0.0.1" not in gone["message"]


def test_readers_are_told_where_they_may_send(reading):
    reader = reading.ward.server.person("reader")
    with archive(reading.ward):
        told = reader.get("/api/pacs/nodes").json()["items"]
    assert [(one["name"], one["receives"], one["host"]) for one in told] == [("Archive", True, None)]
