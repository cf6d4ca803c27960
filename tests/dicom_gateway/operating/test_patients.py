"""Whose images they are: the right patient's, or nobody's until somebody says."""

from __future__ import annotations

from typing import Any

import pytest

from dicom_gateway.operating.in_step import InStep
from dicom_gateway.partners import Directory
from tests.dicom_gateway.mapping.valid import assert_valid
from tests.dicom_gateway.operating.scanner import Scanner


def test_images_are_the_patients_whom_they_name(scanner: Scanner) -> None:
    jane = scanner.patient()

    scanner.send(1, 2, 3)
    scanner.settle()

    assert scanner.is_of(jane)
    assert scanner.task() is None
    found = scanner.imaging_study()
    assert_valid(found)
    assert (found["numberOfSeries"], found["numberOfInstances"]) == (1, 3)
    assert found["endpoint"] == [{"reference": "Endpoint/dicom-web"}]


def test_images_of_somebody_unknown_are_nobodys_and_asked_about(scanner: Scanner) -> None:
    scanner.send()
    scanner.settle()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["unknown-patient"]
    assert scanner.imaging_study()["subject"]["identifier"]["value"] == scanner.mrn
    task = scanner.task()
    assert task is not None
    assert_valid(task)
    assert task["focus"] == {"reference": f"ImagingStudy/{scanner.imaging_study()['id']}"}


def test_the_same_id_of_another_issuer_is_somebody_else(scanner: Scanner) -> None:
    scanner.patient()

    scanner.send(IssuerOfPatientID="ELSEWHERE")
    scanner.settle()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["no-system"]


def test_an_issuer_that_the_sender_knows_has_its_own_system(scanner: Scanner) -> None:
    scanner.patient()
    other = scanner.patient(system=scanner.other_system)

    scanner.send(IssuerOfPatientID="OTHER")
    scanner.settle()

    assert scanner.is_of(other)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"PatientBirthDate": "19710203"}, "birth-date"),
        ({"PatientSex": "M"}, "sex"),
        ({"PatientName": "Roe^Jane"}, "family"),
        ({"PatientName": "Doe^Joan"}, "given"),
        ({"PatientName": ""}, "too-little"),
    ],
)
def test_what_disagrees_is_asked_about(scanner: Scanner, said: dict[str, Any], reason: str) -> None:
    jane = scanner.patient()

    scanner.send(**said)
    scanner.settle()

    assert scanner.is_nobodys()
    assert scanner.reasons() == [reason]
    task = scanner.task()
    assert task is not None
    candidates = [i["valueReference"] for i in task["input"] if "valueReference" in i]
    assert {"reference": f"Patient/{jane['id']}"} in candidates


def test_an_id_that_two_patients_have_is_asked_about(scanner: Scanner) -> None:
    scanner.patient()
    scanner.patient()

    scanner.send()
    scanner.settle()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["several-patients"]


def test_images_under_the_number_of_who_was_merged_are_the_survivors(scanner: Scanner) -> None:
    jane, double = scanner.patient(mrn="J-" + scanner.mrn), scanner.patient()
    scanner.merge(double, jane)

    scanner.send()
    scanner.settle()

    assert scanner.is_of(jane)


def test_a_study_that_names_two_people_is_nobodys(scanner: Scanner) -> None:
    scanner.patient()

    scanner.send(1)
    scanner.send(2, series=2, PatientName="Roe^Richard", PatientID="other")
    scanner.settle()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["mixed-patients"]


def test_a_name_that_is_written_in_another_way_is_no_other_person(scanner: Scanner) -> None:
    jane = scanner.patient()

    scanner.send(1)
    scanner.send(2, series=2, PatientName="DOE^JANE MARY")
    scanner.settle()

    assert scanner.is_of(jane)


def test_who_is_registered_later_gets_the_images(scanner: Scanner) -> None:
    scanner.send()
    scanner.settle()
    jane = scanner.patient()

    scanner.react()

    assert scanner.is_of(jane)
    task = scanner.task()
    assert task is not None
    assert task["status"] == "cancelled"


def test_an_answer_assigns_the_study(scanner: Scanner) -> None:
    jane = scanner.patient(mrn="another")
    scanner.send()
    scanner.settle()

    scanner.answer(jane)
    scanner.react()

    assert scanner.is_of(jane)
    assert scanner.reasons() == []


def test_an_answer_holds_for_what_comes_later(scanner: Scanner) -> None:
    jane = scanner.patient(mrn="another")
    scanner.send(1)
    scanner.settle()
    scanner.answer(jane)
    scanner.react()

    scanner.send(2)
    scanner.settle()

    assert scanner.is_of(jane)
    assert scanner.imaging_study()["numberOfInstances"] == 2


def test_an_answer_is_undone_by_opening_the_task_again(scanner: Scanner) -> None:
    jane, joan = scanner.patient(mrn="1"), scanner.patient(mrn="2")
    scanner.send()
    scanner.settle()
    scanner.answer(joan)
    scanner.react()
    task = scanner.task()
    assert task is not None

    scanner.update({**task, "status": "requested"})
    scanner.react()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["taken-off"]
    scanner.answer(jane)
    scanner.react()
    assert scanner.is_of(jane)


def test_a_study_that_is_taken_off_its_patient_is_asked_about(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1)
    scanner.settle()
    scanner.react()
    study = scanner.imaging_study()

    scanner.update({**study, "subject": {"display": "Not her"}})
    scanner.react()
    scanner.send(2)
    scanner.settle()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["taken-off"]


def test_a_merge_and_its_undoing_carry_the_studies(scanner: Scanner) -> None:
    double, jane = scanner.patient(), scanner.patient(mrn="J-" + scanner.mrn)
    scanner.send(1)
    scanner.settle()
    scanner.react()

    scanner.merge(double, jane)
    scanner.react()

    assert scanner.is_of(jane)
    scanner.unmerge(double)
    scanner.react()
    assert scanner.is_of(double)


def test_images_that_come_after_a_merge_stay_with_the_survivor(scanner: Scanner) -> None:
    double, jane = scanner.patient(), scanner.patient(mrn="J-" + scanner.mrn)
    scanner.send(1)
    scanner.settle()
    scanner.merge(double, jane)

    scanner.send(2)
    scanner.settle()

    assert scanner.is_of(jane)
    assert scanner.imaging_study()["numberOfInstances"] == 2


def test_a_study_that_is_moved_to_another_patient_stays_there(scanner: Scanner) -> None:
    scanner.patient()
    other = scanner.patient(mrn="other")
    scanner.send(1)
    scanner.settle()
    scanner.react()

    scanner.update({**scanner.imaging_study(), "subject": {"reference": f"Patient/{other['id']}"}})
    scanner.react()
    scanner.send(2)
    scanner.settle()

    assert scanner.is_of(other)


def test_images_of_somebody_else_that_come_later_take_the_study_off(scanner: Scanner) -> None:
    jane = scanner.patient()
    scanner.send(1)
    scanner.settle()
    assert scanner.is_of(jane)

    scanner.send(2, series=2, PatientName="Roe^Richard", PatientSex="M")
    scanner.settle()
    scanner.react()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["mixed-patients"]
    scanner.answer(jane)
    scanner.react()
    scanner.send(3)
    scanner.settle()
    assert scanner.is_of(jane)


def test_an_id_that_only_the_site_knows_is_found_by_its_own_system(scanner: Scanner) -> None:
    system = f"{scanner.system}/site"
    jane = scanner.patient(system=system)
    scanner.in_step = InStep(
        scanner.engine, scanner.record, Directory(lambda _: []), patient_system=system
    )

    scanner.send()
    scanner.settle()

    assert scanner.is_of(jane)
