"""The syntax of SNOMED CT's expression constraints."""

import pytest

from fhirserver.validation.ecl import is_constraint
from tests.pace import soon


@pytest.mark.parametrize(
    "text",
    [
        "404684003",
        "< 404684003 |Clinical finding|",
        "<< 73211009 |Diabetes mellitus|",
        "<! 404684003 OR >! 404684003",
        "^ 700043003 |Example problem list|",
        "^ [referencedComponentId] 700043003",
        "*",
        "< 19829001: 116676008 = 79654002",
        "< 19829001: 116676008 = << 79654002, 363698007 = << 39057004",
        "< 404684003: {363698007 = << 39057004, 116676008 = << 55641003}, {363698007 = << 53085002}",
        "< 404684003: [1..3] 127489000 = < 105590001",
        "< 91723000: R 363698007 = < 125605004",
        "< 27658006: 411116001 = << 385055001, 1142135004 >= #250",
        '< 27658006: 3460481009 = "PANADOL"',
        "< 404684003: (363698007 = << 39057004 OR 116676008 = << 55641003)",
        "< 19829001 AND (< 301867009 OR ^ 700043003)",
        "<< 19829001 MINUS << 301867009",
        "< 125605004 . 363698007",
        '< 64572001 {{ term = "heart" }}',
        "(< 404684003: 363698007 = *) {{ +HISTORY }}",
        "< 404684003 /* findings */",
    ],
)
def test_constraints_are_taken(text: str) -> None:
    assert is_constraint(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "234234 << 234234",
        "<<",
        "< 404684003:",
        "< 404684003: 363698007",
        "(< 404684003",
        "< 404684003 OR",
        "diabetes",
        "< 123",
        "< 404684003: {363698007 = << 39057004",
    ],
)
def test_other_texts_are_none(text: str) -> None:
    assert not is_constraint(text)


def test_what_is_nested_without_end_is_not_read_to_its_end() -> None:
    with soon(2):
        for text in ("(" * 9_000, "< 404684003: " + "(" * 9_000, "/*" * 5_000, "{{" * 4_000):
            is_constraint(text)
