"""What was found and how we know: the nouns of ``drawing.json``.

Keys and units are a contract with other programs (``limner.drawing/1``): lengths in mm, volumes in ml, points in
LPS. More keys may be added; none is renamed.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["organ", "lesion", "vessel", "tissue", "class", "box"]


class Noun(BaseModel):
    """Says itself in JSON; never changed once made; keeps keys that it does not know."""

    model_config = ConfigDict(extra="allow", frozen=True)


class CodedConcept(Noun):
    """A concept of a terminology, SNOMED CT unless the scheme says otherwise."""

    scheme: str
    value: str
    meaning: str


class Measurement(Noun):
    """One number with its unit (UCUM where DICOM has one) and, where it is known, its interval."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None


class Evidence(Noun):
    """Why we say so: a picture or a sentence, and the checks that the explanation passed."""

    kind: Literal["grad-cam", "lime", "attributes"]
    file: str | None = None
    sentence: str | None = None
    checks: dict[str, float] = Field(default_factory=dict)


class Finding(Noun):
    """One thing that was found."""

    id: str
    name: str
    kind: Kind
    label: int
    code: CodedConcept
    probability: float | None = None
    abstained: bool = False
    center_mm: tuple[float, float, float] | None = None
    measurements: tuple[Measurement, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def measure(self, name: str) -> Measurement | None:
        """The measurement of that name, None where there is none."""
        return next((one for one in self.measurements if one.name == name), None)


class ProblemNote(Noun):
    """A problem of the input or of the run, as :class:`limner.image.study.Problem`."""

    code: str
    severity: Literal["warning", "error"]
    text: str


class StudyNote(Noun):
    """Which study was drawn; no name and no id of a patient."""

    uid: str
    modality: str
    date: str | None = None
    series_uid: str = ""
    """Of the series that was drawn; of several (MR), the reference. Empty for a picture."""
    channels: dict[str, str] = Field(default_factory=dict)
    """Of a scan of several series: channel to how its series was acquired."""


class PackNote(Noun):
    """Which model pack drew it."""

    name: str
    version: str
    sha256: str


class Drawing(Noun):
    """Everything that one run found in one study."""

    schema_: str = Field("limner.drawing/1", alias="schema")
    study: StudyNote
    pack: PackNote
    abstained: bool = False
    """Whether the answer as a whole is "not sure"."""
    findings: tuple[Finding, ...] = ()
    problems: tuple[ProblemNote, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)
