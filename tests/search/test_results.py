"""Result parameters."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid
from fhirserver.search.hashing import number
from fhirserver.search.query import Include, Sort


def test_sort_goes_by_rows_columns_or_paths(search):
    query = search("Observation?_sort=-date,_lastUpdated,-_id,code,subject,value-quantity")

    assert query.sort == (
        Sort("date", "date", True, number("date")),
        Sort("_lastUpdated", "updated", False),
        Sort("_id", "id", True),
        Sort("code", "path", False, paths=('$."code"[*]."coding"[*]."code"',)),
        Sort("subject", "path", False, paths=('$."subject"[*]."reference"',)),
        Sort("value-quantity", "number", False, number("value-quantity")),
    )


def test_sort_by_part_of_the_values_goes_by_a_filtered_path(search):
    (email,) = search("Patient?_sort=email").sort

    assert email.paths == ('$."telecom"[*] ? (@."system" == "email")."value"',)


def test_a_parameter_that_another_answers_sorts_by_that_ones_rows(search):
    assert search("Patient?_sort=phonetic").sort[0].param == number("name")


@pytest.mark.parametrize("key", ["foo", "code-value-quantity", "_text", "near", ""])
def test_what_has_no_order_is_refused(search, key):
    with pytest.raises(Invalid):
        search(f"Observation?_sort={key}")


def test_a_combined_parameter_sorts_by_all_that_answer_it(search):
    (sort,) = search("Observation?_sort=combo-value-quantity").sort

    assert {sort.param, *sort.also} == {
        number("value-quantity"),
        number("component-value-quantity"),
    }


def test_includes_name_a_source_a_parameter_and_a_target(search):
    query = search(
        "Observation?_include=Observation:subject:Patient&_include=Observation:encounter"
        "&_revinclude=Provenance:target&_include:iterate=Patient:organization"
        "&_revinclude:recurse=Observation:*&_include=*"
    )

    assert query.includes == (
        Include("Observation", "subject", "Patient", reverse=False, iterate=False),
        Include("Observation", "encounter", None, reverse=False, iterate=False),
        Include("Provenance", "target", None, reverse=True, iterate=False),
        Include("Patient", "organization", None, reverse=False, iterate=True),
        Include("Observation", "*", None, reverse=True, iterate=True),
        Include("*", "*", None, reverse=False, iterate=False),
    )


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("_include=Observation", "TYPE:PARAMETER"),
        ("_include=Observation:foo", "no search parameter foo"),
        ("_include=Observation:code", "not a reference"),
        ("_include=Observation:subject:Encounter", "can't refer to Encounter"),
        ("_include=Patient:organization", "_include:iterate"),
        ("_include:all=Observation:subject", "no modifier :all"),
        ("_revinclude=Encounter:subject", "can't refer to what is searched"),
        ("_revinclude=Foo:subject", "Foo is not a resource type"),
        ("_count=-1", "whole number"),
        ("_count=many", "whole number"),
        ("_count=1&_count=2", "more than once"),
        ("_summary=yes", "_summary"),
        ("_total=some", "none or estimate or accurate"),
        ("_elements=cod", "did you mean code"),
        ("_elements=a.b", "top-level element"),
        ("_contained=x", "_contained"),
        ("_containedType=x", "_containedType"),
        ("_explain=x", "_explain"),
        ("_sort:desc=date", "no modifier :desc"),
    ],
)
def test_a_bad_result_parameter_is_explained(search, query, text):
    with pytest.raises(Invalid, match=text):
        search(f"Observation?{query}")


def test_simple_result_parameters_are_fields(search):
    query = search(
        "Observation?_count=0&_summary=text&_total=accurate&_elements=code,value&_explain=true"
        "&_contained=false&_containedType=container"
    )

    assert (query.count, query.summary, query.total) == (0, "text", "accurate")
    assert query.elements == ("code", "value")
    assert query.explain
    assert query.contained == "false"
