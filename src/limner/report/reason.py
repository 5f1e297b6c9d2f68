"""Why a finding was found, as a report takes it: explanations with the checks that they were held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Held:
    """One figure that an explanation was held against.

    Args:
        name: of the check, e.g. ``deletion_auc``.
        value: the figure.
        baseline: what it had to be better than.
        passed: whether it was.
    """

    name: str
    value: float
    baseline: float
    passed: bool


@dataclass(frozen=True, eq=False)
class Reason:
    """One explanation.

    Args:
        kind: ``grad-cam``, ``lime`` or ``attributes``.
        heat: ``(Y, X)`` on the picture, −1 to 1, positive speaks for the answer; None where it has no map.
        outline: ``(Y, X)`` of the lesion that was measured, None where none was.
        edited: ``(Y', X', C)`` the picture without what speaks for the answer, None where nothing was taken out.
        held: the checks that were made.
        warnings: what may not be believed, in the language of the report.
        rows: of attributes, ``(what was measured, what its loss does)``, in the language of the report; none where
            nothing was taken out.
        about: which finding it explains, in the language of the report; empty where only one is explained.
        drawn: a picture that is ready, PNG: of a scan, planes through the finding.
    """

    kind: str
    heat: NDArray[np.float32] | None = None
    outline: NDArray[np.bool_] | None = None
    edited: NDArray[np.uint8] | None = None
    held: tuple[Held, ...] = ()
    warnings: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    about: str = ""
    drawn: bytes | None = None

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks that it did not pass."""
        return tuple(one.name for one in self.held if not one.passed)


@dataclass(frozen=True, eq=False)
class Why:
    """The explanations of one finding of a scan.

    Args:
        id: of the finding.
        sentence: all of them in words, in the language of the report.
        reasons: each of them.
    """

    id: str
    sentence: str
    reasons: tuple[Reason, ...]
