"""Corrected drawings as a cohort to learn from, and which drawing is best corrected next."""

from __future__ import annotations

from limner.serve.cohort.archive import write_archive
from limner.serve.cohort.cases import Corrected, corrected_cases
from limner.serve.cohort.uncertainty import FORMULA, Doubt, doubt_of

__all__ = ["FORMULA", "Corrected", "Doubt", "corrected_cases", "doubt_of", "write_archive"]
