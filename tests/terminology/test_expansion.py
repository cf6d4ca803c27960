"""https://hl7.org/fhir/R4/valueset-operation-expand.html"""

from __future__ import annotations

import pytest

from fhirserver.errors import FhirError, TooCostly, Unprocessable
from tests.pace import soon
from tests.terminology.library_of import (
    code_system,
    codes,
    expanded,
    filtered,
    terminology,
    value_set,
)

TREE = code_system(
    {
        "code": "animal",
        "concept": [
            {"code": "cat", "display": "Cat", "property": [{"code": "legs", "valueInteger": 4}]},
            {"code": "bird", "concept": [{"code": "wren"}]},
        ],
    },
    {"code": "stone", "property": [{"code": "status", "valueCode": "retired"}]},
    property=[{"code": "legs", "type": "integer"}],
)
ALL = {"system": "http://cs"}


@pytest.mark.parametrize(
    ("op", "value", "found"),
    [
        ("is-a", "bird", ["bird", "wren"]),
        ("descendent-of", "animal", ["cat", "bird", "wren"]),
        ("is-not-a", "bird", ["animal", "cat", "stone"]),
        ("child-of", "animal", ["cat", "bird"]),
        ("descendent-leaf", "animal", ["cat", "wren"]),
        ("generalizes", "wren", ["animal", "bird", "wren"]),
        ("=", "cat", ["cat"]),
        ("in", "cat, wren,nothing", ["cat", "wren"]),
        ("not-in", "cat,wren", ["animal", "bird", "stone"]),
        ("regex", "[a-c].*", ["animal", "cat", "bird"]),
        ("is-a", "nothing", []),
    ],
)
def test_a_filter_on_the_codes(op, value, found):
    made = terminology(TREE, value_set(filtered(op, value)))

    assert sorted(codes(made)) == sorted(found)


@pytest.mark.parametrize(
    ("op", "value", "found"),
    [
        ("=", "4", ["cat"]),
        ("exists", "true", ["cat"]),
        ("exists", "false", ["animal", "bird", "wren", "stone"]),
        ("in", "2,4", ["cat"]),
        ("regex", "[0-9]", ["cat"]),
    ],
)
def test_a_filter_on_a_property(op, value, found):
    made = terminology(TREE, value_set(filtered(op, value, "legs")))

    assert sorted(codes(made)) == sorted(found)


@pytest.mark.parametrize(
    ("op", "value", "prop"),
    [
        ("like", "x", "concept"),
        ("=", "x", "wings"),
        ("regex", "(", "code"),
        ("exists", "?", "legs"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(op, value, prop):
    made = terminology(TREE, value_set(filtered(op, value, prop)))

    with pytest.raises(Unprocessable):
        codes(made)


def test_a_regular_expression_cannot_run_for_ever():
    made = terminology(
        code_system("a" * 60 + "!"), value_set(filtered("regex", "((a+)+)+", "code"))
    )
    with soon(1):
        assert codes(made) == []


def test_codes_stand_below_their_parents_unless_they_should_not():
    made = terminology(TREE, value_set(ALL))

    tops = [e["code"] for e in expanded(made)["contains"]]
    flat = [e["code"] for e in expanded(made, exclude_nested=True)["contains"]]

    assert tops == ["animal", "stone"]
    assert flat == ["animal", "cat", "bird", "wren", "stone"]


def test_children_of_a_code_that_is_left_out_are_not_lost():
    made = terminology(TREE, value_set(ALL, exclude=[ALL | {"concept": [{"code": "bird"}]}]))

    assert codes(made) == ["animal", "cat", "wren", "stone"]


def test_inactive_codes_can_be_left_out_by_the_request_or_the_value_set():
    made = terminology(
        TREE, value_set(ALL), value_set(ALL, url="http://active", compose={"inactive": False})
    )

    assert "stone" in codes(made)
    assert "stone" not in codes(made, active_only=True)
    assert "stone" not in codes(made, "http://active")


def test_pages_follow_one_another():
    made = terminology(TREE, value_set(ALL))

    pages = [codes(made, offset=at, count=2) for at in (0, 2, 4, 6)]

    assert pages == [["animal", "cat"], ["bird", "wren"], ["stone"], []]
    assert expanded(made, offset=2, count=2)["total"] == 5


def test_pages_over_several_sources_follow_one_another():
    other = code_system("x", "cat", url="http://other")
    made = terminology(
        TREE, other, value_set(ALL, {"system": "http://other"}, {"system": "http://cs"})
    )

    pages = [codes(made, offset=at, count=3) for at in (0, 3, 6)]

    assert pages == [["animal", "cat", "bird"], ["wren", "stone", "x"], ["cat"]]
    assert expanded(made, offset=0, count=1)["total"] == 7


def test_too_many_codes_at_once_are_refused_but_not_as_pages():
    made = terminology(code_system(*(f"c{i}" for i in range(101))), value_set(ALL))

    with pytest.raises(TooCostly):
        codes(made)
    with pytest.raises(TooCostly):
        codes(made, count=500)
    assert len(codes(made, count=100)) == 100


def test_text_finds_words_by_their_beginnings():
    made = terminology(
        code_system(
            {"code": "1", "display": "Type 2 diabetes mellitus"},
            {"code": "2", "display": "Diabetic foot"},
            {"code": "3", "display": "Gout", "designation": [{"value": "Podagra of diabetes"}]},
        ),
        value_set(ALL),
    )

    assert codes(made, text="diab type") == ["1"]
    assert codes(made, text="DIABETES") == ["1", "3"]
    assert codes(made, text="abetes") == []


def test_imported_value_sets_intersect_within_an_include_and_unite_across_them():
    a = value_set(filtered("is-a", "animal"), url="http://a")
    b = value_set(filtered("is-a", "bird"), url="http://b")
    both = value_set({"valueSet": ["http://a", "http://b"]})
    either = value_set({"valueSet": ["http://b"]}, filtered("=", "cat"), url="http://either")
    made = terminology(TREE, a, b, both, either)

    assert codes(made) == ["bird", "wren"]
    assert codes(made, "http://either") == ["bird", "wren", "cat"]


def test_value_sets_that_import_each_other_are_an_error():
    made = terminology(
        TREE,
        value_set({"valueSet": ["http://b"]}),
        value_set({"valueSet": ["http://vs"]}, url="http://b"),
    )

    with pytest.raises(FhirError) as caught:
        codes(made)

    assert caught.value.issues[0].message_id == "VALUESET_CIRCULAR_REFERENCE"


def test_a_hierarchy_that_runs_in_a_circle_ends():
    circle = code_system(
        {"code": "a", "property": [{"code": "parent", "valueCode": "b"}]},
        {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]},
    )
    made = terminology(circle, value_set(filtered("is-a", "a")))

    assert sorted(codes(made)) == ["a", "b"]


def test_a_very_deep_hierarchy_is_no_trouble():
    deep: dict = {"code": "c0"}
    for i in range(1, 3000):
        deep = {"code": f"c{i}", "concept": [deep]}
    made = terminology(code_system(deep), value_set(filtered("=", "c0")), most_codes=5000)

    assert codes(made) == ["c0"]


def test_a_value_set_without_definition_is_known_by_its_expansion():
    stored = {
        "resourceType": "ValueSet",
        "url": "http://vs",
        "expansion": {"contains": [{"system": "http://x", "code": "1", "display": "One"}]},
    }
    made = terminology(stored)

    assert expanded(made)["contains"] == [{"system": "http://x", "code": "1", "display": "One"}]


def test_what_is_listed_of_an_unknown_code_system_is_in_the_expansion():
    listed = {"system": "http://snomed.info/sct", "concept": [{"code": "1", "display": "One"}]}
    made = terminology(value_set(listed))

    assert codes(made) == ["1"]


def test_an_unknown_code_system_is_an_error_otherwise():
    made = terminology(value_set({"system": "http://nowhere"}))

    with pytest.raises(FhirError, match="nowhere"):
        codes(made)


def test_the_names_are_in_the_language_of_the_reader():
    made = terminology(
        code_system(
            {
                "code": "1",
                "display": "Red",
                "designation": [
                    {"language": "de", "value": "Rot"},
                    {"language": "fr", "value": "Rouge"},
                ],
            },
            language="en",
        ),
        value_set(ALL),
    )

    def shown(languages):
        return expanded(made, display_language=languages)["contains"][0].get("display")

    assert [shown(x) for x in ("de", "it,fr", "it", "it, *; q=0")] == ["Rot", "Rouge", "Red", None]


def test_a_supplement_adds_names_only_where_it_is_asked_for():
    supplement = code_system(
        {"code": "a", "designation": [{"language": "nl", "value": "aap"}]},
        url="http://sup",
        content="supplement",
        supplements="http://cs",
    )
    made = terminology(code_system("a", "b"), supplement, value_set(ALL))

    plain = expanded(made, include_designations=True)["contains"][0]
    supplemented = expanded(made, include_designations=True, supplements=("http://sup",))

    assert "designation" not in plain
    assert supplemented["contains"][0]["designation"] == [{"language": "nl", "value": "aap"}]
    assert codes(made, text="aap", supplements=("http://sup",)) == ["a"]
    with pytest.raises(FhirError, match="http://none"):
        expanded(made, supplements=("http://none",))
