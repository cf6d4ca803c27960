"""Examinations that are ordered twice, or again too soon."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhirserver.prescribing.checks import Record, check
from tests.prescribing.builders import SNOMED, coded

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LOINC = "http://loinc.org"
CRP, HBA1C = "1988-5", "4548-4"
CHEST_CT = "169069000"


def an_order(code=CRP, system=LOINC, **elements):
    return {
        "resourceType": "ServiceRequest",
        "id": "new",
        "status": "draft",
        "intent": "order",
        "code": coded(code, system, "The test"),
        "subject": {"reference": "Patient/p"},
    } | elements


def a_report(code, at, **elements):
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": coded(code, LOINC),
        "effectiveDateTime": at,
    } | elements


def summaries(order, *, known, orders=(), reports=(), results=()):
    record = Record(orders=orders, reports=reports, results=results)
    return [f.summary for f in check([order], record, known, NOW).findings]


def test_what_is_ordered_already_is_told(shipped):
    there = an_order(id="old", status="active", authoredOn="2026-11-30T06:00:00Z")
    record = Record(orders=[there])
    (finding,) = check([an_order()], record, shipped, NOW).findings

    assert (finding.kind, finding.severity) == ("repeat", "moderate")
    assert finding.summary == "The test is ordered already"
    assert "2026-11-30" in finding.detail
    assert finding.against == ("ServiceRequest/old",)


@pytest.mark.parametrize(
    "there",
    [
        an_order(id="old", status="completed"),
        an_order(id="old", status="revoked"),
        an_order(id="old", status="active", intent="plan"),
        an_order("2524-7", id="old", status="active"),
        an_order(id="old", status="active", authoredOn="2026-01-01"),  # nobody has closed it
        an_order(id="new", status="active"),  # the same one
    ],
)
def test_what_is_over_or_something_else_isnt(there, shipped):
    assert summaries(an_order(), orders=[there], known=shipped) == []


@pytest.mark.parametrize(
    ("code", "at", "is_soon"),
    [
        (CRP, "2026-11-30T06:00:00Z", True),
        (CRP, "2026-11-28T06:00:00Z", False),
        (HBA1C, "2026-10-15", True),
        (HBA1C, "2026-08-15", False),
    ],
)
def test_what_was_done_just_now_is_told_by_how_soon_it_changes(code, at, is_soon, shipped):
    found = summaries(an_order(code), reports=[a_report(code, at)], known=shipped)

    assert found == ([f"The test was done on {at[:10]}"] if is_soon else [])


def test_a_result_counts_as_a_report_does_unless_it_is_void(shipped):
    result = a_report(CRP, "2026-11-30T06:00:00Z", resourceType="Observation")

    assert len(summaries(an_order(), results=[result], known=shipped)) == 1
    void = result | {"status": "cancelled"}
    assert summaries(an_order(), results=[void], known=shipped) == []


def test_two_of_one_kind_in_a_basket_are_told_once(shipped):
    drafts = [an_order(id="one"), an_order(id="two"), an_order(HBA1C, id="three")]
    found = check(drafts, Record(), shipped, NOW).findings

    assert [(f.medicine.reference, f.against) for f in found] == [
        ("ServiceRequest/two", ("ServiceRequest/one",))
    ]


def test_an_order_in_words_only_is_compared_with_nothing(shipped):
    order = an_order() | {"code": {"text": "CRP"}}
    record = Record(orders=[order | {"id": "old", "status": "active"}])

    assert check([order], record, shipped, NOW).findings == []


def test_images_have_intervals_of_their_own(shipped):
    order = an_order(CHEST_CT, system=SNOMED)
    done = a_report(CHEST_CT, "2026-11-25") | {"code": coded(CHEST_CT, SNOMED)}

    assert len(summaries(order, reports=[done], known=shipped)) == 1
