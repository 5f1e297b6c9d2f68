"""Starting and stopping the real server."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys

import httpx
import pytest

from limner.errors import InputError
from limner.serve.configure import read_settings
from limner.serve.safety.bind import is_our_name
from limner.serve.server import serve
from limner.serve.settings import ServeSettings
from tests.serve.certificates import certificate
from tests.serve.live import live_server


def _refused(**settings) -> str:
    with pytest.raises(InputError) as told:
        serve(read_settings(**settings), lambda opening: pytest.fail(f"it listens at {opening.url}"))
    return str(told.value)


def test_a_server_starts_tells_and_ends_in_order(tmp_path):
    with live_server(tmp_path / "data") as server:
        assert server.anyone().get("/api/health").json() == {"ok": True}
        assert "/invite#" in server.opening["admin_link"]
        assert f"process {server.process.pid}" in _refused(port=0, data=tmp_path / "data")
        assert "Another program" in _refused(port=server.opening["port"], data=tmp_path / "other")
        assert server.stop(signal.SIGTERM) == 0
    assert not [line for line in server.lines if "Traceback" in line]


def test_beyond_loopback_without_tls_is_refused(tmp_path):
    command = [sys.executable, "-m", "limner", "serve", "--host", "0.0.0.0", "--data", str(tmp_path / "data")]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 2
    assert "--insecure" in ran.stderr
    assert not (tmp_path / "data").exists()
    assert "DICOM" in _refused(host="0.0.0.0", dicom_port=0, data=tmp_path / "data", **_pair(tmp_path))


def test_half_a_certificate_and_settings_out_of_range_are_refused(tmp_path):
    assert "go together" in _refused(tls_cert=tmp_path / "cert.pem", data=tmp_path / "data")
    config = tmp_path / "serve.yaml"
    config.write_text("port: 99999\nlimits: {unknown: 1}\n")
    with pytest.raises(InputError, match=r"port: .*limits\.unknown: "):
        read_settings(config)
    config.write_text("port: 8601\nhost: 127.0.0.2\n")
    assert read_settings(config, port=8602, host=None).port == 8602, "the command line has the last word"
    config.write_text("[1, 2")
    with pytest.raises(InputError, match="YAML"):
        read_settings(config)


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


def test_a_server_speaks_tls(tmp_path):
    cert, key = certificate(tmp_path)
    with live_server(tmp_path / "data", "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        assert server.url.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        with httpx.Client(base_url=server.url, verify=context, trust_env=False) as client:
            answer = client.get("/api/health")
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        admin = server.admin()
        assert admin.get("/api/users").status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(server.url.replace("https", "http") + "/api/health", trust_env=False)


def test_a_key_of_another_certificate_is_refused(tmp_path):
    (tmp_path / "other").mkdir()
    cert, _ = certificate(tmp_path)
    _, key = certificate(tmp_path / "other")
    assert "cannot be used together" in _refused(tls_cert=cert, tls_key=key, data=tmp_path / "data")


def _pair(folder):
    cert, key = certificate(folder)
    return {"tls_cert": cert, "tls_key": key}
