"""An independent client (dicomweb-client) against a server behind a socket."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client import DICOMwebClient
from PIL import Image

from limner.samples import demo_study
from tests.serve.made_dicom import made_dicom, made_report

EXPLICIT = "1.2.840.10008.1.2.1"
JPEG_LS = "1.2.840.10008.1.2.4.80"


@pytest.fixture
def client(live) -> DICOMwebClient:
    """A reader who may write."""
    user = live.server.add_user("viewer", "reader")
    return DICOMwebClient(f"{live.address}/dicom-web", headers=live.token(user, "read", "write"))


@pytest.fixture
def scan() -> list[pydicom.Dataset]:
    """Slices of the built-in study, JPEG-LS."""
    return [pydicom.dcmread(path) for path in sorted(demo_study().glob("*.dcm"))[18:22]]


def slice_(number: int, **attributes) -> pydicom.Dataset:
    return pydicom.dcmread(BytesIO(made_dicom(number, **attributes)))


def uids(one: pydicom.Dataset) -> tuple[str, str, str]:
    return one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID


def test_what_was_stored_is_found_and_comes_back_as_it_was(client, scan):
    answer = client.store_instances(scan)
    assert len(answer.ReferencedSOPSequence) == len(scan)
    assert "FailedSOPSequence" not in answer
    study, series, instance = uids(scan[0])
    (found,) = client.search_for_studies(search_filters={"PatientID": scan[0].PatientID})
    assert found["0020000D"]["Value"] == [study]
    assert found["00201208"]["Value"] == [len(scan)]
    assert [one["0020000E"]["Value"] for one in client.search_for_series(study)] == [[series]]
    assert len(client.search_for_instances(study, series)) == len(scan)
    back = client.retrieve_instance(study, series, instance, media_types=(("application/dicom", "*"),))
    assert back == scan[0]
    assert back.file_meta.TransferSyntaxUID == JPEG_LS


def test_files_come_decompressed_unless_asked_for_as_stored(client, scan):
    client.store_instances(scan)
    study, series, _ = uids(scan[0])
    plain = client.retrieve_series(study, series, media_types=(("application/dicom", EXPLICIT),))
    assert {one.file_meta.TransferSyntaxUID for one in plain} == {EXPLICIT}
    by_uid = {one.SOPInstanceUID: one for one in scan}
    for one in plain:
        assert np.array_equal(one.pixel_array, by_uid[one.SOPInstanceUID].pixel_array)
    assert len(client.retrieve_study(study, media_types=(("application/dicom", "*"),))) == len(scan)


def test_frames_come_raw_or_as_stored(client, scan):
    client.store_instances(scan)
    raw = (("application/octet-stream", EXPLICIT),)
    (frame,) = client.retrieve_instance_frames(*uids(scan[1]), [1], media_types=raw)
    assert np.array_equal(np.frombuffer(frame, "<i2").reshape(512, 512), scan[1].pixel_array)
    (frame,) = client.retrieve_instance_frames(*uids(scan[1]), [1], media_types=(("image/jls", JPEG_LS),))
    assert frame == next(pydicom.encaps.generate_frames(scan[1].PixelData, number_of_frames=1))


def test_metadata_are_the_headers_and_pixels_an_address(client, scan):
    client.store_instances(scan)
    study, series, instance = uids(scan[0])
    told = client.retrieve_series_metadata(study, series)
    assert len(told) == len(scan)
    one = client.retrieve_instance_metadata(study, series, instance)
    header = pydicom.Dataset.from_json(one, lambda tag, vr, uri: None)
    for word in ("PatientID", "ImagePositionPatient", "RescaleIntercept", "Rows", "StudyDate"):
        assert header[word].value == scan[0][word].value
    place = f"/dicom-web/studies/{study}/series/{series}/instances/{instance}/bulkdata/7FE00010"
    assert one["7FE00010"]["BulkDataURI"].endswith(place)
    assert one["00083002"]["Value"] == [JPEG_LS]


def test_pictures_and_thumbnails(client, scan):
    client.store_instances(scan)
    study, series, instance = uids(scan[0])
    picture = client.retrieve_instance_rendered(study, series, instance, media_types=("image/png",))
    assert Image.open(BytesIO(picture)).size == (512, 512)
    small = client.retrieve_instance_rendered(
        study, series, instance, media_types=("image/jpeg",), params={"viewport": "64,64", "window": "50,400,linear"}
    )
    assert Image.open(BytesIO(small)).size == (64, 64)


def test_an_explicit_study_and_a_report(client):
    slices = [slice_(k) for k in (1, 2, 3)]
    report = pydicom.dcmread(BytesIO(made_report()))
    client.store_instances([*slices, report])
    assert {one["00080060"]["Value"][0] for one in client.search_for_series("1.2.3")} == {"CT", "SR"}
    assert client.retrieve_instance("1.2.3", "1.2.3.5", "1.2.3.5.1") == report
    with pytest.raises(requests.HTTPError, match="404"):
        client.retrieve_instance_frames("1.2.3", "1.2.3.5", "1.2.3.5.1", [1],
                                        media_types=(("application/octet-stream", EXPLICIT),))  # fmt: skip


def test_what_cannot_be_kept_is_told_by_instance(client):
    client.store_instances([slice_(1)])
    changed = slice_(1, SeriesDescription="changed")
    answer = client.store_instances([changed, slice_(2)])
    assert [one.ReferencedSOPInstanceUID for one in answer.FailedSOPSequence] == ["1.2.3.4.1"]
    assert [one.ReferencedSOPInstanceUID for one in answer.ReferencedSOPSequence] == ["1.2.3.4.2"]


def test_nobody_else_finds_it(client, live, scan):
    client.store_instances(scan[:1])
    study = scan[0].StudyInstanceUID
    address = f"{live.address}/dicom-web"
    assert requests.get(f"{address}/studies", timeout=10).status_code == 401
    stranger = live.server.add_user("stranger", "admin")
    other = DICOMwebClient(address, headers=live.token(stranger, "read", "write", "admin"))
    assert other.search_for_studies() == []
    for ask in (other.search_for_series, other.retrieve_study_metadata):
        with pytest.raises(requests.HTTPError, match="404"):
            ask(study)
    reader = DICOMwebClient(address, headers=live.token(stranger, "read"))
    with pytest.raises(requests.HTTPError, match="403"):
        reader.store_instances(scan[:1])
