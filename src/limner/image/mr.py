"""What an MR series is: the facts of its acquisition, and which sequence they speak of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

SEQUENCES: dict[str, str] = {
    "flair": "FLAIR",
    "pre": "T1 before contrast medium",
    "post": "T1 after contrast medium",
}
"""Names of the channels that a pack on slices of MR may ask for, and what each is."""


class AskedChannels(Protocol):
    """The channels that are asked for, as a pack's ``PictureSpec`` or a recipe says it."""

    @property
    def channel_names(self) -> list[str]:
        """Of :data:`SEQUENCES`, in the pack's order."""

    @property
    def reference(self) -> str | None:
        """The channel whose grid is drawn on."""

    @property
    def stand_ins(self) -> dict[str, list[str]]:
        """Channel → those that stand in where it is missing, the first that is there."""


_NO_AGENT = frozenset({"", "NO", "NONE", "N", "NA", "N/A", "0"})

_WORDS = {
    # of a description that names what is neither plain T1 nor FLAIR
    "other": """
        loc localizer localiser scout survey tof mra mrv angio swi swan adc dwi dti trace perf perfusion asl bold rcbv
        cbv cbf mtt mip subtraction phase t2star fieldmap map calibration
        """,
    "t1": "t1 t1w t1ce t1c t1gd mprage mp2rage spgr fspgr bravo vibe tfl",
    "given": "post postcontrast postgd gd gad gado gadolinium contrast ce t1ce t1c t1gd km enhanced",
    "not given": "pre precontrast noncontrast plain native nativ without non unenhanced",
}
_OTHER, _T1, _GIVEN, _NOT_GIVEN = (frozenset(some.split()) for some in _WORDS.values())
_FLAIR_TI_MS, _FLAIR_TE_MS = 1500.0, 70.0
_T1_TE_MS, _T1_TR_MS, _T1_TI_MS = 30.0, 1500.0, 1400.0


@dataclass(frozen=True)
class MRFacts:
    """How an MR series was acquired, as its headers say; nothing of the patient.

    Args:
        scanning: ScanningSequence, of ``SE``, ``IR``, ``GR``, ``EP``, ``RM``.
        repetition_ms: RepetitionTime.
        echo_ms: EchoTime.
        inversion_ms: InversionTime.
        contrast: whether a ContrastBolusAgent is named; DICOM PS3.3 A.4.3 asks for it wherever one was given.
        derived: whether the images were computed from others (ImageType).
    """

    scanning: tuple[str, ...] = ()
    repetition_ms: float | None = None
    echo_ms: float | None = None
    inversion_ms: float | None = None
    contrast: bool = False
    derived: bool = False

    def told(self) -> str:
        """The facts as a line: ``"SE/IR, TR 9000, TE 120, TI 2500 ms"``; empty where there are none."""
        times = (("TR", self.repetition_ms), ("TE", self.echo_ms), ("TI", self.inversion_ms))
        shown = [f"{name} {value:g}" for name, value in times if value]
        parts = ["/".join(self.scanning)] if self.scanning else []
        parts += [", ".join(shown) + " ms"] if shown else []
        return ", ".join([*parts, *(["contrast medium"] if self.contrast else [])])


def agent_given(agent: str) -> bool:
    """Whether a ContrastBolusAgent names one; some scanners write ``NONE``."""
    return agent.strip().upper() not in _NO_AGENT


def sequence_of(facts: MRFacts | None, description: str) -> str | None:
    """Which of ``flair``, ``t1``, ``post``, ``pre`` a series is; None for anything else, or where nothing tells.

    ``t1`` is T1 of which neither the header nor the description says whether contrast medium was given. Words of the
    description (for NIfTI the file's name) come before times, since times overlap between scanners.

    >>> sequence_of(None, "sub-01_FLAIR.nii.gz"), sequence_of(None, "AX T1 +C"), sequence_of(None, "AX T2 FSE")
    ('flair', 'post', None)
    >>> sequence_of(MRFacts(("SE", "IR"), 9000, 120, 2500), ""), sequence_of(MRFacts(("SE",), 550, 12), "AX SE")
    ('flair', 't1')
    """
    text = re.sub(r"\+ ?c\b|\bc\+", " gd ", description.lower().replace("w/o", "without"))
    words = frozenset(re.findall(r"[a-z]+[0-9]*[a-z]*", re.sub(r"\bpost[ _-]?op\w*", " ", text)))
    if facts is None and len(bare := words - {"nii", "gz"}) == 1 and bare <= SEQUENCES.keys():
        return next(iter(bare))  # a file that is called after its channel
    if words & _OTHER:
        return None
    if facts and facts.derived and not words & (_T1 | {"flair"}):
        return None
    if words & _T1 or (_timed_t1(facts) and not words & {"flair", "t2", "t2w", "pd"}):
        return _by_contrast(facts, words)
    if "flair" in words or _timed_flair(facts):
        return "flair"
    return None


def _timed_flair(facts: MRFacts | None) -> bool:
    """Fluid is nulled by a long inversion time, and the echo is late; T1-FLAIR has a short one of each."""
    return bool(facts and (facts.inversion_ms or 0) >= _FLAIR_TI_MS and (facts.echo_ms or 0) >= _FLAIR_TE_MS)


def _timed_t1(facts: MRFacts | None) -> bool:
    """A short echo with a short repetition, or with an inversion that brings out white matter."""
    if facts is None or not facts.echo_ms or facts.echo_ms >= _T1_TE_MS or "EP" in facts.scanning:
        return False
    if facts.inversion_ms:
        return facts.inversion_ms <= _T1_TI_MS
    return bool(facts.repetition_ms and facts.repetition_ms <= _T1_TR_MS and "SE" in facts.scanning)


def _by_contrast(facts: MRFacts | None, words: frozenset[str]) -> str:
    if facts and facts.contrast:
        return "post"
    if words & _NOT_GIVEN:  # asked first: "pre contrast", "without gad"
        return "pre"
    return "post" if words & _GIVEN else "t1"
