"""kill -9 at random times during upload, job, save and sign: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import itertools
import os
import time

import pytest

from tests.serve.crash.siege import ACTS, Siege

SEED = 20_260
KILLS = int(os.environ.get("LIMNER_KILLS", "50"))


@pytest.fixture
def besiege(tmp_path, write_ct):
    sieges = []

    def begin(seed: int) -> Siege:
        sieges.append(Siege(tmp_path / "data", write_ct, seed))
        return sieges[-1]

    yield begin
    for one in sieges:
        one.stop()


def test_three_kills(besiege):
    siege = besiege(SEED)
    siege.begin()
    for act in ("upload", "sign", "save"):
        siege.storm(act)
        siege.check_disk()
        siege.start()
    siege.check_served()
    siege.wait_for_jobs(60)
    siege.check_end()


@pytest.mark.long
def test_fifty_kills(besiege, capsys):
    siege = besiege(SEED + 1)
    siege.begin()
    lines = ["kill  during   after s  back after s  acknowledged: files  studies  jobs  corrections  signatures"]
    begun = time.monotonic()
    for number, act in enumerate(itertools.islice(itertools.cycle(ACTS), KILLS), start=1):
        delay = siege.storm(act)
        siege.check_disk()
        back = siege.start()
        siege.check_served()
        files, studies, jobs, saves, signed = siege.ledger.counts()
        lines.append(
            f"{number:4d}  {act:7s}  {delay:7.2f}  {back:12.1f}  {files:19d}  {studies:7d}  {jobs:4d}  "
            f"{saves:11d}  {signed:10d}"
        )
        with capsys.disabled():
            print(lines[-1], flush=True)
    ended = siege.wait_for_jobs()
    again = siege.ask_again()
    siege.check_end()
    with capsys.disabled():
        told = ", ".join(f"{count} {name}" for name, count in sorted(ended.items()))
        print("\n".join(lines))
        print(
            f"{KILLS} kills in {time.monotonic() - begun:.0f} s (seed {SEED + 1}); nothing lost; jobs: {told}; "
            f"{again} asked again, all done"
        )
