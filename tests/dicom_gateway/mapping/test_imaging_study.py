"""What the attributes of a study become."""

from __future__ import annotations

from typing import Any

from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.imaging_study import Linked, imaging_study
from dicom_gateway.mapping.studies import Study, grouped
from fhirserver.instances import Facts
from fhirserver.model.resource import Resource
from tests.dicom_gateway.mapping.building import an_instance, code, keys
from tests.dicom_gateway.mapping.valid import assert_valid

SUBJECT = {"reference": "Patient/1"}


def made(*instances: Facts, source: Source | None = None, **linked: Any) -> Resource:
    study: Study = grouped(instances)
    found = imaging_study(study, source or Source(), Linked(SUBJECT, **linked))
    assert_valid(found)
    return found


def test_a_study_is_known_by_its_uid() -> None:
    found = made(an_instance(study="1.2.840.99"))

    assert found["identifier"] == [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.840.99"}]
    assert (found["status"], found["subject"]) == ("available", SUBJECT)


def test_an_accession_number_has_its_issuer() -> None:
    issuer = keys(UniversalEntityID="1.2.3.9", UniversalEntityIDType="ISO")

    found = made(an_instance(AccessionNumber="A-1", IssuerOfAccessionNumberSequence=[issuer]))

    assert found["identifier"][1]["system"] == "urn:oid:1.2.3.9"
    assert found["identifier"][1]["value"] == "A-1"
    assert found["identifier"][1]["type"]["coding"][0]["code"] == "ACSN"


def test_an_accession_number_without_an_issuer_is_of_the_senders_system() -> None:
    source = Source(accession_system="http://ris.example/accession")

    found = made(an_instance(AccessionNumber="A-1"), source=source)

    assert found["identifier"][1]["system"] == "http://ris.example/accession"


def test_the_accession_numbers_of_requests_are_identifiers_too() -> None:
    request = keys(AccessionNumber="A-2")

    found = made(an_instance(AccessionNumber="A-1", RequestAttributesSequence=[request]))

    assert [i["value"] for i in found["identifier"][1:]] == ["A-1", "A-2"]


def test_a_study_starts_in_the_zone_of_its_instance() -> None:
    found = made(
        an_instance(StudyDate="20260215", StudyTime="134501", TimezoneOffsetFromUTC="-0330")
    )

    assert found["started"] == "2026-02-15T13:45:01-03:30"


def test_a_study_without_a_zone_starts_in_that_of_its_sender() -> None:
    instance = an_instance(StudyDate="20260715", StudyTime="134501")

    assert made(instance, source=Source(time_zone="Europe/Vienna"))["started"] == (
        "2026-07-15T13:45:01+02:00"
    )
    assert made(instance)["started"] == "2026-07-15"


def test_a_study_with_an_impossible_date_has_no_start() -> None:
    assert "started" not in made(an_instance(StudyDate="20260231", StudyTime="99"))


def test_images_come_before_documents_among_the_modalities() -> None:
    found = made(
        an_instance(series="1", Modality="SR"), an_instance(series="2", Modality="MR"),
        an_instance(series="3", Modality="MR"),
    )  # fmt: skip

    assert [m["code"] for m in found["modality"]] == ["MR", "SR"]


def test_a_series_has_its_site_side_and_people() -> None:
    found = made(
        an_instance(
            BodyPartExamined="C SPINE", Laterality="L", SeriesDescription="sag t2",
            PerformingPhysicianName="Nguyen^Mai", OperatorsName="Okafor^Chidi",
        )
    )  # fmt: skip

    [series] = found["series"]
    assert series["bodySite"]["code"] == "122494005"
    assert series["laterality"]["code"] == "7771000"
    assert series["description"] == "sag t2"
    assert [p["actor"]["display"] for p in series["performer"]] == ["Mai Nguyen", "Chidi Okafor"]


def test_a_study_tells_what_was_asked_for_and_why() -> None:
    request = keys(
        RequestedProcedureCodeSequence=[code("24627-2", "LN", "Chest CT")],
        ReasonForRequestedProcedureCodeSequence=[code("49727002", "SCT", "Cough")],
    )

    found = made(
        an_instance(
            RequestAttributesSequence=[request], StudyDescription="CT Thorax",
            ReferringPhysicianName="Osler^William^^Dr.",
        )
    )  # fmt: skip

    assert found["procedureCode"][0]["coding"][0]["system"] == "http://loinc.org"
    assert found["reasonCode"][0]["coding"][0]["code"] == "49727002"
    assert found["referrer"] == {"display": "Dr. William Osler"}
    assert found["description"] == "CT Thorax"


def test_a_series_of_many_instances_names_none_but_those_that_are_marked() -> None:
    many = [an_instance(number=n) for n in range(1, 251)]
    mark = {"url": "https://fhirserver.example/StructureDefinition/dicom-key-image",
            "extension": [{"url": "document", "valueUri": "urn:oid:1.2"}]}  # fmt: skip

    found = made(*many)
    marked = made(*many, key_images={"1.2.3.1.7": [mark]})

    assert found["series"][0]["numberOfInstances"] == found["numberOfInstances"] == 250
    assert "instance" not in found["series"][0]
    assert [i["uid"] for i in marked["series"][0]["instance"]] == ["1.2.3.1.7"]


def test_values_that_are_no_values_are_left_out() -> None:
    found = made(
        an_instance(SeriesNumber="-3", StudyDescription="  ", TimezoneOffsetFromUTC="soon",
                    StudyDate="20260101", StudyTime="1200", Modality=" ")
    )  # fmt: skip

    assert "number" not in found["series"][0]
    assert "description" not in found
    assert found["started"] == "2026-01-01"
    assert found["modality"][0]["code"] == "OT"
