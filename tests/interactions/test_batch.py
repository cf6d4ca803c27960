"""https://hl7.org/fhir/R4/http.html#brules"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, place_of, refused, statuses
from tests.builders import a_batch, a_bundle, a_patient, an_entry, an_identifier, an_observation


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient()).json


@pytest.fixture
def batch(client):
    """Posts a batch; the response Bundle."""

    def post(*entries, **headers):
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        bundle = done(client.post("/fhir", json=a_batch(*entries), headers=names))
        assert bundle["type"] == "batch-response"
        assert len(bundle.get("entry", [])) == len(entries)
        return bundle

    return post


def outcome(bundle, number):
    return bundle["entry"][number]["response"]["outcome"]["issue"][0]


def test_each_entry_is_answered_in_its_place(batch, patient):
    id_ = patient["id"]

    bundle = batch(
        an_entry("GET", f"Patient/{id_}"),
        an_entry("POST", "Patient", a_patient()),
        an_entry("PUT", f"Patient/{ids.new()}", a_patient()),
        an_entry("GET", f"Patient/{ids.new()}"),
        an_entry("DELETE", f"Patient/{ids.new()}"),
        an_entry("GET", f"Patient?_id={id_}"),
        an_entry("GET", f"Patient/{id_}/_history"),
        an_entry("GET", "metadata"),
    )

    assert statuses(bundle) == ["200", "201", "400", "404", "204", "200", "200", "200"]
    assert bundle["entry"][0]["resource"] == patient
    assert bundle["entry"][0]["response"]["etag"] == 'W/"1"'
    assert bundle["entry"][1]["response"]["location"].startswith("Patient/")
    assert bundle["entry"][5]["resource"]["total"] == 1
    assert bundle["entry"][6]["resource"]["type"] == "history"
    assert bundle["entry"][7]["resource"]["resourceType"] == "CapabilityStatement"


def test_what_fails_harms_nothing_else(client, batch):
    bundle = batch(
        an_entry("POST", "Patient", a_patient(birthDate="x")),
        an_entry("POST", "Patient", a_patient()),
        an_entry("POST", "Patient", an_observation()),
        an_entry("POST", "Patient", a_patient()),
    )

    assert statuses(bundle) == ["400", "201", "400", "201"]
    for number in (1, 3):
        location = bundle["entry"][number]["response"]["location"]
        done(client.get(f"/fhir/{location}"))


def test_an_entry_that_fails_says_where(batch):
    bundle = batch(
        an_entry("POST", "Patient", a_patient()),
        an_entry("POST", "Patient", a_patient(birthDate="x")),
        an_entry("GET", "Patientt/1"),
        an_entry("POST", "Patient"),
        an_entry("POST", "Patient/1", a_patient()),
        an_entry("PUT", "Patient/1", a_patient()),
        an_entry("GET", "Patient?foo=bar"),
        an_entry("PATCH", "Patient/1", a_patient()),
        an_entry("GET", "Patient/%zz"),
        an_entry("GET", "Patient?_id=%00"),
        an_entry("POST", "Patient/_search", {"resourceType": "Parameters"}),
        an_entry("POST", "/", a_batch()),
        an_entry("POST", "Bundle", {"resourceType": "Bundle", "type": "nonsense"}),
    )

    places = [place_of(outcome(bundle, n)) for n in range(1, 13)]
    assert places == [
        "Bundle.entry[1].resource.birthDate",
        "Bundle.entry[2].request.url",
        "Bundle.entry[3]",
        "Bundle.entry[4].request.url",
        "Bundle.entry[5].resource.id",
        "Bundle.entry[6].resource",
        "Bundle.entry[7].resource",
        "Bundle.entry[8].request.url",
        "Bundle.entry[9].request.url",
        "Bundle.entry[10].request.url",
        "Bundle.entry[11].request.url",
        "Bundle.entry[12].resource.type",
    ]


def test_deletions_come_first_and_reads_last_whatever_their_order(client, batch, patient):
    address = f"Patient/{patient['id']}"

    bundle = batch(
        an_entry("GET", address),
        an_entry("PUT", address, patient | {"gender": "male"}),
        an_entry("DELETE", address),
    )

    assert statuses(bundle) == ["200", "201", "204"]
    assert bundle["entry"][0]["resource"]["gender"] == "male"


def test_prefer_representation_brings_the_resources(batch):
    bundle = batch(an_entry("POST", "Patient", a_patient()), Prefer="return=representation")

    assert bundle["entry"][0]["resource"]["resourceType"] == "Patient"


def test_without_it_there_are_none(batch):
    assert "resource" not in batch(an_entry("POST", "Patient", a_patient()))["entry"][0]


def test_prefer_outcome_brings_outcomes(batch):
    bundle = batch(an_entry("POST", "Patient", a_patient()), Prefer="return=OperationOutcome")

    assert outcome(bundle, 0)["severity"] == "information"


def test_conditions_of_the_entry_are_honoured(batch, patient):
    address = f"Patient/{patient['id']}"
    identifier = an_identifier()
    new = a_patient(identifier=[identifier])

    bundle = batch(
        an_entry("GET", address, ifNoneMatch='W/"1"'),
        an_entry("PUT", address, patient | {"gender": "male"}, ifMatch='W/"9"'),
        an_entry("PUT", address, patient | {"gender": "male"}, ifMatch="nonsense here"),
        an_entry("POST", "Patient", new, ifNoneExist=f"identifier={identifier['value']}"),
        an_entry("POST", "Patient", new, ifNoneExist=f"identifier={identifier['value']}"),
        an_entry("POST", "Patient", new, ifNoneExist="foo=bar"),
    )

    assert statuses(bundle) == ["304", "412", "400", "201", "200", "400"]


def test_one_entry_alone_may_have_a_condition_of_the_outer_request_not(client, patient):
    headers = {"If-None-Exist": f"_id={patient['id']}", "If-Match": 'W/"77"'}
    body = a_batch(an_entry("POST", "Patient", a_patient()))

    assert statuses(done(client.post("/fhir", json=body, headers=headers))) == ["201"]


def test_an_entry_may_be_a_json_patch_in_a_binary(batch, patient):
    patch = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2dlbmRlciIsInZhbHVlIjoibWFsZSJ9XQ==",
    }

    bundle = batch(
        an_entry("PATCH", f"Patient/{patient['id']}", patch), Prefer="return=representation"
    )

    assert bundle["entry"][0]["resource"]["gender"] == "male"


@pytest.mark.parametrize(
    "binary",
    [
        {"data": 7},
        {"data": ""},
        {},
        {"data": "%%%"},
        {"data": "e30="},
        {"data": "e30"},
        {"data": ["a"]},
        {"data": "ww=="},
        {"data": None},
        {"contentType": 7, "data": "e30="},
    ],
)
def test_a_patch_that_is_none_is_refused(batch, patient, binary):
    whole = {"resourceType": "Binary", "contentType": "application/json-patch+json"} | binary

    bundle = batch(an_entry("PATCH", f"Patient/{patient['id']}", whole))

    assert statuses(bundle) == ["400"]


def test_head_is_answered_without_the_resource(batch, patient):
    bundle = batch(an_entry("HEAD", f"Patient/{patient['id']}"))

    assert statuses(bundle) == ["200"]
    assert "resource" not in bundle["entry"][0]


def test_how_an_answer_is_written_is_not_the_business_of_an_entry(batch, patient):
    bundle = batch(an_entry("GET", f"Patient?_id={patient['id']}&_format=json&_pretty=true"))

    assert statuses(bundle) == ["200"]


def test_an_absolute_address_below_our_base_is_understood(batch, patient):
    base = "http://127.0.0.1:8000/fhir"

    bundle = batch(
        an_entry("GET", f"{base}/Patient/{patient['id']}"),
        an_entry("GET", f"/Patient/{patient['id']}"),
        an_entry("GET", f"http://elsewhere.example/fhir/Patient/{patient['id']}"),
    )

    assert statuses(bundle) == ["200", "200", "404"]


def test_an_empty_batch_is_answered_with_an_empty_one(batch):
    assert "entry" not in batch()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"resourceType": "Bundle", "type": "collection"}, "Bundle.type"),
        ({"resourceType": "Bundle"}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": 7}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "batch", "entry": {}}, "Bundle.entry"),
        ({"resourceType": "Bundle", "type": "batch", "entry": [7]}, "Bundle.entry"),
        ({"resourceType": "Bundle", "type": "batch", "entry": [{}]}, "Bundle.entry[0]"),
        ({"resourceType": "Bundle", "type": "batch", "foo": 1}, "Bundle.foo"),
        (a_batch(an_entry("FLY", "Patient/1")), "Bundle.entry[0].request.method"),
        (a_batch(an_entry("GET", "metadata")) | {"total": "x"}, "Bundle.total"),
        (a_batch(an_entry("GET", 7)), "Bundle.entry[0].request.url"),
        (a_bundle("transaction", an_entry("GET", 7)), "Bundle.entry[0].request.url"),
        (a_patient(), None),
        ([], None),
        (7, None),
    ],
)
def test_a_body_that_is_no_batch_is_refused(client, body, place):
    assert place_of(refused(client.post("/fhir", json=body), 400)) == place


def test_an_entry_with_a_resource_and_no_request_is_refused_by_itself(batch):
    bundle = batch({"resource": a_patient()}, an_entry("POST", "Patient", a_patient()))

    assert statuses(bundle) == ["400", "201"]
    assert place_of(outcome(bundle, 0)) == "Bundle.entry[0].request"


def test_three_thousand_entries_work(batch):
    bundle = batch(
        *[
            an_entry("POST", "Basic", {"resourceType": "Basic", "code": {"text": str(n)}})
            for n in range(3000)
        ]
    )

    assert set(statuses(bundle)) == {"201"}


def test_scopes_hold_for_each_entry(client, token):
    headers = {"Authorization": f"Bearer {token('system/Patient.cr')}"}
    body = a_batch(
        an_entry("POST", "Patient", a_patient()), an_entry("POST", "Observation", an_observation())
    )

    answer = client.post("/fhir", json=body, headers=headers)

    assert statuses(done(answer)) == ["201", "403"]
