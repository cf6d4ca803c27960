"""Transport security of the running server; the tests are named by the ids of the checklist.

SA-3 and BS-1: authorize and token endpoints over TLS 1.2 or newer only. TLS-1: every public
endpoint.
"""

import contextlib
import dataclasses
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from conformance.loopback import unused_port
from fhirserver.cli.commands import web
from fhirserver.embedded.roles import answers
from fhirserver.settings import InvalidSetting, Settings, variables
from tests.peers.authority import Authority

ENDPOINTS = {
    "SA-3": ("/oauth/authorize", "/oauth/token"),
    "BS-1": ("/oauth/token",),
    "TLS-1": ("/fhir/metadata", "/fhir/.well-known/smart-configuration", "/fhir/Patient"),
}
OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


@dataclasses.dataclass
class Running:
    settings: Settings
    authority: Authority
    process: subprocess.Popen

    def context(self, newest=None, show=None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.path)
        if newest is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = newest
            context.set_ciphers("ALL:@SECLEVEL=0")
        if show is not None:
            context.load_cert_chain(show, show.with_suffix(".key"))
        return context

    def get(self, path, **how):
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.settings.port, timeout=60, context=self.context(**how)
        )
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response, connection.sock
        finally:
            connection.close()

    def serial(self) -> str:
        with (
            socket.create_connection(("127.0.0.1", self.settings.port), 60) as raw,
            self.context().wrap_socket(raw, server_hostname="127.0.0.1") as connection,
        ):
            return connection.getpeercert()["serialNumber"]


@contextlib.contextmanager
def running(kind: str, database_url: str, folder: Path, **more):
    authority = Authority(folder)
    certificate = authority.sign("server")
    port = unused_port()
    settings = Settings(
        database_url=database_url,
        port=port,
        web_processes=1,
        data_dir=folder,
        key_file=Settings().data_dir / "keys/master.keys",
        http_server=kind,
        tls_certificate=certificate,
        tls_key=certificate.with_suffix(".key"),
        **{k: getattr(authority, v) for k, v in more.items()},
    )
    arguments = web.SERVER[kind](settings, "fhirserver.app:create_app")
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=os.environ | variables(settings),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        is_there = answers(settings.host, port, "/livez", is_tls=True)
        deadline = time.monotonic() + 90
        while not is_there():
            assert time.monotonic() < deadline, output.read_text()
            assert process.poll() is None, output.read_text()
            time.sleep(0.1)
        yield Running(settings, authority, process)
    finally:
        process.terminate()
        # One that is being reloaded first waits for its new process.
        process.wait(90)


@pytest.fixture(scope="module", params=["granian", "gunicorn"])
def server(request, database_url, tmp_path_factory):
    with running(request.param, database_url, tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("newest", OLD)
def test_endpoints_refuse_anything_under_tls_1_2(server, name, newest):
    for path in ENDPOINTS[name]:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            server.get(path, newest=newest)


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_endpoints_answer_over_tls_with_a_certificate_that_can_be_verified(server, name, newest):
    for path in ENDPOINTS[name]:
        response, _ = server.get(path, newest=newest)

        assert response.status < 500


def test_tls_1_browsers_are_told_to_come_by_https_from_now_on(server):
    response, _ = server.get("/livez")

    assert response.getheader("Strict-Transport-Security", "").startswith("max-age=")


def test_tls_1_nothing_is_answered_in_clear(server):
    with socket.create_connection(("127.0.0.1", server.settings.port), 60) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            answer = connection.recv(1000)
        except ConnectionError:
            answer = b""

    assert b"200" not in answer
    assert b"ok" not in answer


def test_tls_1_a_renewed_certificate_is_shown_without_a_request_lost(server):
    before = server.serial()
    failed, done, count = [], threading.Event(), [0]

    def ask() -> None:
        while not done.is_set():
            try:
                response, _ = server.get("/livez")
                assert response.status == 200
                count[0] += 1
            except Exception as error:
                failed.append(error)

    client = threading.Thread(target=ask)
    client.start()
    server.authority.sign("server")
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while server.serial() == before:
        assert time.monotonic() < deadline, "the old certificate is still shown"
        time.sleep(0.2)
    seen = count[0]
    while count[0] < seen + 20 and not failed:
        time.sleep(0.1)
    done.set()
    client.join()

    assert not failed


@pytest.mark.parametrize("kind", ["granian", "gunicorn"])
def test_tls_1_with_a_client_authority_only_its_clients_get_in(kind, database_url, tmp_path):
    with running(kind, database_url, tmp_path, tls_client_ca="path") as server:
        friend = server.authority.sign("ehr", is_client=True)

        assert server.get("/livez", show=friend)[0].status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            server.get("/livez")


def test_a_key_that_granian_can_not_read_is_told_with_the_command_that_helps(tmp_path):
    certificate = Authority(tmp_path).sign("server", old_form=True)
    settings = Settings(tls_certificate=certificate, tls_key=certificate.with_suffix(".key"))

    with pytest.raises(InvalidSetting, match="openssl pkcs8 -topk8"):
        web.granian(settings, "x")
