"""Which event follows from a change."""

from __future__ import annotations

from typing import Any

import pytest

from hl7v2_gateway.outbound.events import events, types


def visit(status: str, class_: str = "IMP", ward: str = "a", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "v",
        "status": status,
        "class": {"code": class_},
        "location": [{"location": {"reference": f"Location/{ward}"}, "status": "active"}],
        **more,
    }


def appointment(status: str, start: str = "2026-12-01T09:00:00Z", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Appointment", "id": "a", "status": status, "start": start, **more}


def order(status: str, category: str = "108252007", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "o",
        "intent": "order",
        "status": status,
        "category": [{"coding": [{"code": category}]}],
        **more,
    }


def of(type_: str, status: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": type_, "id": "x", "status": status, **more}


def told(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    return [t.event for t in events(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (visit("planned"), visit("in-progress"), "ADT^A01"),
        (None, visit("in-progress"), "ADT^A01"),
        (visit("planned", "AMB"), visit("arrived", "AMB"), "ADT^A04"),
        (None, visit("in-progress", "EMER"), "ADT^A04"),
        (visit("in-progress"), visit("in-progress", ward="b"), "ADT^A02"),
        (visit("in-progress"), visit("finished"), "ADT^A03"),
        (visit("in-progress"), visit("finished", ward="b"), "ADT^A03"),
        (visit("in-progress"), visit("cancelled"), "ADT^A11"),
        (visit("in-progress"), visit("entered-in-error"), "ADT^A11"),
        (visit("in-progress"), None, "ADT^A11"),
        (visit("planned"), visit("cancelled"), "ADT^A38"),
        (visit("finished"), visit("in-progress"), "ADT^A13"),
        (visit("cancelled"), visit("in-progress"), "ADT^A01"),
        (visit("in-progress"), visit("in-progress", priority={"text": "x"}), "ADT^A08"),
        (visit("arrived"), visit("in-progress"), "ADT^A08"),
        (None, visit("planned"), "ADT^A05"),
    ],
)
def test_a_visit_is_told_of(before: Any, after: Any, event: str) -> None:
    assert told(before, after) == [event]


def test_a_person_is_registered_and_updated() -> None:
    new = {"resourceType": "Patient", "id": "p"}

    assert told(None, new) == ["ADT^A28"]
    (updated,) = events(new, {**new, "gender": "female"})
    assert (updated.event, updated.during_visit) == ("ADT^A31", "ADT^A08")


def test_a_merge_is_told_of_once() -> None:
    own = {"resourceType": "Patient", "id": "p"}
    replaced = {**own, "link": [{"type": "replaced-by", "other": {"reference": "Patient/q"}}]}

    assert told(own, replaced) == ["ADT^A40"]
    assert told(replaced, {**replaced, "active": False}) == []


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (None, appointment("booked"), "SIU^S12"),
        (appointment("proposed"), appointment("booked"), "SIU^S12"),
        (appointment("booked"), appointment("booked", "2026-12-02T09:00:00Z"), "SIU^S13"),
        (
            appointment("booked", participant=[{"actor": {"reference": "Practitioner/1"}}]),
            appointment("booked", participant=[{"actor": {"reference": "Practitioner/2"}}]),
            "SIU^S13",
        ),
        (appointment("booked"), appointment("booked", comment="fasting"), "SIU^S14"),
        (appointment("booked"), appointment("arrived"), "SIU^S14"),
        (appointment("booked"), appointment("cancelled"), "SIU^S15"),
        (appointment("booked"), appointment("noshow"), "SIU^S26"),
        (appointment("booked"), appointment("entered-in-error"), "SIU^S17"),
        (appointment("booked"), None, "SIU^S17"),
    ],
)
def test_an_appointment_is_told_of(before: Any, after: Any, event: str) -> None:
    assert told(before, after) == [event]


@pytest.mark.parametrize(
    ("before", "after", "event", "control"),
    [
        (None, order("active"), "OML^O21", "NW"),
        (order("draft"), order("active", "363679005"), "OMI^O23", "NW"),
        (None, order("active", "409063005"), "OMG^O19", "NW"),
        (order("active"), order("revoked"), "OML^O21", "CA"),
        (order("active"), None, "OML^O21", "CA"),
        (order("active"), order("on-hold"), "OML^O21", "HD"),
        (order("on-hold"), order("active"), "OML^O21", "RL"),
        (order("active"), order("active", priority="stat"), "OML^O21", "XO"),
        (
            None,
            of("MedicationRequest", "active", intent="order"),
            "RDE^O11",
            "NW",
        ),
        (
            of("MedicationRequest", "active", intent="order"),
            of("MedicationRequest", "stopped", intent="order"),
            "RDE^O11",
            "DC",
        ),
        (None, of("Immunization", "completed"), "VXU^V04", "A"),
        (of("Immunization", "completed"), of("Immunization", "entered-in-error"), "VXU^V04", "D"),
        (None, of("ChargeItem", "billable"), "DFT^P03", "CG"),
        (of("ChargeItem", "billable"), of("ChargeItem", "aborted"), "DFT^P03", "CD"),
    ],
)
def test_what_is_ordered_given_and_charged_has_a_control(
    before: Any, after: Any, event: str, control: str
) -> None:
    (trigger,) = events(before, after)

    assert (trigger.event, trigger.control) == (event, control)


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (None, of("DiagnosticReport", "final"), "ORU^R01"),
        (of("DiagnosticReport", "final"), of("DiagnosticReport", "corrected"), "ORU^R01"),
        (of("DiagnosticReport", "final"), of("DiagnosticReport", "entered-in-error"), "ORU^R01"),
        (None, of("DocumentReference", "current"), "MDM^T02"),
        (
            None,
            of("DocumentReference", "current", relatesTo=[{"code": "replaces"}]),
            "MDM^T10",
        ),
        (
            of("DocumentReference", "current"),
            of("DocumentReference", "entered-in-error"),
            "MDM^T11",
        ),
    ],
)
def test_results_and_documents_are_told_of(before: Any, after: Any, event: str) -> None:
    assert told(before, after) == [event]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (visit("in-progress"), {**visit("in-progress"), "meta": {"versionId": "2"}}),
        (None, visit("cancelled")),
        (None, appointment("proposed")),
        (appointment("proposed"), appointment("cancelled")),
        (None, of("DiagnosticReport", "registered")),
        (None, order("draft")),
        (order("active"), order("completed")),
        (None, {**order("active"), "intent": "proposal"}),
        (None, of("ChargeItem", "planned")),
        (None, {"resourceType": "Basic", "id": "b"}),
    ],
)
def test_what_nobody_has_to_know_is_told_to_nobody(before: Any, after: Any) -> None:
    assert told(before, after) == []


def test_the_types_are_those_of_the_table() -> None:
    assert {"Encounter", "Patient", "Appointment", "ServiceRequest"} <= types()
