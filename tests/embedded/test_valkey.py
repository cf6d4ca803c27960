"""The embedded Valkey, with a real process."""

import pytest
from celery import Celery
from kombu import Connection

from fhirserver import embedded
from fhirserver.embedded.folders import prepare
from fhirserver.embedded.valkey import Valkey
from fhirserver.settings import Settings


@pytest.fixture(params=["short", "Station 4 ü%", "x" * 120])
def valkey(request, tmp_path):
    server = Valkey(prepare(tmp_path / request.param))
    child = server.start()
    yield server
    server.stop(child)


def test_a_message_goes_through_kombu(valkey):
    with Connection(valkey.url()) as connection, connection.SimpleQueue("q") as queue:
        queue.put({"id": 42})

        assert queue.get(timeout=60).payload == {"id": 42}


def test_celery_can_send_to_it(valkey):
    with Celery(broker=valkey.url()) as app:
        app.send_task("anything")

        with app.connection_for_read() as connection:
            assert connection.default_channel.client.llen("celery") == 1


def test_its_url_is_found_by_the_data_directory(valkey):
    assert embedded.broker_url(Settings(data_dir=valkey.data_dir)) == valkey.url()


def test_a_second_start_replaces_a_server_without_a_parent(valkey):
    child = valkey.start()

    assert valkey.url() is not None
    valkey.stop(child)
    assert valkey.url() is None


def test_nothing_running_is_told_in_one_line(tmp_path):
    with pytest.raises(embedded.CannotStart, match=r"Valkey isn't running: start it with"):
        embedded.broker_url(Settings(data_dir=tmp_path))
