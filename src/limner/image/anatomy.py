"""The structures that Limner knows by name: coded concept, kind, and the colour a surgeon expects.

Colours follow the anatomical habit of the 3D Slicer colour table and of operative atlases: arteries red, portal
vein blue-violet, hepatic veins blue, liver brown-red, tumours yellow, bone ivory. Codes are SNOMED CT, as in
DICOM PS3.16 CID 7166 and the segmentation property lists of PS3.16 CID 7150 and following.
"""

from __future__ import annotations

import difflib
import hashlib
import re

from limner.image.volume import Code, Label

_TABLE: dict[str, tuple[str, str, str, tuple[int, int, int], float, str | None]] = {
    # name: kind, SNOMED CT code, meaning, colour, opacity, laterality
    "liver": ("organ", "10200004", "Liver", (178, 94, 76), 0.38, None),
    "liver tumor": ("lesion", "126851005", "Neoplasm of liver", (250, 204, 60), 1.0, None),
    "liver vessels": ("vessel", "276151002", "Liver vasculature", (66, 105, 196), 1.0, None),
    "hepatic veins": ("vessel", "8993003", "Hepatic vein", (54, 110, 200), 1.0, None),
    "portal vein": ("vessel", "32764006", "Portal vein", (126, 92, 196), 1.0, None),
    "spleen": ("organ", "78961009", "Spleen", (150, 78, 120), 0.9, None),
    "right kidney": ("organ", "64033007", "Kidney", (190, 102, 62), 1.0, "right"),
    "left kidney": ("organ", "64033007", "Kidney", (190, 102, 62), 1.0, "left"),
    "gallbladder": ("organ", "28231008", "Gallbladder", (112, 160, 76), 1.0, None),
    "stomach": ("organ", "69695003", "Stomach", (216, 152, 140), 0.8, None),
    "pancreas": ("organ", "15776009", "Pancreas", (228, 186, 110), 1.0, None),
    "aorta": ("vessel", "15825003", "Aorta", (206, 54, 50), 1.0, None),
    "inferior vena cava": ("vessel", "64131007", "Inferior vena cava", (48, 86, 176), 1.0, None),
    "lungs": ("organ", "39607008", "Lung", (206, 190, 192), 0.35, None),
    "right lung": ("organ", "39607008", "Lung", (206, 190, 192), 0.35, "right"),
    "left lung": ("organ", "39607008", "Lung", (196, 180, 186), 0.35, "left"),
    "bones": ("tissue", "272673000", "Bone", (240, 232, 208), 1.0, None),
    "body": ("tissue", "38266002", "Entire body", (224, 190, 166), 0.12, None),
    "head": ("tissue", "69536005", "Head", (224, 190, 166), 0.12, None),
    "breast lesion": ("lesion", "52988006", "Lesion", (250, 204, 60), 1.0, None),
    "skin lesion": ("lesion", "52988006", "Lesion", (250, 204, 60), 1.0, None),
    "glioma": ("lesion", "393564001", "Glioma", (250, 204, 60), 1.0, None),
    "lung nodule": ("lesion", "27925004", "Nodule", (250, 204, 60), 1.0, None),
}

_CLASSES: dict[str, tuple[str, str]] = {
    # name: SNOMED CT code, meaning; what has no code here that is sure gets a local one
    "melanoma": ("93655004", "Malignant melanoma of skin"),
    "basal cell carcinoma": ("254701007", "Basal cell carcinoma of skin"),
    "actinic keratosis": ("201101007", "Actinic keratosis"),
    "malignant": ("363346000", "Malignant neoplastic disease"),
    "pneumonia": ("233604007", "Pneumonia"),
    "normal": ("17621005", "Normal"),
}

LOCAL_SCHEME = "99LIMNER"
"""Codes of our own; DICOM PS3.3 8.2 gives coding schemes that begin with 99 to whoever needs one."""

_PALETTE = ((250, 204, 60), (86, 180, 233), (230, 120, 160), (120, 200, 130), (204, 121, 60), (170, 140, 230))


def names() -> tuple[str, ...]:
    """Every structure that has a name here."""
    return tuple(_TABLE)


def label(name: str, value: int) -> Label:
    """The label of a known structure at a voxel value.

    Raises:
        KeyError: for an unknown name, with the nearest known ones.

    >>> label("liver", 1).code.meaning
    'Liver'
    """
    if name not in _TABLE:
        near = difflib.get_close_matches(name, _TABLE, n=3) or sorted(_TABLE)
        raise KeyError(f"Unknown structure {name!r}. Nearest known: {', '.join(near)}.")
    kind, value_code, meaning, color, opacity, side = _TABLE[name]
    return Label(value, name, kind, Code("SCT", value_code, meaning), color, opacity, side)


def concept(name: str) -> Code:
    """The coded concept of anything that a pack may name; a local code where none is known here.

    >>> concept("melanoma").value, concept("dermatofibroma").scheme
    ('93655004', '99LIMNER')
    """
    if name in _TABLE:
        return label(name, 1).code
    if name in _CLASSES:
        return Code("SCT", *_CLASSES[name])
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not slug or len(slug) > 16:  # a DICOM code value holds 16 characters
        slug = f"{slug[:9]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return Code(LOCAL_SCHEME, slug, name[:1].upper() + name[1:])


def named(name: str, value: int, kind: str | None = None) -> Label:
    """The label of any name at a voxel value: as :func:`label` where it is known, else with a colour in turn.

    Args:
        name: of the structure.
        value: of its voxels.
        kind: what it is where the name is not known here; a lesion where None.

    >>> named("wound", 2).kind, named("thymus", 3, "organ").kind, named("liver", 1, "lesion").kind
    ('lesion', 'organ', 'organ')
    """
    if name in _TABLE:
        return label(name, value)
    return Label(value, name, kind or "lesion", concept(name), _PALETTE[(value - 1) % len(_PALETTE)])
