"""The PyPI client `fhirpy`, unmodified, against the real server over HTTP.

https://github.com/beda-software/fhir-py
"""

from __future__ import annotations

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)
from fhirpy.base.searchset import Raw

from fhirserver import ids
from tests.builders import SYSTEM, an_identifier


@pytest.fixture
def client(running_server) -> SyncFHIRClient:
    return SyncFHIRClient(running_server.base, authorization=f"Bearer {running_server.token}")


@pytest.fixture
def family() -> str:
    """A name that no other test uses."""
    return f"Lovelace{ids.new()}"


@pytest.fixture
def patient(client, family):
    made = client.resource(
        "Patient",
        identifier=[an_identifier()],
        name=[{"family": family, "given": ["Ada"]}],
        birthDate="1980-02-03",
    )
    made.save()
    return made


@pytest.fixture
def make_weight(client, patient):
    def make(kilograms: float, day: str = "2026-01-01"):
        made = client.resource(
            "Observation",
            status="final",
            code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            subject=patient.to_reference(),
            effectiveDateTime=day,
            valueQuantity={
                "value": kilograms,
                "unit": "kg",
                "system": "http://unitsofmeasure.org",
                "code": "kg",
            },
        )
        made.save()
        return made

    return make


def by_identifier(resource) -> dict[str, str]:
    found = resource["identifier"][0]
    return {"identifier": f"{found['system']}|{found['value']}"}


def test_create_gives_an_id_and_a_version(patient):
    assert patient.id
    assert patient["meta"]["versionId"] == "1"


def test_read(client, patient, family):
    assert client.get("Patient", patient.id)["name"][0]["family"] == family
    assert client.reference("Patient", patient.id).to_resource() == patient
    assert (
        client.execute(f"Patient/{patient.id}/_history/1", method="get")["meta"]["versionId"] == "1"
    )


def test_update(client, patient):
    patient["gender"] = "female"
    patient.save()

    assert patient["meta"]["versionId"] == "2"
    assert client.get("Patient", patient.id)["gender"] == "female"


def test_refresh_asks_whether_anything_has_changed(client, patient):
    other = client.reference("Patient", patient.id).to_resource()
    other["gender"] = "female"
    other.save()

    patient.refresh()
    assert patient["gender"] == "female"
    patient.refresh()
    assert patient["meta"]["versionId"] == "2"


def test_a_patch_changes_the_named_elements_only(client, patient, family):
    patient.patch(active=True)
    client.patch("Patient", patient.id, gender="female", birthDate=None)

    read = client.get("Patient", patient.id)
    assert (read["active"], read["gender"], read["meta"]["versionId"]) == (True, "female", "3")
    assert read["name"][0]["family"] == family
    assert "birthDate" not in read


def test_saving_some_fields_is_a_patch(client, patient):
    patient["gender"] = "other"
    patient["active"] = True
    patient.save(fields=["gender"])

    read = client.get("Patient", patient.id)
    assert read["gender"] == "other"
    assert "active" not in read


def test_a_conditional_patch(client, patient):
    client.resources("Patient").search(**by_identifier(patient)).patch(gender="male")

    assert client.get("Patient", patient.id)["gender"] == "male"


def test_get_or_create_makes_one_resource_whoever_asks(client):
    identifier = an_identifier()
    new = client.resource("Patient", identifier=[identifier])
    search = client.resources("Patient").search(**by_identifier(new))

    made, was_created = search.get_or_create(new)
    again, was_created_again = search.get_or_create(new)

    assert (was_created, was_created_again) == (True, False)
    assert made.id == again.id
    assert len(search.fetch_all()) == 1


def test_conditional_update_creates_and_then_updates(client, family):
    resource = client.resource("Patient", identifier=[an_identifier()])
    search = client.resources("Patient").search(**by_identifier(resource))

    made, was_created = search.update(resource)
    resource["name"] = [{"family": family}]
    updated, was_created_again = search.update(resource)

    assert (was_created, was_created_again) == (True, False)
    assert made.id == updated.id
    assert updated["meta"]["versionId"] == "2"
    assert search.get()["name"][0]["family"] == family


def test_a_condition_that_several_resources_meet_is_refused(client, patient, family):
    client.resource("Patient", name=[{"family": family}]).save()
    search = client.resources("Patient").search(family__exact=family)

    with pytest.raises(MultipleResourcesFound):
        search.get_or_create(client.resource("Patient"))
    with pytest.raises(MultipleResourcesFound):
        search.get()


def test_delete(client, patient):
    patient.delete()

    with pytest.raises(ResourceNotFound):
        client.get("Patient", patient.id)


def test_conditional_delete(client, patient):
    search = client.resources("Patient").search(**by_identifier(patient))
    search.delete()

    assert search.first() is None


def test_search_by_string_token_date_and_quantity(client, patient, family, make_weight):
    weight = make_weight(71.5, day="2026-03-04")
    patients = client.resources("Patient")
    weights = client.resources("Observation").search(subject=patient)

    assert patients.search(family=family, birthdate__ge="1980").fetch() == [patient]
    assert patients.search(family=family, birthdate__lt="1980").fetch() == []
    assert patients.search(family__contains=family[3:]).first() == patient
    assert weights.search(code="http://loinc.org|29463-7").get() == weight
    assert weights.search(value_quantity__gt="71|http://unitsofmeasure.org|kg").get() == weight
    assert weights.search(date="2026-03").get() == weight
    assert weights.search(code__not="29463-7").fetch() == []


def test_sort_and_elements(client, patient, make_weight):
    for day in ("2026-01-02", "2026-01-03", "2026-01-01"):
        make_weight(70, day)
    search = client.resources("Observation").search(subject=patient).sort("-date")

    found = search.elements("effectiveDateTime").fetch()

    assert [o["effectiveDateTime"] for o in found] == ["2026-01-03", "2026-01-02", "2026-01-01"]
    assert all("valueQuantity" not in o for o in found)


def test_chain(client, patient, family, make_weight):
    weight = make_weight(70)

    assert client.resources("Observation").search(subject__Patient__family=family).get() == weight


def test_has(client, patient, family, make_weight):
    make_weight(70)
    search = client.resources("Patient").search(family=family)

    assert search.has("Observation", "subject", code="29463-7").get() == patient
    assert search.has("Observation", "subject", code="8480-6").fetch() == []


def test_include_and_revinclude(client, patient, family, make_weight):
    weight = make_weight(70)

    found = client.resources("Observation").search(_id=weight.id).include("Observation", "subject")
    back = client.resources("Patient").search(family=family).revinclude("Observation", "subject")

    for search, matched in ((found, weight), (back, patient)):
        entries = search.fetch_raw()["entry"]
        assert [e["resource"].id for e in entries if e["search"]["mode"] == "match"] == [matched.id]
        assert {e["resource"].id for e in entries} == {patient.id, weight.id}


def test_fetch_all_follows_the_pages(client, patient, make_weight):
    made = {make_weight(60 + n).id for n in range(7)}
    search = client.resources("Observation").search(subject=patient).limit(2)

    assert len(search.fetch()) == 2
    found = [o.id for o in search.fetch_all()]
    assert len(found) == len(made)
    assert set(found) == made


def test_count(running_server, family):
    # fhirpy sends a parameter of its own with it, `_totalMethod`.
    client = SyncFHIRClient(
        running_server.base,
        authorization=f"Bearer {running_server.token}",
        extra_headers={"Prefer": "handling=lenient"},
    )
    for _ in range(3):
        client.resource("Patient", name=[{"family": family}]).save()

    assert client.resources("Patient").search(family=family).count() == 3


def test_history(client, patient):
    patient["gender"] = "female"
    patient.save()
    patient.delete()

    bundle = client.execute(f"Patient/{patient.id}/_history", method="get")

    assert [e["request"]["method"] for e in bundle["entry"]] == ["DELETE", "PUT", "POST"]
    assert [e["response"]["etag"] for e in bundle["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']


def test_a_transaction_resolves_its_own_references(client, family):
    mother = client.resource("Patient", name=[{"family": family}])
    visit = {
        "resourceType": "Encounter",
        "status": "planned",
        "class": {"code": "AMB"},
        "subject": {"reference": "urn:uuid:5c2c1bd1-8d14-4b9e-9d2d-4f1b3c0ce8a0"},
    }
    bundle = client.resource(
        "Bundle",
        type="transaction",
        entry=[
            {"resource": visit, "request": {"method": "POST", "url": "Encounter"}},
            {
                "fullUrl": "urn:uuid:5c2c1bd1-8d14-4b9e-9d2d-4f1b3c0ce8a0",
                "resource": mother.serialize(),
                "request": {"method": "POST", "url": "Patient"},
            },
        ],
    )

    answer = client.execute("", data=bundle.serialize())

    assert [e["response"]["status"][:3] for e in answer["entry"]] == ["201", "201"]
    found = client.resources("Encounter").search(subject__Patient__family=family).get()
    assert found["subject"].to_resource()["name"][0]["family"] == family


def test_a_transaction_with_a_bad_entry_changes_nothing(client, family):
    good = {"resourceType": "Patient", "name": [{"family": family}]}
    bad = {"resourceType": "Patient", "birthDate": "yesterday"}
    entries = [
        {"resource": r, "request": {"method": "POST", "url": "Patient"}} for r in (good, bad)
    ]

    with pytest.raises(OperationOutcome) as caught:
        client.execute("", data={"resourceType": "Bundle", "type": "transaction", "entry": entries})

    issue = caught.value.resource["issue"][0]
    assert issue["expression"] == ["Bundle.entry[1].resource.birthDate"]
    assert client.resources("Patient").search(family=family).fetch() == []


def test_a_refusal_is_an_operation_outcome_with_the_place(client):
    with pytest.raises(OperationOutcome) as caught:
        client.resource("Patient", birthDate="yesterday").save()

    issue = caught.value.resource["issue"][0]
    assert issue["severity"] == "error"
    assert issue["expression"] == ["Patient.birthDate"]


def test_an_unknown_parameter_is_named(client):
    with pytest.raises(OperationOutcome, match="shoe-size"):
        client.resources("Patient").search(shoe_size=44).fetch()


def test_an_unknown_id_is_not_found(client):
    with pytest.raises(ResourceNotFound):
        client.get("Patient", "nobody")


def test_a_wrong_token_is_refused(running_server):
    with pytest.raises(AuthorizationError):
        SyncFHIRClient(running_server.base, authorization="Bearer wrong").get("Patient", "1")


def test_a_parameter_that_python_cannot_spell(client, patient):
    value = patient["identifier"][0]["value"]

    assert client.resources("Patient").search(Raw(identifier=f"{SYSTEM}|{value}")).get() == patient
