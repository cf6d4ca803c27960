"""Whose images they are: what has to agree, and what doesn't."""

from __future__ import annotations

from typing import Any

import pytest

from dicom_gateway.mapping.agreement import disagreements
from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.patients import claim
from tests.dicom_gateway.mapping.building import keys

JANE = {
    "resourceType": "Patient",
    "name": [{"family": "Doe", "given": ["Jane", "Mary"]}],
    "birthDate": "1970-02-03",
    "gender": "female",
}


def reasons(patient: dict[str, Any] = JANE, **told: Any) -> list[str]:
    said = {"PatientName": "Doe^Jane", "PatientBirthDate": "19700203", "PatientSex": "F"} | told
    return list(disagreements(claim(keys(**said), Source()), patient))


def named(*names: dict[str, Any]) -> dict[str, Any]:
    return {**JANE, "name": list(names)}


@pytest.mark.parametrize(
    "name",
    ["Doe^Jane", "DOE^JANE^MARY", "doe^jane mary", "Doe^J", "DOE^Jáne^^Dr.", "Doe-^Jane"],
)
def test_the_same_person_is_written_in_many_ways(name: str) -> None:
    assert reasons(PatientName=name) == []


def test_an_umlaut_may_be_written_as_two_letters() -> None:
    patient = named({"family": "Müller-Groß", "given": ["Jörg"]})

    assert reasons(patient, PatientName="MUELLER GROSS^JOERG") == []
    assert reasons(patient, PatientName="MULLER GROSS^JORG") == []


def test_a_name_in_another_script_is_compared_with_what_is_written_so() -> None:
    patient = named({"family": "Yamada", "given": ["Tarou"]}, {"family": "山田", "given": ["太郎"]})
    name = {"Alphabetic": "X^Y", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}

    assert reasons(patient, PatientName=name) == []


def test_somebody_who_has_married_is_known_by_the_name_before() -> None:
    married = named(
        {"family": "Roe", "given": ["Jane"]},
        {"use": "maiden", "family": "Doe", "given": ["Jane"]},
    )

    assert reasons(married) == []


def test_a_name_that_the_record_has_never_had_is_told() -> None:
    assert reasons(PatientName="Roe^Jane") == ["family"]


def test_a_twin_differs_by_the_given_name() -> None:
    assert reasons(PatientName="Doe^Joan") == ["given"]


def test_another_birth_date_or_sex_is_told() -> None:
    assert reasons(PatientBirthDate="19700204") == ["birth-date"]
    assert reasons(PatientSex="M") == ["sex"]


def test_a_sex_that_says_nothing_disagrees_with_nobody() -> None:
    assert reasons(PatientSex="O") == []


def test_a_name_alone_is_too_little() -> None:
    assert reasons(PatientBirthDate="", PatientSex="") == ["too-little"]
    assert reasons(PatientName="") == ["too-little"]


def test_without_a_birth_date_the_sex_has_to_be_known() -> None:
    assert reasons(PatientBirthDate="") == []


def test_a_birth_date_that_is_only_a_year_has_to_be_that_year() -> None:
    assert reasons({**JANE, "birthDate": "1970"}) == []
    assert reasons({**JANE, "birthDate": "1971"}) == ["birth-date"]


def test_a_name_without_a_given_name_is_not_enough() -> None:
    assert reasons(PatientName="Doe") == ["given"]


def test_the_id_of_another_issuer_has_its_system_or_none() -> None:
    source = Source(patient_system="http://ours.example", issuers={"WEST": "http://west.example"})

    def number(**told: str) -> tuple[str, str]:
        [found] = claim(keys(PatientID="1", **told), source).numbers
        return found.system, found.value

    assert number() == ("http://ours.example", "1")
    assert number(IssuerOfPatientID="WEST") == ("http://west.example", "1")
    assert number(IssuerOfPatientID="1.2.3") == ("urn:oid:1.2.3", "1")
    assert number(IssuerOfPatientID="EAST") == ("", "1")
