"""The invariants of the base standard."""

from typing import Any

import pytest

from fhirserver import fhirpath
from fhirserver.fhirpath import Env
from fhirserver.model import definitions
from fhirserver.validation import check
from fhirserver.validation.all_invariants import invariants_of
from fhirserver.validation.common_invariants import COMMON
from fhirserver.validation.invariants import ELSEWHERE, compiled, is_spared

OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "Pulse"}}
CONTAINED = {"resourceType": "Patient", "id": "p"}


def broken(resource: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(i.text.partition(":")[0], i.expression) for i in check(resource)]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            OBSERVATION | {"valueString": "1", "dataAbsentReason": {"text": "?"}},
            ("obs-6", "Observation"),
        ),
        (
            {"resourceType": "Patient", "contact": [{"gender": "other"}]},
            ("pat-1", "Patient.contact[0]"),
        ),
        (
            {"resourceType": "Patient", "extension": [{"url": "http://a.b/c"}]},
            ("ext-1", "Patient.extension[0]"),
        ),
        (
            {
                "resourceType": "Patient",
                "birthDate": "1970-01-01",
                "_birthDate": {"extension": [{"url": "http://a.b/c"}]},
            },
            ("ext-1", "Patient.birthDate.extension[0]"),
        ),
        (
            {"resourceType": "Patient", "name": [{"id": "only"}]},
            ("ele-1", "Patient.name[0]"),
        ),
        (
            OBSERVATION | {"valuePeriod": {"start": "2020-02", "end": "2020-01"}},
            ("per-1", "Observation.value"),
        ),
        (
            {"resourceType": "Organization", "name": "A", "telecom": [{"use": "home"}]},
            ("org-3", "Organization.telecom[0]"),
        ),
        (
            OBSERVATION | {"subject": {"reference": "#nobody"}},
            ("ref-1", "Observation.subject"),
        ),
        (OBSERVATION | {"contained": [CONTAINED]}, ("dom-3", "Observation")),
        (
            OBSERVATION
            | {
                "subject": {"reference": "#p"},
                "contained": [CONTAINED | {"meta": {"versionId": "1"}}],
            },
            ("dom-4", "Observation"),
        ),
        (
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": {"resourceType": "Organization"}}],
            },
            ("org-1", "Bundle.entry[0].resource"),
        ),
        (
            {"resourceType": "Bundle", "type": "collection", "total": 1},
            ("bdl-1", "Bundle"),
        ),
    ],
)
def test_a_broken_invariant_is_found_where_it_is(
    resource: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert broken(resource) == [expected]


@pytest.mark.parametrize(
    "resource",
    [
        OBSERVATION | {"valuePeriod": {"start": "2020", "end": "2020-01"}},
        OBSERVATION
        | {
            "valuePeriod": {
                "start": "2020-01-01T10:00:00+02:00",
                "end": "2020-01-01T09:00:00Z",
            }
        },
        OBSERVATION | {"subject": {"reference": "#p"}, "contained": [CONTAINED]},
        OBSERVATION
        | {
            "contained": [
                {"resourceType": "Provenance", "id": "p"}
                | {"target": [{"reference": "#"}], "recorded": "2020-01-01T10:00:00Z"}
                | {"agent": [{"who": {"display": "A"}}]}
            ]
        },
        {"resourceType": "Patient", "birthDate": "1970", "_birthDate": {"id": "a"}},
    ],
)
def test_what_keeps_to_the_invariants_is_valid(resource: dict[str, Any]) -> None:
    assert broken(resource) == []


def test_a_warning_does_not_refuse() -> None:
    """dom-6: a resource should have a narrative."""
    assert check({"resourceType": "Patient"}) == []


def test_every_invariant_of_the_standard_is_compiled() -> None:
    known = definitions.load()
    paths = {
        (c.key, p)
        for name in known.structure_names
        if name not in {"Resource", "DomainResource"}
        for p, constraints in [
            (name, known.structure(name).constraints),
            *((e.path, e.constraints) for e in known.structure(name).all_elements),
        ]
        for c in constraints
        if c.key not in ELSEWHERE
        if "." not in p or known.structure(name).children(p)
        # On a path with a content reference of its own they are compiled for what it refers to.
        if compiled(c, p) is None
        if compiled(c, p) is None
    }

    assert paths == set()


PERIOD = {"start": "2020-01-01", "end": "2020-01-02"}


@pytest.mark.parametrize(
    ("key", "path", "value"),
    [
        ("per-1", "Period", PERIOD),
        ("per-1", "Period", {"start": "2021", "end": "2020-01-02"}),
        ("per-1", "Period", {"start": "2020-01-02T10:00:00Z", "end": "2020-01-02"}),
        ("per-1", "Period", {"start": "2020-01-02T10:00:00Z", "end": "2020-01-02T09:00:00Z"}),
        ("per-1", "Period", {"_start": {"id": "a"}, "end": "2020-01-02"}),
        ("qty-3", "Quantity", {"code": "kg"}),
        ("qty-3", "Quantity", {"code": "kg", "system": "http://unitsofmeasure.org"}),
        ("qty-3", "Quantity", {"value": 1}),
        ("ext-1", "Extension", {"url": "a"}),
        ("ext-1", "Extension", {"url": "a", "valueString": "a"}),
        ("ext-1", "Extension", {"url": "a", "valueString": "a", "extension": [{"url": "b"}]}),
        ("ref-1", "Reference", {"reference": "#p"}),
        ("dom-6", "Patient", {"resourceType": "Patient"}),
        ("dom-6", "Patient", {"resourceType": "Patient", "text": {"status": "empty"}}),
        ("dom-6", "Patient", {"resourceType": "Patient", "text": {"div": "<div>.</div>"}}),
        ("ref-1", "Reference", {"reference": "#q"}),
        ("ref-1", "Reference", {"reference": "Patient/1"}),
    ],
)
def test_the_shortcuts_say_what_the_expressions_say(
    key: str, path: str, value: dict[str, Any]
) -> None:
    env = Env(root_resource={"resourceType": "Observation", "contained": [CONTAINED]})
    constraint = next(c for c in definitions.load().structure(path).constraints if c.key == key)

    said = fhirpath.compile(constraint.expression, path)(value, env)

    assert COMMON[key](value, env) is (said[0][1] is not False)


def test_an_invariant_is_looked_at_where_all_that_breaks_it_may_be_there() -> None:
    """obs-6: a reason why there is no value, and a value."""
    rule = next(r for r in invariants_of("Observation", None) if r.constraint.key == "obs-6")

    assert is_spared(rule, {"valueString": "1"})
    assert is_spared(rule, {"dataAbsentReason": {"text": "?"}})
    assert not is_spared(rule, {"valueString": "1", "dataAbsentReason": {"text": "?"}})


def test_large_code_systems_are_held_to_their_invariants() -> None:
    """csd-1 looks at more of them than an expression from outside may."""
    concepts = [
        {"code": f"c{i}", "display": "x", "designation": [{"value": "y"}]} for i in range(150_000)
    ]
    system = {
        "resourceType": "CodeSystem",
        "status": "active",
        "content": "complete",
        "concept": concepts,
    }

    concepts.append({"code": "c0"})

    assert [f.text[:5] for f in check(system)] == ["csd-1"]
