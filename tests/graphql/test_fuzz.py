"""Queries that nobody would write are refused, and never make the server fail."""

from __future__ import annotations

import random

from fhirserver.errors import FhirError
from fhirserver.graphql.execution import Limits, Query, execute
from fhirserver.graphql.source import Edge, Page
from fhirserver.search.parameters import base_parameters

PATIENT = {
    "resourceType": "Patient",
    "id": "a",
    "name": [{"use": "official", "given": ["A"], "_given": [{"id": "x"}]}, {"family": "B"}],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "N"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/p"}, {"display": "x"}],
    "link": [{"other": {"reference": "Patient/a"}, "type": "seealso"}],
}
SEEDS = (
    "{ Patient(id: a) { name(use: official) { family given _given { id } } } }",
    'query($v: [String] = ["a"], $b: Boolean!) { PatientList(_id: $v, fhirpath: "name.exists()") '
    "{ ...F contained { ... on Organization { name } } } } fragment F on Patient { id "
    "@include(if: $b) managingOrganization { resource(optional: true) { id } } }",
    "{ PatientConnection(_count: 1) { count edges { mode resource { ObservationList(_reference: "
    "subject) { subject { resource { id } } } PatientConnection(_reference: link) { next } } } } }",
    '{ PatientList { name @flatten @slice(path: "use") { given @first family @singleton } '
    "link @flatten @first { other { resource { __typename } } type } } }",
    "{ __schema { queryType { name } directives { args { type { ofType { name } } } } } "
    '__type(name: "Patient") { name } }',
    '{ name @slice(path: "$index") { given } generalPractitioner(_offset: 0) { reference } }',
)
WORDS = (
    *'{}()[]:,!=|&#$"',
    *('"""', "$v", "@first", "@flatten", "@singleton", '@slice(path: "use")', "@skip(if: true)"),
    *("id", "name", "null", "-1", "1.5", "true", "PatientList", "resource", "... on Patient"),
    *("...F", "fragment F on Patient { id }", "query", "mutation", "_reference: link", "{a: 1}"),
    *('fhirpath: "x"', "\0", "\ud800", "\u00e9", "_count: 99999999999999999999", "__typename"),
)
VARIABLES = ({}, {"b": True}, {"b": "x"}, {"b": True, "v": [1, None, {"a": 1}]}, {"v": None})


class Server:
    """A Source with one patient, who refers to himself."""

    def read(self, names):
        return {n: PATIENT for n in names if n == ("Patient", "a")}

    def version(self, name, version):
        return None

    def matches(self, resource_type, pairs):
        return [PATIENT] if resource_type == "Patient" else []

    def referring(self, resource_type, code, names, pairs):
        return {n: self.matches(resource_type, pairs) for n in names}

    def page(self, resource_type, pairs):
        return Page([Edge(r, "match") for r in self.matches(resource_type, pairs)], 1, 0, 20)

    def turned(self, resource_type, cursor):
        return self.page(resource_type, ())

    def literal(self, reference):
        return (tuple(reference.split("/", 1)), None) if "/" in reference else None


def test_no_query_fails_in_another_way_than_being_refused():
    chance = random.Random(7)
    parameters = base_parameters()
    answered = 0

    for _ in range(1_500):
        focus = chance.choice([None, ("Patient", lambda: PATIENT)])
        query = Query(mutated(chance), None, chance.choice(VARIABLES))
        try:
            execute(query, parameters, Server(), Limits(), focus=focus)
        except FhirError:
            continue
        answered += 1

    assert answered > 50


def mutated(chance):
    """A seed with words put in, texts taken out, and pieces of others."""
    text = chance.choice(SEEDS)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(3):
            case 0:
                text = text[:at] + chance.choice(WORDS) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 12) :]
            case _:
                other = chance.choice(SEEDS)
                start = chance.randrange(len(other))
                text = text[:at] + other[start : start + chance.randint(1, 40)] + text[at:]
    return text
