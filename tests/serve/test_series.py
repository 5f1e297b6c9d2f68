"""A series turned once: its slices are the values that the door of images reads, and belong to who may see them."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from nibabel import Nifti1Image
from PIL import Image as Pillow
from sqlalchemy import select

from limner.image import Grid, Image
from limner.io import open_studies, read_nifti
from limner.serve.store import Given, Sender, ingest
from limner.serve.store.turn import as_int16, turn
from limner.serve.store.windows import opening_window, windows_of
from limner.serve.tables import Series, Study, User


def send(server, name: str, files: list[Path]) -> str:
    """Files into the store of a user; the id of the one series."""
    with server.house.database.reading() as db:
        owner = db.scalars(select(User.id).where(User.name == name)).one()
    outcome = ingest(server.house, Sender(owner, "upload"), [Given(one, one.name) for one in files])
    assert outcome.refused == []
    return outcome.series[0]


@pytest.fixture(scope="module")
def scan(write_ct, tmp_path_factory) -> list[Path]:
    return write_ct(tmp_path_factory.mktemp("scan"))


@pytest.fixture
def sent(server, scan):
    """A reader with one CT: the client and the id of the series."""
    client = server.person("reader", "reader-1")
    return client, send(server, "reader-1", scan)


def test_slices_are_the_values_that_the_door_reads(sent, scan):
    client, series = sent
    told = client.get(f"/api/series/{series}").json()
    image = open_studies(scan)[0].series[0].load()
    assert told["shape"] == list(image.grid.shape)
    assert told["unit"] == "HU" and told["slope"] == 1.0 and told["drawable"] is True
    assert np.allclose(told["affine"], image.grid.affine[:, [2, 1, 0, 3]])
    for k in (0, 15, 31):
        answer = client.get(f"/api/series/{series}/slices/{k}")
        assert answer.headers["X-Rows"] == "64" and answer.headers["X-Columns"] == "64"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.content == image.array[k].astype("<i2").tobytes()


def test_runs_of_slices_end_with_the_volume(sent, body):
    client, series = sent
    run = client.get(f"/api/series/{series}/slices/30?count=8")
    assert run.content == body.array[30:].tobytes()
    assert client.get(f"/api/series/{series}/slices/32").status_code == 404
    assert client.get(f"/api/series/{series}/slices/0?count=65").status_code == 422


def test_each_slice_names_its_image(sent, scan):
    import pydicom

    client, series = sent
    told = client.get(f"/api/series/{series}").json()["slices"]
    assert [one["k"] for one in told] == list(range(32))
    assert [one["sop_uid"] for one in told] == [pydicom.dcmread(one).SOPInstanceUID for one in scan]


def test_the_volume_is_nifti_in_its_place(sent, body, tmp_path):
    client, series = sent
    path = tmp_path / "volume.nii"
    path.write_bytes(client.get(f"/api/series/{series}/volume.nii").content)
    image = read_nifti(path)
    assert image.grid.same_as(body.grid)
    assert (image.array == body.array).all()


def test_the_small_picture_is_small(sent):
    client, series = sent
    answer = client.get(f"/api/series/{series}/preview.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert Pillow.open(io.BytesIO(answer.content)).size == (128, 128)
    assert client.get(f"/api/series/{series}/image").status_code == 404


@pytest.mark.parametrize("what", ["", "/slices/0", "/volume.nii", "/preview.png", "/image"])
def test_others_find_nothing(server, sent, what):
    _, series = sent
    address = f"/api/series/{series}{what}"
    assert server.anyone().get(address).status_code == 401
    assert server.person("admin", f"other{what.replace('/', '-')}").get(address).status_code == 404


def test_a_shared_study_is_seen(server, sent):
    _, series = sent
    with server.house.database.session() as db:
        db.get_one(Study, db.get_one(Series, series).study_id).shared = True
    assert server.person("reader", "colleague").get(f"/api/series/{series}/slices/3").status_code == 200


def test_a_volume_is_made_once_and_again_when_it_was_cleared_away(server, sent, monkeypatch):
    client, series = sent
    volumes = server.house.volumes
    volumes.geometry(series)
    made = []
    ask = volumes._ask
    monkeypatch.setattr(volumes, "_ask", lambda order: made.append(order) or ask(order))
    stamp = volumes.path(series).stat().st_mtime_ns
    for _ in range(3):
        assert client.get(f"/api/series/{series}/slices/1").status_code == 200
    assert made == [] and volumes.path(series).stat().st_mtime_ns == stamp
    volumes.path(series).unlink()
    asking = [threading.Thread(target=volumes.geometry, args=(series,)) for _ in range(5)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert len(made) == 1 and volumes.path(series).exists()


def test_slices_that_come_later_are_in_the_volume(server, scan):
    server.person("reader", "late")
    series = send(server, "late", scan[:20])
    assert server.house.volumes.geometry(series)["shape"][0] == 20
    send(server, "late", scan[20:])
    assert server.house.volumes.geometry(series)["shape"][0] == 32


def test_what_is_no_volume_says_why(server, scan):
    client = server.person("reader", "lone")
    series = send(server, "lone", scan[:1])
    told = client.get(f"/api/series/{series}").json()
    assert told["shape"] is None and told["drawable"] is False
    assert told["problems"][0]["severity"] == "error"
    assert client.get(f"/api/series/{series}/slices/0").status_code == 404


def test_a_picture_is_served_without_its_metadata(server, tmp_path):
    client = server.person("reader", "skin")
    path = tmp_path / "lesion.jpg"
    exif = Pillow.Exif()
    exif[0x010E] = "Name of a patient"
    Pillow.new("RGB", (60, 40), (200, 120, 90)).save(path, exif=exif)
    series = send(server, "skin", [path])
    told = client.get(f"/api/series/{series}").json()
    assert told["picture"] == {"rows": 40, "columns": 60, "channels": 3} and told["shape"] is None
    answer = client.get(f"/api/series/{series}/image")
    picture = Pillow.open(io.BytesIO(answer.content))
    assert picture.size == (60, 40) and b"Name of a patient" not in answer.content


def test_a_tilted_file_is_turned_to_axial(tmp_path):
    """A sagittal volume: its slices in the cache are axial, and every voxel keeps its place in the world."""
    grid = Grid((4, 6, 5), np.array([[2.0, 0, 0, -10], [0, 0, 1.5, 20], [0, -1.0, 0, 30], [0, 0, 0, 1]]))
    values = np.arange(120, dtype=np.int16).reshape(grid.shape)
    ras = np.diag([-1.0, -1, 1, 1]) @ grid.affine[:, [2, 1, 0, 3]]
    Nifti1Image(values.T, ras).to_filename(tmp_path / "sagittal.nii.gz")
    told = turn([{"path": str(tmp_path / "sagittal.nii.gz"), "uid": "1"}], tmp_path / "out")
    stored = np.fromfile(tmp_path / "out.nii", "<i2", offset=352).reshape(told["shape"])
    turned = Grid(tuple(told["shape"]), np.array(told["affine"])[:, [2, 1, 0, 3]])
    assert turned.axis_codes == "SPL" and told["slices"] == [None] * 6
    for index in [(0, 0, 0), (3, 5, 4), (1, 2, 3)]:
        k, j, i = np.rint(turned.index(grid.world(index))).astype(int)
        assert stored[k, j, i] == values[index]


@pytest.mark.parametrize(
    "array",
    [
        np.array([-1024, 3071], np.int16),
        np.array([0, 65534], np.uint16),
        np.array([0, 65535], np.uint32),
        np.array([0.0, 0.25, 1.0], np.float32),
        np.array([5.5, 5.5], np.float32),
    ],
)
def test_sixteen_bits_hold_every_value(array):
    stored, slope, intercept = as_int16(array)
    back = stored * slope + intercept
    exact = array.dtype.itemsize == 2
    assert np.abs(back - array).max() <= (0 if exact else 0.51 * slope)


def test_a_chest_opens_in_the_lungs_window_and_an_abdomen_does_not():
    grid = Grid.axial((8, 64, 64), (5, 3, 3))
    abdomen = np.full(grid.shape, 40, np.int16)
    chest = abdomen.copy()
    chest[:6, 16:48, 16:48] = -850
    for array, name in ((abdomen, "abdomen"), (chest, "lung")):
        image = Image(array, grid, "CT", "HU")
        assert opening_window(image, windows_of(image)).name == name


def test_slices_cost_little(server, sent):
    """The route without the network: identity, access and bytes of a 64² slice, far below what a reader notices."""
    client, series = sent
    client.get(f"/api/series/{series}/slices/0")
    start = time.process_time()
    for k in range(30):
        assert client.get(f"/api/series/{series}/slices/{k}").status_code == 200
    assert (time.process_time() - start) / 30 < 0.03  # client and server together in one process
