"""Names of structures and measurements for readers, in English and Chinese.

They come from other rooms in English. What has no translation is left as it stands: a new structure is shown rather
than lost.
"""

from __future__ import annotations

import re

from limner.image import anatomy
from limner.report.content import LANGUAGES

_STRUCTURES_ZH: dict[str, str] = {
    "liver": "肝",
    "liver tumor": "肝肿瘤",
    "liver vessels": "肝内血管",
    "hepatic veins": "肝静脉",
    "portal vein": "门静脉",
    "spleen": "脾",
    "right kidney": "右肾",
    "left kidney": "左肾",
    "gallbladder": "胆囊",
    "stomach": "胃",
    "pancreas": "胰腺",
    "aorta": "主动脉",
    "inferior vena cava": "下腔静脉",
    "lungs": "肺",
    "right lung": "右肺",
    "left lung": "左肺",
    "bones": "骨骼",
    "body": "体表",
    "head": "头部",
    "breast lesion": "乳腺病灶",
    "skin lesion": "皮肤病灶",
    "glioma": "胶质瘤",
    "lung nodule": "肺结节",
    "bowel": "肠道",
    "bowel with gas": "含气肠道",
    "bowel without gas": "不含气肠道",
    "heart": "心脏",
    "vessels": "血管",
}

_CLASSES_ZH: dict[str, str] = {
    "actinic keratosis": "光化性角化病",
    "basal cell carcinoma": "基底细胞癌",
    "benign keratosis": "良性角化病",
    "dermatofibroma": "皮肤纤维瘤",
    "melanoma": "黑色素瘤",
    "melanocytic nevus": "色素痣",
    "vascular lesion": "血管性病变",
    "malignant": "恶性",
    "benign": "良性",
    "normal": "正常",
    "pneumonia": "肺炎",
    "pulmonary opacity": "肺部阴影",
    "opacity": "阴影",
    "adrenal mass": "肾上腺肿块",
    "hyperplasia": "增生",
    "lesion": "病灶",
    "benign lesion": "良性病灶",
    "malignant lesion": "恶性病灶",
}

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
    base, number = re.fullmatch(r"(.*?)(\s*\d*)", name.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
    return (_STRUCTURES_ZH.get(base, _CLASSES_ZH.get(base, base)) if lang == "zh" else base) + number


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
    return tuple(name for name in anatomy.names() if name not in _STRUCTURES_ZH)
