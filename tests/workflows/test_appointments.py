"""Reminders, holds that end, no-shows and the waiting list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fhirserver import clock
from fhirserver.scheduling.reminding import PREFERENCE
from fhirserver.scheduling.times import written
from fhirserver.workflows import (
    appointment_holds,
    appointment_messages,
    appointment_reminders,
    appointment_slots,
    no_shows,
    waiting_list,
)
from fhirserver.workflows.registering import Elapsed
from tests.answers import done, resources
from tests.peers.mail_server import mail_server
from tests.peers.sms_gateway import sms_gateway

MAIL = {"system": "email", "value": "ada@tests.example"}
START = datetime(2027, 3, 1, 7, tzinfo=UTC)
DAY_BEFORE = START - timedelta(hours=24)


@pytest.fixture(scope="module")
def mail():
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def gateway():
    with sms_gateway() as server:
        yield server


@pytest.fixture(scope="module")
def app(make_app, mail, gateway):
    return make_app(
        smtp_host="127.0.0.1",
        smtp_port=mail.port,
        smtp_tls="off",
        smtp_from="ward@hospital.example",
        sms_url=gateway.url,
        site_name="Hospital",
        time_zone="Europe/Vienna",
        reception="Organization/reception",
    )


@pytest.fixture(autouse=True)
def quiet(mail, gateway):
    mail.messages.clear()
    mail.refusing.clear()
    mail.answer = "250 OK"
    gateway.messages.clear()
    gateway.status = 202


@pytest.fixture
def at(monkeypatch):
    def hold(when):
        monkeypatch.setattr(clock, "now", lambda: when)

    return hold


def stored(client, resource_type, **elements):
    body = {"resourceType": resource_type, **elements}
    return done(client.post(f"/fhir/{resource_type}", json=body), 201)


def name(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def to(resource):
    return {"reference": name(resource)}


def read(client, resource):
    return done(client.get(f"/fhir/{name(resource)}"))


def found(client, resource_type, **query):
    return resources(done(client.get(f"/fhir/{resource_type}", query_string=query)))


def an_appointment(client, *who, status="booked", start=START, **more):
    return stored(
        client,
        "Appointment",
        status=status,
        start=start.isoformat(),
        end=(start + timedelta(minutes=30)).isoformat(),
        participant=[{"actor": to(w), "status": "accepted"} for w in who],
        **more,
    )


def remind(engine, appointment, start=START):
    content = {"appointment": appointment["id"], "start": written(start, UTC), "hours": 24}
    appointment_reminders.remind(Elapsed(engine, "appointment_reminders", content))


# Reminders


def test_a_patient_is_reminded_once_with_time_and_place(client, engine, mail, at):
    patient = stored(client, "Patient", telecom=[MAIL], name=[{"family": "Lovelace"}])
    zone = [{"url": "http://hl7.org/fhir/StructureDefinition/timezone", "valueCode": "Asia/Tokyo"}]
    place = stored(client, "Location", name="House 3", extension=zone)
    appointment = an_appointment(client, patient, place)
    at(DAY_BEFORE)

    remind(engine, appointment)
    remind(engine, appointment)

    [message] = mail.messages
    assert "Monday 1 March 2027, 16:00, House 3" in message.get_content().replace("\n", " ")
    assert "Lovelace" not in message.as_string()
    [record] = found(client, "Communication", subject=name(patient))
    assert record["status"] == "completed"
    assert record["about"] == [to(appointment)]
    assert record["id"] in message["Message-ID"]


def test_many_workers_send_one_message(client, engine, mail, at_once):
    start = clock.now().replace(microsecond=0) + timedelta(hours=24)
    appointment = an_appointment(client, stored(client, "Patient", telecom=[MAIL]), start=start)

    at_once(lambda _: remind(engine, appointment, start), range(8))

    assert len(mail.messages) == 1


def test_after_a_crash_the_same_message_is_sent_again(client, engine, mail, at, monkeypatch):
    patient = stored(client, "Patient", telecom=[MAIL])
    appointment = an_appointment(client, patient)
    now = clock.now()
    at(DAY_BEFORE)
    send = appointment_messages._send

    def dies(*given):
        send(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(appointment_messages, "_send", dies)
    with pytest.raises(KeyboardInterrupt):
        remind(engine, appointment)
    monkeypatch.setattr(appointment_messages, "_send", send)
    # What is written has the database's time.
    monkeypatch.setattr(appointment_messages, "UNDER_WAY", now - DAY_BEFORE)
    remind(engine, appointment)

    first, second = mail.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert len(found(client, "Communication", subject=name(patient))) == 1


def test_what_was_cancelled_or_moved_is_not_reminded_of(client, engine, mail, at):
    patient = stored(client, "Patient", telecom=[MAIL])
    cancelled = an_appointment(client, patient, status="cancelled")
    moved = an_appointment(client, patient, start=START + timedelta(days=1))
    at(DAY_BEFORE)

    remind(engine, cancelled)
    remind(engine, moved)
    at(START)
    remind(engine, an_appointment(client, patient))

    assert mail.messages == []


def test_who_prefers_sms_gets_one(client, engine, mail, gateway, at):
    chosen = [{"url": PREFERENCE, "valueCode": "sms"}]
    mobile = {"system": "phone", "use": "mobile", "value": "+436601234567"}
    patient = stored(client, "Patient", telecom=[MAIL, mobile], extension=chosen)
    appointment = an_appointment(client, patient)
    at(DAY_BEFORE)

    remind(engine, appointment)

    assert [m["to"] for m in gateway.messages] == ["+436601234567"]
    assert mail.messages == []


@pytest.mark.parametrize(
    "more",
    [{"extension": [{"url": PREFERENCE, "valueCode": "none"}]}, {"deceasedBoolean": True}],
)
def test_who_wants_none_or_has_died_is_not_written_to(client, engine, mail, at, more):
    patient = stored(client, "Patient", telecom=[MAIL], **more)
    appointment = an_appointment(client, patient)
    at(DAY_BEFORE)

    remind(engine, appointment)

    assert mail.messages == []
    assert found(client, "Task", patient=name(patient)) == []


def test_who_cannot_be_reached_is_a_task_for_the_reception(client, engine, mail, at):
    mail.refusing["ada@tests.example"] = "550 unknown"
    for telecom in ([], [MAIL]):
        patient = (
            stored(client, "Patient", telecom=telecom) if telecom else stored(client, "Patient")
        )
        appointment = an_appointment(client, patient)
        at(DAY_BEFORE)

        remind(engine, appointment)
        remind(engine, appointment)

        [task] = found(client, "Task", patient=name(patient))
        assert task["focus"] == to(appointment)
        assert task["owner"] == {"reference": "Organization/reception"}


def test_a_mail_server_that_is_busy_is_asked_again(client, engine, mail, at, database):
    patient = stored(client, "Patient", telecom=[MAIL])
    appointment = an_appointment(client, patient)
    at(DAY_BEFORE)
    mail.answer = "451 later"

    remind(engine, appointment)
    assert mail.messages == []
    mail.answer = "250 OK"
    rows = database.read(
        "SELECT due FROM queue.item WHERE topic = 'timer.appointment_reminder' "
        "AND content->>'appointment' = %s", (appointment["id"],)
    )  # fmt: skip
    assert [r[0] for r in rows] == [DAY_BEFORE + timedelta(minutes=5)]
    remind(engine, appointment)

    assert len(mail.messages) == 1


def test_a_booked_appointment_is_reminded_of_when_the_time_has_come(client, reacting, eventually, mail):  # fmt: skip
    patient = stored(client, "Patient", telecom=[MAIL])
    acts = {"appointment_reminders": (["Appointment"], appointment_reminders.act)}
    timers = {appointment_reminders.TIMER: appointment_reminders.remind}

    with reacting(acts, timers):
        start = datetime.now(UTC) + timedelta(hours=24, seconds=2)
        an_appointment(client, patient, start=start)
        eventually(lambda: mail.messages)

    assert mail.messages[0]["To"] == "ada@tests.example"


# What was booked here


@pytest.fixture
def slot(client):
    def make(hour=7, **more):
        actor = stored(client, "Practitioner")
        schedule = stored(client, "Schedule", actor=[to(actor)])
        day = START.replace(hour=hour)
        ends = (day + timedelta(minutes=30)).isoformat()
        return stored(client, "Slot", schedule=to(schedule), status="free",
                      start=day.isoformat(), end=ends, **more)  # fmt: skip

    return make


def call(client, operation, appointment=None, **more):
    made = []
    for key, value in more.items():
        kind = "resource" if "resourceType" in value else "valueReference"
        made.append({"name": key.replace("_", "-"), kind: value})
    body = {"resourceType": "Parameters"} | ({"parameter": made} if made else {})
    where = f"Appointment/{appointment['id']}" if appointment else "Appointment"
    [appointment] = resources(done(client.post(f"/fhir/{where}/${operation}", json=body)))
    return appointment


def wanted(patient, slot):
    who = [{"actor": to(patient), "status": "accepted"}]
    return {"resourceType": "Appointment", "status": "proposed", "participant": who, "slot": [to(slot)]}  # fmt: skip


def elapsed(engine, appointment):
    return Elapsed(engine, "test", {"appointment": appointment["id"]})


def test_a_hold_that_is_over_is_cancelled(client, engine, slot, at):
    free = slot()
    held = call(client, "hold", appointment_resource=wanted(stored(client, "Patient"), free))

    appointment_holds.end(elapsed(engine, held))
    assert read(client, held)["status"] == "pending"
    at(clock.now() + timedelta(hours=1))
    appointment_holds.end(elapsed(engine, held))

    assert read(client, held)["status"] == "cancelled"
    assert read(client, free)["status"] == "free"


def test_a_hold_that_was_booked_stays(client, engine, slot, at):
    held = call(client, "hold", appointment_resource=wanted(stored(client, "Patient"), slot()))
    call(client, "book", held)
    at(clock.now() + timedelta(hours=1))

    appointment_holds.end(elapsed(engine, held))

    assert read(client, held)["status"] == "booked"


def test_who_did_not_come_is_marked_after_the_grace_time(client, engine, slot, at):
    booked = call(client, "book", appointment_resource=wanted(stored(client, "Patient"), slot()))

    at(START + timedelta(minutes=140))
    no_shows.mark(elapsed(engine, booked))
    assert read(client, booked)["status"] == "booked"
    at(START + timedelta(minutes=160))
    no_shows.mark(elapsed(engine, booked))

    assert read(client, booked)["status"] == "noshow"


def test_who_was_seen_or_came_from_elsewhere_is_not_marked(client, engine, slot, at):
    patient = stored(client, "Patient")
    seen = call(client, "book", appointment_resource=wanted(patient, slot()))
    stored(client, "Encounter", status="in-progress", **{"class": {"code": "AMB"}},
           subject=to(patient), appointment=[to(seen)])  # fmt: skip
    foreign = an_appointment(client, patient)
    at(START + timedelta(days=1))

    for each in (seen, foreign):
        no_shows.mark(elapsed(engine, each))
        assert read(client, each)["status"] == "booked"


# The waiting list


def waiting(client, slot, **more):
    schedule = done(client.get(f"/fhir/{slot['schedule']['reference']}"))
    patient = stored(client, "Patient", telecom=[MAIL])
    who = [{"actor": a, "status": "needs-action"} for a in (to(patient), schedule["actor"][0])]
    return stored(client, "Appointment", status="waitlist", participant=who, **more)


def test_a_time_that_becomes_free_is_offered_to_one_after_the_other(client, engine, slot, reacting, eventually, mail, at):  # fmt: skip
    taken = slot()
    booked = call(client, "book", appointment_resource=wanted(stored(client, "Patient"), taken))
    second = waiting(client, taken, priority=2)
    first = waiting(client, taken, priority=1)
    acts = {
        "waiting_list": (["Slot"], waiting_list.act),
        "waiting_list_offers": (["Appointment"], waiting_list.offered),
    }

    with reacting(acts, {waiting_list.OFFER: waiting_list.write}):
        call(client, "cancel", booked)
        eventually(lambda: read(client, first)["status"] == "pending")
        eventually(lambda: len(mail.messages) == 1)
        offer = read(client, first)
        assert offer["slot"] == [to(taken)]
        [task] = found(client, "Task", focus=name(first))
        assert task["code"]["coding"][0]["code"] == "waiting-list-offer"
        assert read(client, taken)["status"] == "busy-tentative"

        at(clock.now() + timedelta(days=2))
        appointment_holds.end(elapsed(engine, first))
        eventually(lambda: read(client, second)["status"] == "pending")

    back = read(client, first)
    assert back["status"] == "waitlist"
    assert "slot" not in back
    assert call(client, "book", read(client, second))["status"] == "booked"


def test_a_time_that_nobody_waits_for_stays_free(client, engine, slot, reacting, eventually):
    taken, other = slot(), slot()
    booked = call(client, "book", appointment_resource=wanted(stored(client, "Patient"), taken))
    elsewhere = waiting(client, other)
    came = []

    def act(occasion):
        waiting_list.act(occasion)
        came.append(occasion.change.id)

    with reacting({"waiting_list": (["Slot"], act)}):
        call(client, "cancel", booked)
        eventually(lambda: taken["id"] in came)

    assert read(client, taken)["status"] == "free"
    assert read(client, elsewhere)["status"] == "waitlist"


def test_an_appointment_cancelled_by_other_means_gives_its_slots_back(client, slot, reacting, eventually):  # fmt: skip
    taken = slot()
    booked = call(client, "book", appointment_resource=wanted(stored(client, "Patient"), taken))

    with reacting({"appointment_slots": (["Appointment"], appointment_slots.act)}):
        done(client.put(f"/fhir/{name(booked)}", json=booked | {"status": "cancelled"}))
        eventually(lambda: read(client, taken)["status"] == "free")

    assert read(client, booked)["meta"]["versionId"] == "2"
