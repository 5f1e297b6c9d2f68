"""What a planner takes a structure for, by its kind and its name: British and American, singular and plural.

A name that is not known here is an organ at risk: a needle keeps away from what it does not understand.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from limner.image import Label, LabelMap

Role = Literal["body", "soft", "bone", "lung", "vessel", "organ", "lesion"]

_SPELLED = {"tumour": "tumor", "tumours": "tumor", "tumors": "tumor", "oesophagus": "esophagus", "colour": "color"}
_WORDS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    # in this order: "liver tumor" is a lesion before it is an organ, "lung vessels" are vessels before they are lung
    ("lesion", re.compile(r"\b(tumor|lesions?|metastas[ei]s|nodules?|mass|carcinoma|hcc|glioma|neoplasm)\b")),
    (
        "vessel",
        re.compile(
            r"\b(vessels?|vascular|vasculature|arter(y|ies|ial)|aorta|veins?|venous|vena|cava|[is]vc|portal|trunk)\b"
        ),
    ),
    (
        "bone",
        re.compile(
            r"\b(bones?|ribs?|vertebra[el]?|spine|sternum|cartilages?|costal|scapula|clavic(le|ula)|humerus|femur|hips?"
            r"|sacrum|pelvis|skull|skeleton|ilium|iliac)\b"
        ),
    ),
    ("lung", re.compile(r"\b(lungs?|pleura|pleural|pulmonary)\b")),
    ("body", re.compile(r"\b(body|skin|external|patient|torso|head)\b")),
    ("soft", re.compile(r"\b(muscles?|fat|subcutaneous|autochthon|gluteus|iliopsoas|psoas|cutis|wall)\b")),
)
_SAME = {"liver parenchyma": "liver", "hepatic parenchyma": "liver", "liver healthy": "liver", "whole liver": "liver"}
_BOWEL = re.compile(r"\b(bowel|colon|intestines?|duodenum|rectum|sigmoid|jejunum|ileum|stomach)\b")


def words(name: str) -> tuple[str, ...]:
    """A name as plain lower-case words in American spelling, without what stands in brackets.

    >>> words("Liver_Tumours (first)")
    ('liver', 'tumor')
    """
    plain = re.sub(r"\(.*?\)", " ", name.lower())
    return tuple(_SPELLED.get(word, word) for word in re.findall(r"[a-z0-9]+", plain))


def same(name: str) -> str:
    """One name for names that mean the same.

    >>> same("liver parenchyma (no vessels)"), same("Tumour 1")
    ('liver', 'tumor 1')
    """
    plain = " ".join(words(name))
    return _SAME.get(plain, plain)


def role_of(label: Label) -> Role:
    """What a planner takes a label for.

    >>> from limner.image.anatomy import named
    >>> [role_of(named(name, 1, "organ")) for name in ("vertebrae L1", "Portal vein", "other body", "thymus")]
    ['bone', 'vessel', 'body', 'organ']
    >>> role_of(named("lung nodule", 1)), role_of(named("hypodensity", 1, "lesion"))
    ('lesion', 'lesion')
    """
    if label.kind in ("lesion", "vessel"):
        return "lesion" if label.kind == "lesion" else "vessel"
    plain = " ".join(words(label.name))
    return next((role for role, some in _WORDS if some.search(plain)), "organ")


def is_bowel(name: str) -> bool:
    """Whether a name is of the gut, whose puncture spills.

    >>> is_bowel("small bowel"), is_bowel("spleen")
    (True, False)
    """
    return _BOWEL.search(" ".join(words(name))) is not None


def by_role(labels: LabelMap) -> LabelMap:
    """Lesions and vessels by their name alone are so by kind too: an organ holds the vessels that run through it.

    >>> import numpy as np
    >>> from limner.image import Grid
    >>> from limner.image.anatomy import named
    >>> told = tuple(named(name, k, "organ") for k, name in enumerate(("portal trunk", "liver tumour", "thymus"), 1))
    >>> [
    ...     one.kind
    ...     for one in by_role(LabelMap(np.ones((1, 1, 1), np.uint8), Grid.axial((1, 1, 1), (1, 1, 1)), told)).labels
    ... ]
    ['vessel', 'lesion', 'organ']
    """
    named = tuple(
        replace(one, kind=role) if (role := role_of(one)) in ("lesion", "vessel") else one for one in labels.labels
    )
    return LabelMap(labels.array, labels.grid, named)
