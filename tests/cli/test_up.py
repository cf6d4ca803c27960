"""`fhirserver up`, with real processes: it starts, survives, and stops without a trace."""

import contextlib
import os
import re
import signal
import socket
import time

import psutil
import psycopg
import pytest

from fhirserver import embedded
from fhirserver.embedded.folders import prepare
from fhirserver.embedded.roles import answers
from fhirserver.embedded.valkey import Valkey
from fhirserver.settings import Settings
from fhirserver.tasks import make_celery
from tests.peers.authority import Authority


def postmaster(data_dir) -> int:
    return int((data_dir / "postgres/postmaster.pid").read_text().split()[0])


@pytest.mark.parametrize("server", ["granian", "gunicorn"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_soon_without_leaving_a_process(up, data_dir, server, number):
    one = up("--http-server", server).ready()
    assert one.get() is not None

    began = time.monotonic()
    assert one.end(number) == 0
    assert time.monotonic() - began < 60
    assert one.processes() == []
    assert re.findall(r"(\w+) +stopped", one.said) == [
        "beat",
        "worker",
        "web",
        "valkey",
        "postgres",
    ]


def test_it_prints_where_things_are_and_how_to_get_a_token(up, data_dir):
    said = up().ready().said

    assert re.search(r"FHIR +http://127.0.0.1:\d+/fhir\n", said)
    assert re.search(rf"token +.* token --scope 'system/\*.cruds' --data-dir {data_dir}\n", said)


def test_web_is_told_the_database(up, data_dir):
    one = up().ready()

    assert one.get("/database") == embedded.connection_url(Settings(data_dir=data_dir))


def test_the_worker_hears_what_is_sent_to_the_broker(up, data_dir):
    one = up().ready()

    with make_celery(embedded.broker_url(Settings(data_dir=data_dir))) as app:
        one.wait_for(lambda: app.control.ping(timeout=0.5))


def test_kill_9_of_the_supervisor_takes_everything_with_it_and_the_next_start_works(up, data_dir):
    one = up().ready()
    one.end(signal.SIGKILL)
    one.wait_for(lambda: one.processes() == [], 60)

    assert up().ready().get() is not None


def test_the_next_start_works_at_once_after_kill_9_of_the_supervisor(up):
    up().ready().end(signal.SIGKILL)

    assert up().ready().get() is not None


def test_the_next_start_works_after_kill_9_of_everything(up, data_dir):
    one = up().ready()
    one.process.kill()
    for process in one.processes():
        with contextlib.suppress(psutil.NoSuchProcess):  # It went with its parent.
            process.kill()
    one.process.wait()

    assert up().ready().get() is not None


def test_postgres_is_started_again_when_it_is_killed(up, data_dir):
    one = up().ready()
    before = postmaster(data_dir)
    os.kill(before, signal.SIGKILL)
    one.wait_until(r"postgres +ready again")

    assert postmaster(data_dir) != before
    with psycopg.connect(embedded.connection_url(Settings(data_dir=data_dir))) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_role_is_started_again_when_it_is_killed(up, data_dir, name):
    one = up().ready()
    word = "granian" if name == "web" else name
    one.roles(word)[0].kill()
    one.wait_until(rf"{name} +ready again")

    assert one.roles(word)
    one.wait_for(one.get)


def test_a_web_process_that_ends_is_replaced_by_the_http_server(up):
    one = up("--processes", "1").ready()
    one.get("/exit")

    one.wait_for(one.get)
    assert "starting it again" not in one.said


def test_a_web_application_that_cannot_start_ends_everything(up, data_dir):
    one = up("--factory", "nowhere:application")

    assert one.process.wait(60) == 1
    assert one.said.splitlines()[-1].startswith("Error: web can't start: ")
    assert "Traceback" not in one.said
    assert one.processes() == []


@pytest.mark.parametrize("line", ["postgres +ready", "valkey +ready"])
def test_it_can_be_stopped_while_it_starts(up, data_dir, line):
    one = up()
    one.wait_until(line)

    assert one.end(signal.SIGINT) == 0
    assert one.processes() == []


def test_a_second_one_on_the_same_data_directory_says_so(up):
    one = up().ready()
    other = up()

    assert other.process.wait(60) == 1
    assert other.said.count("\n") == 1
    assert f"`fhirserver up` (process {one.process.pid}) already uses the data" in other.said
    assert one.get() is not None


def test_a_port_in_use_is_named_before_anything_starts(up):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        one = up("--port", str(port))

        assert one.process.wait(60) == 1
    assert one.said == (
        f"Error: port {port} is already in use: choose another, for example --port {port + 1}\n"
    )


def test_external_servers_replace_the_embedded_ones(up, data_dir, tmp_path):
    broker = Valkey(prepare(tmp_path / "broker"))
    child = broker.start()
    try:
        with embedded.postgres(data_dir) as url:
            one = up(
                folder=tmp_path / "other",
                FHIRSERVER_DATABASE_URL=url,
                FHIRSERVER_BROKER_URL=broker.url(),
            ).ready()

            assert one.get("/database") == url
            assert not (tmp_path / "other/postgres").exists()
            assert not (tmp_path / "other/valkey").exists()
            assert one.end() == 0
    finally:
        broker.stop(child)


def test_with_a_certificate_everything_is_https(up, tmp_path):
    certificate = Authority(tmp_path).sign("server")

    one = up("--tls-cert", str(certificate), "--tls-key", str(certificate.with_suffix(".key")))

    assert f"https://127.0.0.1:{one.ready().port}/fhir" in one.said
    assert one.get() is None
    assert answers("127.0.0.1", one.port, "/livez", is_tls=True)()
    assert one.end() == 0
