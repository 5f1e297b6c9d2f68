"""The built-in study through the shipped pack, as a user starts it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from limner.draw.workflow import STEPS
from tests.conftest import BODY, LIVER, TUMOR, WriteCT
from tests.infer.packs import threshold_pack

_RUN = """
import sys
from limner.cli import main
try:
    main(sys.argv[1:])
finally:
    print("torch:", "torch" in sys.modules)
"""


@pytest.mark.slow
def test_the_demo_draws_a_liver_without_torch(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    command = [sys.executable, "-c", _RUN, "demo", "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("torch: False\n") and str(out / "report.html") in done.stdout.replace("\n", "")
    drawing = json.loads((out / "drawing.json").read_text())
    liver = next(one for one in drawing["findings"] if one["name"] == "liver")
    [volume] = [one for one in liver["measurements"] if one["name"] == "volume"]
    assert 900 < volume["value"] < 3000 and volume["low"] <= volume["value"] <= volume["high"]
    assert liver["center_mm"][0] < 0, "the liver lies to the patient's right"
    assert all(one["probability"] > 0.5 for one in drawing["findings"] if one["kind"] == "organ")
    assert "Simpson" in (out / "report.html").read_text(), "the built-in study is cited"


def test_bench_draw_prints_each_step(tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study")
    pack = threshold_pack(tmp_path / "pack", {"background": BODY, "liver": LIVER, "liver tumor": TUMOR}).folder
    command = [sys.executable, "-m", "limner", "bench", "draw", str(tmp_path / "study"), "--pack", str(pack)]
    done = subprocess.run([*command, "--slices", "40", "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [step["name"] for step in told["steps"]] == list(STEPS)
    assert told["peak_mb"] == max(step["peak_mb"] for step in told["steps"]) and "40 slices" in told["title"]
    failed = subprocess.run([*command, "--engine", "abacus"], capture_output=True, text=True, check=False)
    assert failed.returncode in (1, 2) and "abacus" in failed.stderr and "Traceback" not in failed.stderr
