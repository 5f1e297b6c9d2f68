"""DICOM over the network, against a PACS on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless

from limner.errors import InputError, NotAnImageError
from limner.io.dicom_net import (
    Calling,
    Node,
    NodeError,
    StudyQuery,
    echo,
    find_studies,
    get_study,
    move_study,
    send_files,
)
from limner.io.dicom_receiver import Caller, Handlers, Receiver, ReceiverLimits, keep_in
from limner.samples import demo_study
from tests.io.pacs import TITLE, running_pacs
from tests.serve.made_dicom import made_dicom


@pytest.fixture
def archive():
    with running_pacs() as pacs:
        yield pacs


def node_of(pacs) -> Node:
    return Node(TITLE, "127.0.0.1", pacs.port)


def filled(pacs, *files: bytes) -> None:
    pacs.kept += [pydicom.dcmread(BytesIO(one)) for one in files]


def test_echo(archive):
    assert 0 < echo(node_of(archive)) < 5


def test_nobody_there_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NodeError, match="No DICOM node answers"):
        echo(Node(TITLE, "127.0.0.1", port), Calling(connect_s=2))


def test_a_node_that_does_not_know_us_is_told():
    with running_pacs(callers=["FRIEND"]) as pacs:
        with pytest.raises(NodeError, match="refuses the association"):
            echo(node_of(pacs))
        assert echo(node_of(pacs), Calling("FRIEND")) > 0


def test_studies_are_found_by_name_in_any_script(archive):
    filled(
        archive,
        made_dicom(1),
        made_dicom(2),
        made_dicom(3, SOPInstanceUID="9.1", StudyInstanceUID="9", SeriesInstanceUID="9.9",
                   SpecificCharacterSet="ISO_IR 192", PatientName="Wang^Wei=王^伟", Modality="MR"),
    )  # fmt: skip
    found, more = find_studies(node_of(archive), StudyQuery(patient_name="secret*", since=date(2024, 1, 1)))
    assert not more
    (one,) = found
    assert (one.uid, one.date, one.modalities, one.instances) == ("1.2.3", "2024-01-02", ("CT",), 2)
    assert archive.wanted[-1].StudyDate == "20240101-"
    (other,) = find_studies(node_of(archive), StudyQuery(patient_name="*王^伟"))[0]
    assert other.patient_name == "Wang^Wei=王^伟"
    assert len(find_studies(node_of(archive), StudyQuery())[0]) == 2
    first, more = find_studies(node_of(archive), StudyQuery(), most=1)
    assert (len(first), more) == (1, True)


def test_a_study_is_fetched_over_the_same_association(archive, tmp_path):
    files = sorted(demo_study().glob("*.dcm"))[:3]
    filled(archive, *(path.read_bytes() for path in files), made_dicom(1))
    study = pydicom.dcmread(files[0]).StudyInstanceUID
    seen = []
    transfer = get_study(
        node_of(archive), study, lambda path: keep_in(tmp_path, path), progress=lambda *at: seen.append(at)
    )
    assert (transfer.done, transfer.failed) == (3, 0)
    assert seen[-1] == (3, 3)
    came = {one.stem: pydicom.dcmread(one) for one in tmp_path.rglob("*.dcm")}
    for path in files:
        sent = pydicom.dcmread(path)
        assert came[sent.SOPInstanceUID].PixelData == sent.PixelData
        assert came[sent.SOPInstanceUID].file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID


def test_what_we_cannot_keep_is_told_to_the_node_and_to_us(archive):
    filled(archive, made_dicom(1), made_dicom(2))

    def refuse(path: Path) -> None:
        if pydicom.dcmread(path).InstanceNumber == 2:
            raise NotAnImageError("not this one")

    transfer = get_study(node_of(archive), "1.2.3", refuse)
    assert (transfer.done, transfer.failed, transfer.reasons) == (1, 1, ["not this one"])


def test_a_node_moves_a_study_to_a_receiver(archive, tmp_path):
    filled(archive, made_dicom(1), made_dicom(2))
    done = threading.Event()
    handlers = Handlers(lambda path, _: keep_in(tmp_path, path), lambda _: True, lambda _: done.set())
    receiver = Receiver("LIMNER", ("127.0.0.1", 0), handlers)
    archive.receivers["LIMNER"] = ("127.0.0.1", receiver.port)
    try:
        transfer = move_study(node_of(archive), "1.2.3", "LIMNER")
        assert (transfer.done, transfer.failed) == (2, 0)
        assert done.wait(5)
        assert len(list(tmp_path.rglob("*.dcm"))) == 2
        with pytest.raises(NodeError, match="does not know the receiver"):
            move_study(node_of(archive), "1.2.3", "STRANGER")
    finally:
        receiver.stop()


def test_files_are_sent_as_they_are_stored(archive, tmp_path):
    (tmp_path / "plain.dcm").write_bytes(made_dicom(1))
    files = [*sorted(demo_study().glob("*.dcm"))[:2], tmp_path / "plain.dcm"]
    transfer = send_files(node_of(archive), files)
    assert (transfer.done, transfer.failed) == (3, 0)
    syntaxes = {one.file_meta.TransferSyntaxUID for one in archive.kept}
    assert syntaxes == {ExplicitVRLittleEndian, pydicom.dcmread(files[0]).file_meta.TransferSyntaxUID}


def test_a_node_that_takes_plain_files_only_gets_them_decompressed():
    path = sorted(demo_study().glob("*.dcm"))[5]
    with running_pacs(syntaxes=[ImplicitVRLittleEndian, ExplicitVRLittleEndian]) as pacs:
        assert send_files(node_of(pacs), [path]).done == 1
        (came,) = pacs.kept
    assert came.file_meta.TransferSyntaxUID in (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
    assert np.array_equal(came.pixel_array, pydicom.dcmread(path).pixel_array)


@pytest.fixture
def listening(tmp_path):
    """A receiver that takes from FRIEND only; ``came`` are the files, ``callers`` who was done."""
    came, callers = [], []

    def take(path: Path, caller: Caller) -> None:
        if pydicom.dcmread(path).PatientID == "FULL":
            raise OSError(28, "No space left on device")
        came.append(keep_in(tmp_path / "in", path))

    handlers = Handlers(take, lambda caller: caller.ae_title == "FRIEND", callers.append)
    limits = ReceiverLimits(associations=1, instance_bytes=200_000)
    receiver = Receiver("LIMNER", ("127.0.0.1", 0), handlers, limits)
    receiver.came, receiver.callers = came, callers
    yield receiver
    receiver.stop()


def wait_for(condition) -> None:
    moment = threading.Event()
    for _ in range(500):
        if condition():
            return
        moment.wait(0.01)
    raise AssertionError("waited for five seconds")


def test_the_receiver_answers_success_once_a_file_is_kept(listening, tmp_path):
    (tmp_path / "a.dcm").write_bytes(made_dicom(1))
    node = Node("LIMNER", "127.0.0.1", listening.port)
    assert send_files(node, [tmp_path / "a.dcm"], Calling("FRIEND")).done == 1
    (kept,) = listening.came
    assert kept.relative_to(tmp_path / "in").parts == ("1.2.3", "1.2.3.4", "1.2.3.4.1.dcm")
    assert pydicom.dcmread(kept) == pydicom.dcmread(tmp_path / "a.dcm")
    wait_for(lambda: [one.ae_title for one in listening.callers] == ["FRIEND"])


def test_a_stranger_is_refused_at_the_door(listening, tmp_path):
    (tmp_path / "a.dcm").write_bytes(made_dicom(1))
    with pytest.raises(NodeError, match="refuses"):
        send_files(Node("LIMNER", "127.0.0.1", listening.port), [tmp_path / "a.dcm"], Calling("STRANGER"))
    assert not listening.came


def test_a_full_disk_is_told_and_the_sender_may_go_on(listening, tmp_path):
    node = Node("LIMNER", "127.0.0.1", listening.port)
    (tmp_path / "big.dcm").write_bytes(made_dicom(1, PatientID="FULL"))
    (tmp_path / "small.dcm").write_bytes(made_dicom(2))
    transfer = send_files(node, [tmp_path / "big.dcm", tmp_path / "small.dcm"], Calling("FRIEND"))
    assert (transfer.done, transfer.failed) == (1, 1)
    assert "0xA700" in transfer.reasons[0]


def test_an_endless_instance_is_cut_off_and_leaves_nothing(listening, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    (tmp_path / "huge.dcm").write_bytes(made_dicom(1, PixelData=bytes(2_000_000), Rows=1000, Columns=1000))
    transfer = send_files(Node("LIMNER", "127.0.0.1", listening.port), [tmp_path / "huge.dcm"], Calling("FRIEND"))
    assert (transfer.done, transfer.failed) == (0, 1)
    assert not listening.came
    wait_for(lambda: not list((tmp_path / "spool").iterdir()))


def test_more_callers_than_are_taken_are_asked_to_wait(listening):
    from pynetdicom import AE

    entity = AE("FRIEND")
    entity.add_requested_context("1.2.840.10008.1.1")
    first = entity.associate("127.0.0.1", listening.port)
    second = entity.associate("127.0.0.1", listening.port)
    assert first.is_established
    assert not second.is_established
    first.release()


def test_a_port_that_is_taken_is_told(listening):
    handlers = Handlers(lambda *_: None, lambda _: True, lambda _: None)
    with pytest.raises(InputError, match="Choose another port"):
        Receiver("LIMNER", ("127.0.0.1", listening.port), handlers)


def test_dcmtk_sends_to_us(listening, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    for k, path in enumerate(sorted(demo_study().glob("*.dcm"))[:2]):
        shutil.copy(path, folder / f"{k}.dcm")
    arguments = ["storescu", "-aet", "FRIEND", "-aec", "LIMNER", "-xt", "-R", "127.0.0.1", str(listening.port)]
    sent = subprocess.run([*arguments, "+sd", str(folder)], capture_output=True, text=True, timeout=60, check=False)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    came = {pydicom.dcmread(path).file_meta.TransferSyntaxUID for path in listening.came}
    assert len(listening.came) == 2
    assert came == {JPEGLSLossless}


@pytest.mark.parametrize(
    "text", ["", "A", "A@h", "A@h:x", "@h:1", "A@:1", "A@h:0", "A@h:70000", "é@h:1", "A" * 17 + "@h:1"]
)
def test_what_is_no_node_is_told(text):
    with pytest.raises(InputError):
        Node.parse(text)
