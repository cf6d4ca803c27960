"""The extensions that the DICOM gateway writes are defined, and keep to their definitions."""

from __future__ import annotations

from typing import Any

from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.imaging_study import Linked, imaging_study
from dicom_gateway.mapping.reports.key_images import URL, key_images
from dicom_gateway.mapping.studies import grouped
from dicom_gateway.operating.questions import KINDS, Question, answered, task_of
from fhirserver.model.conformance import shipped
from fhirserver.validation.options import Options
from fhirserver.validation.validator import Validator
from tests.dicom_gateway.mapping.building import an_instance
from tests.dicom_gateway.mapping.reports.documents import a_document, image, words
from tests.dicom_gateway.mapping.valid import assert_valid

VALIDATOR = Validator(shipped(), options=Options(missing=None))


def problems(resource: dict[str, Any]) -> list[str]:
    return [
        i.text
        for i in VALIDATOR.validate(resource)
        if i.severity == "error" or "isn't known here" in i.text
    ]


def test_a_key_image_is_marked_as_its_definition_says() -> None:
    selection = a_document(
        "Of Interest", words("Key Object Description", "Here"), image("1.2.3.1.1", 2)
    )
    marks = key_images([selection])
    study = grouped([an_instance()])

    found = imaging_study(study, Source(), Linked({"reference": "Patient/1"}, key_images=marks))

    assert shipped().find("StructureDefinition", URL) is not None
    assert problems(found) == []
    mark = found["series"][0]["instance"][0]["extension"][0]
    del mark["extension"][1]
    assert problems(found), "a mark without its document keeps to no definition"


def test_a_question_and_its_answer_are_valid() -> None:
    task = task_of(
        Question(
            "1.2.3", {"reference": "ImagingStudy/1"}, ["family", "sex"], ["7"],
            {"type": "Patient", "display": "Jane Doe"},
        )
    )  # fmt: skip

    codes = {c["code"] for c in (shipped().find("CodeSystem", KINDS) or {})["concept"]}
    used = {part["type"]["coding"][0]["code"] for part in task["input"]}

    assert used <= codes
    for one in (task, answered(task, "7")):
        assert_valid(one)
        assert problems(one) == []
