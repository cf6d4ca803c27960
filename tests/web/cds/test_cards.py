"""The CDS services answer with the same findings as $check, as cards."""

from __future__ import annotations

import pytest

from fhirserver import clock
from fhirserver.storage.content import instant
from tests.answers import done
from tests.prescribing.builders import SNOMED, a_prescription, an_allergy
from tests.web.cds.conftest import SIGN, a_bundle_of, a_call, cards

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
NOTHING = {"allergies": [], "requests": [], "statements": [], "results": []}
DRAFT = a_prescription("5640", status="draft") | {"id": "new"}
WARFARIN = a_prescription("11289") | {"id": "old"}


def test_discovery_tells_the_services_and_what_to_prefetch(app):
    found = app.test_client().get("/cds-services").json["services"]

    assert {s["hook"] for s in found} == {"patient-view", "order-select", "order-sign"}
    for service in found:
        assert all(service[name] for name in ("id", "description", "title"))
        wanted = {"patient", "allergies", "requests", "statements", "results"}
        if service["id"].startswith("examination"):
            wanted |= {"orders", "reports"}
        assert set(service["prefetch"]) == wanted
        assert "{{context.patientId}}" in service["prefetch"]["allergies"]


def test_the_prefetch_queries_run_on_a_fhir_server(app, client, patient):
    for service in app.test_client().get("/cds-services").json["services"]:
        for query in service["prefetch"].values():
            path = query.replace("{{context.patientId}}", patient)
            done(client.get(f"/fhir/{path}"), 200)


def test_a_prescription_about_to_be_signed_gets_a_card(ehr):
    known = NOTHING | {"requests": [WARFARIN]}
    (card,) = cards(ehr.ask(SIGN, a_call(drafts=[DRAFT], **known)))

    assert card["indicator"] == "critical"
    assert 0 < len(card["summary"]) < 140
    assert "Bleeding" in card["detail"]
    assert "INR" in card["detail"]
    assert card["source"]["label"].startswith("Prescription checks: Coumadin")
    assert card["source"]["url"] == "https://dailymed.nlm.nih.gov"
    assert {r["code"] for r in card["overrideReasons"]} >= {"1", "9"}
    assert all(r["display"] for r in card["overrideReasons"])
    (suggestion,) = card["suggestions"]
    assert suggestion["actions"] == [
        {
            "type": "delete",
            "description": suggestion["actions"][0]["description"],
            "resourceId": "MedicationRequest/new",
        }
    ]
    assert card["selectionBehavior"] == "at-most-one"


def test_cards_speak_the_language_of_the_reader(ehr):
    penicillin = an_allergy("764146007", SNOMED)
    known = NOTHING | {"requests": [WARFARIN], "allergies": [penicillin]}
    amoxicillin = a_prescription("723", status="draft") | {"id": "other"}
    call = a_call(drafts=[DRAFT, amoxicillin], **known)
    english = cards(ehr.ask(SIGN, call))
    ehr.http.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-CH, en;q=0.5"
    first, *others = cards(ehr.ask(SIGN, call))

    told = " ".join(c["summary"] + c["detail"] for c in (first, *others))
    assert "Blutung" in told
    assert "Bleeding" not in told
    assert first["source"]["label"].startswith("Prüfung der Verordnung: ")
    assert first["suggestions"][0]["label"].endswith(" nicht anordnen")
    assert {r["display"] for r in first["overrideReasons"]} >= {"Patient wurde untersucht"}
    assert [c["indicator"] for c in (first, *others)] == [c["indicator"] for c in english]


def test_check_speaks_the_language_of_the_reader(client, patient):
    warfarin = a_prescription("11289", f"Patient/{patient}")
    done(client.post("/fhir/MedicationRequest", json=warfarin), 201)
    draft = a_prescription("5640", f"Patient/{patient}", status="draft") | {"id": "new"}
    german = {"Accept-Language": "de"}
    asked = client.post("/fhir/MedicationRequest/$check", json=draft, headers=german)
    answer = done(asked, 200)

    (issue,) = [p["resource"] for p in answer["parameter"] if p["name"] == "issue"]
    assert "Blutung" in issue["code"]["text"]
    assert "Quelle: " in issue["detail"]


def test_cards_are_the_findings_of_check(ehr, client, patient):
    warfarin = a_prescription("11289", f"Patient/{patient}")
    allergy = an_allergy("387207008", SNOMED, patient=f"Patient/{patient}")
    for resource in (warfarin, allergy):
        done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201)
    draft = a_prescription("5640", f"Patient/{patient}", status="draft") | {"id": "new"}
    answer = done(client.post("/fhir/MedicationRequest/$check", json=draft), 200)
    issues = [p["resource"]["code"] for p in answer["parameter"]]

    found = cards(client.post(f"/cds-services/{SIGN}", json=a_call("order-sign", patient, [draft])))
    assert [c["summary"] for c in found] == [i["text"] for i in issues]
    assert [c["source"]["topic"] for c in found] == [i["coding"][0] for i in issues]


def test_opening_a_record_tells_what_its_list_has(ehr):
    known = NOTHING | {"requests": [WARFARIN, DRAFT | {"status": "active"}]}
    (card,) = cards(ehr.ask("medication-list-check", a_call("patient-view", **known)))

    assert card["indicator"] == "critical"
    assert "suggestions" not in card


def test_selecting_tells_of_what_is_selected(ehr):
    other = a_prescription("310965", status="draft") | {"id": "other"}
    sibling = a_prescription("29046", status="draft") | {"id": "sibling"}
    known = NOTHING | {"requests": [WARFARIN]}

    def summaries(*selections):
        call = a_call(
            "order-select", drafts=[DRAFT, other, sibling], selections=list(selections), **known
        )
        return [c["summary"] for c in cards(ehr.ask("prescription-select-check", call))]

    assert summaries("MedicationRequest/sibling") == []
    assert summaries("ServiceRequest/1") == []
    assert len(summaries("MedicationRequest/new")) == 2, "warfarin, and the other draft"


def test_nothing_wrong_is_no_card(ehr):
    assert cards(ehr.ask(SIGN, a_call(drafts=[DRAFT], **NOTHING))) == []


def test_what_wasnt_sent_or_isnt_the_patients_is_told(ehr):
    mixed = [
        WARFARIN | {"subject": {"reference": "Patient/another"}},
        {"resourceType": "Nonsense"},
        7,
    ]
    (card,) = cards(ehr.ask(SIGN, a_call(drafts=[DRAFT], requests=mixed, statements=[])))

    assert card["indicator"] == "info"
    for words in ("allergies wasn't sent", "another patient's", "isn't valid FHIR"):
        assert words in card["detail"]


def test_names_in_a_record_make_no_links(ehr):
    evil = {"text": "[click](http://evil.example) <img src=x>"}
    known = NOTHING | {
        "requests": [
            WARFARIN | {"medicationCodeableConcept": WARFARIN["medicationCodeableConcept"] | evil}
        ]
    }
    (card,) = cards(ehr.ask(SIGN, a_call(drafts=[DRAFT], **known)))

    assert "[click](" not in card["detail"]
    assert "<img" not in card["detail"]


def test_without_prefetch_and_token_it_says_what_is_missing(ehr):
    answer = ehr.ask(SIGN, a_call(drafts=[DRAFT]))

    assert answer.status_code == 412
    assert "prefetch" in answer.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"hook": "patient-view"}, "hook"),
        ({"hookInstance": "one"}, "hookInstance"),
        ({"context": "none"}, "context"),
        ({"context": {"userId": "Practitioner/1", "patientId": "../x"}}, "context.patientId"),
        ({"context": {"patientId": "p"}}, "context.userId"),
        ({"context": {"userId": "u", "patientId": "p", "draftOrders": {}}}, "context.draftOrders"),
        ({"prefetch": []}, "prefetch"),
        ({"fhirServer": 7}, "fhirServer"),
        ({"fhirAuthorization": {"access_token": "x"}}, "fhirAuthorization"),
    ],
)
def test_what_is_wrong_with_a_call_is_said_with_its_place(ehr, change, place):
    answer = ehr.ask(SIGN, a_call(drafts=[DRAFT], **NOTHING) | change)

    assert answer.status_code == 400
    assert answer.json["issue"][0]["expression"] == [place]
    assert answer.content_type.startswith("application/json")


def test_an_invalid_draft_and_one_for_somebody_else_are_refused(ehr):
    other = DRAFT | {"subject": {"reference": "Patient/another"}}
    broken = DRAFT | {"status": "wonderful"}

    for draft in (other, broken):
        answer = ehr.ask(SIGN, a_call(drafts=[draft], **NOTHING))
        assert answer.status_code == 400
        assert answer.json["issue"][0]["expression"][0].startswith("context.draftOrders.entry[0]")


def test_orders_of_other_kinds_are_passed_over(ehr):
    order = {"resourceType": "ServiceRequest", "anything": 1}
    call = a_call(drafts=[], **NOTHING)
    call["context"]["draftOrders"] = a_bundle_of(order, DRAFT)

    assert cards(ehr.ask(SIGN, call)) == []


CRP = {"coding": [{"system": "http://loinc.org", "code": "1988-5"}], "text": "C-reactive protein"}


def an_order(**elements):
    return {
        "resourceType": "ServiceRequest",
        "id": "new",
        "status": "draft",
        "intent": "order",
        "code": CRP,
        "subject": {"reference": "Patient/p"},
    } | elements


def test_an_examination_that_is_ordered_already_gets_a_card(ehr):
    there = an_order(id="old", status="active")
    for hook, more in (
        ("order-select", {"selections": ["ServiceRequest/new"]}),
        ("order-sign", {}),
    ):
        service = f"examination-{hook.removeprefix('order-')}-check"
        call = a_call(hook, drafts=[an_order(), DRAFT], orders=[there], reports=[], **more)
        (card,) = cards(ehr.ask(service, call))

        assert card["summary"] == "C-reactive protein is ordered already"
        assert card["indicator"] == "warning"
        assert card["source"]["label"] == "Order checks: the patient's orders"
        assert card["suggestions"][0]["actions"][0]["resourceId"] == "ServiceRequest/new"


def test_an_examination_is_compared_with_what_this_server_holds(client, patient):
    subject = {"reference": f"Patient/{patient}"}
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": CRP,
        "subject": subject,
        "effectiveDateTime": instant(clock.now()),
    }
    done(client.post("/fhir/DiagnosticReport", json=report), 201)
    there = an_order(status="active", subject=subject, authoredOn=instant(clock.now()))
    done(client.post("/fhir/ServiceRequest", json=there), 201)
    draft = an_order(subject=subject)

    answer = client.post(
        "/cds-services/examination-sign-check", json=a_call("order-sign", patient, [draft])
    )
    assert [c["summary"].split(" on ")[0] for c in cards(answer)] == [
        "C-reactive protein is ordered already",
        "C-reactive protein was done",
    ]


def test_a_result_speaks_against_a_prescription(ehr, client, patient):
    egfr = {
        "resourceType": "Observation",
        "id": "egfr",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}], "text": "eGFR"},
        "effectiveDateTime": instant(clock.now()),
        "valueQuantity": {"value": 24, "unit": "mL/min/1.73 m2", "code": "mL/min/{1.73_m2}"},
    }
    egfr["valueQuantity"]["system"] = "http://unitsofmeasure.org"
    metformin = a_prescription("6809", status="draft") | {"id": "new"}
    sent = cards(ehr.ask(SIGN, a_call(drafts=[metformin], **NOTHING | {"results": [egfr]})))
    subject = {"reference": f"Patient/{patient}"}
    stored = {k: v for k, v in egfr.items() if k != "id"} | {"subject": subject}
    done(client.post("/fhir/Observation", json=stored), 201)
    draft = metformin | {"subject": subject}
    call = a_call("order-sign", patient, [draft])
    held = cards(client.post(f"/cds-services/{SIGN}", json=call))

    for found in (sent, held):
        assert [(c["indicator"], c["source"]["topic"]["code"]) for c in found] == [
            ("critical", "LAB")
        ]
        assert "eGFR 24 mL/min/1.73 m2" in found[0]["summary"]


def test_feedback_is_kept_on_record(make_app, ehr, client_of):
    app = make_app(audit_reads="strict")
    ehr.http = app.test_client()
    given = {
        "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "9", "system": "x"}, "userComment": "Ada is fine"},
        "outcomeTimestamp": "2026-11-29T12:00:00Z",
    }
    answer = ehr.post(f"/cds-services/{SIGN}/feedback", {"feedback": [given]})

    assert answer.status_code == 200
    found = done(client_of(app).get("/fhir/AuditEvent?_sort=-date&_count=200"), 200)
    told = [e["resource"].get("outcomeDesc", "") for e in found["entry"]]
    assert f"{given['card']} 9" in told
    assert "Ada is fine" not in str(found)


@pytest.mark.parametrize(
    "feedback",
    [
        None, [], ["x"], [{"card": "x"}],
        [{"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "outcome": "overridden"}],
        [{"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "outcome": "accepted", "outcomeTimestamp": "2026"}],
    ],
)  # fmt: skip
def test_feedback_that_is_none_is_refused(ehr, feedback):
    assert ehr.post(f"/cds-services/{SIGN}/feedback", {"feedback": feedback}).status_code == 400


def test_an_unknown_service_isnt_there(ehr):
    assert ehr.ask("nonsense", {}).status_code == 404
