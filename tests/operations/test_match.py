"""https://hl7.org/fhir/R4/patient-operation-match.html"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused
from tests.builders import an_identifier

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
AGREEMENT = "https://fhirserver.example/StructureDefinition/match-agreement"


def a_person(**elements):
    """Somebody with names that nobody else in the database has."""
    letters = str.maketrans("0123456789", "ghijklmnop")
    family, given = (ids.new().replace("-", "").translate(letters)[-9:].title() for _ in "ab")
    return {
        "resourceType": "Patient",
        "identifier": [an_identifier()],
        "name": [{"family": family, "given": [given]}],
        "gender": "female",
        "birthDate": "1974-12-03",
        "telecom": [{"system": "phone", "value": f"+1 602 {int(ids.new()[-6:], 16)}"}],
    } | elements


def stored(client, **elements):
    answer = client.post("/fhir/Patient", json=a_person(**elements))
    assert answer.status_code == 201, answer.text
    return answer.json


def asked(patient, **parameters):
    given = {k: v for k, v in patient.items() if k not in {"id", "meta"}}
    more = [
        {"name": n, ("valueBoolean" if isinstance(v, bool) else "valueInteger"): v}
        for n, v in parameters.items()
    ]
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": given}, *more],
    }


def matched(client, patient, **parameters):
    return done(client.post("/fhir/Patient/$match", json=asked(patient, **parameters)))


def grades(bundle):
    return {
        e["resource"]["id"]: next(
            x["valueCode"] for x in e["search"]["extension"] if x["url"] == GRADE
        )
        for e in bundle.get("entry", [])
        if e["search"]["mode"] == "match"
    }


def test_a_stored_patient_is_found_with_score_grade_and_reasons(client):
    there = stored(client)

    found = matched(client, there)

    (entry,) = found["entry"]
    assert entry["fullUrl"].endswith(f"/Patient/{there['id']}")
    assert entry["search"]["score"] == 1
    assert grades(found) == {there["id"]: "certain"}
    reasons = [
        {part["url"]: next(v for k, v in part.items() if k != "url") for part in x["extension"]}
        for x in entry["search"]["extension"]
        if x["url"] == AGREEMENT
    ]
    assert {"field": "identifier", "level": "same", "bits": 26.4} in reasons


def without(patient, *names, **elements):
    return {k: v for k, v in patient.items() if k not in names} | elements


def test_each_mistake_still_finds_the_patient(client):
    there = stored(client)
    name = there["name"][0]
    family, given = name["family"], name["given"][0]
    wrong = [
        {"name": [{"family": family[:-2] + family[-1] + family[-2], "given": [given]}]},
        {"name": [{"family": given, "given": [family]}]},
        {"name": [{"family": "Zzz", "given": [given]}]},
        {"birthDate": "1974-03-12"},
        {"birthDate": "1984-12-03"},
        {"birthDate": "1974-12"},
        {"gender": "male"},
    ]

    missed = [
        w
        for w in wrong
        if there["id"] not in grades(matched(client, without(there, "identifier", "telecom", **w)))
    ]

    assert missed == []


def test_nobody_is_an_empty_set(client):
    found = matched(client, a_person(birthDate="1911-11-11"))

    assert found["total"] == 0
    assert "entry" not in found


def test_two_records_of_one_person_are_never_certain_alone(client):
    one = stored(client)
    two = stored(client, **without(one, "id", "meta", "resourceType"))

    every = matched(client, one)
    certain = matched(client, one, onlyCertainMatches=True)

    assert grades(every) == {one["id"]: "certain", two["id"]: "certain"}
    assert grades(certain) == {}
    assert certain["entry"][0]["resource"]["issue"][0]["code"] == "multiple-matches"


def test_only_certain_matches_leaves_out_the_others(client):
    there = stored(client)
    doubtful = without(there, "identifier", "telecom")

    assert grades(matched(client, doubtful)) == {there["id"]: "probable"}
    assert grades(matched(client, doubtful, onlyCertainMatches=True)) == {}
    assert grades(matched(client, there, onlyCertainMatches=True)) == {there["id"]: "certain"}


def test_count_limits_the_answer_to_the_likeliest(client):
    one = stored(client)
    stored(client, **without(one, "id", "meta", "identifier", "telecom"))

    found = matched(client, one, count=1)

    assert list(grades(found)) == [one["id"]]
    assert found["total"] == 1


def test_a_patient_alone_is_a_body_where_nothing_else_is_asked(client):
    there = stored(client)

    answer = client.post("/fhir/Patient/$match", json=without(there, "id", "meta"))

    assert list(grades(done(answer))) == [there["id"]]


def test_a_patient_who_was_merged_into_another_is_left_out(client):
    there = stored(client)
    other = stored(client)
    link = [{"other": {"reference": f"Patient/{other['id']}"}, "type": "replaced-by"}]
    client.put(f"/fhir/Patient/{there['id']}", json={**there, "active": False, "link": link})

    assert there["id"] not in grades(matched(client, there))


@pytest.mark.parametrize(
    "patient", [{"resourceType": "Patient"}, {"resourceType": "Patient", "gender": "male"}]
)
def test_a_patient_without_anything_to_match_by_gets_advice(client, patient):
    found = matched(client, patient)

    assert found["total"] == 0
    assert found["entry"][0]["resource"]["issue"][0]["severity"] == "warning"


def test_the_resource_must_be_there_and_a_patient(client):
    refused(client.post("/fhir/Patient/$match", json={"resourceType": "Parameters"}), 400)
    refused(client.post("/fhir/Patient/$match", json={"resourceType": "Person"}), 400)


def test_matching_needs_the_right_to_search_patients(client, token):
    headers = {"Authorization": f"Bearer {token('system/Observation.rs')}"}

    refused(client.post("/fhir/Patient/$match", json=asked(a_person()), headers=headers), 403)


def test_strange_values_are_no_reason_to_fail(client):
    strange = a_person(
        name=[{"family": "a,b$c|d\\", "given": ["*", "%"]}, {"text": "  X  "}],
        identifier=[{"value": "|,\\"}],
        telecom=[{"system": "phone", "value": ","}],
        birthDate="2000",
    )

    assert matched(client, strange)["type"] == "searchset"
