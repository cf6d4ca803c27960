"""The fast way from an event to its row gives what the generic extraction gives."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver import ids
from fhirserver.audit.content import MOST_ENTITIES, Rows
from fhirserver.audit.event import Caller, DicomStudy, Event, Subject
from fhirserver.model import json
from fhirserver.search.extract import extract
from fhirserver.search.hashing import element, reference_self
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import Site
from fhirserver.search.stamp import stamp
from fhirserver.storage.audit_events import EventRow, insert
from fhirserver.storage.reindex import bring_in_step
from fhirserver.storage.versions import array
from fhirserver.validation import check

SITE = Site("https://ward.example/fhir")
SYSTEM = Caller(client="loader", address="10.0.0.7")
DOCTOR = Caller(
    client="chart",
    address="2001:db8::1",
    user="u-1",
    name='Dr. "Ada" Ö',
    who="Practitioner/7",
    roles=("doctor", "auditor"),
    purposes=("BTG",),
)
PATIENT = Caller(client="app", user="u-2", who="Patient/p1")
EVENTS = [
    Event("e1", 1_700_000_000_123, "read", "R", SYSTEM, touched=(("Basic", "b", 3),)),
    Event(
        "E2-Upper",
        1_700_000_000_000,
        "vread",
        "R",
        DOCTOR,
        request_id="Req-1.x",
        touched=(("Observation", "o", 1),),
        patients=("p9", "p8"),
    ),
    Event("e3", 1, "search-type", "E", DOCTOR, request_id="r", query="bmFtZT14", patients=("p",)),
    Event("e4", 2, "read", "R", PATIENT, touched=(("Patient", "p2", None),), patients=("p2",)),
    Event("e5", 3, "operation", "E", PATIENT, operation="everything", request_id="r5"),
    Event("e6", 4, "delete", "D", SYSTEM, outcome="4", reason="403 forbidden"),
    Event("e7", 5, "create", "C", Caller(), outcome="8", reason="503 transient"),
    Event("e8", 6, "login", "E", DOCTOR),
    Event("e9", 7, "import", "E", Caller(user="root")),
    Event("eb", 9, "read", "R", PATIENT, touched=(("Patient", "p1", 1),), patients=("p1",)),
    Event("ec", 10, "dicom-query", "E", SYSTEM, operation="dicom-find", query="bmFtZT14"),
    Event(
        "ed",
        11,
        "dicom-transfer",
        "C",
        Caller(client="dicom:ct-1", address="10.0.0.9"),
        operation="dicom-store",
        touched=(("ImagingStudy", "s", None),),
        patients=("p",),
        studies=(DicomStudy("1.2.3", 120, ("1.2.840.10008.5.1.4.1.1.2",)), DicomStudy("1.2.4")),
    ),
    Event("ee", 12, "dicom-refused-node", "E", Caller(client="NOBODY"), outcome="4", reason="x"),
    Event("ef", 13, "dicom-begin-transfer", "C", Caller(client="c"), studies=(DicomStudy("1.2"),)),
    Event(
        "eg",
        14,
        "operation",
        "E",
        DOCTOR,
        operation="admin-change-user",
        request_id="r14",
        subjects=(Subject("account", "U-1", (("roles", "nurse, doctor"),)), Subject("queue", "q")),
    ),
    Event("eh", 15, "operation", "E", SYSTEM, subjects=(Subject("client", "c-1"),)),
    Event("ea", 8, "update", "U", DOCTOR, touched=(("Patient", "p", 2), ("Basic", "p", 2))),
]


def resource_of(row: EventRow) -> dict[str, Any]:
    content: dict[str, Any] = json.parse(row.content.encode())
    return {"resourceType": "AuditEvent", "id": row.id, **content}


def elements_of(row: EventRow) -> list[int]:
    return [int(e) for e in row.elements.split(",")]


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.id)
def test_an_event_is_indexed_as_its_resource_would_be(event: Event) -> None:
    row = Rows(SITE).row(event)
    resource = resource_of(row)
    values, whose = (f(resource, base_parameters(), SITE) for f in (extract, stamp))

    assert sorted(elements_of(row)) == sorted(values.elements)
    (date,) = values.dates
    assert (date.low, date.high) == (row.recorded, row.recorded + 1000)
    assert [(r.text, r.first, r.last) for r in values.strings] == list(row.addresses)
    assert not values.texts
    assert not values.numbers
    assert (row.owner, whose.labels) == (whose.owner, ())
    assert row.self == reference_self("AuditEvent", event.id)


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.id)
def test_an_event_is_a_valid_audit_event(event: Event) -> None:
    assert not check(resource_of(Rows(SITE).row(event)))


def test_entities_beyond_a_hundred_lie_beside_and_are_found_all_the_same() -> None:
    touched = tuple(("Observation", f"o{n}", None) for n in range(250))
    row = Rows(SITE).row(
        Event("e", 1, "search-type", "E", SYSTEM, touched=touched, patients=("p",))
    )
    entities = resource_of(row)["entity"]

    assert len(entities) == MOST_ENTITIES
    assert len(row.more) == 151
    assert row.more[-1] == "Patient/p"
    assert element("entity", "r|Observation/o249") in elements_of(row)
    assert row.owner == reference_self("Patient", "p")


def reindex(app, database, key: int) -> None:
    with database.transaction() as connection:
        store = app.extensions["fhirserver"].context.store
        bring_in_step(store, connection, "AuditEvent", [key])


def test_a_reindex_gives_nobody_an_event_of_two_patients(app, database) -> None:
    # One has asked for what is another's: the record of it is neither's own.
    event = Event(
        ids.new(), 1, "read", "R", PATIENT, outcome="4", touched=(("Patient", "p2", None),)
    )
    insert(database, [Rows(SITE).row(event)])
    sql = f"SELECT key, owner FROM resource.\"AuditEvent\" WHERE id = '{event.id}'"
    before = database.read(sql)

    reindex(app, database, before[0][0])

    assert database.read(sql) == before
    assert before[0][1] is None


def test_a_reindex_leaves_what_lies_beside_findable(app, database) -> None:
    # Of a patient and of somebody beyond the hundredth entity: nobody's own.
    touched = tuple(("Observation", f"o{n}", None) for n in range(150))
    event = Event(
        ids.new(), 1, "search-type", "E", SYSTEM, touched=touched, patients=("of-1", "of-2")
    )
    insert(database, [Rows(SITE).row(event)])
    where = f"WHERE id = '{event.id}'"
    sql = f'SELECT key, array_length(elements, 1), owner FROM resource."AuditEvent" {where}'
    before = database.read(sql)

    reindex(app, database, before[0][0])

    assert database.read(sql) == before
    assert before[0][2] is None
    found = database.read(
        f'SELECT 1 FROM resource."AuditEvent" {where} AND elements @> %s::int8[]',
        (array([element("patient", "r|Patient/of-2")]),),
    )
    assert found
