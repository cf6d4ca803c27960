"""`fhirserver queue`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from fhirserver import ids, queues
from fhirserver.cli import main
from fhirserver.queues import GiveUp, New


@pytest.fixture
def topic(database):
    made = f"topic-{ids.new()}"
    yield made
    database.write("DELETE FROM queue.item WHERE topic = %s", (made,))


@pytest.fixture
def given_up(database, topic):
    def fail(item):
        raise GiveUp(f"nobody answers {item.content['n']}")

    queues.add(database, topic, [New("lane", {"n": n}) for n in (1, 2)])
    queues.work(database, topic, fail, seconds=5)
    return topic


@pytest.fixture
def run(database_url, monkeypatch):
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(main, ["queue", *arguments])


def test_each_topic_is_listed_with_what_waits_and_what_is_dead(database, given_up, run):
    queues.add(database, given_up, [New("lane", {"n": 3})])

    done = run("list")

    (line,) = [line for line in done.output.splitlines() if given_up in line]
    waiting, minutes, _, seconds, *dead = line.split()[1:]
    assert (waiting, *dead) == ("1", "s", "2", "nobody", "answers", "2")
    assert int(minutes) * 60 + int(seconds) < 600


def test_readers_are_listed_with_what_they_have_before_them(database, topic, client, run):
    queues.begin(database, topic)
    try:
        client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "a"}})
        done = run("list")
    finally:
        queues.forget(database, topic)

    (line,) = [line for line in done.output.splitlines() if topic in line]
    assert int(line.split()[1]) >= 1


def test_the_dead_are_listed_with_the_reason(given_up, run):
    done = run("dead", "--topic", given_up)

    assert [line.split()[-3:] for line in done.output.splitlines()[1:]] == [
        ["nobody", "answers", "2"],
        ["nobody", "answers", "1"],
    ]


def test_one_of_the_dead_is_revived_by_its_id(database, given_up, run):
    first = queues.dead(database, topic=given_up)[-1]

    done = run("revive", str(first.id))

    assert done.output == "1 revived\n"
    assert first not in queues.dead(database, topic=given_up)


def test_all_of_a_topic_are_revived_and_done_in_their_order(database, given_up, run):
    assert run("revive", "--topic", given_up).output == "2 revived\n"

    done = []
    queues.work(database, given_up, lambda i: done.append(i.content["n"]), seconds=5)

    assert done == [1, 2]


def test_reviving_nothing_in_particular_is_refused(run):
    done = run("revive")

    assert done.exit_code == 1
    assert "--topic TOPIC" in done.output
