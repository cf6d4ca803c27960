"""Studies and the orders that they were made for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.dicom_gateway.operating.scanner import Scanner, new_uid


def based_on(scanner: Scanner) -> list[str]:
    return [r["reference"] for r in scanner.imaging_study().get("basedOn", ())]


def test_a_study_belongs_to_the_order_with_its_accession_number(scanner: Scanner) -> None:
    jane = scanner.patient()
    visit = scanner.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{jane['id']}"},
        }
    )
    order = scanner.order(jane, "A-1", encounter={"reference": f"Encounter/{visit['id']}"})

    scanner.send(AccessionNumber="A-1")
    scanner.settle()

    assert based_on(scanner) == [f"ServiceRequest/{order['id']}"]
    assert scanner.imaging_study()["encounter"] == {"reference": f"Encounter/{visit['id']}"}
    row = scanner.record.study(scanner.study)
    assert row is not None
    assert row.encounter == visit["id"]


def test_an_order_that_comes_after_the_images_is_linked(scanner: Scanner) -> None:
    jane = scanner.patient()
    scanner.send(AccessionNumber="A-2")
    scanner.settle()
    assert based_on(scanner) == []

    order = scanner.order(jane, "A-2")
    scanner.react()

    assert based_on(scanner) == [f"ServiceRequest/{order['id']}"]


def test_a_study_with_the_uid_of_the_worklist_belongs_to_that_order(scanner: Scanner) -> None:
    order = scanner.order(scanner.patient(), "A-3")
    scanner.study = f"2.25.{UUID(order['id']).int}"

    scanner.send()
    scanner.settle()

    assert based_on(scanner) == [f"ServiceRequest/{order['id']}"]


def test_images_and_an_order_of_different_patients_are_nobodys(scanner: Scanner) -> None:
    scanner.patient()
    scanner.order(scanner.patient(mrn="somebody-else"), "A-4")

    scanner.send(AccessionNumber="A-4")
    scanner.settle()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["order-of-another"]


def test_the_accession_number_of_another_system_is_another_order(scanner: Scanner) -> None:
    jane = scanner.patient()
    elsewhere = {"system": "http://elsewhere.example", "value": "A-5"}
    scanner.order(jane, "unused", identifier=[elsewhere])

    scanner.send(AccessionNumber="A-5")
    scanner.settle()

    assert based_on(scanner) == []


def test_an_answer_leaves_the_order_of_the_other_patient(scanner: Scanner) -> None:
    jane, other = scanner.patient(), scanner.patient(mrn="other")
    scanner.order(other, "A-6")
    scanner.send(AccessionNumber="A-6")
    scanner.settle()

    scanner.answer(jane)
    scanner.react()

    assert scanner.is_of(jane)
    assert based_on(scanner) == []


def test_a_study_is_made_by_the_procedure_step_that_it_names(scanner: Scanner) -> None:
    jane = scanner.patient()
    step = new_uid()
    procedure = scanner.create(
        {
            "resourceType": "Procedure",
            "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{step}"}],
            "status": "in-progress",
            "subject": {"reference": f"Patient/{jane['id']}"},
        }
    )

    scanner.send(ReferencedPerformedProcedureStepSequence=scanner.step(step))
    scanner.settle()

    assert scanner.imaging_study()["procedureReference"] == {
        "reference": f"Procedure/{procedure['id']}"
    }


def test_a_procedure_step_that_comes_after_its_images_is_linked_then(scanner: Scanner) -> None:
    jane, other = scanner.patient(), scanner.patient(mrn="O-" + scanner.mrn)
    step = new_uid()
    scanner.send(ReferencedPerformedProcedureStepSequence=scanner.step(step))
    scanner.settle()
    scanner.react()
    assert "procedureReference" not in scanner.imaging_study()

    def made(patient: dict[str, Any]) -> dict[str, Any]:
        return scanner.create(
            {
                "resourceType": "Procedure",
                "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{step}"}],
                "status": "in-progress",
                "subject": {"reference": f"Patient/{patient['id']}"},
            }
        )

    made(other)
    scanner.react()
    assert "procedureReference" not in scanner.imaging_study()
    procedure = made(jane)
    scanner.react()
    assert scanner.imaging_study()["procedureReference"] == {
        "reference": f"Procedure/{procedure['id']}"
    }
