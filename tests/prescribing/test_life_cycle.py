"""Which status may follow which, and what can't change once a prescription is signed."""

from __future__ import annotations

import pytest

from fhirserver.model import definitions
from fhirserver.prescribing.life_cycle import CYCLES, is_signed, life_cycle_issues
from tests.prescribing.builders import a_dispense, a_prescription, an_administration, coded

REASON = {"statusReason": {"text": "INR 6.2"}}


def texts(before, after):
    return [i.text for i in life_cycle_issues(before, after)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, "draft"), (None, "active"),
        ("draft", "draft"), ("draft", "active"), ("draft", "cancelled"),
        ("draft", "entered-in-error"), ("active", "on-hold"), ("active", "completed"),
        ("active", "stopped"), ("active", "cancelled"), ("active", "entered-in-error"),
        ("on-hold", "active"), ("on-hold", "stopped"), ("on-hold", "cancelled"),
        ("completed", "entered-in-error"), ("stopped", "entered-in-error"),
        ("unknown", "stopped"),
    ],
)  # fmt: skip
def test_a_prescription_goes_on_like_this(old, new):
    before = None if old is None else a_prescription(status=old)

    assert texts(before, a_prescription(status=new, **REASON)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, "completed"), (None, "stopped"), (None, "entered-in-error"), (None, "on-hold"),
        ("draft", "completed"), ("draft", "stopped"), ("draft", "on-hold"),
        ("active", "draft"), ("on-hold", "completed"), ("on-hold", "draft"),
        ("cancelled", "active"), ("completed", "active"), ("stopped", "active"),
        ("stopped", "completed"), ("entered-in-error", "active"), ("entered-in-error", "draft"),
    ],
)  # fmt: skip
def test_a_prescription_never_goes_on_like_that(old, new):
    before = None if old is None else a_prescription(status=old)

    assert len(texts(before, a_prescription(status=new, **REASON))) == 1


@pytest.mark.parametrize("status", ["on-hold", "cancelled", "stopped"])
def test_holding_or_ending_one_early_needs_a_reason(status):
    found = life_cycle_issues(a_prescription(), a_prescription(status=status))

    assert [i.expression for i in found] == ["MedicationRequest.statusReason"]


def test_the_refusal_says_what_is_possible():
    found = texts(a_prescription(status="stopped"), a_prescription())

    assert found == ["MedicationRequest can't go from stopped to active: it can become entered-in-error"]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"medicationCodeableConcept": coded("1191")},
        {"dosageInstruction": [{"text": "10 mg a day"}]},
        {"subject": {"reference": "Patient/other"}},
        {"intent": "plan"},
        {"dispenseRequest": {"numberOfRepeatsAllowed": 9}},
        {"requester": {"reference": "Practitioner/2"}},
    ],
)
def test_drug_dose_and_patient_of_an_active_prescription_are_fixed(change):
    found = life_cycle_issues(a_prescription(), a_prescription(**change))

    assert [i.expression for i in found] == [f"MedicationRequest.{next(iter(change))}"]
    assert "priorPrescription" in found[0].text


def test_a_drug_described_inside_the_prescription_is_fixed_too():
    def with_drug(code):
        drug = {"resourceType": "Medication", "id": "m", "code": coded(code)}
        return a_prescription(
            medicationCodeableConcept=None,
            medicationReference={"reference": "#m"},
            contained=[drug],
        )

    assert texts(with_drug("11289"), with_drug("11289")) == []
    assert len(texts(with_drug("11289"), with_drug("1191"))) == 1


def test_a_draft_changes_freely_and_an_active_one_in_its_notes_and_pharmacy():
    sent = {"dispenseRequest": {"performer": {"reference": "Organization/pharmacy"}}}

    assert texts(a_prescription(status="draft"), a_prescription("1191", status="draft")) == []
    assert texts(a_prescription(), a_prescription(note=[{"text": "told"}], **sent)) == []


def test_what_was_dispensed_or_given_is_corrected_by_a_new_record():
    given = an_administration("MedicationRequest/r")
    handed = a_dispense("MedicationRequest/r")

    assert texts(given, given | {"dosage": {"text": "5 mg"}}) != []
    assert texts(handed, handed | {"quantity": {"value": 30}}) != []
    assert texts(given, given | {"status": "entered-in-error"}) == []


def test_a_dose_not_given_and_a_refused_dispense_need_a_reason():
    not_given = an_administration("MedicationRequest/r", status="not-done")
    declined = a_dispense("MedicationRequest/r", status="declined")

    assert texts(None, not_given) == ["not-done needs a reason in statusReason"]
    assert texts(None, declined) == ["declined needs a reason in statusReason[x]"]
    assert texts(None, declined | {"statusReasonCodeableConcept": {"text": "refused"}}) == []


def test_signing_is_becoming_active():
    assert is_signed(None, a_prescription())
    assert is_signed(a_prescription(status="draft"), a_prescription())
    assert is_signed(a_prescription(status="on-hold"), a_prescription())
    assert not is_signed(a_prescription(), a_prescription(note=[{"text": "x"}]))
    assert not is_signed(None, a_prescription(status="draft"))


@pytest.mark.parametrize("kind", sorted(CYCLES))
def test_every_status_and_element_of_the_standard_is_in_the_table(kind):
    cycle = CYCLES[kind]
    statuses = set(cycle.after)
    known = set(definitions.load().properties(kind))

    assert cycle.first | cycle.reasons | cycle.open <= statuses
    assert set().union(*cycle.after.values()) <= statuses
    assert cycle.fixed | cycle.has_reason <= known
