"""Messages become FHIR by the tables, from the record to the resources."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fhirserver import ids, queues
from fhirserver.app import open_engine
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import TOPIC, Messages
from fhirserver.model import json
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.er7 import parse
from hl7v2_gateway.intake import Directory, Intake, Received
from hl7v2_gateway.operating.converting import Converter, principal_of
from hl7v2_gateway.operating.mapped import made_of, supports
from hl7v2_gateway.partners import Sender
from tests.hl7v2_gateway.v2 import a_message, a_sender, member

SYSTEM = "https://west.example/mrn"


@pytest.fixture(scope="module")
def engine(database: Database, database_url: str) -> Engine:
    return open_engine(Settings(database_url=database_url), database)


@pytest.fixture
def take(engine: Engine, messages: Messages) -> Any:
    """Takes messages in and converts them; their heads."""
    authority = {
        "url": "authority",
        "extension": [member("name", "WEST"), member("system", SYSTEM, "Uri")],
    }
    sender = a_sender("adt1", member("application", "ADT1"), authority)
    directory = Directory(lambda _: [sender])
    intake = Intake(messages, directory, supports=supports)
    converter = Converter(engine, messages, directory, made_of)
    messages.database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))

    def act(*raw: bytes) -> list[Any]:
        answers = intake.take([Received(r) for r in raw])
        deadline = time.monotonic() + 60
        while queues.standing(messages.database) and _left(messages):
            queues.work(messages.database, TOPIC, converter.act, seconds=5)
            assert time.monotonic() < deadline
        found = [messages.find(a.id or 0) for a in answers]
        return [m.head for m in found if m is not None]

    return act


def _left(messages: Messages) -> bool:
    rows = messages.database.read("SELECT 1 FROM queue.item WHERE topic = %s LIMIT 1", (TOPIC,))
    return bool(rows)


def found(engine: Engine, resource_type: str, *query: tuple[str, str]) -> list[dict[str, Any]]:
    principal = principal_of(Sender("test", "test"))
    request = FhirRequest("search-type", principal, type=resource_type, query=query)
    page = json.parse_object(engine.handle(request).content or b"")
    return [e["resource"] for e in page.get("entry", ())]


def test_an_admission_becomes_a_patient_and_a_visit_with_their_provenance(
    engine: Engine, take: Any
) -> None:
    mrn = ids.new()
    [head] = take(a_message(patient=mrn))

    assert (head.state, head.reason) == ("done", None)
    [patient] = found(engine, "Patient", ("identifier", f"{SYSTEM}|{mrn}"))
    assert patient["name"][0]["family"] == "Doe"
    visits = found(engine, "Encounter", ("patient", patient["id"]))
    assert [v["status"] for v in visits] == ["in-progress"]
    records = found(engine, "Provenance", ("target", f"Patient/{patient['id']}"))
    assert records


def test_an_update_keeps_what_it_does_not_speak_of(engine: Engine, take: Any) -> None:
    mrn = ids.new()
    first = a_message(patient=mrn).replace(b"|F\r", b"|F|||12 High St^^Town\r")
    take(first, a_message("ADT^A08", patient=mrn).replace(b"Doe^Jane", b"Roe^Jane"))

    [patient] = found(engine, "Patient", ("identifier", f"{SYSTEM}|{mrn}"))
    assert patient["name"][0]["family"] == "Roe"
    assert patient["address"][0]["city"] == "Town"


def test_a_merge_message_merges(engine: Engine, take: Any) -> None:
    old, new = ids.new(), ids.new()
    heads = take(
        a_message(patient=old),
        a_message(patient=new),
        a_message("ADT^A40", patient=new, more=f"MRG|{old}^^^WEST^MR\r"),
    )

    assert [(h.state, h.reason) for h in heads] == [("done", None)] * 3
    assert heads[2].report is not None
    assert not heads[2].report.get("notes")
    sources = [
        p
        for p in found(engine, "Patient", ("identifier", f"{SYSTEM}|{old}"))
        if p.get("active") is False
    ]
    assert sources[0]["link"][0]["type"] == "replaced-by"


def test_a_message_that_no_table_knows_is_rejected_at_once() -> None:
    for event, code in (("ADT^Z99", "201"), ("ZZZ^Z01", "200")):
        problem = supports(parse(a_message(event)))
        assert problem is not None
        assert problem.code == code


def test_a_visit_that_moves_takes_along_what_belongs_to_it(engine: Engine, take: Any) -> None:
    wrong, right, visit = ids.new(), ids.new(), ids.new()
    number = f"||||||||||||||||{visit}^^^WEST^VN"
    admission = a_message(patient=wrong).replace(b"W1^101^1\r", f"W1^101^1{number}\r".encode())
    result = (
        a_message("ORU^R01", patient=wrong).replace(b"W1^101^1\r", f"W1^101^1{number}\r".encode())
        + b"OBR|1||77^LAB|GLU^Glucose^L\rOBX|1|NM|GLU^Glucose^L||5|mmol/L|||||F\r"
    )
    move = (
        a_message("ADT^A45", patient=right).partition(b"PV1")[0]
        + f"MRG|{wrong}^^^WEST^MR||||{visit}^^^WEST^VN\rPV1|1|I|W1{number}\r".encode()
    )
    heads = take(admission, a_message(patient=right), result, move)

    assert [(h.state, h.reason) for h in heads] == [("done", None)] * 4, heads
    [target] = found(engine, "Patient", ("identifier", f"{SYSTEM}|{right}"))
    moved = found(engine, "Encounter", ("identifier", f"{SYSTEM}|{visit}"))
    assert [e["subject"]["reference"] for e in moved] == [f"Patient/{target['id']}"]
    values = found(engine, "Observation", ("encounter", moved[0]["id"]))
    assert [o["subject"]["reference"] for o in values] == [f"Patient/{target['id']}"]
