"""A work list with people, studies and jobs, for tests of the shell and of the pages that stand on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from limner.serve import audit
from limner.serve.tables import Job, Study, now
from tests.web.workstation import rig

ADMIN, READER = "ada", "ray"
PATIENTS = ("Adams^Ruth", "Brandt^Ida", "Chen^Wei=陈^伟", "Diaz^Luis", "Endo^Mari")
"""Nobody's names."""
MODALITIES = ("CT", "MR", "CT", "CT", "US")


@contextmanager
def workstation(folder: Path, **settings: Any) -> Iterator[rig.Workstation]:
    """A server with an admin, who is logged in, a reader, five studies of the admin and three jobs."""
    with rig.workstation(folder / "data", name=ADMIN, role="admin", display="Ada Long", **settings) as made:
        made.add_person(READER, "reader", "Ray Short")
        fill(made)
        yield made


def fill(station: rig.Workstation) -> None:
    """Five studies and three jobs."""
    with station.house.database.session() as db:
        studies = [_study(station.user, n) for n in range(len(PATIENTS))]
        db.add_all(studies)
        db.flush()
        db.add_all(_jobs(station.user, [one.id for one in studies]))
        for one in studies:
            audit.append(db, station.user, "study.share", one.id, shared=False, grants=0)


def _study(owner: str, n: int) -> Study:
    return Study(
        uid=f"2.25.{n + 1}", owner_id=owner, patient_name=PATIENTS[n], patient_id=f"P{n}", sex="F",
        birth_date="1970-01-01", date=f"2024-03-0{n + 1}", description=f"Study {n}", modalities=[MODALITIES[n]],
        shared=n == 0, series_count=1, instance_count=10 * (n + 1), created=now() - timedelta(hours=n),
    )  # fmt: skip


def _jobs(owner: str, studies: list[str]) -> list[Job]:
    began = now() - timedelta(minutes=3)
    said = "Slice 31 is missing. Send the whole series again."
    return [
        Job(kind="draw", owner_id=owner, study_id=studies[0], state="queued"),
        Job(
            kind="draw", owner_id=owner, study_id=studies[1], state="failed", attempt=1, step="open", fraction=0.1,
            message=said, started=began, ended=began + timedelta(seconds=42),
        ),
        Job(
            kind="draw", owner_id=owner, study_id=studies[2], state="done", attempt=1, fraction=1.0, started=began,
            ended=began + timedelta(seconds=90),
        ),
    ]  # fmt: skip


def keep_picture(page: Any, name: str) -> bytes:
    """A picture of what is seen; it is also kept where ``LIMNER_PICTURES`` says."""
    shot = page.screenshot(animations="disabled")
    folder = os.environ.get("LIMNER_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(shot)
    return shot
