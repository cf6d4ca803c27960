"""A message and what is stored already."""

from __future__ import annotations

from typing import Any

from hl7v2_gateway.mapping.conversion import Conversion
from hl7v2_gateway.mapping.merging import finished, merged
from tests.hl7v2_gateway.mapping.converting import converted

PID = "PID|1||123^^^HOSP^MR||Lovelace^Ada||19801210|F|||||^PRN^PH^^^020^555"
PV1 = "PV1|1|I|W1^2^3||||7^Who^Doctor^^^^^^HOSP" + "|" * 12 + "V77^^^HOSP^VN"


def _stored(conversion: Conversion, resource_type: str, **content: Any) -> dict[str, Any]:
    (upsert,) = [u for u in conversion.upserts if u.type == resource_type]
    resource = {**upsert.resource, "id": "7", "meta": {"versionId": "3"}, **content}
    return {upsert.full_url: resource}


def _entry(bundle: dict[str, Any], resource_type: str) -> dict[str, Any]:
    (found,) = [e for e in bundle["entry"] if e["resource"]["resourceType"] == resource_type]
    return found


def test_what_a_message_does_not_speak_of_stays() -> None:
    conversion = converted("ADT^A08^ADT_A01", PID, PV1)
    stored = _stored(conversion, "Patient", maritalStatus={"text": "M"}, gender="male")

    entry = _entry(finished(conversion, stored), "Patient")

    assert entry["resource"]["maritalStatus"] == {"text": "M"}
    assert entry["resource"]["gender"] == "female"
    assert entry["request"] == {"method": "PUT", "url": "Patient/7", "ifMatch": 'W/"3"'}


def test_what_would_change_nothing_is_left_out_and_references_name_what_is_stored() -> None:
    conversion = converted("ADT^A08^ADT_A01", PID, PV1)

    bundle = finished(conversion, _stored(conversion, "Patient"))

    assert not [e for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"]
    assert _entry(bundle, "Encounter")["resource"]["subject"] == {"reference": "Patient/7"}


def test_a_null_deletes_one_number_of_several() -> None:
    conversion = converted("ADT^A08^ADT_A01", PID.replace("^PRN^PH^^^020^555", '""'), PV1)
    telecom = [{"use": "home", "value": "1"}, {"use": "work", "value": "2"}]

    entry = _entry(finished(conversion, _stored(conversion, "Patient", telecom=telecom)), "Patient")

    assert entry["resource"]["telecom"] == [{"use": "work", "value": "2"}]


def test_a_transfer_completes_the_place_before() -> None:
    conversion = converted("ADT^A02^ADT_A02", PID, PV1)
    before = [{"location": {"reference": "Location/old"}, "status": "active"}]

    entry = _entry(
        finished(conversion, _stored(conversion, "Encounter", location=before)), "Encounter"
    )

    places = entry["resource"]["location"]
    assert places[0] == {"location": {"reference": "Location/old"}, "status": "completed"}
    assert places[1]["status"] == "active"


def test_a_doctor_who_is_only_named_keeps_what_is_known_of_him() -> None:
    known = {
        "resourceType": "Practitioner",
        "id": "1",
        "name": [{"family": "Who", "given": ["The"]}],
    }
    mention = {"resourceType": "Practitioner", "name": [{"family": "Who"}], "gender": "male"}

    after = merged(known, mention, is_mention=True)

    assert after["name"] == known["name"]
    assert after["gender"] == "male"


def test_another_type_of_value_replaces_the_one_before() -> None:
    before = {"resourceType": "Observation", "valueString": "pending", "status": "preliminary"}
    update = {"resourceType": "Observation", "valueQuantity": {"value": 7}, "status": "final"}

    assert merged(before, update) == update


def test_who_is_only_mentioned_keeps_the_words_of_the_first_who_did() -> None:
    first = {"url": "urn:as-sent", "extension": [{"url": "XCN.7", "valueString": "MD"}]}
    second = {"url": "urn:as-sent", "extension": [{"url": "XCN.7", "valueString": "Dr"}]}
    before = {"resourceType": "Practitioner", "id": "1", "extension": [first]}

    after = merged(before, {"resourceType": "Practitioner", "extension": [second]}, is_mention=True)

    assert after == before
