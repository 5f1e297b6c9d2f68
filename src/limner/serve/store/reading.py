"""One file on its way in: what it is, where it belongs, or why it cannot be taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from limner.errors import GeometryError, NotAnImageError
from limner.io.header import Header, read_header
from limner.serve.store.kinds import PICTURES, UNKNOWN, ending_of, packed_as

_NAME = 200


@dataclass(frozen=True)
class Given:
    """A file that somebody offers.

    Args:
        path: where it lies now; NIfTI and pictures with the ending that they should have.
        name: as its sender calls it: told to them, kept and logged nowhere.
    """

    path: Path
    name: str


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why, for the eyes of its sender; with its UIDs where it could be read."""

    file: str
    reason: str
    sop_class: str = ""
    sop_uid: str = ""


@dataclass(frozen=True)
class Item:
    """A file that can be taken."""

    given: Given
    ending: str
    header: Header
    dicom: bool
    kind: str


@dataclass(frozen=True)
class Rules:
    """What is taken.

    Args:
        make_uids: DICOM without UIDs gets some; a store that answers DICOM clients takes none.
        dicom_only: neither NIfTI nor pictures.
        most_voxel_bytes: of one NIfTI volume.
        study_uid: the only study that is taken, any where empty.
    """

    make_uids: bool = True
    dicom_only: bool = False
    most_voxel_bytes: int = 1 << 33
    study_uid: str = ""


def read_item(given: Given, rules: Rules) -> Item | Refused:
    """Reads what must be known of one file."""
    try:
        ending = ending_of(given.path)
        if ending == ".dcm":
            header = read_header(given.path, make_uids=rules.make_uids)
            if rules.study_uid and header.study_uid != rules.study_uid:
                reason = "This instance belongs to another study than the one it was sent to."
                return Refused(given.name, reason, header.sop_class, header.sop_uid)
            return Item(given, ending, header, True, kind_of({header.modality}))
        if not rules.dicom_only and ending in (".nii", ".nii.gz"):
            return _nifti(given, ending, rules)
        if not rules.dicom_only and ending in PICTURES:
            return _picture(given, ending)
    except (NotAnImageError, GeometryError) as error:
        # a reader below may name the file as it lies here, which says nothing to its sender
        return Refused(given.name, str(error).replace(given.path.name, given.name))
    except OSError as error:
        return Refused(given.name, f"The file cannot be read ({error.strerror}).")
    packed = packed_as(given.path) if ending == UNKNOWN else None
    if packed is not None:
        return Refused(given.name, f"{packed} archives are not unpacked here: send a zip, a tar or a tar.gz.")
    expected = "DICOM" if rules.dicom_only else "DICOM, NIfTI, or a picture (PNG, JPEG, TIFF, BMP, WebP)"
    return Refused(given.name, f"This is not an image that is read here: {expected} is expected.")


def kind_of(modalities: set[str]) -> str:
    """``picture`` where all images of a study stand alone (a radiograph, a photograph), else ``scan``."""
    from limner.io.picture_dicom import STILLS

    images = modalities - {"SR", "SEG", "PR", "KO", "DOC", "OT", "REG", ""}
    return "picture" if images and images <= STILLS else "scan"


def _nifti(given: Given, ending: str, rules: Rules) -> Item:
    from limner.io.sound_nifti import check_nifti

    uid = check_nifti(given.path, rules.most_voxel_bytes)
    return Item(given, ending, _header(given, uid), False, "scan")


def _picture(given: Given, ending: str) -> Item:
    from limner.io.picture import read_picture

    read_picture(given.path)
    with given.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()[:16]
    return Item(given, ending, _header(given, f"2.25.{int.from_bytes(digest, 'big')}"), False, "picture")


def _header(given: Given, uid: str) -> Header:
    """Of a file without DICOM's: UIDs from its content, its name as its description."""
    root, _, number = uid.rpartition(".")
    study, instance = f"{root}.{int(number) ^ 1}", f"{root}.{int(number) ^ 2}"
    name = given.name.replace("\0", "").rpartition("/")[2][:_NAME]
    return Header(study, uid, instance, description=name, number=1, uids_made=True)
