"""http://hl7.org/fhir/uv/ips/OperationDefinition/summary"""

from __future__ import annotations

import pytest

from tests.answers import done, refused
from tests.builders import a_patient, an_identifier, an_observation

LOINC = "http://loinc.org"
REQUIRED = {"10160-0", "48765-2", "11450-4"}


def stored(client, resource):
    answer = client.post(f"/fhir/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return answer.json


@pytest.fixture
def patient(client):
    return stored(client, a_patient(identifier=[an_identifier()], birthDate="1974-12-03"))


def summary_of(client, patient):
    return done(client.get(f"/fhir/Patient/{patient['id']}/$summary"))


def composition(bundle):
    return bundle["entry"][0]["resource"]


def section(bundle, code):
    found = [s for s in composition(bundle)["section"] if s["code"]["coding"][0]["code"] == code]
    return found[0] if found else None


def coded(text, status="active", system="allergyintolerance"):
    kind = f"http://terminology.hl7.org/CodeSystem/{system}-clinical"
    return {
        "code": {"text": text},
        "clinicalStatus": {"coding": [{"system": kind, "code": status}]},
    }


def an_allergy(patient, text, **more):
    who = {"patient": {"reference": f"Patient/{patient['id']}"}}
    return {"resourceType": "AllergyIntolerance", **coded(text), **who} | more


def a_problem(patient, text, status="active", **more):
    who = {"subject": {"reference": f"Patient/{patient['id']}"}}
    return {"resourceType": "Condition", **coded(text, status, "condition"), **who} | more


def by_url(bundle):
    return {e["fullUrl"]: e["resource"] for e in bundle["entry"]}


def test_an_empty_record_says_that_nothing_is_known(client, patient):
    made = summary_of(client, patient)

    assert {s["code"]["coding"][0]["code"] for s in composition(made)["section"]} == REQUIRED
    entries = by_url(made)
    codes = set()
    for code in REQUIRED:
        (entry,) = section(made, code)["entry"]
        resource = entries[entry["reference"]]
        concept = resource.get("code") or resource["medicationCodeableConcept"]
        codes.add(concept["coding"][0]["code"])
        assert "No information about" in section(made, code)["text"]["div"]
    assert codes == {"no-allergy-info", "no-medication-info", "no-problem-info"}


def test_the_summary_is_a_valid_document_in_which_everything_is_found(client, patient):
    stored(client, an_allergy(patient, "Penicillin"))

    made = summary_of(client, patient)

    assert made["type"] == "document"
    assert made["identifier"]["value"].startswith("urn:uuid:")
    assert made["timestamp"]
    entries = by_url(made)
    assert len(entries) == len(made["entry"])
    first = composition(made)
    for reference in (
        first["subject"],
        *first["author"],
        *(e for s in first["section"] for e in s["entry"]),
    ):
        assert reference["reference"] in entries
    issues = done(client.post("/fhir/Bundle/$validate", json=made))["issue"]
    assert [i for i in issues if i["severity"] in {"error", "fatal"}] == []
    assert client.post("/fhir/Bundle", json=made).status_code == 201


def test_dangerous_allergies_come_first_and_untrue_ones_not_at_all(client, patient):
    untrue = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
                "code": "refuted",
            }
        ]
    }
    stored(client, an_allergy(patient, "Pollen", criticality="low"))
    stored(client, an_allergy(patient, "Latex", **coded("Latex", "resolved")))
    stored(client, an_allergy(patient, "Peanut", criticality="high"))
    stored(client, an_allergy(patient, "Eggs", verificationStatus=untrue))

    div = section(summary_of(client, patient), "48765-2")["text"]["div"]

    assert "Eggs" not in div
    assert div.index("Peanut") < div.index("Pollen") < div.index("Latex")
    assert "HIGH" in div


def test_problems_that_are_over_are_past_illnesses(client, patient):
    stored(client, a_problem(patient, "Asthma"))
    stored(client, a_problem(patient, "Pneumonia", "resolved"))

    made = summary_of(client, patient)

    assert "Asthma" in section(made, "11450-4")["text"]["div"]
    assert "Pneumonia" not in section(made, "11450-4")["text"]["div"]
    assert "Pneumonia" in section(made, "11348-0")["text"]["div"]


def test_medicines_are_named_with_directions_and_where_it_is_known_from(client, patient):
    who = {"reference": f"Patient/{patient['id']}"}
    drug = stored(client, {"resourceType": "Medication", "code": {"text": "Warfarin 5 mg"}})
    stored(client, {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": who,
        "medicationReference": {"reference": f"Medication/{drug['id']}"},
        "dosageInstruction": [{
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        }],
    })  # fmt: skip
    stored(client, {
        "resourceType": "MedicationRequest", "status": "stopped", "intent": "order", "subject": who,
        "medicationCodeableConcept": {"text": "Ibuprofen"},
    })  # fmt: skip
    stored(client, {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": who,
        "doNotPerform": True, "medicationCodeableConcept": {"text": "Aspirin"},
    })  # fmt: skip

    made = summary_of(client, patient)

    div = section(made, "10160-0")["text"]["div"]
    assert "<td>Warfarin 5 mg</td><td>1 tablet, 2 times per day</td>" in div
    assert "Ibuprofen" not in div
    assert "DO NOT GIVE" in div
    assert "prescribed" in div
    assert any(r["resourceType"] == "Medication" for r in by_url(made).values())


def test_of_results_and_vital_signs_the_newest_of_each_code_is_shown(client, patient):
    who = {"reference": f"Patient/{patient['id']}"}
    kind = [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "vital-signs",
                }
            ]
        }
    ]
    for day, value in (("2024-01-01", 70), ("2026-01-01", 81), ("2025-01-01", 75)):
        quantity = {
            "value": value,
            "unit": "kg",
            "system": "http://unitsofmeasure.org",
            "code": "kg",
        }
        stored(
            client,
            an_observation(
                subject=who, category=kind, effectiveDateTime=day, valueQuantity=quantity
            ),
        )

    found = section(summary_of(client, patient), "8716-3")

    assert len(found["entry"]) == 1
    assert "81 kg" in found["text"]["div"]


def test_markup_in_a_record_is_shown_as_text(client):
    nasty = '<script>alert(1)</script> & "x"'
    patient = stored(client, a_patient(name=[{"family": nasty}]))
    stored(client, an_allergy(patient, nasty))

    made = summary_of(client, patient)

    for text in (composition(made)["text"]["div"], section(made, "48765-2")["text"]["div"]):
        assert "<script>" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in text
    assert client.post("/fhir/Bundle", json=made).status_code == 201


def test_a_patient_is_found_by_an_identifier(client, patient):
    identifier = patient["identifier"][0]

    found = client.get(
        f"/fhir/Patient/$summary?identifier={identifier['system']}|{identifier['value']}"
    )

    assert composition(done(found))["subject"]["reference"].endswith(patient["id"])
    refused(client.get("/fhir/Patient/$summary?identifier=nobody-has-this"), 404)
    refused(client.get("/fhir/Patient/$summary"), 400)


def test_a_merged_record_gives_no_empty_summary(client, patient):
    target = stored(client, a_patient())
    link = [{"other": {"reference": f"Patient/{target['id']}"}, "type": "replaced-by"}]
    client.put(f"/fhir/Patient/{patient['id']}", json={**patient, "link": link})

    issue = refused(client.get(f"/fhir/Patient/{patient['id']}/$summary"), 409)

    assert target["id"] in issue["diagnostics"]


def test_who_can_not_look_for_allergies_gets_no_summary(client, token, patient):
    headers = {"Authorization": f"Bearer {token('system/Patient.rs system/Condition.rs')}"}

    refused(client.get(f"/fhir/Patient/{patient['id']}/$summary", headers=headers), 403)


def test_a_section_that_the_caller_may_not_see_says_so(client, token, patient):
    types = (
        "Patient",
        "Condition",
        "AllergyIntolerance",
        "MedicationRequest",
        "MedicationStatement",
    )
    headers = {"Authorization": f"Bearer {token(' '.join(f'system/{t}.rs' for t in types))}"}

    made = done(client.get(f"/fhir/Patient/{patient['id']}/$summary", headers=headers))

    withheld = section(made, "11369-6")
    assert withheld["emptyReason"]["coding"][0]["code"] == "withheld"


def test_other_profiles_and_graphs_are_not_supported(client, patient):
    address = f"/fhir/Patient/{patient['id']}/$summary"

    refused(client.get(f"{address}?profile=http://example.org/other"), 400)
    refused(client.get(f"{address}?graph=http://example.org/graph"), 400)
    done(
        client.get(
            f"{address}?profile=http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"
        )
    )


def test_a_summary_can_be_had_as_xml(client, patient):
    answer = client.get(
        f"/fhir/Patient/{patient['id']}/$summary", headers={"Accept": "application/fhir+xml"}
    )

    assert answer.status_code == 200
    assert answer.data.startswith(b"<")


def test_many_values_do_not_hide_the_last_one_of_another_code(client, patient, make_app, client_of):
    few = client_of(make_app(max_count=5))
    category = [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "laboratory",
                }
            ]
        }
    ]
    values = {"subject": {"reference": f"Patient/{patient['id']}"}, "category": category}
    stored(client, an_observation(
        **values, code={"text": "Blood group"}, effectiveDateTime="2001-01-01"))  # fmt: skip
    stored(client, an_observation(
        **values, code={"text": "HIV"}, effectiveDateTime="2002-01-01", status="entered-in-error",
    ))  # fmt: skip
    for day in range(10, 19):
        stored(client, an_observation(
            **values, code={"text": "Lactate"}, effectiveDateTime=f"2024-01-{day}"))  # fmt: skip

    made = summary_of(few, patient)

    text = section(made, "30954-2")["text"]["div"]
    assert "Blood group" in text
    assert text.count("Lactate") == 1
    assert "2024-01-18" in text
    assert "HIV" not in text
    assert "There is more" not in text


def test_of_an_unknown_or_deleted_patient_there_is_no_summary(client, patient):
    assert client.get("/fhir/Patient/nobody/$summary").status_code == 404
    client.delete(f"/fhir/Patient/{patient['id']}")
    assert client.get(f"/fhir/Patient/{patient['id']}/$summary").status_code == 410
