"""Attacks 41 to 51: older versions, the deleted, and conditions."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from fhirserver import ids
from tests.access.conftest import Put
from tests.security.records.conftest import Two, V, found, is_as_absent, ref, total


def again(two: Two, put: Put, of: dict[str, Any], **more: Any) -> None:
    put("Observation", of["id"], **two.pulse(two.a, 99, **more))


def test_041_an_open_version_of_what_is_closed_now(two: Two, put: Put) -> None:
    again(two, put, two.oa, meta=V)

    where = f"Observation/{two.oa['id']}"
    for url in (where, f"{where}/_history", f"{where}/_history/1", f"{where}/_history/2"):
        assert is_as_absent(two.dn, url, two.oa["id"]) == 404


def test_042_a_closed_version_of_what_is_open_now(two: Two, put: Put) -> None:
    seen = two.observation(two.a, meta=V)
    again(two, put, seen)

    where = f"/fhir/Observation/{seen['id']}"
    assert two.dn.get(where).status_code == 200
    assert two.dn.get(f"{where}/_history/1").status_code == 404
    history = two.dn.get(f"{where}/_history").get_json()
    assert history["total"] == len(history["entry"]) == 1


def test_043_versions_from_when_it_was_somebody_elses(two: Two, put: Put) -> None:
    put("Observation", two.ob["id"], **two.pulse(two.a))
    put("Observation", two.oa["id"], **two.pulse(two.b))

    assert two.dn.get(f"/fhir/Observation/{two.ob['id']}/_history/1").status_code == 404
    assert two.dn.get(f"/fhir/Observation/{two.ob['id']}/_history/2").status_code == 200
    assert two.dn.get(f"/fhir/Observation/{two.oa['id']}/_history/1").status_code == 404


@pytest.mark.parametrize("url", ["Observation/_history", "_history"])
def test_044_the_history_of_everything_is_of_what_one_sees(two: Two, url: str) -> None:
    answer = two.dn.get(f"/fhir/{url}?_count=200")

    assert answer.status_code == 200, answer.text
    assert two.oa["id"] in answer.text
    assert two.ob["id"] not in answer.text
    own = [e for e in answer.get_json()["entry"] if e["fullUrl"].split("/")[-2] == "Observation"]
    assert len(own) == 1


def test_045_what_was_deleted_is_gone_only_for_who_saw_it(two: Two, client: FlaskClient) -> None:
    for each in (two.oa, two.ob):
        assert client.delete(f"/fhir/Observation/{each['id']}").status_code == 204

    assert two.dn.get(f"/fhir/Observation/{two.oa['id']}").status_code == 410
    assert is_as_absent(two.dn, f"Observation/{two.ob['id']}", two.ob["id"]) == 404


@pytest.mark.parametrize("version", ["999999999999", "-1", "0x10", "0", "1.0"])
def test_046_versions_that_cannot_be(two: Two, version: str) -> None:
    for each in (two.oa, two.ob):
        answer = two.dn.get(f"/fhir/Observation/{each['id']}/_history/{version}")
        assert answer.status_code in (400, 404)


@pytest.mark.parametrize("version", ["1", "2"])
def test_047_if_match_tells_no_version(two: Two, version: str) -> None:
    headers = {"If-Match": f'W/"{version}"'}
    path, nobody = f"Observation/{two.ob['id']}", ids.new()
    body = {"resourceType": "Observation", **two.pulse(two.b)}
    put = two.dn.put(f"/fhir/{path}", json={**body, "id": two.ob["id"]}, headers=headers)
    other = two.dn.put(f"/fhir/Observation/{nobody}", json={**body, "id": nobody}, headers=headers)

    assert put.status_code == other.status_code == 404
    assert put.text.replace(two.ob["id"], "ID") == other.text.replace(nobody, "ID")
    assert is_as_absent(two.dn, path, two.ob["id"], "delete", headers=headers) != 412


def test_048_if_none_exist_tells_nothing_of_what_is_hidden(two: Two, put: Put) -> None:
    value = ids.new()
    hidden = put(
        "Observation", **two.pulse(two.b, identifier=[{"system": "urn:o", "value": value}])
    )
    made = {"resourceType": "Observation", **two.pulse(two.a)}

    def created(wanted: str) -> Any:
        headers = {"If-None-Exist": f"identifier=urn:o|{wanted}"}
        return two.dn.post("/fhir/Observation", json=made, headers=headers)

    taken, free = created(value), created(ids.new())
    assert taken.status_code == free.status_code
    assert hidden["id"] not in taken.text + str(taken.headers)


def test_049_a_delete_by_condition_leaves_what_is_hidden(
    two: Two, put: Put, client: FlaskClient
) -> None:
    code = f"x-{ids.new()}"
    coded = {"coding": [{"code": code}]}
    hidden = two.observation(two.b, code=coded)
    own = two.observation(two.a, code=coded)

    answer = two.dn.delete(f"/fhir/Observation?code={code}")

    assert answer.status_code != 412
    assert client.get(f"/fhir/Observation/{hidden['id']}").status_code == 200
    if answer.status_code == 204:
        assert client.get(f"/fhir/Observation/{own['id']}").status_code == 410


def test_050_a_reference_by_condition_finds_only_what_is_seen(two: Two, client: Any) -> None:
    def sent(value: str) -> Any:
        made = {"resourceType": "Observation", **two.pulse(two.a),
                "subject": {"reference": f"Patient?identifier=urn:mrn|{value}"}}  # fmt: skip
        entry = {"resource": made, "request": {"method": "POST", "url": "Observation"}}
        return two.dn.post("/fhir", json={"resourceType": "Bundle", "type": "transaction",
                                          "entry": [entry]})  # fmt: skip

    taken, free = sent(two.mrn), sent("nobody")

    assert taken.status_code == free.status_code
    assert taken.text == free.text
    assert total(client, f"Observation?subject=Patient/{two.b['id']}&_summary=count") == 1


def test_051_an_id_of_what_is_hidden_cannot_be_taken(two: Two, client: Any) -> None:
    body = {"resourceType": "Observation", "id": two.ob["id"], **two.pulse(two.a)}
    free = ids.new()

    taken = two.dn.put(f"/fhir/Observation/{two.ob['id']}", json=body)
    other = two.dn.put(f"/fhir/Observation/{free}", json={**body, "id": free})

    assert taken.status_code == other.status_code
    assert taken.status_code in (403, 404)
    assert taken.text.replace(two.ob["id"], "ID") == other.text.replace(free, "ID")
    assert client.get(f"/fhir/Observation/{two.ob['id']}").get_json()["subject"] == ref(two.b)
    assert found(two.dn, f"Observation?_id={two.ob['id']}") == set()
