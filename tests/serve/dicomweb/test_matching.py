"""QIDO-RS: what matches, what is told, and what is refused."""

from __future__ import annotations

import pytest

from limner.serve.store import Given, Sender, ingest
from tests.serve.made_dicom import made_dicom, made_report


@pytest.fixture
def ask(server, tmp_path, monkeypatch):
    """``ask(path, **query)`` gives the answer of a reader who has two studies of two patients."""
    monkeypatch.setattr("limner.serve.store.intake.tell", lambda house, ids: None)
    client = server.person("reader", "viewer")
    owner = client.get("/api/session").json()["user"]["id"]
    other = {"PatientName": "Roe^Max", "PatientID": "R_1", "StudyInstanceUID": "1.9", "StudyDate": "20240301"}
    other |= {"StudyDescription": "100% head", "AccessionNumber": "ACC-9", "Modality": "MR"}
    files = [made_dicom(k) for k in (1, 2, 3)] + [made_report()]
    files += [
        made_dicom(7, SOPInstanceUID="1.9.1.1", SeriesInstanceUID="1.9.1", SpecificCharacterSet="ISO_IR 192", **other)
    ]
    for k, content in enumerate(files):
        (tmp_path / str(k)).write_bytes(content)
    ingest(server.house, Sender(owner), [Given(tmp_path / str(k), str(k)) for k in range(len(files))])

    def run(path: str, headers=None, **query):
        return client.get(f"/dicom-web{path}", params=query, headers=headers or {})

    run.client = client
    return run


STUDIES = [
    ({}, ["1.9", "1.2.3"]),
    ({"PatientName": "secret^name"}, ["1.2.3"]),
    ({"PatientName": "Sec*"}, ["1.2.3"]),
    ({"PatientName": "sec"}, []),
    ({"00100010": "R?e*"}, ["1.9"]),
    ({"PatientID": "R_1"}, ["1.9"]),
    ({"PatientID": "RX1"}, []),
    ({"PatientID": "R_*"}, ["1.9"]),
    ({"PatientID": "SECRET%"}, []),
    ({"StudyDate": "20240102"}, ["1.2.3"]),
    ({"StudyDate": "20240102-20240201"}, ["1.2.3"]),
    ({"StudyDate": "20240201-"}, ["1.9"]),
    ({"StudyDate": "-20240201"}, ["1.2.3"]),
    ({"StudyTime": "100000-110000"}, ["1.9", "1.2.3"]),
    ({"StudyTime": "11-12"}, []),
    ({"ModalitiesInStudy": "MR"}, ["1.9"]),
    ({"ModalitiesInStudy": "CT,MR"}, ["1.9", "1.2.3"]),
    ({"StudyInstanceUID": "1.2.3,1.9"}, ["1.9", "1.2.3"]),
    ({"StudyInstanceUID": "1.2.3\\7.7"}, ["1.2.3"]),
    ({"AccessionNumber": "ACC-9"}, ["1.9"]),
    ({"StudyDescription": "100%*"}, ["1.9"]),
    ({"PatientSex": "O"}, ["1.9", "1.2.3"]),
    ({"PatientBirthDate": "19700102"}, ["1.9", "1.2.3"]),
    ({"PatientName": "*"}, ["1.9", "1.2.3"]),
    ({"limit": 1}, ["1.9"]),
    ({"limit": 1, "offset": 1}, ["1.2.3"]),
]
SERIES_AND_INSTANCES = [
    ("/studies/1.2.3/series", {}, ["1.2.3.4", "1.2.3.5"]),
    ("/studies/1.2.3/series", {"Modality": "SR"}, ["1.2.3.5"]),
    ("/series", {"SeriesNumber": "3", "PatientName": "Roe*"}, ["1.9.1"]),
    ("/series", {"SeriesDescription": "PORTAL*"}, ["1.2.3.4", "1.2.3.5", "1.9.1"]),
    ("/studies/1.2.3/instances", {"InstanceNumber": 2}, ["1.2.3.4.2"]),
    ("/studies/1.2.3/series/1.2.3.4/instances", {}, ["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3"]),
    ("/instances", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.33"}, ["1.2.3.5.1"]),
    ("/instances", {"Modality": "MR"}, ["1.9.1.1"]),
]


def test_studies_match(ask):
    for query, found in STUDIES:
        answer = ask("/studies", **query)
        assert answer.status_code == (200 if found else 204), query
        told = answer.json() if found else []
        assert [one["0020000D"]["Value"][0] for one in told] == found, query
        assert "warning" not in answer.headers, query


def test_series_and_instances_match(ask):
    for path, query, found in SERIES_AND_INSTANCES:
        tag = "00080018" if "instances" in path else "0020000E"
        assert sorted(one[tag]["Value"][0] for one in ask(path, **query).json()) == found, (path, query)


def test_counts_addresses_and_availability_are_told(ask):
    study = ask("/studies", PatientID="SECRET-7").json()[0]
    assert study["00201206"] == {"vr": "IS", "Value": [2]}
    assert study["00201208"] == {"vr": "IS", "Value": [4]}
    assert study["00080061"]["Value"] == ["CT", "SR"]
    assert study["00080056"]["Value"] == ["ONLINE"]
    assert study["00081190"]["Value"] == [f"{ask.client.base_url}/dicom-web/studies/1.2.3"]
    (series,) = ask("/studies/1.2.3/series", Modality="CT").json()
    assert series["00201209"]["Value"] == [3]
    assert "00100010" not in series
    (everywhere,) = ask("/series", PatientID="R_1").json()
    assert everywhere["00100010"]["Value"] == [{"Alphabetic": "Roe^Max"}]


def test_more_is_told_where_it_is_asked_for(ask):
    plain = ask("/studies/1.2.3/series/1.2.3.4/instances", limit=1).json()[0]
    assert "00200012" not in plain
    asked = ask("/studies/1.2.3/series/1.2.3.4/instances", limit=1, includefield="PatientName,00080022").json()[0]
    assert asked["00100010"]["Value"] == [{"Alphabetic": "Secret^Name"}]
    everything = ask("/studies/1.2.3/series/1.2.3.4/instances", limit=1, includefield="all").json()[0]
    assert set(everything) > set(plain)
    assert ask("/studies", includefield="NoSuchThing").status_code == 400


def test_what_is_not_done_is_said_in_a_warning(ask):
    answer = ask("/studies", fuzzymatching="true", PatientName="Secret*")
    assert answer.headers["warning"].startswith('299 limner "Fuzzy')
    answer = ask("/studies", SliceThickness="5")
    assert "ignored" in answer.headers["warning"]
    assert len(answer.json()) == 2


def test_a_query_that_cannot_be_read_is_refused(ask):
    for query in ({"StudyDate": "yesterday"}, {"StudyDate": "-"}, {"limit": "-1"}):
        assert ask("/studies", **query).status_code in (400, 422), query
    assert ask("/instances", InstanceNumber="two").status_code == 400


def test_only_json_is_spoken(ask):
    assert ask("/studies", {"Accept": 'multipart/related; type="application/dicom+xml"'}).status_code == 406
    assert ask("/studies", {"Accept": "application/json"}).status_code == 200
    assert ask("/studies", {"Accept": "text/html, */*;q=0.1"}).status_code == 200
    assert ask("/studies", {"Accept": "text/html"}, accept="application/dicom+json").status_code == 200


def test_a_study_that_two_have_is_found_once_and_ones_own_first(ask, server, tmp_path):
    department = server.add_user("radiology", "reader")
    theirs = {"SOPInstanceUID": "1.9.1.50", "StudyInstanceUID": "1.9", "SeriesInstanceUID": "1.9.1"}
    (tmp_path / "x").write_bytes(made_dicom(50, PatientID="R_1", **theirs))
    only_theirs = {"SOPInstanceUID": "5.5.1", "StudyInstanceUID": "5.5", "SeriesInstanceUID": "5.5.5"}
    (tmp_path / "y").write_bytes(made_dicom(60, **only_theirs))
    given = [Given(tmp_path / name, name) for name in "xy"]
    ingest(server.house, Sender(department, shared=True), given)
    found = [one["0020000D"]["Value"][0] for one in ask("/studies").json()]
    assert sorted(found) == ["1.2.3", "1.9", "5.5"]
    assert [one["00080018"]["Value"][0] for one in ask("/studies/1.9/instances").json()] == ["1.9.1.1"]
    assert ask("/studies/5.5/instances").status_code == 200


def test_no_address_beside_the_standards(ask):
    assert ask("/studies/1.2.3/nothing").status_code == 404
    assert ask("/studies/..%2f..%2fetc").status_code == 404
    assert ask("/studies/abc/series").status_code == 422
    assert ask("/studies/9.9.9/series").status_code == 404
