"""A corrected map is the next version under its author's name, whole or not at all; a click finds what it meant."""

from __future__ import annotations

import base64
import gzip
import re
import zlib

import numpy as np
import pytest

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.jobs.scratch import jobs_with_scratch
from limner.serve.settings import ServeSettings
from limner.serve.tables import Result
from tests.serve.conftest import Server
from tests.serve.corrected import open_bench, packed, put_version


@pytest.fixture
def bench(server, tmp_path):
    """Of one test alone."""
    return open_bench(server, tmp_path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """For tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("kept")
    house = House.open(ServeSettings(data=folder / "data"))
    server = Server(house, create_app(house=house))
    yield open_bench(server, folder)
    for client in server.clients:
        client.close()
    house.close()


def tumor_of(bench):
    """Value of the tumours' label, and the middle of the largest, (z, y, x)."""
    labels = bench.labels()
    value = labels.label("liver tumor").value
    where = np.argwhere(labels.array == value)
    middle = where[np.abs(where - where.mean(0)).sum(1).argmin()]
    return value, tuple(int(one) for one in middle)


def test_a_correction_is_the_next_version_with_its_author(bench):
    labels = bench.labels()
    value, (z, y, x) = tumor_of(bench)
    changed = labels.array.copy()
    changed[z - 1 : z + 2, y - 6 : y + 7, x - 6 : x + 7] = value
    answer = bench.save(packed(labels, changed), comment="R%C3%A4nder nachgezogen")
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert (job["kind"], job["state"], job["result_id"]) == ("correct", "queued", bench.result_id)
    done = bench.work(job["id"])
    assert done["state"] == "done", done["message"]
    made = bench.client.get(f"/api/results/{done['made_id']}").json()
    assert made["summary"]["doubt"]["score"] == 0  # a hand is sure
    assert (made["version"], made["author"], made["parent_id"]) == (2, "Iris", bench.result_id)
    assert made["summary"]["corrected"]["comment"] == "Ränder nachgezogen"
    after = bench.labels(made["id"])
    assert after.grid.same_as(labels.grid)
    assert (after.array == changed).all()
    assert bench.client.get(f"/api/results/{bench.result_id}").json()["version"] == 1


def test_who_corrected_an_older_version_is_told_who_was_faster(bench):
    labels = bench.labels()
    first = bench.save(packed(labels)).json()
    meanwhile = bench.save(packed(labels))
    assert meanwhile.status_code == 409
    assert "correction of Iris is being measured" in meanwhile.json()["detail"]
    cancelled = bench.client.post(f"/api/jobs/{first['id']}/cancel")
    assert cancelled.status_code == 200
    made = put_version(bench, labels)
    late = bench.save(packed(labels))
    assert late.status_code == 409
    assert "Version 2 was saved by Iris at" in late.json()["detail"]
    assert bench.save(packed(labels), to=made, base=1).status_code == 409  # the number must be that of the result
    assert bench.save(packed(labels), to=made, base=2).status_code == 201


@pytest.mark.parametrize(
    ("case", "status", "words"),
    [
        ("empty", 422, "body is empty"),
        ("text", 400, "NIfTI"),
        ("cut", 400, "ends before its voxels"),
        ("moved", 400, "lies on the grid of its drawing"),
        ("other shape", 400, "lies on the grid of its drawing"),
        ("fractions", 400, "whole numbers"),
        ("unknown", 400, r"values \[77\]"),
        ("bomb", 400, "more than its header says"),
        ("huge", 400, "unpacks to"),
    ],
)
def test_what_is_no_map_of_this_drawing_is_refused_and_nothing_is_kept(kept, case, status, words):
    labels = kept.labels()
    answer = kept.save(broken(labels, case))
    assert answer.status_code == status, answer.text
    assert len(answer.json()["detail"]) < 1500
    assert re.search(words, answer.json()["detail"])
    assert list(kept.house.folder("scratch").iterdir()) == []
    assert jobs_with_scratch(kept.house) == []
    jobs = kept.client.get("/api/jobs").json()["items"]
    assert jobs == []


def broken(labels, case):
    whole = packed(labels)
    array = labels.array.copy()
    raw = bytearray(gzip.decompress(whole))
    if case == "empty":
        return b""
    if case == "text":
        return b"a label map, honestly"
    if case == "cut":
        return gzip.compress(bytes(raw[: len(raw) // 2]))
    if case == "moved":
        affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ labels.grid.affine[:, [2, 1, 0, 3]]
        affine[0, 3] += 2
        return packed(labels, affine=affine)
    if case == "other shape":
        return packed(labels, array[1:])
    if case == "fractions":
        return packed(labels, array.astype(np.float32) + 0.5)
    if case == "unknown":
        array[0, 0, 0] = 77
        return packed(labels, array)
    if case == "bomb":
        squeeze = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        return b"".join(
            [squeeze.compress(bytes(raw)), *(squeeze.compress(bytes(1 << 20)) for _ in range(64)), squeeze.flush()]
        )
    assert case == "huge"
    raw[40:56] = np.array([3, 30000, 30000, 30000, 1, 1, 1, 1], "<i2").tobytes()
    return gzip.compress(bytes(raw))


def test_too_many_bytes_end_the_request(kept, monkeypatch):
    monkeypatch.setitem(vars(kept.house.settings.limits), "mask_bytes", 1000)
    assert kept.save(np.random.default_rng(0).bytes(5000)).status_code == 413
    assert list(kept.house.folder("scratch").iterdir()) == []


def test_what_the_pack_knows_may_be_painted_though_it_found_none(bench):
    labels = bench.labels()
    assert [one.name for one in labels.labels] == ["liver", "liver tumor"]
    array = labels.array.copy()
    array[:2, :9, :9] = 3  # the pack's spleen
    assert bench.save(packed(labels, array)).status_code == 201


def test_others_find_nothing_and_readers_may_not(kept):
    labels = kept.labels()
    stranger = kept.server.person("planner", "stranger")
    reader = kept.server.person("reader", "reader")
    point = {"label": 1, "points": [{"ijk": [1, 1, 1], "inside": True}]}
    assert kept.save(packed(labels), client=stranger).status_code == 404
    assert kept.save(packed(labels), client=reader).status_code == 403
    assert stranger.post(f"/api/results/{kept.result_id}/click", json=point).status_code == 404
    assert reader.post(f"/api/results/{kept.result_id}/click", json=point).status_code == 403


def click(bench, *points, label, method="graph-cut"):
    told = [{"ijk": [x, y, z], "inside": inside} for (z, y, x), inside in points]
    body = {"label": label, "points": told, "method": method}
    return bench.client.post(f"/api/results/{bench.result_id}/click", json=body)


def mask_of(answer, shape):
    told = answer.json()
    bits = np.frombuffer(gzip.decompress(base64.b64decode(told["mask"])), np.uint8)
    count = int(np.prod(told["shape"]))
    box = np.unpackbits(bits, count=count, bitorder="little").reshape(told["shape"]).astype(bool)
    whole = np.zeros(shape, bool)
    whole[tuple(slice(a, a + n) for a, n in zip(told["origin"], told["shape"], strict=True))] = box
    assert whole.sum() == told["voxels"]
    return whole


@pytest.mark.parametrize("method", ["graph-cut", "pack"])
def test_a_click_finds_the_tumor(kept, method):
    labels = kept.labels()
    value, middle = tumor_of(kept)
    answer = click(kept, (middle, True), label=value, method=method)
    assert answer.status_code == 200, answer.text
    found = mask_of(answer, labels.array.shape)
    near = np.zeros_like(found)
    near[tuple(slice(max(0, k - 8), k + 9) for k in middle)] = True
    truth = (labels.array == value) & near
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.6
    again = click(kept, (middle, True), label=value, method=method)
    assert again.json() == answer.json()


def test_a_click_that_says_nothing_is_refused(kept):
    value, middle = tumor_of(kept)
    outside = click(kept, (middle, False), label=value)
    assert (outside.status_code, "point inside" in outside.json()["detail"]) == (400, True)
    beyond = click(kept, ((900, 0, 0), True), label=value)
    assert (beyond.status_code, "not in the scan" in beyond.json()["detail"]) == (400, True)
    unknown = click(kept, (middle, True), label=9, method="pack")
    assert (unknown.status_code, "No net of the pack" in unknown.json()["detail"]) == (400, True)


def test_a_drawing_without_its_series_cannot_be_clicked_on(bench):
    with bench.house.database.session() as db:
        db.get_one(Result, bench.result_id).series_id = None
    assert click(bench, ((1, 1, 1), True), label=1).status_code == 409


def test_labels_are_those_of_the_drawing_and_of_its_pack_in_the_readers_language(kept):
    told = kept.client.get(f"/api/results/{kept.result_id}/labels").json()
    names = {one["value"]: one["name"] for one in told["items"]}
    assert names == {1: "liver", 2: "liver tumor", 3: "spleen", 4: "body"}
    assert {one["value"]: one["within"] for one in told["items"]} == {1: None, 2: 1, 3: None, 4: None}
    assert told["clicks"] == [1, 2, 3, 4]
    chinese = kept.client.get(f"/api/results/{kept.result_id}/labels?lang=zh").json()
    assert chinese["items"][0]["name"] == "肝"
    reader = kept.server.person("reader", "looks")
    assert reader.get(f"/api/results/{kept.result_id}/labels").status_code == 403
