"""Measurements by hand: kept with the study, shown to those who see it, changed by their author alone."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import select

from limner.serve.store.intake import Sender, ingest
from limner.serve.store.reading import Given
from limner.serve.tables import AuditEntry, Grant, Measure, Study
from tests.serve.made_dicom import made_dicom, made_report

POINTS = [[0.0, 0.0, 2.0], [3.0, 4.0, 2.0]]


def sent(server, folder, owner_id, uid="1.2.3"):
    """A study of three slices, 2 mm apart from z = 2 mm; its id and its series'."""
    files = []
    for number in (1, 2, 3):
        path = folder / f"{uid}-{number}.dcm"
        path.write_bytes(
            made_dicom(number, StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.4", SOPInstanceUID=f"{uid}.4.{number}")
        )
        files.append(Given(path, path.name))
    [study_id] = ingest(server.house, Sender(owner_id), files).studies
    with server.house.database.reading() as db:
        return study_id, db.get_one(Study, study_id).series[0].id


class Room:
    """Two readers and a study of the first, which the second is shown."""

    def __init__(self, server, folder):
        self.server = server
        self.ann, self.bob = server.person("reader", "ann"), server.person("reader", "bob")
        ids = [one.get("/api/session").json()["user"]["id"] for one in (self.ann, self.bob)]
        self.study_id, self.series_id = sent(server, folder, ids[0])
        with server.house.database.session() as db:
            db.add(Grant(study_id=self.study_id, user_id=ids[1]))

    def path(self, measure_id=""):
        return f"/api/studies/{self.study_id}/measures" + (f"/{measure_id}" if measure_id else "")

    def put(self, who, measure_id, **changes):
        told = {"series_id": self.series_id, "kind": "length", "plane": "axial", "points_mm": POINTS, "base": 0}
        return who.put(self.path(measure_id), json=told | changes)

    def listed(self, who):
        return who.get(self.path()).json()["items"]


@pytest.fixture
def room(server, tmp_path):
    return Room(server, tmp_path)


def test_another_machine_and_another_reader_see_what_was_measured(room):
    one = secrets.token_hex(12)
    kept = room.put(room.ann, one)
    assert kept.status_code == 200 and kept.json()["version"] == 1
    assert room.put(room.ann, one).json() == kept.json(), "sent again, it does nothing"
    [mine] = room.listed(room.server.log_in("ann"))
    assert (mine["id"], mine["points_mm"], mine["mine"], mine["signed"]) == (one, POINTS, True, False)
    [theirs] = room.listed(room.bob)
    assert (theirs["author"], theirs["mine"]) == ("Ann", False)
    stranger = room.server.person("admin")
    assert stranger.get(room.path()).status_code == 404


def test_only_its_author_changes_it_and_neither_machine_overwrites_the_other(room):
    one = secrets.token_hex(12)
    room.put(room.ann, one)
    moved = [[1.0, 0.0, 2.0], [3.0, 4.0, 2.0]]
    assert room.put(room.bob, one, points_mm=moved, base=1).status_code == 403
    assert room.bob.delete(room.path(one)).status_code == 403
    assert room.put(room.ann, one, points_mm=moved, base=1).json()["version"] == 2
    assert room.put(room.ann, one, base=1).status_code == 409, "this machine did not know of the change"
    assert room.listed(room.ann)[0]["points_mm"] == moved
    assert room.ann.delete(room.path(one)).status_code == 204
    assert room.put(room.ann, one, base=2).status_code == 404, "it was deleted elsewhere"
    with room.server.house.database.reading() as db:
        found = select(AuditEntry.action).where(AuditEntry.object_id == one).order_by(AuditEntry.n)
        assert list(db.scalars(found)) == ["measure.create", "measure.change", "measure.delete"]


SLIPS = (
    {"points_mm": POINTS[:1]},
    {"kind": "angle"},
    {"kind": "volume"},
    {"plane": "oblique"},
    {"points_mm": [[0, 0, 1e9], [0, 0, 0]]},
    {"points_mm": [[0, 0, 2], [0, 0, 9]]},
    {"points_mm": [[0, 0, 2], [0, 0, 2]]},
    {"kind": "ellipse", "points_mm": [[0, 0, 2], [3, 4, 4]]},
    {"kind": "ellipse", "points_mm": [[0, 0, 2], [0, 4, 2]]},
)


def test_a_slip_is_told_and_nothing_is_kept(room):
    assert [room.put(room.ann, secrets.token_hex(12), **slip).status_code for slip in SLIPS] == [422] * len(SLIPS)
    assert room.put(room.ann, secrets.token_hex(12), series_id="0" * 24).status_code == 404
    assert room.put(room.ann, "../" * 8).status_code in (404, 405)
    assert room.listed(room.ann) == []


def test_an_id_of_another_study_leads_nowhere(room, tmp_path):
    one = secrets.token_hex(12)
    room.put(room.ann, one)
    other, series = sent(room.server, tmp_path, room.bob.get("/api/session").json()["user"]["id"], "1.9")
    told = {"series_id": series, "kind": "length", "plane": "axial", "points_mm": POINTS}
    assert room.bob.put(f"/api/studies/{other}/measures/{one}", json=told).status_code == 404
    assert room.bob.delete(f"/api/studies/{other}/measures/{one}").status_code == 404
    assert [item["author"] for item in room.listed(room.ann)] == ["Ann"]


def test_where_there_are_no_images_nothing_is_measured(room, tmp_path):
    path = tmp_path / "report.dcm"
    path.write_bytes(made_report())
    ann = room.ann.get("/api/session").json()["user"]["id"]
    [series_id] = ingest(room.server.house, Sender(ann), [Given(path, "report.dcm")]).series
    assert room.put(room.ann, secrets.token_hex(12), series_id=series_id).status_code == 422


def test_what_others_measured_is_not_deleted_with_a_study(room):
    one = secrets.token_hex(12)
    assert room.put(room.bob, one).status_code == 200
    assert room.ann.delete(f"/api/studies/{room.study_id}").status_code == 409
    assert room.bob.delete(room.path(one)).status_code == 204
    assert room.ann.delete(f"/api/studies/{room.study_id}").status_code == 204


def test_measurements_go_with_their_study(room):
    room.put(room.ann, secrets.token_hex(12))
    assert room.ann.delete(f"/api/studies/{room.study_id}").status_code == 204
    with room.server.house.database.reading() as db:
        assert db.scalars(select(Measure)).all() == []
