"""What a job is told, and what it gives back: the shape that all kinds share.

A kind is a file in ``kinds/`` with a model ``Options``, a table ``STEPS`` and ``run(job: JobContext) -> Made``::

    class Options(BaseModel, extra="forbid"):
        lang: Literal["en", "zh"] = "en"


    STEPS = {"look": 0.2, "write": 0.8}  # share of the time that each step takes


    def run(job: JobContext) -> Made:
        options = Options.model_validate(job.options)
        source = job.study_files(series_id=options.series_id)  # links, no copies
        write_something(source, job.out, progress=job.progress)  # job.out is not there yet
        return Made(job.out, kind="explanation", title="…", summary={"answer": "benign"})

It runs in a process of its own, may take minutes, and is killed when somebody cancels it. It writes nothing but
``job.out`` and ``job.aside``; what it returns is put in place by :mod:`limner.serve.jobs.finish`. A ``LimnerError``
that it raises is told to the person as it stands; any other error is ours, and goes to the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from limner.serve.house import House
from limner.serve.jobs.inputs import link_study
from limner.serve.jobs.scratch import Scratch
from limner.serve.jobs.states import Claim
from limner.serve.tables import Job

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Made:
    """What a job made.

    Args:
        folder: becomes the result's folder; None where the job makes no result.
        kind: of the result: drawing, plan, forecast, explanation, generated, report.
        title: a few words, no patient's.
        pack: what drew it, if any.
        summary: what lists show, as JSON; no patient's name, id or date.
        series_id: on which series.
        parent_id: the drawing that it comes from.
        newer: it is a newer version of its parent, whose number is given when it is put in place.
        objects: names of DICOM files in the folder that become instances of the study.
    """

    folder: Path | None
    kind: str = ""
    title: str = ""
    pack: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    series_id: str | None = None
    parent_id: str | None = None
    newer: bool = False
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class JobContext:
    """What a job works with.

    Args:
        house: the server's house; a database transaction is never held over long work.
        job: the row as it was when the job began.
        claim: the right to work on it.
        progress: told a step of the kind's ``STEPS`` and the share of it that is done.
    """

    house: House
    job: Job
    claim: Claim
    progress: Progress

    @property
    def options(self) -> Mapping[str, Any]:
        """As the person gave them; the kind's ``Options`` checked them at the door."""
        return self.job.options

    @cached_property
    def scratch(self) -> Scratch:
        """The job's folder."""
        return Scratch.of(self.house, self.job.id)

    @property
    def out(self) -> Path:
        """Where the kind makes its folder."""
        return self.scratch.work / "out"

    @property
    def aside(self) -> Path:
        """For what is needed on the way only."""
        folder = self.scratch.work / "aside"
        folder.mkdir(exist_ok=True)
        return folder

    def given(self, name: str) -> Path:
        """A file that came with the request."""
        return self.scratch.given / name

    def study_files(self, study_id: str | None = None, *, series_id: str | None = None) -> Path:
        """A folder of links to the image files of the job's study (of another one; of one of its series).

        Raises:
            InputError: the study has gone, or holds no image.
        """
        chosen = study_id or self.job.study_id
        assert chosen is not None
        return link_study(self.house, self.scratch.work / f"input-{series_id or chosen}", chosen, series_id)

    def study_picture(self) -> Path:
        """The one file of a study that is a picture.

        Raises:
            InputError: it has gone, or there are several.
        """
        from limner.serve.jobs.inputs import only_file

        return only_file(self.study_files())

    def result_folder(self, result_id: str | None = None) -> Path:
        """The folder of the result that the job works on (of another one).

        Raises:
            InputError: it has gone.
        """
        from limner.serve.jobs.inputs import folder_of

        chosen = result_id or self.job.result_id
        assert chosen is not None
        return folder_of(self.house, chosen)
