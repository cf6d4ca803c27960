"""Messages of several patients are written in one transaction, and nobody can tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fhirserver import ids, queues
from fhirserver.app import open_engine
from fhirserver.audit.recorder import Recorder
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import TOPIC, Messages
from fhirserver.model import json
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.intake import Directory, Intake, Received
from hl7v2_gateway.operating import converting
from hl7v2_gateway.operating.conversions import Made
from hl7v2_gateway.operating.converting import Converter, principal_of
from hl7v2_gateway.operating.together import Together
from hl7v2_gateway.partners import Sender
from tests.hl7v2_gateway.operating.small import SYSTEM, a_conversion
from tests.hl7v2_gateway.v2 import a_message

URN = "urn:uuid:8f2b3e3e-7b4e-4b9a-9d3e-00000000000"


@pytest.fixture(scope="module")
def engine(database: Database, database_url: str) -> Engine:
    settings = Settings(database_url=database_url)
    return open_engine(settings, database, Recorder(settings, database))


@pytest.fixture
def intake(messages: Messages) -> Intake:
    return Intake(messages, Directory(lambda _: []), is_open=True)


@pytest.fixture(autouse=True)
def _alone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No items of other tests, and no waiting."""
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    monkeypatch.setattr(converting, "delay", lambda attempts: 0.0)
    monkeypatch.setattr(converting, "WAIT_SECONDS", 0.0)


class Work:
    """A worker: what it wrote at once, and what by itself."""

    def __init__(self, engine: Engine, messages: Messages, convert: Callable[..., Made]) -> None:
        self.converter = Converter(engine, messages, Directory(lambda _: []), convert)
        self.together = Together(engine, messages, self.converter)
        self.messages = messages
        self.at_once: list[int] = []
        self.alone = 0

    def __call__(self) -> None:
        deadline = time.monotonic() + 120
        while queues.due(self.messages.database, [TOPIC]):
            queues.work(
                self.messages.database, TOPIC, self._act, seconds=30, together=self._together
            )
            assert time.monotonic() < deadline

    def _act(self, item: queues.Item) -> queues.Finished | None:
        self.alone += 1
        return self.converter.act(item)

    def _together(self, items: Any) -> set[int]:
        done = self.together(items)
        self.at_once.append(len(done))
        return done


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


def states(messages: Messages, numbers: list[int]) -> list[str]:
    heads = [m.head for m in map(messages.find, numbers) if m is not None]
    return [h.state for h in heads]


def events(database: Database) -> int:
    """Those of gateways; what threads of others write meanwhile counts for nothing."""
    rows = database.read(
        'SELECT count(*) FROM resource."AuditEvent" '
        "WHERE content#>>'{agent,0,who,identifier,value}' LIKE 'hl7v2:%' "
        "AND content#>>'{subtype,0,code}' = 'transaction'"
    )
    count: int = rows[0][0]
    return count


def test_messages_of_several_patients_are_written_at_once_each_in_its_order_and_on_record(
    engine: Engine, messages: Messages, intake: Intake, database: Database
) -> None:
    mrns = [ids.new() for _ in range(4)]
    numbers = taken(intake, *[a_message("ADT^A08", patient=mrns[n % 4]) for n in range(12)])
    work, before = Work(engine, messages, a_conversion), events(database)
    work()

    assert (work.at_once, work.alone) == ([4, 4, 4], 0)
    assert states(messages, numbers) == ["done"] * 12
    assert events(database) == before + 12
    for n, mrn in enumerate(mrns):
        [visit] = found(engine, "Encounter", f"identifier={SYSTEM}/visit|{mrn}")
        assert [int(t["text"]) for t in visit["type"]] == numbers[n::4]
        [patient] = found(engine, "Patient", f"identifier={SYSTEM}|{mrn}")
        assert visit["subject"]["reference"] == f"Patient/{patient['id']}"
    report = messages.find(numbers[0])
    assert report is not None
    assert report.head.report == {"unmapped": ["PV1-3.1"]}
    assert not queues.due(database, [TOPIC])


def test_messages_of_several_senders_are_written_at_once_each_on_its_own_record(
    engine: Engine, messages: Messages, intake: Intake, database: Database
) -> None:
    names = [f"S{ids.new()[:8]}" for _ in range(2)]
    raw = [a_message("ADT^A08", patient=ids.new(), application=names[n % 2]) for n in range(6)]
    taken(intake, *raw)
    work = Work(engine, messages, a_conversion)
    work()

    assert (work.at_once, work.alone) == ([6], 0)
    for name in names:
        [[count]] = database.read(
            'SELECT count(*) FROM resource."AuditEvent" '
            "WHERE content#>>'{agent,0,who,identifier,value}' LIKE %s",
            (f"hl7v2:%{name}%",),
        )
        assert count == 3


def test_one_that_fails_takes_no_other_with_it(
    engine: Engine, messages: Messages, intake: Intake
) -> None:
    def convert(message: Any, sender: Sender, number: int) -> Made:
        made = a_conversion(message, sender, number)
        if message.value("PID-5.1") == "Bad":
            made.converted.bundle["entry"][0]["resource"]["gender"] = "none that there is"
        return made

    raw = [a_message(patient=ids.new()) for _ in range(8)]
    raw[5] = raw[5].replace(b"Doe^Jane", b"Bad^Jane")
    raw[2] = raw[2].replace(b"Doe^Jane", b"Bug^Jane")
    numbers = taken(intake, *raw)
    Work(engine, messages, convert)()

    wanted = ["done"] * 8
    wanted[2] = wanted[5] = "dead"
    assert states(messages, numbers) == wanted


def one_ward(ward_id: str, message: Any, sender: Sender, number: int) -> Made:
    """A patient, and a ward that has the name that the last message gave it."""
    del sender, number
    mrn = message.value("PID-3.1")
    ward = {"resourceType": "Location", "id": ward_id, "name": message.value("PID-5.1")}
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": v} for v in mrn.split("+")],
    }
    first = mrn.partition("+")[0]
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"{URN}1",
                "resource": ward,
                "request": {"method": "PUT", "url": f"Location/{ward_id}"},
            },
            {
                "fullUrl": f"{URN}2",
                "resource": patient,
                "request": {"method": "PUT", "url": f"Patient?identifier={SYSTEM}|{first}"},
            },
        ],
    }

    def combine(full_url: str, given: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
        del full_url
        return {**stored, **{k: v for k, v in given.items() if k != "id"}}

    return Made(_Bundle(bundle), combine)


class _Bundle:
    def __init__(self, bundle: dict[str, Any]) -> None:
        self.bundle = bundle
        self.merges: tuple[Any, ...] = ()
        self.moves: tuple[Any, ...] = ()


def test_what_all_say_of_one_thing_is_written_once(
    engine: Engine, messages: Messages, intake: Intake
) -> None:
    taken(intake, *[a_message(patient=ids.new()) for _ in range(5)])
    id_ = ids.new()
    work = Work(engine, messages, partial(one_ward, id_))
    work()

    [ward] = found(engine, "Location", f"_id={id_}")
    assert (work.at_once, work.alone) == ([5], 0)
    assert (ward["name"], ward["meta"]["versionId"]) == ("Doe", "1")


def test_those_that_say_different_things_of_one_are_written_one_after_the_other(
    engine: Engine, messages: Messages, intake: Intake
) -> None:
    raw = [a_message(patient=ids.new()) for _ in range(6)]
    raw[3] = raw[3].replace(b"Doe^Jane", b"West^Jane")
    numbers = taken(intake, *raw)
    id_ = ids.new()
    work = Work(engine, messages, partial(one_ward, id_))
    work()

    assert states(messages, numbers) == ["done"] * 6
    # The five that agree in one transaction; there is no use in trying all six.
    assert (sorted(work.at_once), work.alone) == ([5], 1)
    [ward] = found(engine, "Location", f"_id={id_}")
    assert int(ward["meta"]["versionId"]) >= 2


def test_a_patient_whom_one_makes_and_another_means_is_one(
    engine: Engine, messages: Messages, intake: Intake
) -> None:
    one, other = ids.new(), ids.new()
    numbers = taken(intake, a_message(patient=f"{one}+{other}"), a_message(patient=other))
    Work(engine, messages, partial(one_ward, ids.new()))()

    assert states(messages, numbers) == ["done"] * 2
    assert len(found(engine, "Patient", f"identifier={SYSTEM}|{other}")) == 1


def test_nothing_is_written_by_who_has_lost_the_lease(
    engine: Engine, messages: Messages, intake: Intake, database: Database
) -> None:
    from fhirserver.storage.queue_items import take

    mrns = [ids.new() for _ in range(3)]
    taken(intake, *[a_message(patient=mrn) for mrn in mrns])
    lost = [r[0] for r in take(database, TOPIC, ids.new(), lanes=10, most=10, seconds=0)]
    take(database, TOPIC, ids.new(), lanes=10, most=10, seconds=60)
    work = Work(engine, messages, a_conversion)

    assert work.together(lost) == set()
    assert [found(engine, "Patient", f"identifier={SYSTEM}|{m}") for m in mrns] == [[]] * 3
