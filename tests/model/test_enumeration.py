"""Which codes a value set has."""

from fhirserver.model.enumeration import Enumeration

ANIMALS = {
    "url": "urn:animals",
    "content": "complete",
    "concept": [
        {"code": "mammal", "concept": [{"code": "cat"}, {"code": "dog"}]},
        {"code": "bird"},
        {"code": "bat", "property": [{"code": "subsumedBy", "valueCode": "mammal"}]},
    ],
}


def codes(include: list[dict], exclude: list[dict] | None = None, **more: dict) -> dict | None:
    value_set = {"compose": {"include": include, "exclude": exclude or []}}
    return Enumeration({"urn:vs": value_set, **more}, {"urn:animals": ANIMALS}).codes("urn:vs")


def filtered(op: str, value: str) -> list[dict]:
    return [
        {"system": "urn:animals", "filter": [{"property": "concept", "op": op, "value": value}]}
    ]


def test_a_whole_code_system() -> None:
    assert codes([{"system": "urn:animals"}]) == {
        "urn:animals": {"mammal", "cat", "dog", "bird", "bat"}
    }


def test_listed_concepts_need_no_code_system() -> None:
    found = codes([{"system": "urn:other", "concept": [{"code": "a"}, {"code": "b"}]}])

    assert found == {"urn:other": {"a", "b"}}


def test_excluded_concepts_are_not_in_it() -> None:
    found = codes(
        [{"system": "urn:animals"}], [{"system": "urn:animals", "concept": [{"code": "cat"}]}]
    )

    assert found == {"urn:animals": {"mammal", "dog", "bird", "bat"}}


def test_is_a_includes_the_concept_itself_and_further_parents() -> None:
    assert codes(filtered("is-a", "mammal")) == {"urn:animals": {"mammal", "cat", "dog", "bat"}}


def test_descendent_of_excludes_the_concept_itself() -> None:
    assert codes(filtered("descendent-of", "mammal")) == {"urn:animals": {"cat", "dog", "bat"}}


def test_an_imported_value_set_is_expanded() -> None:
    pets = {"compose": {"include": filtered("in", "cat,dog")}}

    assert codes([{"valueSet": ["urn:pets"]}], **{"urn:pets": pets}) == {
        "urn:animals": {"cat", "dog"}
    }


def test_system_and_value_set_in_one_include_intersect() -> None:
    pets = {"compose": {"include": filtered("in", "cat,dog")}}
    include = [{"system": "urn:animals", "concept": [{"code": "cat"}], "valueSet": ["urn:pets"]}]

    assert codes(include, **{"urn:pets": pets}) == {"urn:animals": {"cat"}}


def test_an_unknown_code_system_leaves_the_value_set_open() -> None:
    assert codes([{"system": "urn:ietf:bcp:13"}]) is None


def test_an_unknown_filter_leaves_the_value_set_open() -> None:
    assert codes(filtered("regex", ".*")) is None


def test_value_sets_that_import_each_other_stay_open() -> None:
    assert codes([{"valueSet": ["urn:vs"]}]) is None
