"""The tutorials run: every command of every page, in order, as a reader would type them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))


def script(page: Path) -> str:
    """The lines of all console blocks as one script."""
    return "\n".join(re.findall(r"```console\n(.*?)```", page.read_text(), re.S))


def test_there_are_tutorials_and_each_has_commands() -> None:
    assert PAGES
    for page in PAGES:
        assert script(page).count("\nlimner ") >= 3, page.name


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_tutorial_runs(page: Path, tmp_path: Path, limner_data: Path) -> None:
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "LIMNER_DATA": str(limner_data.resolve()), "PATH": path}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(page)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    told = (tmp_path / "drawing" / "report.html").read_text()
    assert "Malignant" in told and "Not for clinical use" in told
    assert "不用于临床" in (tmp_path / "drawing-zh" / "report.html").read_text()
