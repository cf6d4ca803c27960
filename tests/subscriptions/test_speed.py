"""Subscriptions cost a write nothing: they are matched after it has been committed."""

from __future__ import annotations

from fhirserver import ids
from fhirserver.storage import change_feed
from fhirserver.storage.subscriptions import subscribers
from fhirserver.subscriptions.choosing import chosen
from tests.builders import an_observation


def marked(code):
    return an_observation(code={"coding": [{"system": "urn:test", "code": code}]})


def test_a_write_asks_nothing_because_of_subscriptions(hooks, turn, subscribe, query_recorder):
    hooks.post("/fhir/Observation", json=marked("a"))
    query_recorder.clear()
    hooks.post("/fhir/Observation", json=marked("a"))
    without = list(query_recorder)

    for n in range(20):
        subscribe(f"Observation?code=urn:test|{n}", "https://hooks.example.com/x")
    query_recorder.clear()
    hooks.post("/fhir/Observation", json=marked("a"))

    assert query_recorder == without


def test_what_others_wait_for_costs_a_change_no_statement(
    hooks_app, hooks, database, turn, subscribe, query_recorder
):
    code = ids.new()
    choose = chosen(hooks_app.extensions["fhirserver"])

    def statements(count):
        for n in range(count):
            subscribe(f"Observation?code=urn:test|{code}-{n}", "https://hooks.example.com/x")
        turn()
        made = hooks.post("/fhir/Observation", json=marked(f"{code}-0")).json
        (row,) = database.read(
            "SELECT c.seq, c.type, c.key, c.version, c.method::text, c.updated FROM fhir.change c "
            'JOIN resource."Observation" r ON r.key = c.key WHERE r.id = %s', (made["id"],)
        )  # fmt: skip
        query_recorder.clear()
        items = choose(None, [change_feed.Change(*row)])
        return len(query_recorder), len(items)

    few, _ = statements(2)
    many, _ = statements(40)

    assert many == few
    assert len(subscribers(database, ["Observation"])) == 42
