"""Files by hash: once, whole, and not removed under somebody's hands."""

from __future__ import annotations

import hashlib
import threading

from sqlalchemy import select

from limner.serve.store.blobs import Blobs
from limner.serve.tables import User


def test_a_blob_has_the_hash_of_its_bytes_and_is_there_once(tmp_path):
    blobs = Blobs(tmp_path / "blobs")
    blobs.folder.mkdir()
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"the same")
    first, second = blobs.take([(tmp_path / "a", ".dcm"), (tmp_path / "b", ".dcm")])
    assert first == second
    assert first.sha256 == hashlib.sha256(b"the same").hexdigest()
    assert first.bytes == 8
    assert [path.read_bytes() for path in blobs] == [b"the same"]


def test_a_blob_outlives_the_file_that_it_was_taken_from(tmp_path):
    blobs = Blobs(tmp_path / "blobs")
    blobs.folder.mkdir()
    source = tmp_path / "a"
    source.write_bytes(b"once")
    (blob,) = blobs.take([(source, ".nii.gz")])
    source.unlink()
    assert blobs.open_or_refuse(blob.sha256, ".nii.gz").read_bytes() == b"once"


def test_a_removal_waits_for_the_transaction_that_holds(server):
    removed = threading.Event()

    def remove() -> None:
        with server.house.blobs.removing():
            removed.set()

    with server.house.database.session() as db:
        server.house.blobs.hold(db)
        waiting = threading.Thread(target=remove)
        waiting.start()
        assert not removed.wait(0.2)
        db.scalars(select(User)).all()
    assert removed.wait(5)
    waiting.join()
