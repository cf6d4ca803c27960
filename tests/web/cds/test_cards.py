"""The CDS services answer with the same findings as $check, as cards."""

from __future__ import annotations

import pytest

from tests.answers import done
from tests.prescribing.builders import SNOMED, a_prescription, an_allergy
from tests.web.cds.conftest import SIGN, a_bundle_of, a_call, cards

NOTHING = {"allergies": [], "requests": [], "statements": []}
DRAFT = a_prescription("5640", status="draft") | {"id": "new"}
WARFARIN = a_prescription("11289") | {"id": "old"}


def test_discovery_tells_the_services_and_what_to_prefetch(app):
    found = app.test_client().get("/cds-services").json["services"]

    assert {s["hook"] for s in found} == {"patient-view", "order-select", "order-sign"}
    for service in found:
        assert all(service[name] for name in ("id", "description", "title"))
        assert set(service["prefetch"]) == {"patient", "allergies", "requests", "statements"}
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
