"""``limner pacs``, as somebody types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from io import BytesIO

import pydicom
import pytest
from typer.testing import CliRunner

from limner.cli.app import app
from limner.errors import InputError, OutputExistsError
from tests.io.pacs import running_pacs
from tests.serve.made_dicom import made_dicom


@pytest.fixture
def archive():
    with running_pacs() as pacs:
        pacs.kept += [pydicom.dcmread(BytesIO(made_dicom(k))) for k in (1, 2)]
        yield pacs


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["pacs", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_echo_and_find(archive):
    assert json.loads(run("echo", archive.node, "--json"))[0]["answers"]
    (found,) = json.loads(run("find", archive.node, "--name", "SECRET*", "--since", "2024-01-01", "--json"))
    assert (found["uid"], found["instances"], found["modalities"]) == ("1.2.3", 2, ["CT"])
    assert "1.2.3" in run("find", archive.node)


def test_get_makes_a_folder_that_is_whole_or_not_there(archive, tmp_path):
    out = tmp_path / "study"
    (told,) = json.loads(run("get", archive.node, "1.2.3", "-o", str(out), "--json"))
    assert (told["instances"], told["failed"]) == (2, 0)
    assert len(list(out.rglob("*.dcm"))) == 2
    with pytest.raises(OutputExistsError):
        run("get", archive.node, "1.2.3", "-o", str(out))
    with pytest.raises(InputError, match="Nothing went over"):
        run("get", archive.node, "9.9.9", "-o", str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_send_takes_files_and_folders_and_passes_over_what_is_no_dicom(archive, tmp_path):
    archive.kept.clear()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(made_dicom(1))
    (tmp_path / "deep" / "notes.txt").write_text("hello")
    (tmp_path / "b.dcm").write_bytes(made_dicom(2))
    (told,) = json.loads(run("send", archive.node, str(tmp_path / "deep"), str(tmp_path / "b.dcm"), "--json"))
    assert (told["instances"], told["failed"], len(archive.kept)) == (2, 0, 2)
    with pytest.raises(InputError, match="No DICOM file"):
        run("send", archive.node, str(tmp_path / "deep" / "notes.txt"))
    with pytest.raises(InputError, match="nothing at"):
        run("send", archive.node, str(tmp_path / "missing"))


def test_listen_receives_until_it_is_stopped(archive, tmp_path):
    command = [sys.executable, "-m", "limner", "pacs", "listen", "-o", str(tmp_path / "in"), "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        archive.receivers["LIMNER"] = ("127.0.0.1", int(line.split("127.0.0.1:")[1].split(";")[0]))
        (told,) = json.loads(run("move", archive.node, "1.2.3", "LIMNER", "--json"))
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert told["instances"] == 2
    assert "Stopped." in rest
    assert process.returncode == 0
    assert len(list((tmp_path / "in" / "1.2.3" / "1.2.3.4").glob("*.dcm"))) == 2


@pytest.mark.parametrize("node", ["ARCHIVE", "ARCHIVE@localhost", "A\\B@localhost:104"])
def test_a_node_that_is_none_is_told(node):
    with pytest.raises(InputError):
        run("echo", node)
