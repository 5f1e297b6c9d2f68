"""The quiz "real or made?": one HTML file that works offline, asks a person, and says how far from chance they are.

Images stand in the file as PNG without metadata, in random order under running numbers, all of one size; which is
which is not told by a name, an order or a size. (Who reads the page's source can work it out; it is a quiz, not an
exam.) Real images stay in that file: whoever passes it on passes them on.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from limner.errors import InputError
from limner.image import watermark
from limner.report import quiz_words
from limner.report.html import HTML_LANG, environment

_HERE = Path(__file__).parent
STYLES = ("report.css", "quiz.css")
Images = Sequence[NDArray[np.uint8]]


def write_quiz(
    path: Path,
    real: Images,
    generated: Images,
    lang: str = "en",
    *,
    mode: Literal["one", "pair"] = "one",
    pack: str = "",
    sha256: str = "",
    seed: int = 0,
) -> None:
    """Writes the quiz.

    Args:
        path: the HTML file.
        real: ``(C, Y, X)`` each, uint8 in grey or colour, all of one size.
        generated: as many, of the same size and channels; those without the invisible mark get it here.
        lang: ``"en"`` or ``"zh"``.
        mode: one image at a time (real or made?), or a real and a made one side by side (which is made?).
        pack: what made them; told at the end.
        sha256: of that pack, for the mark.
        seed: of the order.

    Raises:
        InputError: no images, not as many real as generated, sizes that would tell them apart, or another language.
    """
    say = quiz_words.words(lang)
    _check(real, generated)
    generated = [_marked(one, watermark.tag_of(sha256 or "0")) for one in generated]
    rng = np.random.default_rng(seed)
    if mode == "one":
        every = [(one, made) for made, some in enumerate((real, generated)) for one in some]
        order = rng.permutation(len(every))
        rounds = [{"images": [_data_url(every[k][0])], "answer": int(every[k][1])} for k in order]
    else:
        sides = rng.permutation(np.arange(len(real)) % 2)
        pairs = zip(rng.permutation(len(real)), rng.permutation(len(generated)), sides, strict=True)
        rounds = [
            {"images": [_data_url(one) for one in _side_by_side(real[r], generated[g], side)], "answer": int(side)}
            for r, g, side in pairs
        ]
    key = hashlib.sha256(json.dumps(rounds).encode()).hexdigest()[:16]
    # Answers are mixed with the key, so that they are not read at a glance in the source.
    hidden = [one["answer"] ^ (int(key[k % 16], 16) & 1) for k, one in enumerate(rounds)]  # type: ignore[operator]
    data = {
        "key": key,
        "mode": mode,
        "pack": pack,
        "say": say,
        "images": [one["images"] for one in rounds],
        "mix": hidden,
    }
    script = (_HERE / "templates" / "quiz.js").read_text(encoding="utf-8")
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    page = environment().get_template("quiz.html.j2").render(
        say=say,
        lang=HTML_LANG[lang],
        mode=mode,
        policy=f"default-src 'none'; script-src 'sha256-{known}'; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'",
        page_style="".join((_HERE / "templates" / name).read_text(encoding="utf-8") for name in STYLES),
        script=script,
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    )  # fmt: skip
    Path(path).write_text(page, encoding="utf-8")


def _check(real: Images, generated: Images) -> None:
    if not len(real) or len(real) != len(generated):
        raise InputError(
            f"A quiz asks as many real as generated images, so that guessing is right half of the time; "
            f"got {len(real)} and {len(generated)}."
        )
    shapes = {one.shape for some in (real, generated) for one in some}
    if len(shapes) > 1:
        raise InputError(f"All images of a quiz are of one size, or it would tell them apart; got {sorted(shapes)}.")
    [shape] = shapes
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise InputError(f"Images of a quiz are (C, Y, X) in grey or colour; got {shape}.")
    if min(shape[1:]) < watermark.BLOCK:
        raise InputError(f"Images of a quiz have {watermark.BLOCK} pixels a side at least; got {shape[1:]}.")


def _marked(image: NDArray[np.uint8], tag: int) -> NDArray[np.uint8]:
    pixels = _pixels(image)
    if watermark.detect(pixels) is None:
        pixels = watermark.embed(pixels, tag)
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)


def _pixels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image[0] if image.shape[0] == 1 else np.moveaxis(image, 0, -1))


def _side_by_side(real: NDArray[np.uint8], made: NDArray[np.uint8], side: int) -> list[NDArray[np.uint8]]:
    return [real, made] if side else [made, real]


def _data_url(image: NDArray[np.uint8]) -> str:
    packed = io.BytesIO()
    Pillow.fromarray(_pixels(image)).save(packed, "PNG")
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode("ascii")
