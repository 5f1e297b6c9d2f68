"""A real server that is killed (SIGKILL, its whole group) while it works, and what must hold afterwards.

The ledger knows what the server acknowledged. After each kill the disk is looked at as it lies there; then the server
is started again and asked. Random times come from a seed.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import nibabel as nib
import numpy as np
import yaml
from sqlalchemy import select

from limner.findings import Drawing
from limner.serve.house import House
from limner.serve.jobs.states import STOPPED_TWICE
from limner.serve.jobs.sweep import sweep
from limner.serve.routes.results import digest
from limner.serve.safety.secrets import fingerprint
from limner.serve.settings import ServeSettings
from limner.serve.tables import AuditEntry, Instance, Job, Result, Series, Token, Upload, User
from tests.serve.crash.holds import check_chain, check_studies
from tests.serve.crash.processes import descendants, is_alive
from tests.serve.jobs.conftest import PACK, put_pack

LIMITS = {"jobs_per_user": 1000, "requests_per_minute": 100_000, "logins_per_minute": 1000}
ACTS = ("upload", "job", "save", "sign")
GONE_S = 5.0
FEW, ALL = 8, 32
"""Files of a study."""


@dataclass
class Ledger:
    """What was acknowledged: no kill may take it back."""

    files: dict[str, dict[str, str]] = field(default_factory=dict)
    """Upload → name → SHA-256 of files that are on the disk."""
    studies: dict[str, set[str]] = field(default_factory=dict)
    """Study → SHA-256 of its files."""
    jobs: dict[str, str] = field(default_factory=dict)
    """Job → kind."""
    labels: dict[str, bytes] = field(default_factory=dict)
    """Job that saves a correction → the label map that was sent."""
    results: dict[str, str] = field(default_factory=dict)
    """Result → digest of its files when it was first seen."""
    signed: dict[str, str] = field(default_factory=dict)
    """Result → text."""

    def counts(self) -> tuple[int, ...]:
        return sum(map(len, self.files.values())), len(self.studies), len(self.jobs), len(self.labels), len(self.signed)


class Siege:
    """A data folder, the server on it, and those who use it.

    Args:
        data: the folder; it is made.
        write_ct: writes a phantom study into a folder.
        seed: of all random times.
        tiny: results of a few bytes that are there to be signed.
    """

    def __init__(self, data: Path, write_ct: Callable[[Path], list[Path]], seed: int, tiny: int = 60) -> None:
        self.data, self._write_ct = data, write_ct
        self.rng = np.random.default_rng(seed)
        self.ledger = Ledger()
        self.drawing = ""
        self.span_s = dict.fromkeys(ACTS, 0.5)
        """Within how long after its begin an act is killed: half as long again as it takes here."""
        self._secret = secrets.token_urlsafe(24)
        self._count = 0
        self._config = data.parent / "siege.yaml"
        self._config.write_text(yaml.safe_dump({"workers": 1, "limits": LIMITS}))
        put_pack(data)
        self.to_sign = self._furnish(tiny)
        self.log = (data.parent / "server.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None
        self.client: httpx.Client | None = None

    def _furnish(self, tiny: int) -> list[str]:
        with self.opened() as house, house.database.session() as db:
            user = User(name="plato", display="Plato", role="planner")
            db.add(user)
            db.flush()
            db.add(Token(user_id=user.id, name="siege", hash=fingerprint(self._secret), scopes=["read", "write"]))
            made = [Result(kind="drawing", owner_id=user.id, title=str(k)) for k in range(tiny)]
            db.add_all(made)
            db.flush()
            for one in made:
                folder = house.result_folder(one.id)
                folder.mkdir()
                told = {"schema": "limner.drawing/1", "study": {"uid": "1.2", "modality": "CT"},
                        "pack": {"name": PACK, "version": "1", "sha256": "0" * 64}}  # fmt: skip
                (folder / "drawing.json").write_text(json.dumps(told))
            return [one.id for one in made]

    @contextlib.contextmanager
    def opened(self) -> Iterator[House]:
        """The house, from this process."""
        house = House.open(ServeSettings(data=self.data))
        try:
            yield house
        finally:
            house.close()

    # -- the server

    def start(self) -> float:
        """Starts the server in a group of its own; seconds until it listens."""
        begun = time.monotonic()
        command = ["serve", "--port", "0", "--data", str(self.data), "--config", str(self._config), "--json"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "limner", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.log, start_new_session=True, env=dict(os.environ),
        )  # fmt: skip
        told = json.loads(self.process.stdout.readline())
        headers = {"Authorization": f"Bearer {self._secret}"}
        self.client = httpx.Client(base_url=told["url"], headers=headers, timeout=60, trust_env=False)
        return time.monotonic() - begun

    def kill(self) -> None:
        """Kills the server's group at once; processes of jobs have their own groups and must notice by themselves."""
        all_of_them = [self.process.pid, *descendants(self.process.pid)]
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        until = time.monotonic() + GONE_S
        while left := [one for one in all_of_them if is_alive(one)]:
            assert time.monotonic() < until, f"processes outlive the server: {left}"
            time.sleep(0.01)

    def stop(self) -> None:
        """Ends whatever runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
            self.process.stdout.close()
        if self.client is not None:
            self.client.close()
        self.log.close()

    def begin(self) -> None:
        """Starts with one study and one drawing of it, and learns how long things take on this machine."""
        self.start()
        times = [time.monotonic()]
        self.upload_once(ALL)
        times.append(time.monotonic())
        job = self.draw()
        assert job["state"] == "done", job["message"]
        times.append(time.monotonic())
        self.drawing = job["made_id"]
        self.span_s["upload"] = times[1] - times[0]
        self.span_s["job"] = self.span_s["save"] = 1.5 * (times[2] - times[1])

    # -- the acts; each writes down what was acknowledged, and ends when the server is gone

    def upload(self) -> None:
        """Small studies, one file after another."""
        while True:
            self.upload_once(FEW)

    def upload_once(self, size: int) -> None:
        """One study."""
        self._count += 1
        files = self._write_ct(self.data.parent / "sent" / str(self._count))[:size]
        upload = self._post("/api/uploads")["id"]
        sent = self.ledger.files.setdefault(upload, {})
        for path in files:
            content = path.read_bytes()
            headers = {"X-File-Name": quote(path.name), "Content-Type": "application/octet-stream"}
            self.client.put(f"/api/uploads/{upload}/files", content=content, headers=headers).raise_for_status()
            sent[path.name] = hashlib.sha256(content).hexdigest()
        [study] = self._post(f"/api/uploads/{upload}/finish")["studies"]
        self.ledger.studies[study] = set(self.ledger.files.pop(upload).values())

    def draw(self, study_id: str | None = None) -> dict[str, Any]:
        """A drawing, asked for and waited for."""
        study = study_id or next(iter(self.ledger.studies))
        body = {"kind": "draw", "study_id": study, "options": {"pack": PACK, "explain": "none"}}
        job = self._post("/api/jobs", body)
        self.ledger.jobs[job["id"]] = "draw"
        return self._wait(job["id"])

    def save(self) -> dict[str, Any]:
        """A correction of the newest version: a few voxels change at random."""
        for job_id in self.ledger.labels:
            job = self._wait(job_id)
            if job["state"] == "done":
                self.drawing = job["made_id"]
        version = self.client.get(f"/api/results/{self.drawing}").json()["version"]
        content = self._paint()
        headers = {"X-Base": str(version), "X-Comment": "siege", "Content-Type": "application/octet-stream"}
        answer = self.client.post(f"/api/results/{self.drawing}/corrections", content=content, headers=headers)
        answer.raise_for_status()
        job = answer.json()
        self.ledger.jobs[job["id"]] = "correct"
        self.ledger.labels[job["id"]] = content
        return self._wait(job["id"])

    def sign(self) -> None:
        """One tiny result after another."""
        while self.to_sign:
            result = self.to_sign.pop()
            text = f"seen {secrets.token_hex(4)}"
            self._post(f"/api/results/{result}/sign", {"text": text})
            self.ledger.signed[result] = text

    def _paint(self) -> bytes:
        image = nib.load(self.data / "results" / self.drawing / "labels.nii.gz")
        array = np.asarray(image.dataobj).copy()
        where = np.argwhere(array == array.max())
        array[tuple(where[self.rng.integers(len(where), size=5)].T)] = 1
        return gzip.compress(nib.Nifti1Image(array, image.affine, image.header).to_bytes())

    def _post(self, path: str, body: Any = None) -> Any:
        answer = self.client.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def _wait(self, job_id: str) -> dict[str, Any]:
        while (job := self._job(job_id))["state"] in ("queued", "running"):
            time.sleep(0.1)
        return job

    def _job(self, job_id: str) -> dict[str, Any]:
        return self.client.get(f"/api/jobs/{job_id}").raise_for_status().json()

    def storm(self, act: str) -> float:
        """An act, and a kill at a random time within it; seconds from its begin."""
        delay = float(self.rng.uniform(0.0, self.span_s[act]))
        todo = {"upload": self.upload, "job": self.draw, "save": self.save, "sign": self.sign}[act]
        failed: list[BaseException] = []

        def run() -> None:
            try:
                todo()
            except httpx.TransportError:
                pass  # killed under it: what had no answer is nobody's promise
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(delay)
        self.kill()
        thread.join(30)
        assert not failed, failed
        self.client.close()
        return delay

    # -- what must hold

    def check_disk(self) -> None:
        """As it lies there after the kill, before anything is started."""
        with self.opened() as house, house.database.reading() as db:
            check_chain(list(db.scalars(select(AuditEntry).order_by(AuditEntry.n))))
            self._check_results(house, db)
            check_studies(db, house.blobs, (FEW, ALL))
            for study, hashes in self.ledger.studies.items():
                asked = select(Instance.sha256).join(Series).where(Series.study_id == study)
                assert hashes <= set(db.scalars(asked)), f"study {study} lacks files that were acknowledged"
            for upload, files in self.ledger.files.items():
                row = db.get(Upload, upload)
                assert row is not None, f"upload {upload} is gone"
                if row.outcome is None:
                    self._check_upload(house, upload, files)
            for job_id in self.ledger.jobs:
                job = db.get(Job, job_id)
                assert job is not None, f"job {job_id} is gone"
                if job_id in self.ledger.labels and job.state != "done":
                    given = house.folder("jobs") / job_id / "given" / "labels.nii.gz"
                    assert given.read_bytes() == self.ledger.labels[job_id], f"the correction of job {job_id} is lost"
            for result, text in self.ledger.signed.items():
                assert db.get_one(Result, result).signed_text == text, f"the signature of {result} is lost"

    def _check_upload(self, house: House, upload: str, files: dict[str, str]) -> None:
        folder = house.folder("uploads") / upload
        there = {hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.rglob("*") if one.is_file()}
        assert set(files.values()) <= there, f"upload {upload} lacks files that were acknowledged"

    def _check_results(self, house: House, db: Any) -> None:
        signed = {one.object_id: one.details for one in db.scalars(select(AuditEntry)) if one.action == "result.sign"}
        for row in db.scalars(select(Result)):
            folder = house.result_folder(row.id)
            drawing = Drawing.model_validate_json((folder / "drawing.json").read_bytes())
            assert all((folder / name).stat().st_size for name in drawing.files.values()), f"{row.id} is not whole"
            seen = digest(folder)
            assert self.ledger.results.setdefault(row.id, seen) == seen, f"{row.id} has changed"
            assert (row.signed_at is not None) == (row.id in signed)
            if row.signed_at is not None:
                assert signed[row.id]["sha256"] == seen

    def check_served(self) -> None:
        """What a client is told after the restart."""
        for upload, files in self.ledger.files.items():
            told = self.client.get(f"/api/uploads/{upload}").json()
            if not told["finished"]:
                assert set(files) <= {one["name"] for one in told["files"]}
        for study in self.ledger.studies:
            assert self.client.get(f"/api/studies/{study}").status_code == 200
        for result in self.ledger.results:
            told = self.client.get(f"/api/results/{result}").json()
            assert told["files"]
            if result in self.ledger.signed:
                assert told["signed"]["text"] == self.ledger.signed[result]

    def wait_for_jobs(self, patience_s: float = 900.0) -> dict[str, int]:
        """Until no job waits or runs; how they ended."""
        until = time.monotonic() + patience_s
        while True:
            jobs = {job["id"]: job for job in self.client.get("/api/jobs", params={"limit": 500}).json()["items"]}
            if not any(job["state"] in ("queued", "running") for job in jobs.values()):
                break
            assert time.monotonic() < until, jobs
            time.sleep(0.3)
        ended: dict[str, int] = {}
        for job_id in self.ledger.jobs:
            job = jobs[job_id]
            if job["state"] == "failed":
                assert (job["attempt"], job["message"]) == (2, STOPPED_TWICE), job
            else:
                assert job["state"] == "done", job
            key = f"{job['state']} at attempt {job['attempt']}"
            ended[key] = ended.get(key, 0) + 1
        return ended

    def ask_again(self) -> int:
        """What was stopped twice is begun again, with what came with it; how many there were."""
        stopped = [job_id for job_id in self.ledger.jobs if self._job(job_id)["state"] == "failed"]
        for job_id in stopped:
            again = self._post(f"/api/jobs/{job_id}/again")["id"]
            self.ledger.jobs[again] = self.ledger.jobs[job_id]
            if job_id in self.ledger.labels:
                self.ledger.labels[again] = self.ledger.labels[job_id]
            assert self._wait(again)["state"] == "done"
        return len(stopped)

    def check_end(self) -> None:
        """When all jobs have ended: corrections are what was sent, and nothing is left over."""
        self.check_disk()
        with self.opened() as house, house.database.reading() as db:
            for job_id, content in self.ledger.labels.items():
                if db.get_one(Job, job_id).state != "done":
                    continue
                sent = nib.Nifti1Image.from_bytes(gzip.decompress(content))
                kept = nib.load(house.result_folder(job_id) / "labels.nii.gz")
                assert np.array_equal(np.asarray(sent.dataobj), np.asarray(kept.dataobj)), job_id
            rows = set(db.scalars(select(Result.id)))
            assert {one.name for one in house.folder("results").iterdir()} == rows
            sweep(house)
            done = set(db.scalars(select(Job.id).where(Job.state == "done")))
            assert not done & {one.name.removesuffix(".lock") for one in house.folder("jobs").iterdir()}
