"""Text on paper: fonts for Latin and Chinese, styles, and markup that no study can break.

Latin text is set in Helvetica, which every PDF reader has. Chinese is set in Droid Sans Fallback and what is left in
DejaVu Sans; of both a report carries the letters it uses. Rare Chinese characters are set in STSong-Light, which a PDF
reader must have itself (PDF's own name for it; many lack it, so nothing of the catalogue rests on it).
"""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

LATIN, BOLD, CHINESE, RARE, OTHER = "Helvetica", "Helvetica-Bold", "DroidSansFallback", "STSong-Light", "DejaVuSans"
CHINESE_FONT = Path(__file__).parent / "fonts" / "DroidSansFallback-GB2312.ttf"
INK, MUTED, LINE = colors.HexColor("#1d2126"), colors.HexColor("#596069"), colors.HexColor("#cfd1d1")
ACCENT, WARN, WARN_BACK, BAD = (colors.HexColor(one) for one in ("#1d5c86", "#8a5300", "#fdf3df", "#a12622"))

_SIZES = {"title": 19, "h2": 12.5, "h3": 9.5, "body": 9, "small": 7.6, "cell": 8, "head": 8, "value": 13.5}
_ASIAN = ((0x3000, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))


@cache
def register_fonts() -> None:
    """Makes the fonts known to reportlab; once in a process."""
    pdfmetrics.registerFont(UnicodeCIDFont(RARE))
    pdfmetrics.registerFont(TTFont(CHINESE, str(CHINESE_FONT)))
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    pdfmetrics.registerFont(TTFont(OTHER, str(folder / "DejaVuSans.ttf")))


def style(name: str, lang: str, **changes: object) -> ParagraphStyle:
    """A paragraph style by name; ``changes`` are reportlab's own attributes."""
    size = _SIZES[name]
    bold = name in ("title", "h2", "h3", "head", "value")
    base: dict[str, object] = {
        "fontName": BOLD if bold else LATIN,
        "fontSize": size,
        "leading": size * (1.5 if lang == "zh" else 1.36),
        "textColor": MUTED if name == "small" else INK,
        "spaceBefore": {"h2": 11, "h3": 7}.get(name, 0),
        "spaceAfter": {"title": 6, "h2": 4, "h3": 3, "body": 3}.get(name, 0),
        "keepWithNext": name in ("h2", "h3"),
        "wordWrap": "CJK" if lang == "zh" else None,  # may break between any two characters
        "splitLongWords": 1,
    }
    return ParagraphStyle(name, **{**base, **changes})


def paragraph(text: str, name: str, lang: str, *, bold: str = "", color: str = "", **changes: object) -> Paragraph:
    """A paragraph of plain text: nothing in ``text`` is read as markup.

    Args:
        text: what to say.
        name: of the style.
        lang: of the report.
        bold: said before the text, in bold.
        color: of a small square before the text, ``#rrggbb``.
        changes: to the style.
    """
    mark = f'<font name="{OTHER}" color="{color}">■</font> ' if color else ""
    head = f"{markup(bold, bold=True)} " if bold else ""
    chosen = style(name, lang, **changes)
    return Paragraph(mark + head + markup(text, bold=chosen.fontName == BOLD), chosen)


def markup(text: str, *, bold: bool = False) -> str:
    """Plain text as reportlab's markup: escaped, every run in a font that has its letters.

    >>> markup("a < b")
    '<font name="Helvetica">a &lt; b</font>'
    """
    text = "".join(" " if one in "\r\n\t" else one for one in text if one in "\r\n\t" or ord(one) >= 32)
    text = text.replace("−", "–")  # Helvetica has no minus sign; an en dash looks the same
    runs = itertools.groupby(text, key=lambda letter: font_of(letter, bold=bold))
    return "".join(f'<font name="{font}">{escape("".join(letters))}</font>' for font, letters in runs)


def font_of(letter: str, *, bold: bool = False) -> str:
    """The font that has a letter.

    >>> font_of("é"), font_of("肝"), font_of("龘"), font_of("≤")
    ('Helvetica', 'DroidSansFallback', 'STSong-Light', 'DejaVuSans')
    """
    try:
        letter.encode("cp1252")
        return BOLD if bold else LATIN
    except UnicodeEncodeError:
        if not any(low <= ord(letter) <= high for low, high in _ASIAN):
            return OTHER
        return CHINESE if ord(letter) in _chinese_letters() else RARE


@cache
def _chinese_letters() -> frozenset[int]:
    register_fonts()
    return frozenset(pdfmetrics.getFont(CHINESE).face.charToGlyph)


def hex_of(color: tuple[int, int, int]) -> str:
    """``#rrggbb`` of an sRGB colour, 0-255."""
    return "#{:02x}{:02x}{:02x}".format(*color)
