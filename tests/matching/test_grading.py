"""How two records of a person are judged: by the fields that both have."""

from __future__ import annotations

import pytest

from fhirserver.matching import features_of, judged

MRN = "http://hospital.example/mrn"
ADA = {
    "resourceType": "Patient",
    "identifier": [{"system": MRN, "value": "MRN-100200"}],
    "name": [{"family": "Chalmers", "given": ["Elizabeth", "Jane"]}],
    "gender": "female",
    "birthDate": "1974-12-03",
    "telecom": [{"system": "phone", "value": "+1 602 555 2301"}],
    "address": [{"line": ["12 North Street"], "city": "Phoenix", "postalCode": "85001"}],
}
BARE = {k: ADA[k] for k in ("resourceType", "name", "gender", "birthDate")}


def compared(one, **changed):
    other = {k: v for k, v in {**one, **changed}.items() if v is not None}
    return judged(features_of(one), features_of(other))


def level(judgement, field):
    return next((a.level for a in judgement.agreements if a.field == field), None)


def named(family, *given):
    return [{"family": family, "given": list(given)}]


def test_a_record_is_certainly_itself():
    found = compared(ADA)

    assert (found.grade, found.score) == ("certain", 1)
    assert all(a.level == "same" for a in found.agreements)


def test_name_sex_and_birth_date_alone_are_never_certain():
    found = compared(BARE)

    assert found.grade == "probable"
    assert found.caps == ("nothing but name, sex and birth date agrees",)


@pytest.mark.parametrize(
    ("name", "field", "said"),
    [
        (named("Chalmers", "Liz"), "given", "short form"),
        (named("Chalmers", "Elisabeth"), "given", "short form"),
        (named("CHALMERS", "ÉLIZABETH"), "given", "same"),
        (named("Chalmers", "E."), "given", "initial"),
        (named("Chalmers", "Jane"), "given", "second name"),
        (named("Chalmers", "Robert"), "given", "other"),
        (named("Chalmesr", "Elizabeth"), "family", "similar"),
        (named("Chalmers-Smith", "Elizabeth"), "family", "part"),
        (named("Elizabeth", "Chalmers"), "family", "exchanged"),
        (named("Smith", "Elizabeth"), "family", "other"),
    ],
)
def test_names_are_compared_as_people_write_them(name, field, said):
    assert level(compared(BARE, name=name), field) == said


@pytest.mark.parametrize(
    ("birth_date", "said"),
    [
        ("1974-03-12", "day and month exchanged"),
        ("1974-12-02", "one digit"),
        ("1947-12-03", "one digit"),
        ("1974-12", "same month"),
        ("1974", "same year"),
        ("1974-01-01", "first of year"),
        ("1988-07-21", "other"),
    ],
)
def test_birth_dates_are_compared_with_the_usual_mistakes(birth_date, said):
    assert level(compared(BARE, birthDate=birth_date), "birthDate") == said


def test_twins_are_only_possible():
    found = compared(ADA, identifier=None, name=named("Chalmers", "Robert"), gender=None)

    assert found.grade == "possible"
    assert "the given names differ" in found.caps


def test_children_of_a_multiple_birth_with_one_name_are_only_possible():
    one = {**ADA, "multipleBirthInteger": 1}

    assert compared(one, multipleBirthInteger=2, identifier=None).grade == "possible"


def test_one_number_for_two_different_people_is_shown():
    found = compared(
        ADA, name=named("Miller", "Otto"), gender="male", birthDate="1990-02-11",
        telecom=None, address=None,
    )  # fmt: skip

    assert found.grade == "possible"


def test_different_national_numbers_are_never_more_than_possible():
    ssn = "http://hl7.org/fhir/sid/us-ssn"
    one = {**ADA, "identifier": [{"system": ssn, "value": "999-11-2222"}]}

    assert compared(one, identifier=[{"system": ssn, "value": "999-87-6543"}]).grade == "possible"


def test_what_is_not_said_says_nothing():
    found = compared(ADA, telecom=None, address=None, gender="unknown")

    assert {a.field for a in found.agreements} == {"identifier", "family", "given", "birthDate"}


def test_a_shared_household_counts_once_and_a_half():
    both = compared(ADA).agreements
    bits = {a.field: a.bits for a in both if a.field in {"telecom", "address"}}

    assert sorted(bits.values()) == [bits["telecom"] / 2, bits["telecom"]] or bits[
        "address"
    ] == pytest.approx(bits["telecom"] / 2, abs=0.1)


def test_other_people_are_certainly_not():
    found = compared(BARE, name=named("Miller", "Otto"), birthDate="1990-02-11")

    assert found.grade == "certainly-not"


HOME = {k: v for k, v in ADA.items() if k != "identifier"}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": named("Chalmers", "Elizabet")},
        {"name": named("Chalmers", "E")},
        {"name": named("Chalmers", "Elizabeth", "Rose")},
        {"birthDate": "1944-12-03"},
        {"birthDate": "1974-03-12"},
    ],
)
def test_who_differs_a_little_may_be_a_twin_or_a_parent(changed):
    assert compared(HOME).grade == "certain"
    assert compared(HOME, **changed).grade == "probable"
    assert compared(ADA, **changed).grade == "certain"


def test_of_one_name_and_birthday_in_one_town_there_may_be_two():
    there = {"address": [{"line": ["7 Hill Road"], "city": "Phoenix", "postalCode": "85001"}]}

    assert compared(HOME, telecom=None, **there).grade == "probable"


def test_newborns_without_a_name_of_their_own_are_not_certain():
    first = {**HOME, "name": named("Chalmers", "Baby Boy A"), "gender": "male"}

    found = compared(first, name=named("Chalmers", "Baby Boy B"))

    assert (level(found, "given"), found.grade) == ("placeholder", "probable")
