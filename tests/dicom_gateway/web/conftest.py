"""A server with DICOMweb, and callers of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from conformance.loopback import unused_port
from fhirserver.settings import Settings
from tests.conftest import MakeApp, Token


@pytest.fixture(scope="session")
def dicom_app(make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    # All servers on one database have one master key.
    keys = Settings().data_dir / "keys/master.keys"
    made = make_app(data_dir=tmp_path_factory.mktemp("dicom-web"), key_file=keys)
    yield made
    made.extensions["dicom_workers"].end()


@pytest.fixture(scope="session")
def with_scope(dicom_app: Flask, token: Token) -> Callable[[str], FlaskClient]:
    """A client with a token of this scope."""

    def make(scope: str) -> FlaskClient:
        made = dicom_app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(scope)}"
        return made

    return make


@pytest.fixture(scope="module")
def address(dicom_app: Flask) -> Iterator[str]:
    """Where DICOMweb is served on a socket."""
    port = unused_port()
    server = make_server("127.0.0.1", port, dicom_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}/dicom-web"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def web(with_scope: Callable[[str], FlaskClient]) -> FlaskClient:
    """The client of a system with all rights."""
    return with_scope("system/*.cruds")
