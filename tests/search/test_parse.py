"""From a URL to a Query."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.errors import FhirError, Invalid, NotSupported, TooCostly
from fhirserver.search.parse import parse
from fhirserver.search.query import (
    And,
    AnyElement,
    FullText,
    Ids,
    InList,
    Not,
    OfType,
    Or,
    Updated,
)


def test_no_parameters_ask_for_everything_of_the_type(search):
    query = search("Patient")

    assert query.types == ("Patient",)
    assert query.condition == And(())


def test_an_unknown_parameter_is_refused_with_near_names(search):
    with pytest.raises(Invalid, match="no search parameter birth-date: did you mean birthdate"):
        search("Patient?birth-date=2020")


def test_lenient_handling_leaves_out_what_is_unknown_and_says_so(search):
    query = search("Patient?foo=1&gender=&name=a&_include=Foo:bar&_sort=foo", lenient=True)

    assert query.used == (("name", "a"),)
    assert len(query.ignored) == 4


def test_lenient_handling_still_refuses_unknown_modifiers_and_bad_values(search):
    with pytest.raises(Invalid, match="no modifier :exat"):
        search("Patient?name:exat=a", lenient=True)
    with pytest.raises(Invalid, match="birthdate"):
        search("Patient?birthdate=x", lenient=True)


@pytest.mark.parametrize("query", ["name=", "name=a,,b", "name= ", "_count=", "_sort="])
def test_an_empty_value_is_refused(search, query):
    with pytest.raises(Invalid, match="empty"):
        search(f"Patient?{query}")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("name:of-type=a", "no modifier :of-type"),
        ("birthdate:exact=2020", "no modifier :exact"),
        ("name:=a", "modifier is missing"),
        ("name:missing=maybe", "true or false"),
        ("_lastUpdated:missing=true", "takes no modifier"),
        ("_type=Patient", "whole system"),
        ("_has=1", "_has:TYPE:REFERENCE:PARAMETER"),
        ("_id=a b", "_id"),
        ("_list=a b", "_list"),
        ("_lastUpdated=soon", "_lastUpdated"),
        ("name.family=x", "not a reference"),
        ("organization.=x", "after the dot"),
    ],
)
def test_what_cannot_be_asked_is_explained(search, query, text):
    with pytest.raises(Invalid, match=text):
        search(f"Patient?{query}")


@pytest.mark.parametrize("query", ["_query=x", "_list=$current-problems", "_contained=both"])
def test_what_is_not_done_is_said(search, query):
    with pytest.raises(NotSupported):
        search(f"Patient?{query}")


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_what_is_not_text_is_refused(search, value):
    with pytest.raises(Invalid, match="not text"):
        search(f"Patient?name={value}")


def test_an_error_repeats_only_short_values(search):
    with pytest.raises(Invalid) as error:
        search("Patient?birthdate=" + "9" * 100)

    assert "999" not in str(error.value)


def test_parameters_of_all_resources(search):
    query = search("Patient?_id=a,b&_lastUpdated=2024&_list=42&_text=a b&_content=c")

    assert isinstance(query.condition, And)
    ids, updated, in_list, text, content = query.condition.conditions
    assert ids == Ids(("a", "b"))
    assert isinstance(updated, Updated)
    assert updated.compare == "eq"
    assert in_list == InList("42")
    assert text == FullText("narrative", "a b")
    assert content == FullText("content", "c")


def test_ids_can_be_negated(search):
    assert search("Patient?_id:not=a").condition == Not(Ids(("a",)))


def test_repeated_parameters_must_all_hold(search):
    query = search("Observation?code=a&code=b")

    assert isinstance(query.condition, And)
    assert len(query.condition.conditions) == 2


def test_alternatives_on_the_array_are_one_condition(search):
    condition = search("Observation?code=" + ",".join(str(n) for n in range(500))).condition

    assert isinstance(condition, AnyElement)
    assert len(condition.elements) == 500


def test_too_many_alternatives_are_too_costly(search):
    with pytest.raises(TooCostly, match="2000 values"):
        search("Observation?code=" + ",".join(str(n) for n in range(2001)))


def test_too_many_conditions_are_too_costly(search):
    with pytest.raises(TooCostly, match="conditions"):
        search("Observation?" + "&".join(["code=a"] * 4001))


def test_the_system_is_searched_by_what_all_types_have(search, parameters):
    query = search("?_id=1&_profile=http://h/p&_text=x")

    assert query.types == parameters.definitions.resource_types
    with pytest.raises(Invalid, match="_type"):
        search("?code=1")


def test_types_limit_a_search_of_the_system(search):
    query = search("?_type=Observation,Condition&code=x&subject=Patient/1")

    assert set(query.types) == {"Observation", "Condition"}
    assert query.used[0] == ("_type", "Observation,Condition")
    assert isinstance(query.condition, And)
    assert all(isinstance(c, AnyElement) for c in query.condition.conditions)


def test_a_condition_that_differs_by_type_says_for_which_it_is(search):
    query = search("?_type=Observation,Condition&subject=1")

    assert isinstance(query.condition, Or)
    assert {c.conditions[0] for c in query.condition.conditions} == {
        OfType(("Observation",)),
        OfType(("Condition",)),
    }


def test_an_unknown_type_is_refused(search):
    with pytest.raises(Invalid, match="did you mean Observation"):
        search("?_type=Observatio")
    with pytest.raises(Invalid, match="not a resource type"):
        search("Observatio?code=1")


def test_what_was_understood_is_kept_for_the_self_link(search):
    query = search("Patient?name=a&_sort=-birthdate&_count=5")

    assert query.used == (("name", "a"), ("_sort", "-birthdate"), ("_count", "5"))


PARTS = ["code", "subject", "patient", "name", "date", "value-quantity", "_has", "_id", "_filter",
         "Patient", "Observation", "missing", "not", "text", "identifier", "of-type", ":", ".", ":", ".",
         "code-value-quantity", "_sort", "_include", "_type", "_elements", "_text", "component-code"]  # fmt: skip
VALUE = st.text(alphabet="aP/1|$,\\:.-2024T+# ()eq\0é", max_size=30)


@given(st.lists(st.tuples(st.lists(st.sampled_from(PARTS), max_size=6).map("".join), VALUE)))
def test_no_parameters_make_the_parser_fail_otherwise_than_with_an_explanation(
    parameters, site, pairs
):
    for resource_type in ("Observation", "Patient", None):
        with contextlib.suppress(FhirError):
            parse(resource_type, pairs, parameters=parameters, site=site, lenient=True)
