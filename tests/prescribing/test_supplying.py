"""What may be dispensed and given under a prescription."""

from __future__ import annotations

import pytest

from fhirserver.prescribing.supplying import rests_on, supply_issues
from tests.prescribing.builders import a_dispense, a_prescription, an_administration

STOPPED_AT = {"meta": {"lastUpdated": "2026-11-10T12:00:00Z"}}
TABLETS = {"value": 30, "unit": "tablet"}


def texts(supplied, request, earlier=()):
    return [i.text for i in supply_issues(supplied, request, earlier) if i.severity == "error"]


def dispense(**elements):
    return a_dispense("MedicationRequest/r", **elements)


def administration(**elements):
    return an_administration("MedicationRequest/r", **elements)


@pytest.mark.parametrize("make", [dispense, administration])
@pytest.mark.parametrize(
    ("status", "is_right"),
    [
        ("active", True),
        ("unknown", True),
        ("draft", False),
        ("on-hold", False),
        ("entered-in-error", False),
    ],
)
def test_only_a_prescription_in_force_is_supplied(make, status, is_right):
    assert (texts(make(), a_prescription(status=status)) == []) is is_right


@pytest.mark.parametrize(
    ("given", "is_right"),
    [
        ("2026-11-10T11:00:00Z", True),  # recorded late
        ("2026-11-10", True),  # some time that day
        ("2026-11-10T12:30:00Z", False),
        ("2026-11-10T12:30:00+02:00", True),
        ("2026-11-11", False),
    ],
)
def test_nothing_is_given_after_the_stop(given, is_right):
    request = a_prescription(status="stopped", **STOPPED_AT)

    assert (texts(administration(effectiveDateTime=given), request) == []) is is_right
    assert (texts(dispense(whenHandedOver=given), request) == []) is is_right


def test_an_infusion_that_began_before_the_stop_may_be_recorded():
    started = {"start": "2026-11-10T11:00:00Z", "end": "2026-11-10T13:00:00Z"}
    given = administration(effectivePeriod=started)
    del given["effectiveDateTime"]

    assert texts(given, a_prescription(status="stopped", **STOPPED_AT)) == []


def test_a_prescription_of_another_patient_supplies_nothing():
    assert texts(dispense(), a_prescription(patient="Patient/q")) != []
    assert texts(dispense(), a_prescription(patient="http://h.example/fhir/Patient/p")) == []
    assert texts(dispense(), a_prescription(patient="Patient/pp")) != []


def test_what_not_to_give_isnt_given():
    assert texts(administration(), a_prescription(doNotPerform=True)) != []


@pytest.mark.parametrize(
    ("repeats", "earlier", "now", "is_right"),
    [
        (0, [], 30, True), (0, [], 31, False), (0, [30], 1, False), (1, [30], 30, True),
        (1, [30, 30], 1, False), (1, [10, 10, 10], 30, True), (2, [30, 15.5], 44.5, True),
        (2, [30, 15.5], 44.6, False),
    ],
)  # fmt: skip
def test_no_more_than_is_left_is_dispensed(repeats, earlier, now, is_right):
    request = a_prescription(dispenseRequest={"quantity": TABLETS, "numberOfRepeatsAllowed": repeats})  # fmt: skip
    before = [dispense(quantity=TABLETS | {"value": v}) for v in earlier]

    found = texts(dispense(quantity=TABLETS | {"value": now}), request, before)
    assert (found == []) is is_right


def test_what_wasnt_handed_over_doesnt_count():
    request = a_prescription(dispenseRequest={"quantity": TABLETS})
    before = [dispense(quantity=TABLETS, status=s) for s in ("cancelled", "declined", "entered-in-error")]  # fmt: skip

    assert texts(dispense(quantity=TABLETS), request, before) == []


def test_other_units_are_told_and_not_counted():
    request = a_prescription(dispenseRequest={"quantity": TABLETS})
    (issue,) = supply_issues(dispense(quantity={"value": 1, "unit": "box"}), request)

    assert (issue.severity, issue.expression) == ("warning", "MedicationDispense.quantity")


def test_without_a_quantity_the_repeats_count():
    request = a_prescription(dispenseRequest={"numberOfRepeatsAllowed": 1})
    part = {"type": {"coding": [{"code": "RFP"}]}}

    assert texts(dispense(), request, [dispense()]) == []
    assert texts(dispense(), request, [dispense(), dispense()]) != []
    assert texts(dispense(**part), request, [dispense(), dispense()]) == []


def test_a_prescription_ends_with_its_validity():
    def request(end):
        return a_prescription(dispenseRequest={"validityPeriod": {"end": end}})

    assert texts(dispense(), request("2026-10-31")) != []
    assert texts(dispense(), request("2026-11-01")) == []
    assert texts(dispense(), request("2026-11")) == []


def test_what_it_rests_on_is_told_without_versions():
    assert rests_on(dispense()) == ["MedicationRequest/r"]
    assert rests_on(an_administration("MedicationRequest/r/_history/2")) == ["MedicationRequest/r"]
    assert rests_on({"resourceType": "MedicationAdministration"}) == []
