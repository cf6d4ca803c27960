"""What an address and its parameters mean, without a server."""

from __future__ import annotations

import pytest

from fhirserver.errors import FhirError, Invalid, MethodNotAllowed, NotFound, NotUnderstood
from fhirserver.interactions.messages import versions_in
from fhirserver.interactions.pairs import MOST, pairs_in, segments_in
from fhirserver.interactions.routing import Route, is_id, route
from fhirserver.model import definitions


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "", Route("search-system")),
        ("POST", "", Route("bundle")),
        ("GET", "metadata", Route("capabilities")),
        ("HEAD", "metadata", Route("capabilities")),
        ("GET", "_history", Route("history-system")),
        ("POST", "_search", Route("search-system")),
        ("GET", "Patient", Route("search-type", "Patient")),
        ("POST", "Patient", Route("create", "Patient")),
        ("PUT", "Patient", Route("update", "Patient")),
        ("PATCH", "Patient", Route("patch", "Patient")),
        ("DELETE", "Patient", Route("delete", "Patient")),
        ("POST", "Patient/_search", Route("search-type", "Patient")),
        ("GET", "Patient/_history", Route("history-type", "Patient")),
        ("GET", "Patient/1", Route("read", "Patient", "1")),
        ("PUT", "Patient/1", Route("update", "Patient", "1")),
        ("PATCH", "Patient/1", Route("patch", "Patient", "1")),
        ("DELETE", "Patient/1", Route("delete", "Patient", "1")),
        ("GET", "Patient/1/_history", Route("history-instance", "Patient", "1")),
        ("GET", "Patient/1/_history/2", Route("vread", "Patient", "1", "2")),
        ("GET", "Patient/1/Observation", Route("search-compartment", "Patient", "1", "Observation")),
        ("GET", "Patient/1/*", Route("search-compartment", "Patient", "1", "*")),
        (
            "POST", "Encounter/1/Observation/_search",
            Route("search-compartment", "Encounter", "1", "Observation"),
        ),
    ],
)  # fmt: skip
def test_every_address_of_the_standard_has_its_interaction(method, path, expected):
    assert route(method, segments_in(path), definitions.load()) == expected


@pytest.mark.parametrize(
    ("method", "path", "trouble"),
    [
        ("GET", "Nothing", NotFound),
        ("GET", "Patient/1/2/3/4", NotFound),
        ("GET", "Patient/1/Medication", NotFound),
        ("PUT", "", MethodNotAllowed),
        ("POST", "Patient/1", MethodNotAllowed),
        ("GET", "Patient/a_b", Invalid),
        ("GET", "Patient/%2F", Invalid),
    ],
)
def test_other_addresses_are_refused(method, path, trouble: type[FhirError]):
    with pytest.raises(trouble):
        route(method, segments_in(path), definitions.load())


@pytest.mark.parametrize(("text", "claim"), [
    ("1", True), ("a-B.3", True), ("a" * 64, True), ("...", True),
    ("", False), (".", False), ("..", False), ("a" * 65, False), ("a/b", False), ("a\n", False),
    ("٣", False),
])  # fmt: skip
def test_an_id_is_what_the_standard_says_and_an_address_can_reach(text, claim):
    assert is_id(text) is claim


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("a=", [("a", "")]),
        ("a", [("a", "")]),
        ("a=b+c%2Bd", [("a", "b c+d")]),
        ("a=b=c", [("a", "b=c")]),
        ("a=%C5%BD", [("a", "Ž")]),
        ("a=Ž", [("a", "Ž")]),
        ("a;b=1", [("a;b", "1")]),
    ],
)
def test_parameters_are_decoded_in_their_order(text, expected):
    assert pairs_in(text) == expected


@pytest.mark.parametrize("text", ["a=%", "a=%4", "a=%zz", "%g0=1", "a=%ff", "a=%ed%a0%80"])
def test_parameters_that_can_not_be_decoded_are_refused(text):
    with pytest.raises(NotUnderstood):
        pairs_in(text)


@pytest.mark.parametrize("text", ["a=%00", "%00=a", "&".join(["a=b"] * (MOST + 1))])
def test_parameters_that_can_not_be_searched_are_refused(text):
    with pytest.raises(Invalid):
        pairs_in(text)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('W/"1"', ["1"]),
        ('"1"', ["1"]),
        ("1", ["1"]),
        ("*", ["*"]),
        ('W/"1", "2",3', ["1", "2", "3"]),
        ('""', [""]),
        ("", None),
        ("a b", None),
        ('W/"1', None),
        ('W/"1",', None),
        ("w/1", None),
    ],
)
def test_the_versions_of_a_header_are_read(header, expected):
    assert versions_in(header) == expected
