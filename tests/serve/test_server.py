"""Starting and stopping the real server."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from limner.serve.safety.bind import is_our_name
from limner.serve.settings import ServeSettings
from tests.serve.live import live_server


def _refused(*arguments: str) -> str:
    ran = subprocess.run([sys.executable, "-m", "limner", "serve", *arguments], capture_output=True, text=True)
    assert ran.returncode == 2, ran.stderr
    return ran.stderr


def test_a_server_starts_tells_and_ends_in_order(tmp_path):
    with live_server(tmp_path / "data") as server:
        assert server.anyone().get("/api/health").json() == {"ok": True}
        assert "/invite#" in server.opening["admin_link"]
        second = _refused("--port", "0", "--data", str(tmp_path / "data"))
        assert f"process {server.process.pid}" in second
        taken = _refused("--port", str(server.opening["port"]), "--data", str(tmp_path / "other"))
        assert "Another program" in taken
        assert server.stop(signal.SIGTERM) == 0
    assert not [line for line in server.lines if "Traceback" in line]


def test_beyond_loopback_without_tls_is_refused(tmp_path):
    assert "--insecure" in _refused("--host", "0.0.0.0", "--data", str(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_half_a_certificate_and_settings_out_of_range_are_refused(tmp_path):
    assert "go together" in _refused("--tls-cert", "cert.pem", "--data", str(tmp_path / "data"))
    config = tmp_path / "serve.yaml"
    config.write_text("port: 99999\nlimits: {unknown: 1}\n")
    told = _refused("--config", str(config))
    assert "port:" in told
    assert "limits.unknown" in told


@pytest.mark.parametrize(
    ("host", "header", "ours"),
    [
        ("127.0.0.1", "127.0.0.1:8600", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "[::1]:8600", True),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "192.168.1.4", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "[::1", False),
        ("0.0.0.0", "192.168.1.4:8600", True),
        ("0.0.0.0", "evil.example", False),
        ("127.0.0.1", "limner.hospital.example", True),
    ],
)
def test_the_host_header_names_this_server(host, header, ours):
    public = "https://limner.hospital.example" if header.startswith("limner.") else None
    assert is_our_name(ServeSettings(host=host, public_url=public), header) is ours
