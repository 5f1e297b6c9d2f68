"""A planner's study of a phantom and its drawing, and what a corrected map of it looks like on the way."""

from __future__ import annotations

import gzip
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from fastapi.testclient import TestClient

from limner.data import phantoms
from limner.image import Image, LabelMap
from limner.image.anatomy import label
from limner.io.drawing import read_drawing
from limner.io.nifti import write_nifti_image
from limner.serve.jobs import states
from limner.serve.jobs.run import work
from limner.serve.store.intake import Sender, ingest
from limner.serve.store.reading import Given
from limner.serve.tables import Result, Study
from tests.infer.packs import threshold_pack
from tests.serve.conftest import Server
from tests.serve.planned import write_drawing

PACK = "phantom"
LEVELS = {"background": -1000.0, "liver": 110.0, "liver tumor": 62.0, "spleen": 160.0, "body": -90.0}


def write_phantom(path: Path, seed: int = 3) -> phantoms.Phantom:
    """Half a torso's liver with two tumours, as NIfTI."""
    plan = phantoms.scaled(phantoms.sample(np.random.default_rng(seed), tumors=2), 0.5)
    grid = phantoms.grid_around(plan, (2.5, 1.25, 1.25), "liver", margin_mm=4.0)
    made = phantoms.draw(plan, grid)
    write_nifti_image(Image(made.image.array, grid, "CT", "HU"), path, note="phantom", comment="")
    return made


def drawn(made: phantoms.Phantom) -> LabelMap:
    """Liver and tumours of a phantom, numbered as the pack does."""
    array = np.zeros(made.labels.array.shape, np.uint8)
    array[made.labels.mask("liver") | made.labels.mask("liver vessels")] = 1
    array[made.labels.mask("liver tumor")] = 2
    return LabelMap(array, made.labels.grid, (label("liver", 1), label("liver tumor", 2)))


@dataclass
class Bench:
    """Somebody who corrects.

    Args:
        server: of the study.
        client: the planner's.
        study_id: of the phantom.
        result_id: of its drawing.
    """

    server: Server
    client: TestClient
    study_id: str
    result_id: str

    @property
    def house(self):
        return self.server.house

    def labels(self, result_id: str | None = None) -> LabelMap:
        """What is drawn."""
        return read_drawing(self.house.result_folder(result_id or self.result_id)).labels

    def save(self, body: bytes, *, base: int = 1, comment: str = "", client: TestClient | None = None, to: str = ""):
        """Posts a corrected map."""
        headers = {"X-Base": str(base), "X-Comment": comment, "Content-Type": "application/octet-stream"}
        path = f"/api/results/{to or self.result_id}/corrections"
        return (client or self.client).post(path, content=body, headers=headers)

    def work(self, job_id: str, client: TestClient | None = None) -> dict:
        """Runs a job here, to its end."""
        with self.house.database.session() as db:
            claim = states.claim(db, job_id)
        work(self.house, claim)
        return (client or self.client).get(f"/api/jobs/{job_id}").json()


def open_bench(server: Server, folder: Path, *, seed: int = 3, name: str = "iris", **patient: str) -> Bench:
    """Takes a phantom in and draws it."""
    threshold_pack(
        server.house.settings.data / "packs" / PACK,
        LEVELS,
        name=PACK,
        input={
            "modality": ["CT"],
            "window_hu": [-1000.0, 1000.0],
            "patch": [24, 48, 48],
            "divisible": [1, 1, 1],
            "spacing_mm": [4, 2, 2],
        },
    )
    path = folder / f"phantom-{seed}.nii.gz"
    labels = drawn(write_phantom(path, seed))
    client = server.person("planner", name)
    user_id = client.get("/api/session").json()["user"]["id"]
    [study_id] = ingest(server.house, Sender(user_id), [Given(path, path.name)]).studies
    write_drawing(folder / f"drawing-{seed}", labels)
    with server.house.database.session() as db:
        study = db.get_one(Study, study_id)
        for field, value in patient.items():
            setattr(study, field, value)
        kept = {"owner_id": user_id, "study_id": study_id, "series_id": study.series[0].id}
        result = Result(kind="drawing", title=PACK, pack=PACK, **kept)
        db.add(result)
        db.flush()
        shutil.copytree(folder / f"drawing-{seed}", server.house.result_folder(result.id))
        return Bench(server, client, study_id, result.id)


def put_version(bench: Bench, labels: LabelMap, comment: str = "") -> str:
    """The next version, as the job would leave it; the result's id."""
    with bench.house.database.session() as db:
        before = db.get_one(Result, bench.result_id)
        same = {name: getattr(before, name) for name in ("kind", "owner_id", "study_id", "series_id", "title", "pack")}
        corrected = {"corrected": {"voxels": 1, "comment": comment}}
        result = Result(**same, parent_id=before.id, version=2, summary=corrected)
        db.add(result)
        db.flush()
        write_drawing(bench.house.result_folder(result.id), labels)
        return result.id


def packed(labels: LabelMap, array: np.ndarray | None = None, affine: np.ndarray | None = None) -> bytes:
    """A label map as the page sends it: gzipped NIfTI, RAS."""
    values = labels.array if array is None else array
    lps = labels.grid.affine[:, [2, 1, 0, 3]]
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps if affine is None else affine
    image = nibabel.Nifti1Image(np.ascontiguousarray(values.T), ras)
    out = io.BytesIO()
    image.to_file_map({"image": nibabel.FileHolder(fileobj=out)})
    return gzip.compress(out.getvalue(), 1)
