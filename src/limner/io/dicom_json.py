"""DICOM as JSON: what DICOMweb answers with.

Source: DICOM PS3.18 annex F.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

LARGE = 1024
"""Bytes of a binary value beyond which it is told as an address."""
_BULK = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")
_UNTIL = 0x7FE00000


def json_of(data: pydicom.Dataset, words: Sequence[str]) -> dict[str, Any]:
    """Some attributes of a data set; those that are absent, or that cannot be told as JSON, are left out."""
    part = pydicom.Dataset()
    for word in words:
        if word in data:
            part[word] = data[word]
    return _told(part)


def metadata(path: Path, address: Callable[[str], str]) -> dict[str, Any]:
    """All attributes of a file; large binary values are told by an address (``BulkDataURI``, PS3.18 F.2.6).

    Args:
        path: of a DICOM file.
        address: makes the address of the bulk data that lie at ``TAG`` or ``TAG/ITEM/TAG``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        pixels = _pixel_tag(path, data)
        told = _with_addresses(data, address, "")
    told["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}  # JSON is UTF-8 (PS3.18 F.2)
    if pixels is not None:
        told[f"{pixels:08X}"] = {"vr": "OW", "BulkDataURI": address(f"{pixels:08X}")}
    syntax = getattr(data, "file_meta", pydicom.Dataset()).get("TransferSyntaxUID")
    if syntax:
        told["00083002"] = {"vr": "UI", "Value": [str(syntax)]}  # AvailableTransferSyntaxUID
    return told


def bulk(path: Path, place: str) -> bytes | None:
    """The bytes of a binary value, little endian as the file holds them; None where there is none.

    Args:
        path: of a DICOM file.
        place: ``TAG`` or ``TAG/ITEM/TAG``, items counted from 0.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data: Any = pydicom.dcmread(path, force=True)
        for one in place.split("/"):
            if isinstance(data, pydicom.Dataset):
                tag = tag_of(one)
                data = data.get(Tag(int(tag, 16))) if tag else None
                if data is None:
                    return None
                data = data.value
            elif isinstance(data, pydicom.Sequence) and one.isdigit() and int(one) < len(data):
                data = data[int(one)]
            else:
                return None
    return data if isinstance(data, bytes) else None


def tag_of(word: str) -> str | None:
    """A keyword or eight hexadecimal digits as eight hexadecimal digits; None for what is no attribute.

    >>> tag_of("PatientID"), tag_of("00100020"), tag_of("patient")
    ('00100020', '00100020', None)
    """
    if len(word) == 8 and all(one in "0123456789abcdefABCDEF" for one in word):
        return word.upper()
    tag = tag_for_keyword(word)
    return None if tag is None else f"{tag:08X}"


def tags_of(words: str) -> frozenset[str]:
    """Keywords, with blanks between them, as tags.

    >>> sorted(tags_of("PatientName PatientID"))
    ['00100010', '00100020']
    """
    found = {word: tag_of(word) for word in words.split()}
    assert all(found.values()), found
    return frozenset(tag for tag in found.values() if tag)


def vr_of(tag: str) -> str:
    """The value representation of an attribute as the dictionary has it (PS3.6); ``UN`` where it has none.

    >>> vr_of("00100010"), vr_of("00091001")
    ('PN', 'UN')
    """
    return dictionary_VR(int(tag, 16)) if keyword_for_tag(int(tag, 16)) else "UN"


def element(word: str, *values: Any) -> dict[str, dict[str, Any]]:
    """One attribute that a server adds, such as RetrieveURL.

    >>> element("NumberOfStudyRelatedSeries", 2)
    {'00201206': {'vr': 'IS', 'Value': [2]}}
    """
    tag = tag_of(word)
    assert tag is not None
    return {tag: {"vr": vr_of(tag), **({"Value": list(values)} if values else {})}}


def _told(data: pydicom.Dataset) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _clean(data.to_json_dict(suppress_invalid_tags=True))


def _clean(told: dict[str, Any]) -> dict[str, Any]:
    """Without what JSON, or a database that keeps it, does not know: null characters, infinite numbers."""
    text = json.dumps(told)
    if "\\u0000" in text or "NaN" in text or "Infinity" in text:
        told = json.loads(text.replace("\\u0000", ""), parse_constant=lambda _: None)
    return told


def _with_addresses(data: pydicom.Dataset, address: Callable[[str], str], above: str) -> dict[str, Any]:
    plain, told = pydicom.Dataset(), {}
    for tag in list(data.keys()):
        if tag >= _UNTIL and tag.group >= 0x7FE0:
            continue
        try:
            one: DataElement = data[tag]
        except Exception:  # a value that breaks its VR so that it cannot be read
            continue
        place = f"{above}{tag:08X}"
        if one.VR == "SQ":
            items = [_with_addresses(item, address, f"{place}/{k}/") for k, item in enumerate(one.value)]
            told[f"{tag:08X}"] = {"vr": "SQ", **({"Value": items} if items else {})}
        elif one.VR in _BULK and isinstance(one.value, bytes) and len(one.value) > LARGE:
            told[f"{tag:08X}"] = {"vr": one.VR, "BulkDataURI": address(place)}
        else:
            plain[tag] = one
    told.update(_told(plain))
    return dict(sorted(told.items()))


def _pixel_tag(path: Path, data: pydicom.Dataset) -> int | None:
    """Which of the pixel data elements (PS3.3 C.7.6.3, .24, .25) follows where reading stopped."""
    if "Rows" not in data:
        return None
    if "FloatPixelData" in data or "DoubleFloatPixelData" in data:
        return 0x7FE00008 if "FloatPixelData" in data else 0x7FE00009
    return 0x7FE00010
