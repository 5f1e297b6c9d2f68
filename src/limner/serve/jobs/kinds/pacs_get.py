"""A study from a PACS node: fetched over one association, and the asker's own from then on."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from limner.errors import InputError, LimnerError
from limner.io.dicom_net import Calling, get_study
from limner.serve.jobs.context import JobContext, Made
from limner.serve.nodes import find_node
from limner.serve.store.intake import Sender, ingest
from limner.serve.store.reading import Given, Rules
from limner.serve.tables import Job

STEPS = {"fetch": 70, "read": 10, "prepare": 20}


class Options(BaseModel):
    """Which study, and where it is."""

    model_config = ConfigDict(extra="forbid")

    node: Annotated[str, Field(min_length=1, max_length=40)]
    study_uid: Annotated[str, Field(pattern=r"^[0-9][0-9.]{0,63}$")]


def run(job: JobContext) -> Made:
    """Fetches it."""
    asked = Options.model_validate(job.options)
    node = find_node(job.house, asked.node)
    came: list[Path] = []

    def take(path: Path) -> None:
        came.append(job.aside / f"{len(came):06d}.dcm")
        shutil.move(path, came[-1])

    def progress(done: int, of: int) -> None:
        job.progress("fetch", done / max(of, 1))

    transfer = get_study(node.node, asked.study_uid, take, Calling(job.house.settings.ae_title), progress)
    if not came:
        raise InputError(f"{asked.node} gave nothing of this study. {' '.join(transfer.reasons[:1])}".strip())
    job.progress("read", 0.0)
    rules = Rules(make_uids=False, dicom_only=True, study_uid=asked.study_uid)
    sender = Sender(job.job.owner_id, "pacs")
    outcome = ingest(job.house, sender, [Given(path, path.name) for path in came], rules)
    if not outcome.studies:
        raise InputError(f"Nothing of what {asked.node} gave could be kept: {outcome.refused[0].reason}")
    with job.house.database.session() as db:
        db.get_one(Job, job.job.id).study_id = outcome.studies[0]
    for k, one in enumerate(outcome.series):
        job.progress("prepare", k / len(outcome.series))
        with contextlib.suppress(LimnerError):  # it is made when somebody opens the series
            job.house.volumes.geometry(one)
    return Made(None)
