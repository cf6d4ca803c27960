"""The TLS context that every listener uses, on a plain socket."""

import contextlib
import os
import socket
import ssl
import threading
import warnings

import pytest

from fhirserver.cli.commands import doctor
from fhirserver.keys.tls import Listener, server_context
from fhirserver.settings import InvalidSetting, Settings, read
from tests.peers.authority import Authority


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def certificate(authority):
    return authority.sign("server")


def settings_of(certificate, **more) -> Settings:
    return Settings(tls_certificate=certificate, tls_key=certificate.with_suffix(".key"), **more)


@contextlib.contextmanager
def listening(context):
    """A server that says hello to each connection; gives its port. `context` may be a function."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    raw, _ = server.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError):
                    now = context() if callable(context) else context
                    with now.wrap_socket(raw, server_side=True) as connection:
                        connection.sendall(b"hello")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def client(authority, *, newest=None, show=None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.path)
    if newest is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    if show is not None:
        context.load_cert_chain(show, show.with_suffix(".key"))
    return context


def hello(port: int, context: ssl.SSLContext):
    with (
        socket.create_connection(("127.0.0.1", port), 60) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as connection,
    ):
        return connection.recv(5), connection.version(), connection.cipher()[0]


def test_a_client_that_knows_the_authority_is_served(authority, certificate):
    with listening(server_context(settings_of(certificate))) as port:
        assert hello(port, client(authority))[:2] == (b"hello", "TLSv1.3")


def test_tls_1_2_has_only_forward_secrecy_and_authenticated_encryption(authority, certificate):
    context = server_context(settings_of(certificate))

    names = [c["name"] for c in context.get_ciphers() if c["protocol"] == "TLSv1.2"]

    assert names
    assert all(n.startswith("ECDHE-") and ("GCM" in n or "CHACHA20" in n) for n in names)
    with listening(context) as port:
        assert hello(port, client(authority, newest=ssl.TLSVersion.TLSv1_2))[1] == "TLSv1.2"


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused(authority, certificate, newest):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lax = server_context(settings_of(certificate))
        lax.minimum_version = ssl.TLSVersion.TLSv1
        lax.set_ciphers("ALL:@SECLEVEL=0")
    old = client(authority, newest=newest)

    # The client could, if the server would.
    with listening(lax) as port:
        assert hello(port, old)[0] == b"hello"
    with (
        listening(server_context(settings_of(certificate))) as port,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        hello(port, old)


def test_with_a_client_authority_nobody_gets_in_without_a_certificate_of_its_own(
    authority, certificate, tmp_path
):
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "Other CA").sign("stranger", is_client=True)
    friend = authority.sign("modality", is_client=True)

    context = server_context(settings_of(certificate), client_ca=authority.path)

    with listening(context) as port:
        assert hello(port, client(authority, show=friend))[0] == b"hello"
        for shown in (None, stranger):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                hello(port, client(authority, show=shown))


def test_a_server_certificate_is_no_pass_for_a_client(authority, certificate):
    context = server_context(settings_of(certificate), client_ca=authority.path)

    with listening(context) as port, pytest.raises((ssl.SSLError, ConnectionError)):
        hello(port, client(authority, show=certificate))


def test_a_renewed_certificate_is_shown_to_new_connections_and_old_ones_stay(
    authority, certificate
):
    listener = Listener(settings_of(certificate))

    def serial(port):
        with (
            socket.create_connection(("127.0.0.1", port), 60) as raw,
            client(authority).wrap_socket(raw, server_hostname="127.0.0.1") as connection,
        ):
            return connection.getpeercert()["serialNumber"]

    with listening(lambda: listener.context) as port:
        before = serial(port)
        authority.sign("server")
        assert serial(port) != before


def test_while_only_half_of_a_renewal_is_there_the_old_certificate_is_shown(authority, certificate):
    listener = Listener(settings_of(certificate))
    before = listener.context
    new = authority.sign("renewed")

    os.replace(new, certificate)
    assert listener.context is before

    os.replace(new.with_suffix(".key"), certificate.with_suffix(".key"))
    assert listener.context is not before


def test_what_can_not_be_used_is_told_with_its_setting(authority, certificate, tmp_path):
    other = authority.sign("other")
    text = tmp_path / "text"
    text.write_text("no certificate")
    key = certificate.with_suffix(".key")
    for settings, said in (
        (Settings(), "FHIRSERVER_TLS_CERTIFICATE"),
        (Settings(tls_certificate=tmp_path / "none", tls_key=key), "can't read"),
        (Settings(tls_certificate=text, tls_key=key), "must be PEM"),
        (Settings(tls_certificate=other, tls_key=key), "isn't the key of the certificate"),
        (settings_of(certificate, tls_client_ca=text), "FHIRSERVER_TLS_CLIENT_CA"),
    ):
        with pytest.raises(InvalidSetting, match=said):
            server_context(settings)


def test_a_certificate_without_its_key_is_refused_at_start():
    with pytest.raises(InvalidSetting, match="go together"):
        read({"FHIRSERVER_TLS_CERTIFICATE": "x.pem"})
    with pytest.raises(InvalidSetting, match="CLIENT_CA needs"):
        read({"FHIRSERVER_TLS_CLIENT_CA": "x.pem"})


def test_doctor_says_how_long_the_certificate_is_valid(certificate):
    with pytest.raises(doctor.Trouble, match="renew the certificate"):
        doctor.certificate(settings_of(certificate))


def test_links_are_https_when_the_server_has_a_certificate(certificate):
    assert settings_of(certificate).fhir_base == "https://127.0.0.1:8000/fhir"
    assert settings_of(certificate, base_url="https://x.example/fhir").fhir_base.startswith(
        "https://x.example"
    )
