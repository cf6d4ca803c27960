"""_filter: grammar and meaning."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.errors import Invalid, NotSupported, TooCostly
from fhirserver.search.filter_grammar import Comparison, Logical, Negation, Segment, parse
from fhirserver.search.hashing import salt
from fhirserver.search.query import And, Chain

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "gender": "female",
    "birthDate": "1974-12-25",
    "name": [{"family": "Lovelace", "given": ["Ada"]}],
    "managingOrganization": {"reference": "Organization/1"},
}


def comparison(name: str, operator: str, value: str) -> Comparison:
    return Comparison((Segment(name),), operator, value)


def test_and_and_or_go_from_left_to_right():
    a, b, c = (comparison(n, "eq", "1") for n in "abc")

    assert parse("a eq 1 or b eq 1 and c eq 1") == Logical("and", Logical("or", a, b), c)
    assert parse("a eq 1 or (b eq 1 and c eq 1)") == Logical("or", a, Logical("and", b, c))
    assert parse("not (a eq 1)") == Negation(a)


def test_a_path_has_brackets_and_dots():
    found = parse('subject[name co "pet"].organization.name eq "x"')

    assert found == Comparison(
        (
            Segment("subject", comparison("name", "co", "pet")),
            Segment("organization"),
            Segment("name"),
        ),
        "eq",
        "x",
    )


def test_values_are_json_strings_or_words():
    assert parse(r'a eq "x\"(y) \u00e9"') == comparison("a", "eq", 'x"(y) é')
    assert parse("(a eq http://u|[lb_av])") == comparison("a", "eq", "http://u|[lb_av]")
    assert parse("s[a eq b].c eq d").path[0].where == comparison("a", "eq", "b")


@given(st.text(alphabet='abeq ()[].\\"|not', max_size=40))
def test_no_text_breaks_the_parser(text):
    with contextlib.suppress(Invalid, TooCostly):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "name eq", "name is x", "name eq x y", "(name eq x", "name eq x and", "subject[name eq x",
     "(" * 40 + "name eq x" + ")" * 40],
)  # fmt: skip
def test_what_is_no_filter_is_refused_with_its_place(text):
    with pytest.raises((Invalid, TooCostly), match="_filter"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("family eq lovelace", True),
        ("family eq love", False),
        ("family sw love", True),
        ("family co vela", True),
        ("family ew LACE", True),
        ("family ew love", False),
        ("family gt l", True),
        ("family lt l", False),
        ("family ne lovelace", False),
        ("family ne x", True),
        ("family pr true", True),
        ("family pr false", False),
        ("address ne x", False),
        ("address pr false", True),
        ("gender eq female", True),
        ("gender ne female", False),
        ("gender eq http://hl7.org/fhir/administrative-gender|female", True),
        ("birthdate ge 1974-12-25", True),
        ("birthdate lt 1974-12-25", False),
        ("birthdate po 1974-12", True),
        ("birthdate po 1975", False),
        ("birthdate eb 1975 and gender eq female", True),
        ("organization re Organization/1", True),
        ("organization eq 2", False),
        ("not (gender eq male)", True),
        ("gender eq male or (family eq x or given eq ada)", True),
        ("active eq true and not (active eq false)", True),
    ],
)
def test_a_filter_finds_what_it_says(found, text, expected):
    assert found(PATIENT, f"_filter={text}") is expected


def test_brackets_narrow_what_is_referred_to(search):
    condition = search(
        "Observation?_filter=patient[active eq true].birthdate ge 1974-12-25"
    ).condition

    assert isinstance(condition, Chain)
    assert (condition.salt, condition.targets) == (salt("patient"), ("Patient",))
    assert isinstance(condition.condition, And)
    assert len(condition.condition.conditions) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo eq 1", "no search parameter foo"),
        ("gender co x", "can't be asked of gender"),
        ("family sa 1", "can't be asked of family"),
        ("birthdate eq x", "birthdate"),
        ("family pr maybe", "true or false"),
        ("family[a eq b] eq c", "after a dot"),
        ("family.given eq c", "not a reference"),
        ("_text pr true", "_text"),
        ("_filter eq x", "_filter"),
    ],
)
def test_what_a_filter_cannot_ask_is_explained(search, text, message):
    with pytest.raises(Invalid, match=message):
        search(f"Patient?_filter={text}")


@pytest.mark.parametrize("operator", ["in", "ss", "sb"])
def test_terminology_in_a_filter_is_not_supported(search, operator):
    with pytest.raises(NotSupported, match="terminology"):
        search(f"Patient?_filter=language {operator} x")
