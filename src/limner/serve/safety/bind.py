"""Where the server may listen, and under which names it answers."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

from fastapi import Request

from limner.errors import InputError
from limner.serve.settings import ServeSettings

LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_NAMES


def check_bind(settings: ServeSettings) -> None:
    """Refuses what would send passwords and patients over a network in the clear.

    Raises:
        InputError: beyond loopback without TLS; half of a TLS pair; a certificate that does not fit its key.
    """
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise InputError("--tls-cert and --tls-key go together: give both (PEM files), or neither.")
    if settings.tls_cert is not None:
        _check_pair(settings)
    beyond = not is_loopback(settings.host)
    if beyond and settings.tls_cert is None and not settings.insecure:
        raise InputError(
            f"Refused to listen at {settings.host} without TLS: passwords and patients would cross the network in the "
            f"clear. Give --tls-cert and --tls-key; or listen at 127.0.0.1; or, where a proxy adds TLS, say --insecure."
        )
    if settings.dicom_tls and settings.tls_cert is None:
        raise InputError("--dicom-tls uses the server's certificate: give --tls-cert and --tls-key, too.")
    if settings.dicom_tls_ca is not None and not settings.dicom_tls:
        raise InputError("--dicom-tls-ca says whom the DICOM port believes over TLS: give --dicom-tls, too.")
    dicom_context(settings)
    if beyond and settings.dicom_port is not None and not (settings.dicom_tls or settings.insecure):
        raise InputError(
            f"Refused to open the DICOM port at {settings.host}: what scanners send crosses the network in the clear. "
            f"Give --dicom-tls; or, if that network is their own, say --insecure: senders are then known by title and "
            f"address alone."
        )


def dicom_context(settings: ServeSettings) -> ssl.SSLContext | None:
    """How TLS is spoken at the DICOM port; None where it is not.

    TLS 1.2 at least, with Python's choice of ciphers (DICOM PS3.15 B.12: BCP 195, RFC 9325).

    Raises:
        InputError: the authorities' file cannot be read.
    """
    if not settings.dicom_tls:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(str(settings.tls_cert), str(settings.tls_key), password="")
    if settings.dicom_tls_ca is not None:
        try:
            context.load_verify_locations(cafile=str(settings.dicom_tls_ca))
        except (OSError, ssl.SSLError) as error:
            raise InputError(
                f"The authorities in {settings.dicom_tls_ca} cannot be read ({error.strerror or error}). Give PEM."
            ) from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _check_pair(settings: ServeSettings) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            str(settings.tls_cert), str(settings.tls_key), password=""
        )
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"The certificate {settings.tls_cert} and the key {settings.tls_key} cannot be used together "
            f"({error.strerror or error}). Give PEM files; a key must have no passphrase."
        ) from None


def open_socket(settings: ServeSettings) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        InputError: the address is not this machine's, or another program listens there.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise InputError(f"The host {settings.host!r} is no address of this machine: {error.strerror}.") from None
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(512)
    except OSError as error:
        opened.close()
        raise InputError(
            f"Cannot listen at {settings.host}, port {settings.port}: {error.strerror}. Another program may be there: "
            f"give --port another number, or 0 for any free one."
        ) from None
    return opened


def address(settings: ServeSettings, port: int) -> str:
    """What people type to come here."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if is_everywhere(settings.host):
        host = socket.gethostname()
    return f"{'https' if settings.tls_cert else 'http'}://{host}:{port}"


def typed_address(request: Request, settings: ServeSettings) -> str:
    """What the client typed to come here; the Host header was checked before."""
    return (settings.public_url or str(request.base_url)).rstrip("/")


def is_everywhere(host: str) -> bool:
    """Whether the address stands for all of the machine's."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def is_our_name(settings: ServeSettings, header: str) -> bool:
    """Whether a Host header names this server.

    A page of another site can have its own name point here (DNS rebinding); its requests then carry that name. A
    number cannot be rebound, so numbers are taken where people may type one.
    """
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    ours = LOOPBACK_NAMES | {settings.host.lower()}
    if settings.public_url:
        ours |= {(urlsplit(settings.public_url).hostname or "").lower()}
    if not is_loopback(settings.host):
        ours |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    try:
        number = ipaddress.ip_address(name)
    except ValueError:
        return name in ours
    return number.is_loopback or name in ours or is_everywhere(settings.host)
