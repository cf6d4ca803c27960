"""A message becomes resources once, in its order, whatever fails meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from fhirserver import ids, queues
from fhirserver.app import open_engine
from fhirserver.engine import Engine
from fhirserver.errors import Unavailable
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import TOPIC, Messages
from fhirserver.model import json
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.intake import Directory, Intake, Received
from hl7v2_gateway.operating import converting
from hl7v2_gateway.operating.converting import Converter, principal_of
from hl7v2_gateway.partners import Sender
from tests.hl7v2_gateway.operating.small import SYSTEM, a_conversion
from tests.hl7v2_gateway.v2 import a_message

Take = Callable[..., int]


@pytest.fixture(scope="module")
def engine(database: Database, database_url: str) -> Engine:
    return open_engine(Settings(database_url=database_url), database)


@pytest.fixture
def intake(messages: Messages) -> Intake:
    return Intake(messages, Directory(lambda _: []), is_open=True)


@pytest.fixture
def converter(engine: Engine, messages: Messages) -> Converter:
    return Converter(engine, messages, Directory(lambda _: []), a_conversion)


@pytest.fixture(autouse=True)
def _alone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No items of other tests, and no waiting."""
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    monkeypatch.setattr(converting, "delay", lambda attempts: 0.0)
    monkeypatch.setattr(converting, "WAIT_SECONDS", 0.0)


def work(messages: Messages, converter: Converter, seconds: float = 30) -> None:
    """Do all that is there."""
    deadline = time.monotonic() + seconds
    while queues.due(messages.database, [TOPIC]):
        queues.work(messages.database, TOPIC, converter.act, seconds=5)
        assert time.monotonic() < deadline


def taken(intake: Intake, *raw: bytes) -> list[int]:
    return [answer.id or 0 for answer in intake.take([Received(r) for r in raw])]


def found(engine: Engine, resource_type: str, query: str) -> list[dict[str, Any]]:
    name, _, value = query.partition("=")
    request = FhirRequest(
        "search-type",
        principal_of(Sender("test", "test")),
        type=resource_type,
        query=((name, value),),
    )
    page = json.parse_object(engine.handle(request).content or b"")
    return [e["resource"] for e in page.get("entry", ())]


def state(messages: Messages, number: int) -> tuple[str, str | None]:
    message = messages.find(number)
    assert message is not None
    return message.head.state, message.head.reason


def test_a_message_becomes_resources_under_the_name_of_its_sender(
    engine: Engine, messages: Messages, intake: Intake, converter: Converter
) -> None:
    mrn = ids.new()
    [number] = taken(intake, a_message(patient=mrn))
    work(messages, converter)

    [patient] = found(engine, "Patient", f"identifier={SYSTEM}|{mrn}")
    message = messages.find(number)
    assert patient["name"][0]["family"] == "Doe"
    assert message is not None
    assert (message.head.state, message.head.report) == ("done", {"unmapped": ["PV1-3.1"]})


def test_messages_about_a_patient_are_converted_in_the_order_in_which_they_came(
    engine: Engine, messages: Messages, intake: Intake, converter: Converter
) -> None:
    mrns = [ids.new() for _ in range(3)]
    numbers = taken(intake, *[a_message("ADT^A08", patient=mrns[n % 3]) for n in range(30)])
    work(messages, converter)

    for n, mrn in enumerate(mrns):
        [visit] = found(engine, "Encounter", f"identifier={SYSTEM}/visit|{mrn}")
        assert [int(t["text"]) for t in visit["type"]] == numbers[n::3]


def test_a_merge_waits_for_what_came_before_it_and_holds_up_what_came_after(
    engine: Engine, messages: Messages, intake: Intake, converter: Converter
) -> None:
    old, new = ids.new(), ids.new()
    numbers = taken(
        intake,
        a_message(patient=old),
        a_message(patient=new),
        a_message("ADT^A40", patient=new, more=f"MRG|{old}^^^WEST^MR\r"),
        a_message("ADT^A08", patient=new),
    )
    work(messages, converter)

    assert [state(messages, n)[0] for n in numbers] == ["done"] * 4
    patients = found(engine, "Patient", f"identifier={SYSTEM}|{old}")
    source = next(p for p in patients if p.get("active") is False)
    assert source["link"][0]["type"] == "replaced-by"
    [target] = found(engine, "Patient", f"identifier={SYSTEM}|{new}")
    visits = found(engine, "Encounter", f"patient=Patient/{target['id']}")
    assert len(visits) == 2


def test_what_can_not_be_converted_is_dead_at_once_and_the_next_goes_on(
    messages: Messages, intake: Intake, converter: Converter
) -> None:
    mrn = ids.new()
    numbers = taken(
        intake,
        a_message("ORU^R01", patient=mrn),
        a_message(patient=mrn).replace(b"Doe^Jane", b"Bug^Jane"),
        a_message(patient=mrn),
    )
    work(messages, converter)

    assert [state(messages, n) for n in numbers] == [
        ("dead", "200 only ADT"),
        ("dead", "207 its conversion failed (KeyError): tell us"),
        ("done", None),
    ]


def test_what_fails_for_the_moment_is_tried_again_before_what_comes_after_it(
    engine: Engine,
    messages: Messages,
    intake: Intake,
    converter: Converter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mrn, failures = ids.new(), [Unavailable()] * 20
    numbers = taken(intake, a_message(patient=mrn), a_message("ADT^A08", patient=mrn))
    handle = engine.handle

    def failing(request: FhirRequest) -> Any:
        if failures and request.interaction == "bundle":
            raise failures.pop()
        return handle(request)

    monkeypatch.setattr(engine, "handle", failing)
    work(messages, converter)

    [visit] = found(engine, "Encounter", f"identifier={SYSTEM}/visit|{mrn}")
    assert [int(t["text"]) for t in visit["type"]] == numbers


def test_a_worker_whose_lease_was_lost_changes_nothing(
    engine: Engine, messages: Messages, intake: Intake, converter: Converter
) -> None:
    mrn = ids.new()
    [number] = taken(intake, a_message(patient=mrn))
    database = messages.database
    [[item]] = queues_taken(database, seconds=0)
    [[other]] = queues_taken(database)

    assert converter.act(item) is None
    assert not found(engine, "Patient", f"identifier={SYSTEM}|{mrn}")
    assert converter.act(other) is queues.FINISHED
    assert state(messages, number) == ("done", None)


def queues_taken(database: Database, seconds: float = 60) -> list[list[queues.Item]]:
    """Items, taken on as a worker does."""
    from fhirserver.storage.queue_items import take

    return take(database, TOPIC, ids.new(), lanes=10, most=10, seconds=seconds)


def test_a_message_that_was_done_is_not_done_again(
    engine: Engine, messages: Messages, intake: Intake, converter: Converter
) -> None:
    mrn = ids.new()
    taken(intake, a_message(patient=mrn))
    [[item]] = queues_taken(messages.database)
    converter.act(item)

    assert converter.act(item) is None
    [visit] = found(engine, "Encounter", f"identifier={SYSTEM}/visit|{mrn}")
    assert len(visit["type"]) == 1


def test_the_application_acknowledgement_says_what_became_of_it(
    messages: Messages, intake: Intake, converter: Converter
) -> None:
    application = ids.new()[-12:]
    taken(
        intake,
        a_message(control="good", acknowledge="AL|AL", application=application),
        a_message("ORU^R01", control="bad", acknowledge="AL|AL", application=application),
        a_message(control="silent", acknowledge="AL|ER", application=application),
    )
    work(messages, converter)

    answers = b"".join(raw for _, raw in messages.owed(f"open-{application}-WEST"))
    assert b"MSA|AA|good" in answers
    assert b"MSA|AE|bad" in answers
    assert b"silent" not in answers
