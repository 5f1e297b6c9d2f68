"""An output folder is whole or not there."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from limner.draw import new_folder
from limner.errors import InputError, OutputError, OutputExistsError
from limner.io import folder as folder_module


def _make(out: Path, text: str = "new", force: bool = False) -> None:
    with new_folder(out, force=force) as partial:
        assert partial.parent == out.parent
        (partial / "drawing.json").write_text(text)


def test_it_appears_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with new_folder(out) as partial:
        (partial / "a").write_text("a")
        assert not out.exists()
    assert [one.name for one in out.parent.iterdir()] == ["out"]
    assert (out / "a").read_text() == "a"


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), SystemExit(143)])
def test_a_failure_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), new_folder(tmp_path / "out") as partial:
        (partial / "half").write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_without_force(tmp_path: Path) -> None:
    _make(tmp_path / "out", "old")
    with pytest.raises(OutputExistsError, match="--force"):
        _make(tmp_path / "out")
    assert (tmp_path / "out" / "drawing.json").read_text() == "old"


def test_force_replaces_a_drawing_only_by_a_whole_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _make(out, "old")
    with pytest.raises(ValueError), new_folder(out, force=True):
        raise ValueError
    assert (out / "drawing.json").read_text() == "old"
    _make(out, "new", force=True)
    assert (out / "drawing.json").read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_force_never_replaces_what_limner_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years")
    with pytest.raises(OutputExistsError, match="not made by Limner"):
        _make(tmp_path / "out", force=True)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputExistsError):
        _make(tmp_path / "file", force=True)
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years"


def test_an_output_may_not_replace_its_input(tmp_path: Path) -> None:
    _make(tmp_path / "out")
    with pytest.raises(InputError, match="replace the input"):
        folder_module.check_output(tmp_path / "out", force=True, inputs=[tmp_path / "out" / "drawing.json"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, number: int) -> None:
    with pytest.raises(OutputError, match="is full") as told, new_folder(tmp_path / "out") as partial:
        (partial / "half").write_text("half")
        try:
            raise OSError(number, "no room")
        except OSError as error:
            raise RuntimeError("a library's own words") from error
    assert told.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_little_room_is_refused_at_the_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "LEAST_FREE_MB", 1e12)
    with pytest.raises(OutputError, match="is full"), new_folder(tmp_path / "out"):
        pytest.fail("no work may begin")


def test_an_error_of_ours_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "out"):
        raise ZeroDivisionError


def _started(out: Path, then: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(f"""
        import pathlib, sys, time
        from limner.draw import new_folder
        with new_folder(pathlib.Path({str(out)!r})) as partial:
            (partial / "drawing.json").write_text("half")
            print("writing", flush=True)
            {then}
    """)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_a_killed_run_leaves_no_output_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    run = _started(tmp_path / "out", "time.sleep(60)")
    assert run.stdout is not None and run.stdout.readline() == "writing\n"
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    left = [one.name for one in tmp_path.iterdir()]
    assert len(left) == 1 and left[0].startswith("out.partial-")
    _make(tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_a_run_that_still_writes_is_let_alone(tmp_path: Path) -> None:
    run = _started(tmp_path / "out", "time.sleep(60)")
    assert run.stdout is not None and run.stdout.readline() == "writing\n"
    _make(tmp_path / "out")
    left = sorted(one.name for one in tmp_path.iterdir())
    assert len(left) == 2 and left[1].startswith("out.partial-")
    run.kill()
    run.communicate()


def test_a_replacement_cut_in_the_middle_gives_the_old_one_back(tmp_path: Path) -> None:
    _make(tmp_path / "out", "old")
    (tmp_path / "out").rename(tmp_path / "out.replaced-0123abcd")
    folder_module.clear_leftovers(tmp_path / "out")
    assert (tmp_path / "out" / "drawing.json").read_text() == "old"
