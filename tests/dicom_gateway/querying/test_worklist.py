"""Worklist items of what is ordered and planned, with the rights of who asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dicom_gateway.mapping.order_uids import request_id
from dicom_gateway.mapping.worklist import Reader
from dicom_gateway.partners import Peer
from dicom_gateway.querying.asking import Asking, caller
from dicom_gateway.querying.worklist import items
from tests.answers import done
from tests.dicom_gateway import orders
from tests.dicom_gateway.orders import HOSPITAL, reference

VIENNA = ZoneInfo("Europe/Vienna")
READER = Reader(VIENNA, HOSPITAL)
Keys = dict[str, Any]
Item = dict[str, Any]


@pytest.fixture
def stored(client: FlaskClient) -> orders.Store:
    def make(resource: orders.Resource) -> orders.Resource:
        return dict(done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201))

    return make


@pytest.fixture
def asked(app: Flask) -> Callable[[Keys], list[Item]]:
    engine = app.extensions["fhirserver"]
    peer = Peer("ct-1", "CT", "CT1", may=frozenset(["worklist"]))

    def ask(keys: Keys) -> list[Item]:
        return list(items(Asking(engine, caller(engine, peer)), keys, READER))

    return ask


def step(**values: str) -> Keys:
    tags = {
        "station": ("00400001", "AE"),
        "modality": ("00080060", "CS"),
        "date": ("00400002", "DA"),
        "time": ("00400003", "TM"),
    }
    inner = {tags[k][0]: {"vr": tags[k][1], "Value": [v]} for k, v in values.items()}
    return {"00400100": {"vr": "SQ", "Value": [inner]}}


def value(item: Item, tag: str) -> Any:
    values = item[tag].get("Value") or [None]
    return values[0]


def text(item: Item, *tags: str) -> list[Any]:
    return [value(item, tag) for tag in tags]


def test_an_appointment_of_an_order_is_an_item(
    stored: orders.Store, asked: Callable[[Keys], list[Item]]
) -> None:
    title, number, accession = orders.unique(), orders.unique(), orders.unique()
    room = stored({"resourceType": "Location", "name": "Room 7"})
    patient = stored(orders.a_patient(number))
    doctor = stored({"resourceType": "Practitioner", "name": [{"family": "Salieri"}]})
    stored(
        {
            "resourceType": "AllergyIntolerance",
            "patient": reference(patient),
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                        "code": "active",
                    }
                ]
            },
            "code": {"text": "Iodinated contrast"},
        }
    )
    more = {"requester": reference(doctor), "priority": "stat"}
    order = stored(orders.an_order(patient, accession, **more))
    station = stored(orders.a_station(title, location=reference(room)))
    appointment = stored(orders.an_appointment(order, patient, station, comment="Bring glasses"))

    (item,) = asked(step(station=title))

    assert text(item, "00080050", "00100020", "00100040", "00100030") == [
        accession, number, "M", "19320331",
    ]  # fmt: skip
    assert value(item, "00100010") == {"Alphabetic": "Haydn^Franz^Joseph^Dr"}
    assert value(item, "00321032") == {"Alphabetic": "Salieri"}
    assert text(item, "00102110", "00401003", "00321060") == [
        "Iodinated contrast", "STAT", "CT of the chest",
    ]  # fmt: skip
    assert request_id(value(item, "0020000D")) == order["id"]
    scheduled = value(item, "00400100")
    assert text(scheduled, "00080060", "00400001", "00400002", "00400003", "00400011") == [
        "CT", title, "20261201", "093000", "Room 7",
    ]  # fmt: skip
    assert text(scheduled, "00400010", "00400020", "00400400") == [
        f"Scanner {title}"[:16].strip(), "SCHEDULED", "Bring glasses",
    ]  # fmt: skip
    assert len(value(scheduled, "00400009")) <= 16
    assert value(scheduled, "00400009") not in {appointment["id"], None}


def test_items_are_found_by_their_numbers_their_day_and_their_modality(
    stored: orders.Store, asked: Callable[[Keys], list[Item]]
) -> None:
    title, number, accession = orders.unique(), orders.unique(), orders.unique()
    patient = stored(orders.a_patient(number))
    order = stored(orders.an_order(patient, accession))
    station = stored(orders.a_station(title, "MR"))
    stored(orders.an_appointment(order, patient, station))
    one = step(station=title)

    def count(keys: Keys) -> int:
        return len(asked(keys))

    assert count({"00080050": {"vr": "SH", "Value": [accession]}}) == 1
    assert count({"00100020": {"vr": "LO", "Value": [number]}}) == 1
    assert count({"00100020": {"vr": "LO", "Value": [number + "X"]}}) == 0
    assert count(one | {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "haydn*"}]}}) == 1
    assert count(step(station=title, date="20261201", modality="MR")) == 1
    assert count(step(station=title, date="20261201-20261203", time="10-")) == 0
    assert count(step(station=title, date="20261130-20261201", time="093000-09")) == 1
    assert count(step(station=title, date="20261202-")) == 0
    assert count(step(station=title, modality="CT")) == 0
    uid = value(asked(one)[0], "0020000D")
    assert count({"0020000D": {"vr": "UI", "Value": ["1.2.3", uid]}}) == 1


def test_what_is_cancelled_or_done_is_in_no_worklist(
    stored: orders.Store, asked: Callable[[Keys], list[Item]]
) -> None:
    title = orders.unique()
    patient = stored(orders.a_patient(orders.unique()))
    station = stored(orders.a_station(title))
    for day, status in enumerate(("cancelled", "fulfilled", "noshow", "booked"), 10):
        order = stored(orders.an_order(patient, orders.unique()))
        more = {"cancelationReason": {"text": "ill"}} if status == "cancelled" else {}
        times = {"start": f"2026-12-{day}T09:00:00Z", "end": f"2026-12-{day}T09:30:00Z"}
        stored(orders.an_appointment(order, patient, station, status=status, **times, **more))
    stopped = stored(orders.an_order(patient, orders.unique(), status="revoked"))
    stored(orders.an_appointment(stopped, patient, station))

    (item,) = asked(step(station=title))

    assert value(value(item, "00400100"), "00400020") == "SCHEDULED"


def test_a_task_and_an_order_with_a_time_are_steps_too(
    stored: orders.Store, asked: Callable[[Keys], list[Item]]
) -> None:
    title = orders.unique()
    patient = stored(orders.a_patient(orders.unique()))
    station = stored(orders.a_station(title, "DX"))
    timed = orders.an_order(
        patient, orders.unique(), occurrenceDateTime="2026-12-02T08:00:00+01:00"
    )
    stored({**timed, "performer": [reference(station)]})
    order = stored(orders.an_order(patient, orders.unique()))
    code = {"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}
    stored(
        {
            "resourceType": "Task",
            "status": "ready",
            "intent": "order",
            "code": {"coding": [code]},
            "focus": reference(order),
            "owner": reference(station),
            "executionPeriod": {"start": "2026-12-03T08:00:00+01:00"},
        }
    )

    found = asked(step(station=title, date="20261201-20261231"))

    steps = [value(item, "00400100") for item in found]
    assert sorted(text(s, "00400002", "00400020") for s in steps) == [
        ["20261202", "SCHEDULED"], ["20261203", "READY"],
    ]  # fmt: skip


def test_an_order_that_has_an_appointment_is_one_item(
    stored: orders.Store, asked: Callable[[Keys], list[Item]]
) -> None:
    title = orders.unique()
    patient = stored(orders.a_patient(orders.unique()))
    station = stored(orders.a_station(title))
    wished = orders.an_order(patient, orders.unique(), occurrenceDateTime="2026-12-02")
    order = stored({**wished, "performer": [reference(station)]})

    assert len(asked(step(station=title))) == 1

    stored(orders.an_appointment(order, patient, station))

    (item,) = asked(step(station=title))
    assert value(value(item, "00400100"), "00400002") == "20261201"
    assert asked(step(station=title, date="20261202")) == []
