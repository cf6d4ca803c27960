"""Receivers are called over TLS: each shows who it is, and so do we."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fhirserver.egress import Egress, inside
from hl7v2_gateway.partners import Receiver
from hl7v2_gateway.sending.client import Client, Identity, NotAnswered
from tests.peers.authority import Authority
from tests.peers.hl7_receiver import Receiver as Peer
from tests.peers.hl7_receiver import hl7_receiver

MESSAGE = b"MSH|^~\\&|A|B|C|D|20261129||ADT^A08|1|P|2.5.1\r"
NEAR = Egress(allowed=inside("127.0.0.0/8"))


@dataclass
class Site:
    """A receiver that lets in only those whose certificate its authority has signed."""

    peer: Peer
    authority: Authority
    certificate: Path
    client: Path

    @property
    def identity(self) -> Identity:
        return Identity(self.client, self.client.with_suffix(".key"), self.authority.path)

    @property
    def fingerprint(self) -> str:
        der = ssl.PEM_cert_to_DER_cert(self.certificate.read_text())
        return hashlib.sha256(der).hexdigest()

    def asked(self, identity: Identity, certificate: str | None = None) -> str:
        receiver = Receiver(
            "lab", "Lab", "127.0.0.1", self.peer.port, is_tls=True, certificate=certificate
        )
        client = Client(receiver, NEAR, identity)
        try:
            return client.send(MESSAGE, "1")[0].code
        finally:
            client.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    authority = Authority(tmp_path)
    server, client = authority.sign("server"), authority.sign("client", is_client=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server, server.with_suffix(".key"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.path)
    with hl7_receiver(context=context) as peer:
        yield Site(peer, authority, server, client)


def test_both_show_their_certificates(site: Site) -> None:
    assert site.asked(site.identity) == "AA"


def test_a_receiver_that_nobody_vouches_for_gets_nothing(site: Site) -> None:
    with pytest.raises(NotAnswered, match="no trust"):
        site.asked(Identity(site.client, site.client.with_suffix(".key")))

    assert site.peer.arrived == []


def test_a_receiver_is_known_by_its_fingerprint_alone(site: Site) -> None:
    own = Identity(site.client, site.client.with_suffix(".key"))

    assert site.asked(own, site.fingerprint) == "AA"


def test_another_certificate_than_the_one_that_was_named_is_refused(site: Site) -> None:
    with pytest.raises(NotAnswered, match="certificate that its Endpoint names"):
        site.asked(site.identity, "ab" * 32)

    assert site.peer.arrived == []


def test_who_shows_no_certificate_is_not_let_in(site: Site) -> None:
    with pytest.raises(NotAnswered):
        site.asked(Identity(ca=site.authority.path))

    assert site.peer.arrived == []
