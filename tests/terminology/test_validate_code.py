"""https://hl7.org/fhir/R4/valueset-operation-validate-code.html"""

from __future__ import annotations

import pytest

from fhirserver.errors import FhirError
from fhirserver.terminology.options import Options
from fhirserver.terminology.report import Coded
from fhirserver.terminology.service import Terminology
from fhirserver.terminology.value_sets import compile_value_set
from fhirserver.terminology.versions import Rules
from tests.terminology.library_of import (
    Held,
    answer,
    code_system,
    codes,
    details,
    filtered,
    terminology,
    value_set,
)

ALL = {"system": "http://cs"}


def test_a_code_of_the_value_set_is_right():
    found = answer(terminology(code_system("a", version="1"), value_set(ALL)), "a")

    assert found == {
        "result": True,
        "code": "a",
        "system": "http://cs",
        "version": "1",
        "display": "A",
    }


def test_a_code_that_there_is_not_and_one_that_is_elsewhere_differ():
    made = terminology(code_system("a", "b"), value_set(filtered("=", "a")))

    assert details(answer(made, "x")) == ["invalid-code", "not-in-vs"]
    assert details(answer(made, "b")) == ["not-in-vs"]


def test_an_unknown_code_system_is_named():
    found = answer(terminology(value_set({"system": "http://nowhere"})), "a", "http://nowhere")

    assert found["result"] is False
    assert found["x-caused-by-unknown-system"] == "http://nowhere"


def test_a_listed_code_of_an_unknown_code_system_is_right_with_a_warning():
    listed = {"system": "http://snomed.info/sct", "concept": [{"code": "1", "display": "One"}]}
    made = terminology(value_set(listed))

    found = answer(made, "1", "http://snomed.info/sct")

    assert found["result"] is True
    assert details(found) == ["not-found"]


def test_a_code_is_found_in_whatever_case_where_case_does_not_matter():
    made = terminology(code_system("aB", caseSensitive=False, version="1"), value_set(ALL))

    found = answer(made, "AB")

    assert found["result"] is True
    assert found["normalized-code"] == "aB"


def test_a_wrong_display_is_an_error_or_a_warning():
    made = terminology(code_system({"code": "a", "display": "Right"}), value_set(ALL))

    assert answer(made, "a", display="right")["result"] is True
    assert answer(made, "a", display="Wrong")["result"] is False
    assert answer(made, "a", display="Wrong", lenient_display=True)["result"] is True


def test_the_version_of_a_code_counts_where_the_value_set_leaves_it_open():
    made = terminology(
        code_system("a", "old", version="1.0"), code_system("a", version="2.0"), value_set(ALL)
    )

    assert answer(made, "old", version="1.0")["result"] is True
    assert answer(made, "old")["result"] is False
    assert answer(made, "a", version="3.0")["x-caused-by-unknown-system"] == "http://cs|3.0"


def test_a_version_can_be_forced_or_checked():
    made = terminology(
        code_system("a", "old", version="1.0"), code_system("a", version="2.0"), value_set(ALL)
    )
    named = terminology(
        code_system("a", "old", version="1.0"),
        code_system("a", version="2.0"),
        value_set(ALL | {"version": "2.0"}),
    )

    assert answer(made, "old", versions=Rules(defaults={"http://cs": "1.x"}))["version"] == "1.0"
    assert answer(named, "old", versions=Rules(forced={"http://cs": "1.0"}))["result"] is True
    assert details(answer(named, "a", versions=Rules(checks={"http://cs": "1.0"}))) == [
        "version-error"
    ]


def test_an_import_that_is_missing_is_told():
    made = terminology(value_set({"valueSet": ["http://missing"]}))

    found = answer(made, "a")

    assert found["result"] is False
    assert "http://missing" in found["message"]


def test_what_is_known_is_forgotten_when_something_changes():
    held = Held([code_system("a"), value_set(ALL)])
    made = Terminology(held, most_codes=100)
    before = made.member_of("http://vs", Coded("b", "http://cs")), codes(made)
    held.resources[0] = code_system("a", "b")
    held.generation = "2"

    assert before == (False, ["a"])
    assert made.member_of("http://vs", Coded("b", "http://cs")) is True
    assert codes(made) == ["a", "b"]


def reported(made, code, found=None, shelf=None, **options):
    shelf = shelf or made.shelf()
    found = found or made.value_set(shelf, "http://vs")
    return made.validate_code(shelf, found, Coded(code, "http://cs"), Options(**options))


def test_what_was_found_out_about_a_code_is_kept_until_something_changes():
    held = Held([code_system("a"), value_set(ALL)])
    made = Terminology(held, most_codes=100)
    before = reported(made, "b")

    assert reported(made, "b") is before
    assert not before.result
    held.resources[0] = code_system("a", "b")
    held.generation = "2"
    assert reported(made, "b").result


def test_what_is_kept_is_of_the_same_code_and_language():
    held = [code_system({"code": "a", "display": "A", "designation": [
        {"language": "de", "value": "Ä"}]}), value_set(ALL)]  # fmt: skip
    made = terminology(*held)

    assert reported(made, "a").display == "A"
    assert reported(made, "a", display_language="de").display == "Ä"
    assert reported(made, "x").result is False
    assert reported(made, "a").display == "A"


def test_nothing_is_kept_of_a_value_set_that_comes_with_the_request_or_is_read():
    made = terminology(code_system("a", "b"), value_set(ALL))
    assert reported(made, "b").result
    own = value_set({"system": "http://cs", "concept": [{"code": "a"}]})
    lent = made.shelf([own])

    assert not reported(made, "b", made.value_set(lent, "http://vs"), lent).result
    assert not reported(made, "b", compile_value_set(own)).result
    assert reported(made, "b").result


def test_nothing_is_kept_for_other_wishes():
    made = terminology(code_system({"code": "a", "display": "A"}), value_set(ALL))
    wish = {"lenient_display": True}

    assert reported(made, "a", **wish) is not reported(made, "a", **wish)


def test_nothing_is_kept_where_another_server_answers():
    made = Terminology(
        Held([code_system("a"), value_set(ALL)]), most_codes=100, keeps_reports=False
    )

    assert reported(made, "a") is not reported(made, "a")


def test_membership_is_undecided_where_something_is_missing():
    fragment = code_system("a", url="http://part", content="fragment")
    made = terminology(
        code_system("a", "b"),
        fragment,
        value_set(ALL, {"system": "http://nowhere"}),
        value_set({"system": "http://part"}, url="http://open"),
        value_set({"valueSet": ["http://missing"]}, url="http://broken"),
    )

    assert made.member_of("http://vs", Coded("a", "http://cs")) is True
    assert made.member_of("http://vs", Coded("b", None)) is True
    assert made.member_of("http://vs", Coded("x", "http://nowhere")) is None
    assert made.member_of("http://vs", Coded("x", "http://cs")) is False
    assert made.member_of("http://open", Coded("x", "http://part")) is None
    assert made.member_of("http://broken", Coded("a", "http://cs")) is None
    assert made.member_of("http://unknown", Coded("a", "http://cs")) is None


def test_subsumption_is_undecided_for_unknown_codes():
    tree = code_system({"code": "a", "concept": [{"code": "b"}]})
    made = terminology(tree)

    assert made.subsumes("http://cs", "a", "b") is True
    assert made.subsumes("http://cs", "b", "a") is False
    assert made.subsumes("http://cs", "b", "b") is True
    assert made.subsumes("http://cs", "a", "x") is None
    assert made.subsumes("http://nowhere", "a", "b") is None


def test_a_circle_of_value_sets_is_an_error_even_for_a_code_of_neither():
    made = terminology(
        code_system("a"),
        value_set(ALL, exclude=[{"valueSet": ["http://b"]}]),
        value_set({"valueSet": ["http://vs"]}, url="http://b"),
    )

    with pytest.raises(FhirError) as caught:
        answer(made, "x", "http://other")

    assert caught.value.issues[0].detail == "vs-invalid"


def test_resources_of_the_request_come_before_the_servers():
    made = terminology(code_system("a"), value_set(ALL))
    shelf = made.shelf([code_system("z")])

    found = made.expand(shelf, made.value_set(shelf, "http://vs"), Options())

    assert [e["code"] for e in found["expansion"]["contains"]] == ["z"]
    assert codes(made) == ["a"]
