"""DIMSE by TLS, with certificates on both sides (PS3.15 annex B)."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pynetdicom import AE

from tests.dicom_gateway.dimse.conftest import Listen, Listening
from tests.dicom_gateway.dimse.peers import CT, OURS, a_proposal, an_instance, written
from tests.peers.authority import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "certificates"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def secured(listen: Listen, authority: Authority) -> Listening:
    certificate = authority.sign("server")
    return listen(
        dicom_tls_certificate=certificate,
        dicom_tls_key=certificate.with_suffix(".key"),
        dicom_tls_client_ca=authority.path,
    )


def fingerprint(certificate: Path) -> str:
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    return hashlib.sha256(read.public_bytes(Encoding.DER)).hexdigest()


def context_of(authority: Authority, certificate: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.path))
    context.check_hostname = False
    if certificate is not None:
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


def test_storescu_sends_by_tls_with_its_certificate(
    secured: Listening, authority: Authority, enter: Callable[..., str], run, tmp_path: Path
) -> None:
    certificate = authority.sign("ct", is_client=True)
    title = enter(may=["store"], certificate=fingerprint(certificate))
    instance = an_instance(size=400_000)

    done = run(
        *("storescu", "-aet", title, "-aec", OURS),
        *("+tls", certificate.with_suffix(".key"), certificate, "+cf", authority.path),
        *("127.0.0.1", secured.port, written(instance, tmp_path)),
    )

    assert done.returncode == 0, done.stderr
    kept = secured.instances.instance(instance.SOPInstanceUID)
    assert kept is not None
    assert secured.instances.check(kept) == "whole"


def test_who_shows_the_certificate_of_another_is_rejected(
    secured: Listening, authority: Authority, enter: Callable[..., str]
) -> None:
    own, other = (authority.sign(name, is_client=True) for name in ("own", "other"))
    title = enter(may=["store"], certificate=fingerprint(own).upper())
    ae = AE(ae_title=title)
    ae.add_requested_context(CT)

    associations = [
        ae.associate(
            "127.0.0.1",
            secured.port,
            ae_title=OURS,
            tls_args=(context_of(authority, shown), "localhost"),
        )
        for shown in (own, other)
    ]

    assert [a.is_established for a in associations] == [True, False]
    assert associations[1].is_rejected
    associations[0].release()


def test_who_shows_no_certificate_does_not_get_in(
    secured: Listening, authority: Authority, sender: str
) -> None:
    context = context_of(authority, None)
    answer = b""

    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", secured.port), 60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(a_proposal(sender, ((CT, ["1.2.840.10008.1.2.1"]),)))
        answer = connection.recv(1)

    assert answer == b""


def test_who_speaks_no_tls_does_not_get_in(secured: Listening, sender: str, run) -> None:
    done = run("echoscu", "-aet", sender, "-aec", OURS, "-ta", "5", "127.0.0.1", secured.port)

    assert done.returncode != 0
