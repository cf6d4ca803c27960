"""All of HL7's R4 examples: nothing fails, and what they contain can be searched for."""

from __future__ import annotations

import pytest

from fhirserver import fhirpath
from fhirserver.search.extract import evaluate, extract, references
from fhirserver.search.hashing import element, number
from fhirserver.search.plan import COLUMNS
from fhirserver.search.stamp import stamp

# Filled with something that has no date: a schedule without bounds, or a text.
NO_DATE = {
    ("CarePlan", "activity-date"),
    ("ServiceRequest", "occurrence"),
    ("Immunization", "date"),
}


def test_every_parameter_that_an_example_fills_has_an_index_value(examples, parameters, site):
    count = 0
    for name, resource in examples:
        resource_type = resource["resourceType"]
        values = extract(resource, parameters, site)
        params = {
            row.param
            for rows in (values.dates, values.strings, values.numbers, values.positions)
            for row in rows
        }
        for code, p in parameters.for_type(resource_type).items():
            if p.type in ("composite", "special") or p.answered_by or code in COLUMNS:
                continue
            if (resource_type, code) in NO_DATE:
                continue
            if evaluate(parameters, resource_type, code)(resource):
                count += 1
                has = number(code) in params or element(code, "?") in values.elements
                assert has, (name, code)
    assert count > 5_000


def test_stamps_and_references_of_every_example_can_be_taken(examples, parameters, site):
    owned = 0
    for _, resource in examples:
        owned += stamp(resource, parameters, site).owner is not None
        references(resource, parameters, site)

    assert owned > 100


def test_paths_find_what_fhirpath_finds(examples, parameters):
    for name, resource in examples:
        resource_type = resource["resourceType"]
        for code, p in parameters.for_type(resource_type).items():
            if p.paths is None or p.type in ("composite", "special"):
                continue
            # A union has no doubles, and a contained resource resolves: the index needs neither.
            whole = [
                t[1]
                for t in fhirpath.compile(p.expression, resource_type)(resource)
                if t[1] is not None and not _is_contained(t[1])
            ]
            by_paths = [
                v
                for _, v in evaluate(parameters, resource_type, code)(resource)
                if not _is_contained(v)
            ]
            assert [v for v in by_paths if v not in whole] == [], (name, code)
            assert [v for v in whole if v not in by_paths] == [], (name, code)


def test_index_values_have_no_doubles_and_one_first_row_per_parameter(examples, index):
    for name, resource in examples:
        values = index(resource)
        assert len(values.elements) == len(set(values.elements)), name
        for rows in (values.dates, values.strings, values.numbers):
            assert len(rows) == len(set(rows)), name
            for flag in ("first", "last"):
                flagged = [r.param for r in rows if getattr(r, flag)]
                assert len(flagged) == len(set(flagged)), (name, flag)
                sortable = {r.param for r in rows if r.first or r.last}
                assert set(flagged) == sortable, (name, flag)


def _is_contained(value) -> bool:
    return isinstance(value, dict) and str(value.get("reference", "")).startswith("#")


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Patient-example.json", "name=chal&given:exact=Peter&birthdate=1974-12-25&active=true"),
        ("Patient-example.json", "telecom=(03) 5555 6473&phone=0355556473&deceased=false"),
        ("Patient-example.json", "identifier=urn:oid:1.2.36.146.595.217.0.1|12345"),
        (
            "Patient-example.json",
            "organization=Organization/1&organization=1&address-city=pleasant",
        ),
        ("Observation-example.json", "code=http://loinc.org|29463-7&value-quantity=185||lbs"),
        ("Observation-example.json", "code-value-quantity=29463-7$gt180&subject=example"),
        (
            "Observation-blood-pressure.json",
            "combo-code-value-quantity=http://loinc.org|8480-6$107|http://unitsofmeasure.org|mm[Hg]",
        ),
        ("Observation-blood-pressure.json", "component-code-value-quantity=8462-4$lt61"),
        ("Location-1.json", "near=42.25|-83.69|2|km"),
        ("CapabilityStatement-base.json", "url:below=http://hl7.org/fhir"),
    ],
)
def test_an_example_is_found_by_what_it_says(examples, found, name, query):
    resource = next(r for n, r in examples if n == name)

    assert found(resource, query)
