"""Two processes with half the batch each learn what one with all of it learns."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import torch

from limner.train.devices import Share, leads, world_size
from limner.train.loop import fit

from .toys import Numbers, toy_parts, toy_spec

CODE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import toys
from limner.train.devices import leads
from limner.train.loop import fit
net = fit(toys.toy_parts(), toys.toy_spec(steps=12, batch=4, check_every=4, minutes=60), Path(sys.argv[1]))
if leads():
    import torch
    torch.save(net.state_dict(), Path(sys.argv[1]) / "end.pt")
"""


def _losses(path: Path) -> list[float]:
    return [float(row["loss"]) for row in csv.DictReader(path.read_text().splitlines())]


def test_shares_of_processes_make_the_batch_of_one():
    whole = Numbers().batch(5, 8)
    parts = [Share(Numbers(), rank, 2).batch(5, 4) for rank in (0, 1)]
    for k, value in enumerate(whole):
        assert torch.equal(torch.cat([parts[0][k], parts[1][k]]), value)


def test_without_torchrun_one_process_leads(monkeypatch):
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    monkeypatch.setenv("WORLD_SIZE", "4")  # of something else, e.g. a job queue
    assert world_size() == 1
    assert leads()
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "3")
    assert world_size() == 4
    assert not leads()


def test_two_processes_equal_one_with_twice_the_batch(tmp_path):
    script, both, one = tmp_path / "run.py", tmp_path / "both", tmp_path / "one"
    script.write_text(CODE)
    both.mkdir(), one.mkdir()
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command += [str(script), str(both), str(Path(__file__).parent)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    net = fit(toy_parts(), toy_spec(steps=12, batch=8, check_every=4, minutes=60), one)
    assert torch.allclose(
        torch.tensor(_losses(both / "curve.csv")), torch.tensor(_losses(one / "curve.csv")), atol=2e-5
    )
    assert len(_losses(both / "curve.csv")) == 12
    end = torch.load(both / "end.pt", weights_only=True)
    for name, value in net.state_dict().items():
        assert torch.allclose(end[name], value, atol=1e-5), name
