"""Names of structures and measurements for readers, in English and Chinese.

They come from other rooms in English. What has no translation is left as it stands: a new structure is shown rather
than lost.
"""

from __future__ import annotations

from limner.image import anatomy
from limner.report.content import LANGUAGES
from limner.report.phrasebook import book, phrase

_MEASURES: dict[str, tuple[str, str]] = {
    "volume": ("Volume", "体积"),
    "longest diameter": ("Longest diameter", "最长径"),
    "RECIST diameter": ("RECIST diameter", "RECIST 径"),
    "RECIST short diameter": ("RECIST short axis", "RECIST 短径"),
    "mean": ("Mean density", "平均密度"),
    "median": ("Median density", "密度中位数"),
    "standard deviation": ("Standard deviation", "标准差"),
    "confidence": ("Confidence", "置信度"),
    "area": ("Area", "面积"),
    "shortest diameter": ("Shortest diameter", "最短径"),
    "width": ("Width", "宽"),
    "height": ("Height", "高"),
}
_MR_MEASURES: dict[str, tuple[str, str]] = {
    "mean": ("Mean signal", "平均信号强度"),
    "median": ("Median signal", "信号强度中位数"),
    "RECIST diameter": ("Longest axial diameter", "横断面最长径"),
    "RECIST short diameter": ("Short axis, axial", "横断面短径"),
}
"""Signals have no unit, and tumours of the brain are not measured by RECIST."""
_SURFACE = ("surface of {name}", "{name}表面")
_DISTANCE = ("Distance to {name}", "距{name}")


def structure(name: str, lang: str) -> str:
    """The name of a structure for readers, with its number where it has one.

    >>> structure("liver tumor 2", "zh"), structure("left kidney", "en"), structure("thymus", "zh")
    ('肝肿瘤 2', 'left kidney', 'thymus')
    """
    return phrase(name.strip(), lang)


def measure(name: str, lang: str, modality: str = "CT") -> str:
    """The name of a measurement for readers.

    Args:
        name: of the measurement.
        lang: ``"en"`` or ``"zh"``.
        modality: of what was measured; MR has signals where CT has densities.

    >>> measure("distance to liver vessels", "zh"), measure("distance to liver surface", "en")
    ('距肝内血管', 'Distance to surface of liver')
    """
    k = LANGUAGES.index(lang)
    if modality == "MR" and name in _MR_MEASURES:
        return _MR_MEASURES[name][k]
    if name in _MEASURES:
        return _MEASURES[name][k]
    if name.startswith("distance to "):
        return _DISTANCE[k].format(name=place(name.removeprefix("distance to "), lang))
    return name[:1].upper() + name[1:]


def place(name: str, lang: str) -> str:
    """What a distance is measured to: a structure, or the surface of one.

    >>> place("liver surface", "zh"), place("spleen", "en")
    ('肝表面', 'spleen')
    """
    if name.endswith(" surface"):
        return _SURFACE[LANGUAGES.index(lang)].format(name=structure(name.removesuffix(" surface"), lang))
    return structure(name, lang)


def untranslated() -> tuple[str, ...]:
    """Structures of :mod:`limner.image.anatomy` that lack a Chinese name; a test holds it empty."""
    return tuple(name for name in anatomy.names() if name not in book())
