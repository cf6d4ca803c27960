"""https://hl7.org/fhir/R4/patient-operation-everything.html"""

from __future__ import annotations

import pytest

from fhirserver.interactions.operating.care_dates import CARE_DATES
from fhirserver.search.parameters import base_parameters
from tests.answers import done, links, place_of, refused
from tests.builders import a_patient, an_observation

_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def names(bundle, mode=None):
    return {
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in bundle.get("entry", [])
        if e["search"]["mode"] != "outcome" and mode in {None, e["search"]["mode"]}
    }


def put(client, resource):
    address = f"{resource['resourceType']}/{resource['id']}"
    answer = client.put(f"/fhir/{address}", json=resource)
    assert answer.status_code in {200, 201}, answer.text
    return address


def to(address):
    return {"reference": address}


@pytest.fixture
def chart(client, request):
    """A patient with an encounter, a weight, a drug, and what these refer to; and a neighbour."""
    n = f"{request.node.name[:30].replace('_', '-').replace('[', '').replace(']', '')}"
    made = {}
    made["organization"] = put(
        client, {"resourceType": "Organization", "id": f"o-{n}", "name": "O"}
    )
    made["location"] = put(
        client,
        {
            "resourceType": "Location",
            "id": f"l-{n}",
            "managingOrganization": to(made["organization"]),
        },
    )
    made["practitioner"] = put(client, {"resourceType": "Practitioner", "id": f"d-{n}"})
    made["role"] = put(
        client,
        {
            "resourceType": "PractitionerRole",
            "id": f"r-{n}",
            "practitioner": to(made["practitioner"]),
            "organization": to(made["organization"]),
        },
    )
    made["medication"] = put(client, {"resourceType": "Medication", "id": f"m-{n}"})
    made["patient"] = put(client, a_patient(id=f"p-{n}"))
    made["neighbour"] = put(client, a_patient(id=f"q-{n}"))
    made["encounter"] = put(client, {
        "resourceType": "Encounter", "id": f"e-{n}", "status": "finished",
        "class": {"code": "AMB"}, "subject": to(made["patient"]),
        "period": {"start": "2024-05-01T10:00:00Z", "end": "2024-05-01T11:00:00Z"},
        "participant": [{"individual": to(made["role"])}],
        "location": [{"location": to(made["location"])}],
    })  # fmt: skip
    made["weight"] = put(client, an_observation(
        id=f"w-{n}", subject=to(made["patient"]), encounter=to(made["encounter"]),
        effectiveDateTime="2024-05-01T10:30:00Z",
    ))  # fmt: skip
    made["old"] = put(
        client, an_observation(id=f"x-{n}", subject=to(made["patient"]), effectiveDateTime="2019")
    )
    made["allergy"] = put(
        client,
        {
            "resourceType": "AllergyIntolerance",
            "id": f"a-{n}",
            "patient": to(made["patient"]),
            "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
        },
    )
    made["drug"] = put(client, {
        "resourceType": "MedicationRequest", "id": f"mr-{n}", "status": "active", "intent": "order",
        "subject": to(made["patient"]), "medicationReference": to(made["medication"]),
        "encounter": to(made["encounter"]), "authoredOn": "2024-05-01",
    })  # fmt: skip
    made["theirs"] = put(client, an_observation(id=f"t-{n}", subject=to(made["neighbour"])))
    return made


MINE = ("patient", "encounter", "weight", "old", "allergy", "drug")
AROUND = ("organization", "location", "practitioner", "role", "medication")


def test_all_of_a_patient_and_what_it_refers_to(client, chart):
    found = done(client.get(f"/fhir/{chart['patient']}/$everything"))

    assert found["type"] == "searchset"
    assert names(found, "match") == {chart[n] for n in MINE}
    assert names(found, "include") == {chart[n] for n in AROUND}
    assert found["total"] == len(MINE)
    assert found["entry"][0]["resource"]["resourceType"] == "Patient"
    assert found["entry"][0]["fullUrl"].endswith(chart["patient"])


def test_a_link_to_another_patients_resource_is_not_followed(client, chart):
    put(client, {
        "resourceType": "Group", "id": "g-" + chart["patient"][10:], "type": "person", "actual": True,
        "member": [{"entity": to(chart["patient"])}, {"entity": to(chart["neighbour"])}],
    })  # fmt: skip
    put(client, {
        "resourceType": "List", "id": "li-" + chart["patient"][10:], "status": "current", "mode": "working",
        "subject": to(chart["patient"]), "entry": [{"item": to(chart["theirs"])}],
    })  # fmt: skip

    found = names(done(client.get(f"/fhir/{chart['patient']}/$everything")))

    assert {chart["neighbour"], chart["theirs"]} & found == set()


def test_an_attachment_is_followed(client, chart):
    binary = put(
        client,
        {
            "resourceType": "Binary",
            "id": "b-" + chart["patient"][10:],
            "contentType": "text/plain",
            "data": "YQ==",
        },
    )
    put(client, {
        "resourceType": "DocumentReference", "id": "dr-" + chart["patient"][10:], "status": "current",
        "subject": to(chart["patient"]), "content": [{"attachment": {"url": binary}}],
    })  # fmt: skip

    assert binary in names(done(client.get(f"/fhir/{chart['patient']}/$everything")), "include")


def test_a_quoted_reference_is_none(client, chart):
    other = put(client, {"resourceType": "Practitioner", "id": "quoted"})
    put(client, {"resourceType": "Flag", "id": "f-" + chart["patient"][10:], "status": "active",
                 "code": {"text": f'"reference":"{other}"'}, "subject": to(chart["patient"])})  # fmt: skip

    assert other not in names(done(client.get(f"/fhir/{chart['patient']}/$everything")))


def test_a_time_of_care(client, chart):
    """What has no date stays: an allergy is one at any time."""
    address = f"/fhir/{chart['patient']}/$everything"

    assert names(done(client.get(f"{address}?start=2024-05-01")), "match") == {
        chart[n] for n in MINE
    } - {chart["old"]}
    assert names(done(client.get(f"{address}?end=2020-01-01")), "match") == {
        chart[n] for n in ("patient", "old", "allergy")
    }
    assert names(done(client.get(f"{address}?start=2024-05-02&end=2024-06-01")), "match") == {
        chart[n] for n in ("patient", "allergy")
    }
    refused(client.get(f"{address}?start=2024-05-02&end=2024-05-01"), 400)
    refused(client.get(f"{address}?start=yesterday"), 400)


def test_what_changed_since(client, chart):
    weight = done(client.get(f"/fhir/{chart['weight']}"))
    put(client, weight | {"status": "amended"})
    since = done(client.get(f"/fhir/{chart['weight']}"))["meta"]["lastUpdated"]

    found = done(client.get(f"/fhir/{chart['patient']}/$everything?_since={since}"))

    assert names(found, "match") == {chart["weight"]}


def test_some_types(client, chart):
    address = f"/fhir/{chart['patient']}/$everything"

    assert names(done(client.get(f"{address}?_type=Observation"))) == {
        chart["weight"],
        chart["old"],
    }
    assert names(
        done(client.get(f"{address}?_type=Observation,Medication&_type=Practitioner"))
    ) == {chart[n] for n in ("weight", "old", "medication", "practitioner")}
    assert (
        "did you mean Observation"
        in refused(client.get(f"{address}?_type=Observations"), 400)["diagnostics"]
    )


def test_pages_have_everything_once(client, chart):
    matches, pages = [], 0
    address = f"/fhir/{chart['patient']}/$everything?_count=2"

    while address:
        found = done(client.get(address))
        matches += sorted(names(found, "match"))
        address = links(found).get("next")
        pages += 1

    assert pages == 3
    assert sorted(matches) == sorted(chart[n] for n in MINE)


def test_a_post_goes_on_by_get(client, chart):
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "_count", "valueInteger": 1}, {"name": "_type", "valueCode": "Observation"},
    ]}  # fmt: skip
    first = done(client.post(f"/fhir/{chart['patient']}/$everything", json=body))

    second = done(client.get(links(first)["next"]))

    assert names(first) | names(second) == {chart["weight"], chart["old"]}
    assert "next" not in links(second)


def test_a_page_link_holds_for_its_patient(client, chart):
    first = done(client.get(f"/fhir/{chart['patient']}/$everything?_count=1"))
    token = links(first)["next"].partition("_page=")[2]

    refused(client.get(f"/fhir/{chart['neighbour']}/$everything?_page={token}"), 400)
    refused(client.get(f"/fhir/{chart['patient']}/$everything?_page=x"), 400)


@pytest.mark.parametrize("count", ["0", "-1", "x"])
def test_a_page_has_at_least_one(client, chart, count):
    refused(client.get(f"/fhir/{chart['patient']}/$everything?_count={count}"), 400)


def test_a_type_that_the_token_may_not_read_is_left_out_and_named(client, chart, token):
    headers = {"Authorization": f"Bearer {token('user/Patient.r user/Encounter.r')}"}

    found = done(client.get(f"/fhir/{chart['patient']}/$everything", headers=headers))

    assert names(found) == {chart["patient"], chart["encounter"]}
    text = found["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert "Observation" in text
    assert "Practitioner" in text


def test_nobody_has_nothing(client):
    refused(client.get("/fhir/Patient/nobody-here/$everything"), 404)
    refused(client.get("/fhir/Patient/$everything"), 404)


def test_a_wrong_place_is_named(client, chart):
    body = {"resourceType": "Parameters", "parameter": [{"name": "_count", "valueInteger": 0}]}

    issue = refused(client.post(f"/fhir/{chart['patient']}/$everything", json=body), 400)

    assert place_of(issue) == "Parameters.parameter[0].valueInteger"


def test_all_of_an_encounter(client, chart):
    found = done(client.get(f"/fhir/{chart['encounter']}/$everything"))

    assert names(found, "match") == {chart[n] for n in ("encounter", "weight", "drug")}
    assert names(found, "include") == {chart[n] for n in ("patient", *AROUND)}


def test_a_page_costs_as_many_statements_however_large(client, chart, query_recorder):
    def cost(count):
        query_recorder.clear()
        done(client.get(f"/fhir/{chart['patient']}/$everything?_count={count}"))
        return len(query_recorder)

    cost(1)
    most = cost(1000)
    for n in range(30):
        put(client, an_observation(id=f"more-{n}", subject=to(chart["patient"])))

    assert cost(1000) == most
    assert most <= 7


def test_care_dates_are_search_parameters():
    known = base_parameters()

    for resource_type, codes in CARE_DATES.items():
        assert known.definitions.compartments["Patient"][resource_type]
        for code in codes:
            assert known.for_type(resource_type)[code].type == "date", (resource_type, code)
