"""DICOM over TLS: what scanners send is read by nobody on the way, and only whom we believe may send."""

from __future__ import annotations

import socket
import ssl

import pytest

from limner.errors import InputError
from limner.io.dicom_net import Calling, Node, NodeError, echo, send_files
from limner.io.dicom_receiver import Handlers, Receiver, ReceiverLimits
from limner.serve import dicom_port
from limner.serve.safety.bind import check_bind
from limner.serve.settings import ServeSettings
from tests.serve.certificates import certificate
from tests.serve.made_dicom import made_dicom


@pytest.fixture
def pairs(tmp_path):
    """Certificate and key of the server, and of a scanner."""
    made = {}
    for name in ("server", "scanner"):
        (tmp_path / name).mkdir()
        made[name] = certificate(tmp_path / name)
    return made


@pytest.fixture
def port(make_server, pairs, request, monkeypatch):
    """A DICOM port that speaks TLS; of whom it asks a certificate where the test says so."""
    monkeypatch.setattr("limner.serve.dicom_port.tell", lambda house, ids: None)
    authority = {"dicom_tls_ca": pairs["scanner"][0]} if getattr(request, "param", False) else {}
    cert, key = pairs["server"]
    server = make_server(dicom_port=0, dicom_tls=True, tls_cert=cert, tls_key=key, **authority)
    receiver = dicom_port.start_dicom_port(server.house)
    receiver.server = server
    yield receiver
    receiver.stop()


def calling(believes=None, shows=None) -> Calling:
    context = ssl.create_default_context(cafile=believes and str(believes))
    if shows:
        context.load_cert_chain(*map(str, shows))
    return Calling("SCANNER", connect_s=5.0, tls=context)


def studies(port) -> int:
    return port.server.person("reader").post("/api/studies/search", json={}).json()["total"]


def test_a_study_comes_over_tls_and_not_in_the_clear(port, pairs, tmp_path):
    node = Node("LIMNER", "127.0.0.1", port.port)
    (tmp_path / "1.dcm").write_bytes(made_dicom(1))
    with pytest.raises(NodeError):
        send_files(node, [tmp_path / "1.dcm"], Calling("SCANNER", connect_s=5.0))
    with pytest.raises(NodeError):
        send_files(node, [tmp_path / "1.dcm"], calling())  # the scanner does not believe our certificate
    assert studies(port) == 0
    assert send_files(node, [tmp_path / "1.dcm"], calling(pairs["server"][0])).done == 1
    assert studies(port) == 1


@pytest.mark.parametrize("port", [True], indirect=True)
def test_who_must_show_a_certificate_shows_one(port, pairs):
    node, believed = Node("LIMNER", "127.0.0.1", port.port), pairs["server"][0]
    with pytest.raises(NodeError):
        echo(node, calling(believed))
    with pytest.raises(NodeError):
        echo(node, calling(believed, pairs["server"]))
    assert echo(node, calling(believed, pairs["scanner"])) > 0


def test_who_says_nothing_holds_up_nobody(port, pairs):
    node = Node("LIMNER", "127.0.0.1", port.port)
    silent = [socket.create_connection((node.host, node.port)) for _ in range(3)]
    assert echo(node, calling(pairs["server"][0])) > 0
    for one in silent:
        one.close()


def test_who_stops_in_the_middle_of_a_word_is_let_go():
    nobody = Handlers(take=lambda path, caller: None, allow=lambda caller: True, done=lambda caller: None)
    receiver = Receiver("LIMNER", ("127.0.0.1", 0), nobody, ReceiverLimits(idle_s=0.2))
    with socket.create_connection(("127.0.0.1", receiver.port)) as caller:
        caller.settimeout(20)
        caller.sendall(b"\x01\x00\x00")
        assert caller.recv(1) == b""
    receiver.stop()


def test_with_tls_the_port_opens_beyond_this_machine(pairs, tmp_path):
    cert, key = pairs["server"]
    pair = {"tls_cert": cert, "tls_key": key}
    check_bind(ServeSettings(host="0.0.0.0", dicom_port=0, dicom_tls=True, **pair))
    for wrong, told in (
        ({"host": "0.0.0.0", "dicom_port": 0, **pair}, "--dicom-tls"),
        ({"dicom_tls": True}, "--tls-cert"),
        ({"dicom_tls_ca": cert, **pair}, "give --dicom-tls"),
        ({"dicom_tls": True, "dicom_tls_ca": tmp_path / "no.pem", **pair}, "cannot be read"),
        ({"dicom_tls": True, "dicom_tls_ca": key, **pair}, "cannot be read"),
    ):
        with pytest.raises(InputError, match=told):
            check_bind(ServeSettings(**wrong))
