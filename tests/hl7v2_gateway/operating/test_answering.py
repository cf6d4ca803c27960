"""Codes that nobody knows: asked once, answered once, and the messages converted again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from fhirserver import clock, ids, queues
from fhirserver.app import open_engine
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import TOPIC, Messages
from fhirserver.queues import Item
from fhirserver.reactions.looking import looked_up
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.tasks import make_celery
from hl7v2_gateway.intake import Directory, Intake, Received
from hl7v2_gateway.mapping.context import UnknownCode
from hl7v2_gateway.operating.answering import OURS, Answering, catch_up, questions, stored_map
from hl7v2_gateway.operating.code_maps import answers_of
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.mapped import made_of, supports
from hl7v2_gateway.operating.questions import (
    Answer,
    Question,
    answer_of,
    answered,
    question_of,
    task_of,
)
from hl7v2_gateway.reactions import answering as reaction
from hl7v2_gateway.tasks.code_questions import count_questions
from tests.hl7v2_gateway.v2 import a_message, a_sender, member

SYSTEM = "https://west.example/mrn"
GENDERS = "http://hl7.org/fhir/administrative-gender"


class Gateway:
    """A sender of its own, whose messages are taken and converted."""

    def __init__(self, engine: Engine, messages: Messages) -> None:
        self.engine, self.messages = engine, messages
        self.application = ids.new()[-10:]
        self.id = f"s-{self.application}"
        authority = {
            "url": "authority",
            "extension": [member("name", "WEST"), member("system", SYSTEM, "Uri")],
        }
        sender = a_sender(self.id, member("application", self.application), authority)
        self.directory = Directory(lambda _: [sender])
        self.intake = Intake(messages, self.directory, supports=supports)
        self.converter = self.a_converter()

    def a_converter(self) -> Converter:
        answering = Answering(self.engine, self.messages)
        return Converter(self.engine, self.messages, self.directory, answering)

    def take(self, *raw: bytes) -> list[int]:
        return [a.id or 0 for a in self.intake.take([Received(r) for r in raw])]

    def convert(self) -> None:
        deadline = time.monotonic() + 60
        sql = "SELECT 1 FROM queue.item WHERE topic = %s LIMIT 1"
        while self.messages.database.read(sql, (TOPIC,)):
            queues.work(self.messages.database, TOPIC, self.converter.act, seconds=5)
            assert time.monotonic() < deadline

    def admission(self, mrn: str, gender: str = "F", event: str = "ADT^A01") -> bytes:
        raw = a_message(event, patient=mrn, application=self.application)
        return raw.replace(b"|19700101|F", f"|19700101|{gender}".encode())

    def tasks(self) -> list[dict[str, Any]]:
        found = looked_up(self.engine, "Task", ("code", f"{KINDS}|translate-code"))
        return [t for t in found if (q := question_of(t)) and q.sender == self.id]

    def patient(self, mrn: str) -> dict[str, Any]:
        [found] = looked_up(self.engine, "Patient", ("identifier", f"{SYSTEM}|{mrn}"))
        return found

    def report(self, number: int) -> Any:
        found = self.messages.find(number)
        assert found is not None
        assert (found.head.state, found.head.reason) == ("done", None)
        return found.head.report

    def react(self) -> None:
        """Carry out what the change log says of Tasks and ConceptMaps, as the worker does."""
        for kind in ("Task", "ConceptMap"):
            rows = self.messages.database.read(
                f'SELECT key, version FROM resource."{kind}" WHERE NOT deleted'
            )
            for key, version in rows:
                content = {"type": kind, "key": key, "version": version}
                reaction.react(self.engine, self.messages, Item(0, "", "", content, clock.now(), 1))


KINDS = "https://fhirserver.example/CodeSystem/hl7v2-question"


@pytest.fixture(scope="module")
def engine(database: Database, database_url: str) -> Engine:
    return open_engine(Settings(database_url=database_url), database)


@pytest.fixture
def gateway(engine: Engine, messages: Messages) -> Gateway:
    messages.database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    return Gateway(engine, messages)


def complete(gateway: Gateway, task: dict[str, Any], code: str, system: str = GENDERS) -> None:
    question = question_of(task)
    assert question is not None
    body = answered(task, Answer(question, system, code))
    gateway.engine.handle(FhirRequest("update", OURS, type="Task", id=task["id"], body=body))


def test_an_unknown_code_is_asked_once_for_many_messages(gateway: Gateway) -> None:
    mrns = [ids.new() for _ in range(3)]
    numbers = gateway.take(*(gateway.admission(mrn, "X9") for mrn in mrns))
    gateway.convert()

    [task] = gateway.tasks()
    question = question_of(task)
    assert question is not None
    assert (question.code, question.position, task["status"]) == ("X9", "PID-8", "requested")
    assert set(question.allowed or ()) == {"male", "female", "other", "unknown"}
    assert task["meta"]["versionId"] == "1"
    assert "gender" not in gateway.patient(mrns[0])
    held = gateway.messages.held(gateway.id, question.vocabulary, "X9")
    assert (held.count, held.newest, held.positions) == (3, numbers[-1], ("PID-8",))


def test_two_workers_that_meet_a_code_at_once_ask_once(gateway: Gateway) -> None:
    gateway.take(*(gateway.admission(ids.new(), "X8") for _ in range(8)))
    converters = [gateway.a_converter() for _ in range(4)]

    def work(converter: Converter) -> None:
        queues.work(gateway.messages.database, TOPIC, converter.act, seconds=20, lanes=1)

    threads = [threading.Thread(target=work, args=(c,)) for c in converters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gateway.convert()

    [task] = gateway.tasks()
    assert task["meta"]["versionId"] == "1"


def test_an_answer_becomes_an_entry_of_the_sender_and_the_messages_are_converted_again(
    gateway: Gateway,
) -> None:
    first, second = ids.new(), ids.new()
    numbers = gateway.take(gateway.admission(first, "X7"), gateway.admission(second, "X7"))
    gateway.convert()
    complete(gateway, gateway.tasks()[0], "other")
    gateway.react()
    gateway.react()
    gateway.convert()

    found = stored_map(gateway.engine, gateway.id)
    assert found is not None
    assert list(answers_of(found).values()) == [("other", GENDERS, "")]
    assert [gateway.patient(m)["gender"] for m in (first, second)] == ["other", "other"]
    for number in numbers:
        report = gateway.report(number)
        assert report["unknownCodes"] == []
        assert report["answeredCodes"][0]["target"] == f"{GENDERS}|other"
    gateway.react()
    assert [h for n in numbers if (h := gateway.messages.find(n)) and h.head.state != "done"] == []


def test_what_comes_later_has_the_answer_at_once(gateway: Gateway) -> None:
    gateway.take(gateway.admission(ids.new(), "X6"))
    gateway.convert()
    complete(gateway, gateway.tasks()[0], "female")
    gateway.react()
    mrn = ids.new()
    gateway.take(gateway.admission(mrn, "X6"))
    gateway.convert()

    assert gateway.patient(mrn)["gender"] == "female"
    assert len(gateway.tasks()) == 1


def test_the_newest_message_has_the_last_word_after_an_answer(gateway: Gateway) -> None:
    mrn = ids.new()
    gateway.take(
        gateway.admission(mrn, "X5"),
        gateway.admission(mrn, "F", "ADT^A08").replace(b"Doe^Jane", b"Roe^Jane"),
    )
    gateway.convert()
    later = gateway.take(gateway.admission(mrn, "F", "ADT^A08").replace(b"Doe^Jane", b"Poe^Jane"))
    complete(gateway, gateway.tasks()[0], "male")
    gateway.react()
    queued = gateway.messages.database.read(
        "SELECT (content->>'message')::int8 FROM queue.item WHERE topic = %s ORDER BY id", (TOPIC,)
    )
    gateway.convert()

    assert len(queued) == 3
    assert [row[0] for row in queued] == sorted(row[0] for row in queued)
    assert queued[-1][0] == later[0]
    patient = gateway.patient(mrn)
    assert (patient["gender"], patient["name"][0]["family"]) == ("female", "Poe")


def test_a_question_says_how_often_and_where_its_code_was_met(gateway: Gateway) -> None:
    numbers = gateway.take(*(gateway.admission(ids.new(), "X1") for _ in range(3)))
    gateway.convert()
    count_questions(gateway.engine, gateway.messages)
    count_questions(gateway.engine, gateway.messages)

    [task] = gateway.tasks()
    said = {
        i["type"]["coding"][0]["code"]: next(v for k, v in i.items() if k.startswith("value"))
        for i in task["input"]
        if i["type"]["coding"][0]["code"] != "allowed"
    }
    assert (said["count"], said["message"], said["position"]) == (3, str(numbers[-1]), "PID-8")
    assert task["meta"]["versionId"] == "2"
    question = question_of(task)
    assert question is not None
    assert question.allowed


def test_a_message_that_was_under_way_while_its_code_was_answered_is_found(
    gateway: Gateway, database_url: str
) -> None:
    mrn = ids.new()
    gateway.take(gateway.admission(ids.new(), "X0"))
    gateway.convert()
    complete(gateway, gateway.tasks()[0], "female")
    gateway.react()
    gateway.convert()
    [number] = gateway.take(gateway.admission(mrn, "X0"))
    # As if it had been read before the answer was there, and written after all were looked for.
    old = Converter(gateway.engine, gateway.messages, gateway.directory, made_of)
    queues.work(gateway.messages.database, TOPIC, old.act, seconds=5)
    assert "gender" not in gateway.patient(mrn)
    settings = Settings(database_url=database_url)
    make_celery("memory://", database_url, settings).tasks["hl7v2_questions"]()
    gateway.convert()

    assert gateway.patient(mrn)["gender"] == "female"
    assert gateway.report(number)["unknownCodes"] == []


def test_an_answer_that_is_put_right_converts_once_more(gateway: Gateway) -> None:
    mrn = ids.new()
    [number] = gateway.take(gateway.admission(mrn, "X4"))
    gateway.convert()
    for code in ("male", "other"):
        complete(gateway, gateway.tasks()[0], code)
        gateway.react()
        gateway.convert()

    assert gateway.patient(mrn)["gender"] == "other"
    assert gateway.report(number)["answeredCodes"][0]["target"] == f"{GENDERS}|other"


def test_a_message_that_still_lacks_the_code_is_not_done_again_for_ever(gateway: Gateway) -> None:
    [number] = gateway.take(gateway.admission(ids.new(), "X3"))
    gateway.convert()
    complete(gateway, gateway.tasks()[0], "male")
    gateway.react()
    gateway.convert()
    found = stored_map(gateway.engine, gateway.id)
    assert found is not None

    assert catch_up(gateway.messages, found) == []
    assert gateway.report(number)["answers"] == int(found["meta"]["versionId"])


def test_a_question_that_was_closed_is_not_asked_again(gateway: Gateway) -> None:
    gateway.take(gateway.admission(ids.new(), "X2"))
    gateway.convert()
    [task] = gateway.tasks()
    body = {**task, "status": "rejected"}
    gateway.engine.handle(FhirRequest("update", OURS, type="Task", id=task["id"], body=body))
    gateway.converter = gateway.a_converter()
    gateway.take(gateway.admission(ids.new(), "X2"))
    gateway.convert()

    assert [t["status"] for t in gateway.tasks()] == ["rejected"]


ASKED = Question("lab", "Sex", "W", allowed={"male": GENDERS, "female": GENDERS})
ANSWER: Callable[[str, str], dict[str, Any]] = lambda code, system: {  # noqa: E731
    **task_of(ASKED),
    "status": "completed",
    "output": [{"type": {"text": "answer"}, "valueCoding": {"code": code, "system": system}}],
}


def test_an_answer_that_fhir_has_no_place_for_is_none() -> None:
    assert answer_of(ANSWER("woman", GENDERS)) is None
    found = answer_of(ANSWER("female", ""))
    assert found is not None
    assert found.code == "female"


def test_a_task_that_somebody_made_up_is_no_answer() -> None:
    forged = {**ANSWER("female", GENDERS), "id": "other"}

    assert answer_of(forged) is None


def test_texts_are_no_codes_to_ask_for() -> None:
    unknown = [
        UnknownCode("OBX-5", "Any", "x" * 200),
        UnknownCode("PID-8", "Sex", " "),
        UnknownCode("PID-8", "Sex", "W"),
        UnknownCode("PID-8(2)", "Sex", "W"),
    ]

    assert [q.code for q in questions("lab", unknown)] == ["W"]


def test_messages_done_again_while_workers_are_at_them_end_in_their_order(
    gateway: Gateway,
) -> None:
    mrns = [ids.new() for _ in range(4)]
    first: list[int] = []
    for step in range(4):
        raw = [
            gateway.admission(m, "F", "ADT^A08").replace(b"Doe^Jane", f"Doe{step}^Jane".encode())
            for m in mrns
        ]
        first = first or gateway.take(*raw)
        if step:
            gateway.take(*raw)
    is_over = threading.Event()

    def work(converter: Converter) -> None:
        while not is_over.is_set():
            queues.work(gateway.messages.database, TOPIC, converter.act, seconds=1, lanes=2)

    threads = [threading.Thread(target=work, args=(gateway.a_converter(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            gateway.messages.redo(first)
            time.sleep(0.2)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    gateway.convert()

    assert [gateway.patient(m)["name"][0]["family"] for m in mrns] == ["Doe3"] * 4
    states = gateway.messages.database.read(
        "SELECT DISTINCT state FROM hl7v2.message WHERE sender = %s", (gateway.id,)
    )
    assert states == [("done",)]
