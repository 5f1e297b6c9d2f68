"""A film of synthetic pictures as animated WebP: the explicit mark in EXIF and XMP, the invisible one in each frame.

XMP also holds the word by which news agencies and web searches know such images, IPTC's Digital Source Type.
Source: IPTC Photo Metadata Standard 2023.2, Digital Source Type; ISO 16684-1 (XMP).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path

from limner.image import Picture
from limner.io.synthetic import Origin, marked_pixels

_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_MARK = re.compile(r"<limner:Mark>(.*?)</limner:Mark>", re.DOTALL)


def write_film(frames: Sequence[Picture], path: Path, origin: Origin, each_ms: int) -> None:
    """Writes an animation that goes on for ever; it appears whole or not at all.

    Args:
        frames: flat pictures of one size, in grey or colour.
        path: ``.webp``.
        origin: what made them.
        each_ms: how long a frame is shown.
    """
    from PIL import Image as Pillow

    made = [Pillow.fromarray(marked_pixels(one, origin)).convert("RGB") for one in frames]
    exif = Pillow.Exif()
    exif[0x010E], exif[0x0131] = origin.sentence, origin.software  # ImageDescription, Software
    aside = path.with_name(f".{path.name}.part")
    try:
        made[0].save(
            aside,
            "WEBP",
            save_all=True,
            append_images=made[1:],
            duration=each_ms,
            loop=0,
            lossless=True,
            exif=exif.tobytes(),
            xmp=xmp_of(origin),
        )
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def xmp_of(origin: Origin) -> bytes:
    """The explicit mark as an XMP packet."""
    source = _SOURCES + ("compositeSynthetic" if origin.task == "forecast" else "trainedAlgorithmicMedia")
    words = escape(json.dumps(origin.words()), quote=False)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:limner="urn:limner:synthetic" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>"
        f"<limner:Mark>{words}</limner:Mark></rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()


def words_in(xmp: bytes) -> str:
    """The JSON of :func:`xmp_of`; empty where there is none."""
    found = _MARK.search(xmp.decode("utf-8", "replace"))
    return unescape(found[1]) if found else ""
