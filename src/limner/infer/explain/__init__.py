"""Why a pack says so: heat maps, superpixels, attributes that a clinician names, a sentence, and checks of all of them.

Everything here runs without torch, but :mod:`limner.infer.explain.gradient`, which loads it on use: for nets that do
not end in pooling and a linear layer.
"""

from __future__ import annotations

from limner.infer.explain.describe import describe
from limner.infer.explain.explanation import AttributeEffect, AttributeTable, Check, Explanation, HeatMap
from limner.infer.explain.read import read_source
from limner.infer.explain.scan import Answered, ScanAsker
from limner.infer.explain.slices import planes_of
from limner.infer.explain.words import LANGUAGES
from limner.infer.explain.workflow import METHODS, More, explain, explain_question
from limner.infer.explain.write import as_dict, write_explanation

__all__ = [
    "LANGUAGES",
    "METHODS",
    "Answered",
    "AttributeEffect",
    "AttributeTable",
    "Check",
    "Explanation",
    "HeatMap",
    "More",
    "ScanAsker",
    "as_dict",
    "describe",
    "explain",
    "explain_question",
    "planes_of",
    "read_source",
    "write_explanation",
]
