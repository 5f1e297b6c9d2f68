"""Archives of strangers: what is safe comes out, what is not stays in and is told."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib

import pytest

from limner.serve.settings import Limits
from limner.serve.store.archives import unpack
from limner.serve.store.reading import Given
from tests.serve.made_dicom import made_dicom

KINDS = (".zip", ".tar", ".tar.gz")


def pack(kind: str, files: dict[str, bytes], **zip_options) -> bytes:
    out = io.BytesIO()
    if kind == ".zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content, **zip_options)
    else:
        with tarfile.open(fileobj=out, mode="w:gz" if kind == ".tar.gz" else "w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def unpacked(tmp_path):
    def run(kind: str, content: bytes, **limits):
        path = tmp_path / f"archive{kind}"
        path.write_bytes(content)
        return unpack(Given(path, "mine"), kind, tmp_path / "out", Limits(**limits))

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_comes_out_as_it_was(unpacked, kind):
    files = {f"deep/folder/{k}": made_dicom(k) for k in range(1, 6)} | {"notes.txt": b"hello"}
    found = unpacked(kind, pack(kind, files))
    assert not found.refused
    assert {one.name.removeprefix("mine/"): one.path.read_bytes() for one in found.given} == files


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "..\\outside", "C:/outside"])
def test_an_archive_that_writes_elsewhere_is_refused_whole(tmp_path, unpacked, kind, name):
    found = unpacked(kind, pack(kind, {"good": made_dicom(), name: b"bad"}))
    assert not found.given
    assert "outside its folder" in found.refused[0].reason
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_refused_by_what_it_unpacks_to(unpacked, kind):
    bomb = pack(kind, {"zeros": bytes(80 << 20)})
    if kind == ".tar":
        found = unpacked(kind, bomb, unpacked_bytes=50 << 20)
        assert "more than 50 MiB" in found.refused[0].reason
    else:
        found = unpacked(kind, bomb)
        assert "times its size" in found.refused[0].reason
    assert not found.given


def test_a_zip_that_lies_about_sizes_gives_no_more_than_it_says(tmp_path, unpacked):
    content = bytearray(pack(".zip", {"zeros": bytes(1 << 20)}))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)  # the central directory says ten bytes
    found = unpacked(".zip", bytes(content))
    assert not found.given
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= 10


@pytest.mark.parametrize("kind", KINDS)
def test_archives_within_archives_stay_packed(unpacked, kind):
    inner = pack(".zip", {"a": made_dicom()})
    found = unpacked(kind, pack(kind, {"inner": inner, "good": made_dicom()}))
    assert [one.name for one in found.given] == ["mine/good"]
    assert "archive within an archive" in found.refused[0].reason


def test_links_and_devices_are_not_followed(unpacked):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
            member = tarfile.TarInfo(f"odd{kind.decode()}")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    found = unpacked(".tar", out.getvalue())
    assert not found.given
    assert len(found.refused) == 3

    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    found = unpacked(".zip", out.getvalue())
    assert not found.given
    assert "link" in found.refused[0].reason


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_files_are_refused(unpacked, kind):
    found = unpacked(kind, pack(kind, {str(k): b"x" for k in range(12)}), files=10)
    assert not found.given
    assert "more than 10 files" in found.refused[0].reason


def test_a_zip_with_an_endless_list_is_not_read_into_memory(unpacked):
    content = bytearray(pack(".zip", {"a": b"x"}))
    at = content.rfind(b"PK\x05\x06")
    content[at + 12 : at + 16] = struct.pack("<I", 0xF0000000)
    found = unpacked(".zip", bytes(content), files=10)
    assert "more than 10 files" in found.refused[0].reason


def test_a_tar_header_that_pretends_to_be_huge(unpacked):
    member = tarfile.TarInfo("././@PaxHeader")
    member.type, member.size = tarfile.XHDTYPE, 1 << 40
    found = unpacked(".tar", member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert not found.given
    assert "pretends to be huge" in found.refused[0].reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_or_damaged_archive_gives_nothing(unpacked, kind):
    whole = pack(kind, {str(k): os.urandom(3000) for k in range(5)})
    found = unpacked(kind, whole[: len(whole) // 2])
    assert not found.given
    assert "damaged or cut off" in found.refused[0].reason


def test_a_member_that_does_not_fit_its_checksum(unpacked):
    content = bytearray(pack(".zip", {"a": made_dicom()}, compress_type=zipfile.ZIP_STORED))
    content[400] ^= 0xFF
    found = unpacked(".zip", bytes(content))
    assert not found.given
    assert found.refused


def test_a_locked_member_is_told(unpacked):
    content = bytearray(pack(".zip", {"a": made_dicom()}))
    for magic, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(magic) + flag] |= 1
    found = unpacked(".zip", bytes(content))
    assert "password" in found.refused[0].reason


def test_what_a_system_adds_is_passed_over(unpacked):
    files = {"__MACOSX/._a": b"x", "study/.DS_Store": b"x", "study/._b": b"x", "study/DICOMDIR": b"x", "study/a": b"y"}
    found = unpacked(".zip", pack(".zip", files))
    assert [one.name for one in found.given] == ["mine/study/a"]
    assert not found.refused


def test_gzip_of_something_else_is_no_archive(tmp_path):
    from limner.serve.store.kinds import ending_of

    path = tmp_path / "x"
    path.write_bytes(gzip.compress(b"hello" * 200))
    assert ending_of(path) == ".bin"
    path.write_bytes(zlib.compress(b"hello"))
    assert ending_of(path) == ".bin"
