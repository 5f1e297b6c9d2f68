"""Files become studies: grouped, kept once, never half-shown; what cannot be taken is told by file."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import time
import zlib
from datetime import timedelta

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from sqlalchemy import func, select

from limner.errors import NotAnImageError
from limner.io import open_studies
from limner.io.header import read_header
from limner.serve.store import Given, Sender, add_instances, delete_files, delete_rows, files_of, ingest, sweep
from limner.serve.tables import AuditEntry, Instance, Job, Series, Study, Upload, now
from tests.serve.made_dicom import as_bytes, made_dataset, made_dicom, made_report


@pytest.fixture
def send(server, tmp_path, monkeypatch):
    """Sends files to a server; ``send(a=bytes, ...)`` gives the outcome."""
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    owner = server.add_user("owner", "reader")

    def run(_sender: Sender | None = None, **files: bytes):
        given = []
        for name, content in files.items():
            path = tmp_path / f"{name}{'.nii.gz' if name.startswith('nifti') else ''}"
            path.write_bytes(content)
            given.append(Given(path, f"{name} of Secret Name"))
        return ingest(server.house, _sender or Sender(owner), given)

    run.owner = owner
    return run


def rows(server, table):
    with server.house.database.reading() as db:
        return list(db.scalars(select(table)))


def test_slices_become_a_study_with_its_series(server, send):
    files = {f"a{k}": made_dicom(k) for k in range(3, 0, -1)}
    files |= {"b": made_dicom(9, SeriesInstanceUID="1.2.3.8", SeriesNumber=4), "sr": made_report()}
    outcome = send(**files)
    assert not outcome.refused
    (study,) = rows(server, Study)
    assert outcome.studies == [study.id]
    assert (study.patient_name, study.patient_id, study.date) == ("Secret^Name", "SECRET-7", "2024-01-02")
    assert (study.series_count, study.instance_count, study.modalities) == (3, 5, ["CT", "SR"])
    assert study.kind == "scan"
    first = next(one for one in rows(server, Series) if one.uid == "1.2.3.4")
    assert (first.number, first.description, first.modality, first.instance_count) == (3, "portal", "CT", 3)
    report = next(one for one in rows(server, Instance) if one.uid == "1.2.3.5.1")
    assert report.frames == 0
    with server.house.database.reading() as db:
        paths = files_of(db, first.id, server.house.blobs)
    assert [pydicom.dcmread(one).InstanceNumber for one in paths] == [1, 2, 3]
    assert open_studies(paths)[0].series[0].grid.shape == (3, 8, 6)


def test_the_same_bytes_twice_are_one_instance_and_one_blob(server, send):
    first = send(a=made_dicom(1), again=made_dicom(1))
    second = send(a=made_dicom(1), b=made_dicom(2))
    assert first.studies == second.studies
    assert not first.refused
    assert not second.refused
    assert len(rows(server, Instance)) == 2
    assert len(list(server.house.blobs)) == 2


def test_the_same_instance_with_other_bytes_is_refused_and_told(server, send):
    send(a=made_dicom(1))
    outcome = send(b=made_dicom(1, SeriesDescription="changed"), c=made_dicom(2))
    (refused,) = outcome.refused
    assert refused.file == "b of Secret Name"
    assert "same SOP Instance UID" in refused.reason
    assert refused.sop_uid == "1.2.3.4.1"
    kept = next(one for one in rows(server, Instance) if one.uid == "1.2.3.4.1")
    assert kept.sha256 == hashlib.sha256(made_dicom(1)).hexdigest()


def test_a_study_is_whole_or_not_there(server, send, monkeypatch):
    def fail(*_):
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr("limner.serve.store.intake.count_again", fail)
    with pytest.raises(RuntimeError):
        send(a=made_dicom(1), b=made_dicom(2))
    assert not rows(server, Study)
    assert not rows(server, Instance)
    assert not rows(server, AuditEntry)
    monkeypatch.undo()
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    assert len(send(a=made_dicom(1), b=made_dicom(2)).studies) == 1


def test_two_patients_are_not_put_into_one_study(server, send):
    outcome = send(a=made_dicom(1), b=made_dicom(2, PatientID="OTHER"))
    assert "another patient" in outcome.refused[0].reason
    assert [one.uid for one in rows(server, Instance)] == ["1.2.3.4.1"]


def test_two_owners_have_a_study_each_and_share_the_bytes(server, send):
    send(a=made_dicom(1))
    other = server.add_user("other", "reader")
    send(Sender(other), a=made_dicom(1))
    assert {one.owner_id for one in rows(server, Study)} == {send.owner, other}
    assert len(list(server.house.blobs)) == 1


def test_what_is_no_image_is_refused_by_file_and_the_rest_goes_on(server, send):
    whole = made_dicom(2)
    outcome = send(
        text=b"hello", cut=whole[:-30], good=made_dicom(1), empty=b"", jpeg=b"\xff\xd8\xff\xe0 no picture",
        nifti_cut=nifti(cut=100),
    )  # fmt: skip
    told = {one.file.split()[0]: one.reason for one in outcome.refused}
    assert set(told) == {"text", "cut", "empty", "jpeg", "nifti_cut"}
    assert "not an image" in told["text"]
    assert "ends before its pixels" in told["cut"]
    assert "damaged" in told["jpeg"]
    assert len(outcome.studies) == 1


def test_an_archive_that_is_not_unpacked_here_says_which_are(server, send):
    outcome = send(xz=lzma.compress(made_dicom(1)), seven=b"7z\xbc\xaf\x27\x1c" + bytes(40))
    assert [one.reason.split()[0] for one in outcome.refused] == ["xz", "7z"]
    assert all("send a zip" in one.reason for one in outcome.refused)


def nifti(*, cut: int = 0, shape=(5, 6, 7)) -> bytes:
    image = nibabel.Nifti1Image(np.arange(np.prod(shape), dtype=np.int16).reshape(shape), np.diag([2, 2, 3, 1]))
    image.header.set_sform(image.affine, 1)
    packed = zlib.compressobj(wbits=31)
    content = packed.compress(image.to_bytes()) + packed.flush()
    return content[:-cut] if cut else content


def test_nifti_becomes_a_scan_whose_name_is_its_description(server, send):
    outcome = send(nifti=nifti())
    assert not outcome.refused
    (study,) = rows(server, Study)
    assert (study.kind, study.dicom, study.description) == ("scan", False, "nifti of Secret Name")
    (series,) = rows(server, Series)
    with server.house.database.reading() as db:
        (opened,) = open_studies(files_of(db, series.id, server.house.blobs))
    assert opened.series[0].uid == series.uid
    assert opened.uid == study.uid


def test_a_nifti_bomb_is_refused_without_being_unpacked(server, send, monkeypatch):
    small = bytearray(zlib.decompress(nifti(), wbits=31)) + bytes(40 << 20)
    outcome = send(nifti=zlib.compress(bytes(small), wbits=31))
    assert "more than its header says" in outcome.refused[0].reason


def test_a_picture_becomes_a_picture(server, send):
    out = io.BytesIO()
    Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)).save(out, "PNG")
    outcome = send(lesion=out.getvalue())
    assert not outcome.refused
    (study,) = rows(server, Study)
    assert (study.kind, study.dicom) == ("picture", False)
    (instance,) = rows(server, Instance)
    assert instance.ending == ".png"


def test_a_radiograph_is_a_picture_too(server, send):
    send(a=made_dicom(1, Modality="DX"))
    assert rows(server, Study)[0].kind == "picture"
    send(b=made_dicom(2, SeriesInstanceUID="1.2.3.8"))
    assert rows(server, Study)[0].kind == "scan"


def test_missing_uids_are_made_up_and_always_the_same(server, send):
    gone = {"SOPInstanceUID": "", "SeriesInstanceUID": "", "StudyInstanceUID": ""}
    files = {str(k): made_dataset(k, **gone) for k in (1, 2)}
    for one in files.values():
        one.file_meta.MediaStorageSOPInstanceUID, one.preamble = "", bytes(128)

    def bytes_of(one):
        out = io.BytesIO()
        one.save_as(out, enforce_file_format=False)
        return out.getvalue()

    content = {f"f{name}": bytes_of(one) for name, one in files.items()}
    first, second = send(**content), send(**content)
    assert not first.refused
    assert first.studies == second.studies
    assert len(rows(server, Instance)) == 2
    assert len(rows(server, Series)) == 1


def test_a_deflated_bomb_is_not_inflated(tmp_path, monkeypatch):
    one = made_dataset()
    one.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    path = tmp_path / "deflated.dcm"
    path.write_bytes(as_bytes(one))
    assert read_header(path).sop_uid == "1.2.3.4.1"
    monkeypatch.setattr("limner.io.header.MOST_INFLATED", 100)
    with pytest.raises(NotAnImageError, match="inflates to more"):
        read_header(path)


def test_a_claim_of_too_many_pixels_is_refused(tmp_path):
    path = tmp_path / "huge.dcm"
    one = made_dataset(Rows=65535, Columns=65535, NumberOfFrames=100)
    one.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLSLossless
    one.PixelData = pydicom.encaps.encapsulate([b"x" * 8])
    one["PixelData"].is_undefined_length = True
    path.write_bytes(as_bytes(one))
    with pytest.raises(NotAnImageError, match="unpacks to"):
        read_header(path)


def test_names_in_any_script_are_kept(server, send):
    send(a=made_dicom(1, SpecificCharacterSet="ISO_IR 192", PatientName="Wang^XiaoDong=王^小东"))
    (study,) = rows(server, Study)
    assert study.patient_name == "Wang^XiaoDong=王^小东"
    assert study.tags["00100010"]["Value"][0]["Ideographic"] == "王^小东"


def test_the_audit_log_and_the_log_name_nobody(server, send, caplog):
    send(a=made_dicom(1), b=b"nothing")
    entries = rows(server, AuditEntry)
    assert [one.action for one in entries] == ["study.receive"]
    told = json.dumps([one.details for one in entries]) + caplog.text
    assert not any(word in told for word in ("Secret", "SECRET", "1970"))


def test_objects_of_a_result_join_their_study(server, send, tmp_path):
    (study_id,) = send(a=made_dicom(1)).studies
    (tmp_path / "sr").write_bytes(made_report())
    (tmp_path / "other").write_bytes(made_report(StudyInstanceUID="9.9", SOPInstanceUID="9.9.1"))
    with server.house.database.session() as db:
        study = db.get_one(Study, study_id)
        given = [Given(tmp_path / "sr", "report"), Given(tmp_path / "other", "other")]
        outcome = add_instances(db, study, given, server.house.blobs)
    assert [one.header.sop_uid for one in outcome.kept] == ["1.2.3.5.1"]
    assert "another study" in outcome.refused[0].reason
    (study,) = rows(server, Study)
    assert study.instance_count == 2


def test_a_deleted_study_takes_only_its_own_bytes(server, send):
    (mine,) = send(a=made_dicom(1), b=made_dicom(2)).studies
    send(Sender(server.add_user("other", "reader")), a=made_dicom(1))
    with server.house.database.session() as db:
        left = delete_rows(db, mine)
    delete_files(server.house, left)
    with server.house.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Instance)) == 1
    assert [path.name[:64] for path in server.house.blobs] == [hashlib.sha256(made_dicom(1)).hexdigest()]


def test_a_sweep_removes_what_nobody_refers_to_once_it_is_old(server, send, monkeypatch):
    send(a=made_dicom(1))
    house = server.house
    shard = next(iter(house.blobs)).parent
    (shard / ".half.part").write_bytes(b"half")
    (shard / f"{'0' * 64}.dcm").write_bytes(b"orphan")
    (house.folder("uploads") / "gone").mkdir()
    (house.folder("results") / "gone").mkdir()
    (house.folder("scratch") / "cut off.nii.gz").write_bytes(b"half")
    with house.database.session() as db:
        running = Job(kind="draw", owner_id=server.add_user("plato", "planner"), state="running")
        db.add(running)
    (house.folder("results") / running.id).mkdir()  # renamed into its place, and its row comes next
    assert sweep(house) == 0
    monkeypatch.setattr("limner.serve.store.removal.ORPHAN_S", -1.0)
    assert sweep(house) == 5
    assert len(list(house.blobs)) == 1
    assert [one.name for one in house.folder("results").iterdir()] == [running.id]
    assert sweep(house) == 0


def test_what_is_given_up_is_swept_while_the_server_runs(server, monkeypatch):
    monkeypatch.setattr("limner.serve.store.removal.SWEEP_EVERY_S", 0.01)
    house, owner = server.house, server.add_user("ann", "reader")
    with server.anyone(), house.database.session() as db:  # the server has swept once, at its start
        left = Upload(owner_id=owner, created=now() - timedelta(days=8))
        alive = Upload(owner_id=owner)
        db.add_all([left, alive])
        db.flush()
        folders = [house.folder("uploads") / one.id for one in (left, alive)]
        for folder in folders:
            folder.mkdir()
            (folder / "1").write_bytes(b"slice")
            os.utime(folder / "1", (0, 0))
            os.utime(folder, (0, 0))
        db.commit()
        until = time.monotonic() + 20
        while folders[0].exists():
            assert time.monotonic() < until
            time.sleep(0.01)
    assert folders[1].exists()


def test_an_upload_into_which_a_file_still_flows_is_young(server):
    folder = server.house.folder("uploads") / "stow"
    folder.mkdir()
    (folder / "000000.dcm").write_bytes(b"a slice of many")
    os.utime(folder, (0, 0))
    assert sweep(server.house) == 0
    os.utime(folder / "000000.dcm", (0, 0))
    assert sweep(server.house) == 1
