"""What tests share: one real PostgreSQL for the whole run, and the server on it."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from conformance.faults.server import Server, running
from fhirserver import embedded
from fhirserver.app import create_app, open_database
from fhirserver.settings import Settings
from fhirserver.storage import database as storage_database
from fhirserver.storage.database import Database
from fhirserver.storage.migrate import upgrade
from fhirserver.storage.tokens import issue

# How fast examples are made says something of the machine and nothing of what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

Token = Callable[..., str]
MakeApp = Callable[..., Flask]

EXIT_SECONDS = 60.0


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A thread that a test left, and that never ends, doesn't keep the run: it is shown."""

    def leave() -> None:
        time.sleep(EXIT_SECONDS)
        print("== a thread that doesn't end keeps this process:", file=sys.__stderr__)
        faulthandler.dump_traceback(sys.__stderr__)
        os._exit(int(session.exitstatus))

    session.config.add_cleanup(threading.Thread(target=leave, daemon=True, name="leave").start)


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database on an embedded PostgreSQL of this pytest process."""
    with embedded.postgres(
        tmp_path_factory.mktemp("database"), extra={"fsync": "off", "max_connections": "600"}
    ) as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(Settings(database_url=database_url))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def token(database: Database) -> Token:
    """Issues a bearer token: `token("user/Patient.r", lifetime_seconds=5)`."""

    def make(scope: str = "system/*.cruds", *, lifetime_seconds: int = 86_400) -> str:
        return issue(database, subject="test", scope=scope, lifetime_seconds=lifetime_seconds)

    return make


@pytest.fixture(scope="session")
def make_app(database_url: str) -> Iterator[MakeApp]:
    """The web application with other settings: `make_app(max_body_bytes=1000)`."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        # The tests' own logging handlers stay.
        handlers, level = logging.root.handlers[:], logging.root.level
        try:
            made.append(create_app(Settings(**{"database_url": database_url, **settings})))
        finally:
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)
        return made[-1]

    yield make
    for app in made:
        app.extensions["fhirserver.audit"].buffer.end()
        app.extensions["fhirserver"].context.store.database.close()


@pytest.fixture(scope="session")
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def client_of(token: Token) -> Callable[[Flask], FlaskClient]:
    """A client of an application, with a token that may do everything."""

    def make(app: Flask) -> FlaskClient:
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
        return made

    return make


@pytest.fixture
def client(app: Flask, client_of: Callable[[Flask], FlaskClient]) -> FlaskClient:
    """A client that may do everything; a test passes `headers` to be somebody else."""
    return client_of(app)


@pytest.fixture
def query_recorder(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL of every statement of this thread from now on; `clear()` it before what is counted.

    What other threads do meanwhile (they write audit events) isn't the request's.
    """
    statements: list[str] = []
    thread = threading.current_thread()
    execute = storage_database.execute

    def recorded(connection: Any, sql: str, *arguments: Any, **named: Any) -> Any:
        if threading.current_thread() is thread:
            statements.append(sql)
        return execute(connection, sql, *arguments, **named)

    for name, module in list(sys.modules.items()):
        if name.startswith("fhirserver.storage.") and vars(module).get("execute") is execute:
            monkeypatch.setattr(module, "execute", recorded)
    return statements


@pytest.fixture
def at_once(app: Flask) -> Callable[..., None]:
    """Calls a function with each argument at the same time, in a thread for each."""

    def run(act: Callable[[Any], None], arguments: Iterable[Any]) -> None:
        def one(argument: Any) -> None:
            try:
                act(argument)
            finally:
                # Connections belong to threads.
                app.extensions["fhirserver"].context.store.database.close()

        arguments = list(arguments)
        with ThreadPoolExecutor(len(arguments)) as threads:
            list(threads.map(one, arguments))

    return run


@pytest.fixture(scope="session")
def running_server() -> Iterator[Server]:
    """`fhirserver up` as a process of its own, for clients that want a real address."""
    with running() as made:
        yield made
