"""Whether what is drawn was made by a net: asked of the files' own words and of the pixels, and said to the reader."""

from __future__ import annotations

from collections.abc import Sequence

from limner.errors import NotAnImageError
from limner.image import Image, Problem, Series, watermark
from limner.io import Marks, read_marks

CODE = "synthetic-input"


def marks_of(series: Series, image: Image) -> Marks:
    """The marks of a series: the words of its middle file, the watermark of its pixels; well under 100 ms.

    Args:
        series: that was opened.
        image: its pixels.
    """
    try:
        said = read_marks(series.files[len(series.files) // 2], pixels=False).explicit
    except NotAnImageError:  # a file that only its own reader understands says nothing of itself
        said = None
    return Marks(said, watermark.detect(image.array, quick=True))


def synthetic_input(found: Sequence[Marks], lang: str) -> Problem | None:
    """What the reader of a drawing must know of its input; None where no mark was found.

    Args:
        found: marks of all that the drawing was made from.
        lang: of the text.
    """
    from limner.report import catalogue

    say = catalogue.words(lang)
    told = list(dict.fromkeys(_told(one, say) for one in found if one.synthetic))
    if not told:
        return None
    return Problem(CODE, "warning", say[f"problem.{CODE}"].format(how=say["comma"].join(told)))


def _told(marks: Marks, say: dict[str, str]) -> str:
    if marks.explicit is None:
        tag = marks.invisible.tag if marks.invisible else None
        return say["synthetic.watermark"].format(tag="?" if tag is None else f"{tag:06x}")
    made = marks.explicit
    near = "_near" if made.of_somebody and made.task == "generate" else ""  # the others are of somebody by nature
    return say[f"synthetic.{made.task}{near}"].format(pack=made.pack)
