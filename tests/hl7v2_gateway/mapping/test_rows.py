"""One test for each row of the tables that has a target: with that field, its value is there.

A row's message has the row's field and whatever its condition asks for, nothing else. Which values
it must make `expecting.py` works out from the printed tables, a second reading of them.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from hl7v2_gateway.mapping import datatypes, rules
from hl7v2_gateway.mapping.assembling import Assembly
from hl7v2_gateway.mapping.context import Context, How
from hl7v2_gateway.mapping.plans import Plan
from hl7v2_gateway.mapping.rules import Rule
from hl7v2_gateway.mapping.vocabulary import has_vocabulary, loaded, vocabulary
from tests.hl7v2_gateway.mapping import expecting, finding
from tests.hl7v2_gateway.mapping.sampling import VALUES, Fields, repetition, sample, satisfy

# Where the printed cell can't be meant as it stands, by row or by what it would put where.
DIFFERS: dict[Any, str] = {
    ("system", "http://unitsofmeasure.org/"): "UCUM's address has no slash at its end",
    ("identifier.value", "1.2.3.4"): "in the system urn:ietf:rfc:3986 it is urn:oid:1.2.3.4",
    ("value", "1.2.3.4"): "the system where HD.1 is the value",
    ("name", "Text"): "FHIR's Identifier has no name",
    ("given", "Nick"): "one name only (XPN.15 if there is room for several)",
    ("use", "nickname"): "likewise",
    ("comparator", "~other"): "a sample of this test, not of table 0523",
    ("occurenceTiming.repeat.boundsDuration.unit", "D3"): "TQ.3 holds number and unit",
    ("occurenceTiming.repeat.boundsDuration.system", "UCUM"): "likewise, and UCUM has an address",
    ("", "5"): "a number for a Quantity is its value: the rows beside it say so",
    ("data", "NA.1"): "all values of NA are one text",
    ("type.coding.sytem", "http://terminology.hl7.org/CodeSystem/v2-0203"): "a slip of the pen",
    "AIS[Appointment].11": "an Appointment's status is a code",
    "IAM[AllergyIntolerance].14": "the text of a manifestation has no codes",
    "MSH[MessageHeader].13": "meta.security is a Coding",
    "RXR[MedicationRequest].2": "route is a CodeableConcept",
    "RXR[MedicationRequest].3": "site is a CodeableConcept",
    "TXA[DocumentReference].5": "a media type of RFC 2046",
}
PLAN = Plan("", (), {}, {}, {})
ROWS = [
    (name, kind, rule)
    for name, kind in rules.every()
    for group in ((0, rules.rules(name, kind).whole), *rules.rules(name, kind).fields)
    for rule in group[1]
]


def _row(name: str, rule: Rule) -> dict[str, Any]:
    return next(r for r in rules.rows(name) if f"{name}.{r['row']}" == rule.id)


@pytest.mark.parametrize(("name", "kind", "rule"), ROWS, ids=lambda v: getattr(v, "id", ""))
def test_a_row_of_a_segment_map_makes_its_target(name: str, kind: str, rule: Rule) -> None:
    row, segment = _row(name, rule), name.partition("[")[0]
    fields = Fields()
    if rule.field:
        text = sample(rule, row)
        if rule.component:
            fields.put(segment, rule.field, rule.component, text)
        else:
            fields.segments[segment] = {rule.field: [text.split("^")]}
    if row.get("if"):
        satisfy(row["if"], fields, segment, rule.field, want=True)
    assembly = Assembly(PLAN, Context(UTC, {}))
    assembly.near = {n: fields.view(n) for n in fields.segments}
    view = fields.view(segment)
    if rule.constant is not None and rule.field and not view.field(rule.field):
        fields.put(segment, rule.field, 1, "1")
        view = fields.view(segment)
    draft = assembly.drafts.new(kind)

    if rule.field:
        assembly.apply((), ((rule.field, (rule,)),), view, draft, 1)
    else:
        assembly.apply((rule,), (), view, draft, 1)

    assert draft.resource.keys() - {"resourceType"} or len(assembly.drafts.all) > 1
    if rule.path.steps:
        assert rule.path.steps[0].name in draft.resource
    said = "^".join(fields.segments[segment][rule.field][0]) if rule.field else ""
    for below, value in expecting.of_row(row, said):
        if rule.id in DIFFERS or (below, value) in DIFFERS:
            continue
        # EI[Device-udiCarrier] begins with the udiCarrier that the row's target is already.
        below = below.removeprefix("udiCarrier.")
        target = row["to"].removesuffix(f".{below}")  # as identifier[5].value
        assert value in finding.values(draft, f"{target}.{below}"), below


DATATYPES = [
    (name, row)
    for name, rows in loaded("tables", "datatypes")["maps"].items()
    for row in rows
    if name not in loaded("overlay", "datatypes")["whole"]
    and f"{name}.{row['row']}" not in loaded("overlay", "datatypes")["rows"]
]


@pytest.mark.parametrize(
    ("name", "row"), DATATYPES, ids=lambda v: v if isinstance(v, str) else str(v["row"])
)
def test_a_component_of_a_data_type_shows_in_what_is_made_of_it(
    name: str, row: dict[str, Any]
) -> None:
    convert = datatypes.MAPS[name.lower()]
    source, number = row["from"].split(".")[0], int(row["from"].split(".")[1])
    text = loaded("overlay", "datatypes")["samples"].get(name) or VALUES[source]
    if row.get("if"):
        fields = Fields()
        fields.segments["X"] = {1: [text.split("^")]}
        satisfy(row["if"], fields, "X", 1, want=True)
        text = "^".join(fields.segments["X"][1][0])
    parts = text.split("^")
    parts.extend([""] * (number - len(parts)))
    codes = row.get("codes", "")
    if codes and has_vocabulary(codes):
        parts[number - 1] = next(iter(vocabulary(codes).codes))
    parts[number - 1] = parts[number - 1] or "1"
    without = [*parts]
    without[number - 1] = ""

    made = convert(repetition("^".join(parts)), Context(UTC, {}), How())
    rest = convert(repetition("^".join(without)), Context(UTC, {}), How())

    assert made is not None
    assert made != rest
    assert number in datatypes.USES[name.lower()]
    said = "^".join(parts)
    if row.get("if") and not expecting.holds(row["if"], said):
        return
    for below, value in expecting.of_component(row, said):
        if (below, value) not in DIFFERS:
            assert value in finding.within(name, made, below.removeprefix("udiCarrier.")), below
