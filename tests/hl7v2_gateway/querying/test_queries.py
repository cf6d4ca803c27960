"""Queries by MLLP, answered from what is stored with the rights of who asks (ITI-9, ITI-21, Z34)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from fhirserver import ids
from hl7v2_gateway.er7 import Message, parse
from hl7v2_gateway.querying.asked import EVENTS
from hl7v2_gateway.querying.responding import ANSWERS
from tests.hl7v2_gateway.v2 import a_sender, member
from tests.peers.mllp_client import MllpClient

CVX = "http://hl7.org/fhir/sid/cvx"


@dataclass
class Registry:
    """A listener that knows who asks, and two patients of a name that nobody else has."""

    client: MllpClient
    family: str
    west: str
    east: str
    numbers: list[str]
    made: list[dict[str, Any]]

    def ask(self, event: str, qpd: str, more: str = "", *, acknowledge: str = "") -> Message:
        head = f"MSH|^~\\&|ASKER|WEST|FHIR|HOSP|20260301||QBP^{event}|{ids.new()[-20:]}|P|2.5.1"
        head += f"|||{acknowledge}" if acknowledge else ""
        raw = f"{head}\rQPD|{event}^Query^HL7|tag1|{qpd}\rRCP|I{more}\r"
        return self.client.send(raw.encode())


def status(answer: Message) -> tuple[str | None, ...]:
    return answer.value("MSA-1"), answer.value("QAK-2"), answer.value("ERR-3")


def families(answer: Message) -> list[str | None]:
    return [pid.value(5, 2) for pid in answer.all("PID")]


@pytest.fixture
def engine(app):
    return app.extensions["fhirserver"]


@pytest.fixture
def registry(listen, engine, client):
    word = "".join(chr(97 + int(c, 16)) for c in ids.new()[-12:].replace("-", ""))
    west, east = f"urn:oid:1.2.{int(ids.new()[-8:], 16)}", f"urn:id:EAST{word}"
    authority = {
        "url": "authority",
        "extension": [member("name", "WESTERN"), member("system", west)],
    }
    sender = a_sender(
        ids.new(), member("application", "ASKER"), member("address", "127.0.0.1"), authority
    )
    numbers = [ids.new()[-12:] for _ in range(3)]
    made = []
    for n, (given, born) in enumerate((("Ann", "1970-03-01"), ("Bob", "1980-05-02"))):
        patient = {
            "resourceType": "Patient",
            "active": True,
            "identifier": [{"system": west, "value": numbers[n]}],
            "name": [{"family": word.capitalize(), "given": [given]}],
            "birthDate": born,
            "gender": "female" if n == 0 else "male",
        }
        if n == 0:
            patient["identifier"].append({"system": east, "value": numbers[2]})
        answer = client.post("/fhir/Patient", json=patient)
        assert answer.status_code == 201, answer.text
        made.append(answer.get_json())
    with listen([sender], engine=engine).connect() as connection:
        yield Registry(connection, word, west, east, numbers, made)


def test_who_looks_like_this_is_answered_with_the_candidates(registry) -> None:
    answer = registry.ask("Q22", f"@PID.5.1.1^{registry.family.upper()}")

    assert answer.value("MSH-9.2") == "K22"
    assert status(answer) == ("AA", "OK", None)
    assert sorted(families(answer)) == ["Ann", "Bob"]
    assert (answer.value("QAK-1"), answer.value("QAK-4"), answer.value("QAK-6")) == (
        "tag1",
        "2",
        "0",
    )
    assert answer.value("QPD-3.1") == "@PID.5.1.1"


@pytest.mark.parametrize(
    ("more", "found"),
    [("~@PID.7^1970", ["Ann"]), ("~@PID.8^M", ["Bob"]), ("~@PID.5.2^A*~@PID.8^M", [])],
)
def test_all_that_is_asked_for_must_hold(registry, more, found) -> None:
    answer = registry.ask("Q22", f"@PID.5.1^{registry.family}*{more}")

    assert families(answer) == found
    assert status(answer) == ("AA", "OK" if found else "NF", None)


def test_an_identifier_is_asked_for_with_its_authority(registry) -> None:
    number = registry.numbers[0]
    found = registry.ask("Q22", f"@PID.3.1^{number}~@PID.3.4.1^WESTERN")
    other = registry.ask("Q22", f"@PID.3.1^{number}~@PID.3.4.1^ELSEWHERE")

    assert families(found) == ["Ann"]
    assert status(other) == ("AA", "NF", None)


def test_only_identifiers_of_the_domains_that_are_wanted_come_back(registry) -> None:
    domain = registry.east.removeprefix("urn:id:")
    answer = registry.ask("Q22", f"@PID.5.1^{registry.family}|||||^^^{domain}")

    [pid] = answer.all("PID")
    assert [r.component(1).value for r in pid.field(3).repetitions] == [registry.numbers[2]]


def test_a_domain_that_nobody_knows_is_an_error_and_where(registry) -> None:
    answer = registry.ask("Q22", f"@PID.5.1^{registry.family}|||||^^^NOBODYS{registry.family}")

    assert status(answer) == ("AE", "AE", "204")
    assert answer.segments[2].field(2).raw == "QPD^1^8^1"


@pytest.mark.parametrize("asked", ["@PID.99^x", "@PID.8^Q", "@PID.7^May", "", "@PID.3.4.1^WESTERN"])
def test_what_can_not_be_asked_for_is_not_left_out_but_refused(registry, asked) -> None:
    answer = registry.ask("Q22", asked)

    assert status(answer)[:2] == ("AE", "AE")
    assert not answer.all("PID")


def test_a_long_answer_is_continued_where_it_left_off(registry) -> None:
    qpd = f"@PID.5.1^{registry.family}"
    first = registry.ask("Q22", qpd, "|1^RD")
    second = registry.ask("Q22", qpd, f"|1^RD\rDSC|{first.segments[-1].field(1).raw}|I")

    assert (first.value("QAK-4"), first.value("QAK-5"), first.value("QAK-6")) == ("2", "1", "1")
    assert sorted(families(first) + families(second)) == ["Ann", "Bob"]
    assert second.value("QAK-6") == "0"
    assert second.first("DSC") is None


@pytest.mark.parametrize("pointer", ["x", "1.a=b", "1._page=forged", "9" * 500])
def test_a_pointer_that_is_none_of_ours_is_refused(registry, pointer) -> None:
    answer = registry.ask("Q22", f"@PID.5.1^{registry.family}", f"\rDSC|{pointer}|I")

    assert status(answer)[:2] == ("AE", "AE")
    assert not answer.all("PID")


def test_who_this_is_is_answered_with_that_person(registry) -> None:
    answer = registry.ask("Q21", f"{registry.numbers[1]}^^^WESTERN")

    assert answer.value("MSH-9.2") == "K21"
    assert families(answer) == ["Bob"]


def test_what_others_call_a_patient_is_told_without_the_name(registry) -> None:
    answer = registry.ask("Q23", f"{registry.numbers[0]}^^^WESTERN")

    [pid] = answer.all("PID")
    assert answer.value("MSH-9.2") == "K23"
    assert [r.component(1).value for r in pid.field(3).repetitions] == [registry.numbers[2]]
    assert pid.field(5).raw == "~^^^^^^S"
    assert pid.value(7) is None


def test_a_patient_without_other_identifiers_is_not_found_and_no_error(registry) -> None:
    answer = registry.ask("Q23", f"{registry.numbers[1]}^^^WESTERN")

    assert status(answer) == ("AA", "NF", None)


@pytest.mark.parametrize(
    ("identifier", "place"),
    [("nobody^^^WESTERN", "QPD^1^3^1^1"), ("1^^^NOBODYS", "QPD^1^3^1^4"), ("1", "QPD^1^3^1^4")],
)
def test_an_identifier_of_nobody_is_an_error_and_where(registry, identifier, place) -> None:
    answer = registry.ask("Q23", identifier)

    assert status(answer)[:2] == ("AE", "AE")
    assert answer.segments[2].field(2).raw == place


def test_new_numbers_are_given_of_the_senders_own_authorities(registry) -> None:
    answers = [registry.ask("Q24", "^^^WESTERN") for _ in range(2)]
    other = registry.ask("Q24", "^^^ELSEWHERE")

    given = {a.value("PID-3.1") for a in answers}
    assert len(given) == 2
    assert all(a.value("PID-3.4.1") == "WESTERN" for a in answers)
    assert status(other) == ("AE", "AE", "204")


def test_vaccinations_are_told_of_the_one_who_is_meant(registry, client) -> None:
    dose = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": "08", "display": "Hep B"}]},
        "patient": {"reference": f"Patient/{registry.made[0]['id']}"},
        "occurrenceDateTime": "2020-02-03",
    }
    assert client.post("/fhir/Immunization", json=dose).status_code == 201
    qpd = f"{registry.numbers[0]}^^^WESTERN"
    one = ask_for_history(registry, qpd)
    several = ask_for_history(registry, f"|{registry.family}^||19", born="")

    assert (one.value("MSH-9.2"), one.value("MSH-21.1")) == ("K11", "Z32")
    assert families(one) == ["Ann"]
    assert (one.value("RXA-5.1"), one.value("RXA-3")) == ("08", "20200203")
    assert status(several)[:2] == ("AE", "AE")


def ask_for_history(registry: Registry, qpd: str, born: str = "") -> Message:
    head = f"MSH|^~\\&|ASKER|WEST|FHIR|HOSP|2026||QBP^Q11^QBP_Q11|{ids.new()[-20:]}|P|2.5.1"
    return registry.client.send(f"{head}\rQPD|Z34^History^HL70471|t|{qpd}{born}\rRCP|I\r".encode())


def test_who_has_no_vaccinations_here_and_who_might_be_meant_are_told_apart(registry) -> None:
    nobody = ask_for_history(registry, f"|Nobody{registry.family}^Ann||19700301")
    other = registry.ask("Q11", registry.numbers[0])

    assert (nobody.value("MSH-21.1"), status(nobody)) == ("Z33", ("AA", "NF", None))
    assert status(other) == ("AE", "AE", "103")


def test_in_enhanced_mode_the_response_is_a_message_of_its_own(registry) -> None:
    accepted = registry.ask("Q22", f"@PID.5.1^{registry.family}", acknowledge="AL|AL")
    response = parse(registry.client.receive())

    assert accepted.value("MSA-1") == "CA"
    assert status(response) == ("AA", "OK", None)


def test_who_is_known_by_a_name_alone_is_not_answered(listen, engine, client) -> None:
    listener = listen([a_sender(ids.new(), member("application", "ASKER"))], engine=engine)
    with listener.connect() as connection:
        one = Registry(connection, "", "", "", [], [])
        answer = one.ask("Q22", "@PID.5.1^A")

    assert answer.value("MSA-1") == "AR"
    assert not answer.all("PID")


def test_the_same_query_again_is_answered_again_and_kept_once(registry, database) -> None:
    control = ids.new()[-20:]
    raw = (
        f"MSH|^~\\&|ASKER|WEST|FHIR|HOSP|2026||QBP^Q22|{control}|P|2.5.1\r"
        f"QPD|Q22|t|@PID.5.1^{registry.family}\rRCP|I\r"
    ).encode()
    answers = [registry.client.send(raw) for _ in range(2)]
    rows = database.read(
        "SELECT state, ack IS NULL, ended IS NOT NULL FROM hl7v2.message WHERE control = %s",
        (control,),
    )

    assert [len(a.all("PID")) for a in answers] == [2, 2]
    # What was answered names patients: it isn't kept.
    assert rows == [("done", True, True)]


def test_who_is_hidden_from_the_sender_is_not_found(registry, client) -> None:
    labelled = {
        **registry.made[0],
        "meta": {
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
            ]
        },
    }
    answer = client.put(f"/fhir/Patient/{labelled['id']}", json=labelled)
    assert answer.status_code == 200, answer.text

    assert families(registry.ask("Q22", f"@PID.5.1^{registry.family}")) == ["Bob"]
    assert status(registry.ask("Q21", f"{registry.numbers[0]}^^^WESTERN"))[1] == "NF"
    assert status(registry.ask("Q23", f"{registry.numbers[0]}^^^WESTERN"))[:2] == ("AE", "AE")


def test_all_events_of_queries_have_an_answer() -> None:
    assert {f"QBP^{event}" for event in ANSWERS} == EVENTS


def test_by_http_the_token_must_be_one_that_reads_patients(app, client, token) -> None:
    application = f"ASK{ids.new()[-8:]}"
    sender = a_sender("x", member("application", application), member("address", "127.0.0.1"))
    del sender["id"]
    assert client.post("/fhir/Endpoint", json=sender).status_code == 201

    def ask(scope: str) -> Any:
        raw = (
            f"MSH|^~\\&|{application}|WEST|FHIR|HOSP|2026||QBP^Q22|{ids.new()[-20:]}|P|2.5.1\r"
            f"QPD|Q22|t|@PID.5.1^Nobody{application}\rRCP|I\r"
        ).encode()
        headers = {"Authorization": f"Bearer {token(scope)}"}
        how = {"data": raw, "content_type": "application/hl7-v2", "headers": headers}
        return app.test_client().post("/hl7v2", **how)

    ends = time.monotonic() + 60
    # Whoever has just been entered is known half a second later.
    while (refused := ask("system/MessageHeader.c")).status_code == 400:
        assert time.monotonic() < ends
    answered = ask("system/MessageHeader.c system/Patient.rs")

    assert refused.status_code == 403
    assert answered.status_code == 200
    assert status(parse(answered.data)) == ("AA", "NF", None)
