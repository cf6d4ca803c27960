"""`fhirserver hl7v2-out`."""

from __future__ import annotations

import itertools

import pytest
from click.testing import CliRunner

from fhirserver import ids
from fhirserver.app import open_keyring
from fhirserver.cli import main
from fhirserver.sent_messages import TOPIC, Outgoing, SentMessages

# Of no item of the queue, and of no edited copy: those have numbers below nought, from -1 on.
ITEMS = itertools.count(10**12)


@pytest.fixture
def receiver(database):
    made = ids.new()
    yield made
    database.write("DELETE FROM hl7v2.sent WHERE receiver = %s", (made,))
    database.write("DELETE FROM queue.item WHERE topic = %s AND lane = %s", (TOPIC, made))


@pytest.fixture
def sent(app, database):
    return SentMessages(
        database, open_keyring(app.extensions["fhirserver"].context.settings, database)
    )


@pytest.fixture
def message(sent, receiver):
    """Makes a message in a state; its number."""

    def make(state):
        about = Outgoing(
            next(ITEMS), receiver, ids.new(), "ADT^A08", "Encounter/1", 3, b"MSH|", "7"
        )
        id_ = sent.keep(about)
        if state != "waiting":
            sent.note(id_, state, code="AR", reason="AR 101")
        return id_

    return make


@pytest.fixture
def run(database_url, monkeypatch):
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(main, ["hl7v2-out", *map(str, arguments)])


def test_messages_are_listed_with_their_state(run, message, receiver):
    message("accepted")
    rejected = message("rejected")

    done = run("list", "--receiver", receiver, "--state", "rejected")

    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.output.splitlines() if receiver in line]
    assert line.split()[:5] == [
        str(rejected), receiver, "ADT^A08", "Encounter/1/_history/3", "rejected",
    ]  # fmt: skip
    assert line.endswith("AR 101")


def test_what_was_rejected_is_sent_again(run, message, sent, receiver, database):
    id_ = message("rejected")

    done = run("resend", id_)

    assert (done.exit_code, done.output.strip()) == (0, "1 of 1")
    assert sent.find(id_).head.state == "waiting"
    items = database.read(
        "SELECT content->>'sent' FROM queue.item WHERE topic = %s AND lane = %s", (TOPIC, receiver)
    )
    assert items == [(str(id_),)]


def test_what_stopped_its_receiver_is_left_out(run, message, sent):
    id_ = message("stopped")

    done = run("discard", id_)

    assert done.exit_code == 0
    assert sent.find(id_).head.state == "discarded"


def test_what_was_accepted_cannot_be_left_out(run, message):
    id_ = message("accepted")

    done = run("discard", id_)

    assert done.exit_code != 0
    assert "0 of 1" in done.output
