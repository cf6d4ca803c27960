"""A study and its ImagingStudy stay in step, whatever happens on the way."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from pydicom import Dataset

from dicom_gateway.reactions import studies
from dicom_gateway.reactions.patients_and_orders import chosen
from dicom_gateway.tasks.left_studies import keep_left
from fhirserver import clock
from fhirserver.instances import Instances
from fhirserver.queues import Item, Later
from fhirserver.reactions import Change
from fhirserver.reactions.looking import looked_up
from fhirserver.storage.database import Database
from tests.dicom_gateway.mapping.valid import assert_valid
from tests.dicom_gateway.operating.scanner import Scanner


def version(scanner: Scanner) -> str:
    return str(scanner.imaging_study()["meta"]["versionId"])


def test_a_burst_of_images_is_one_version(scanner: Scanner) -> None:
    scanner.patient()
    for number in range(1, 8):
        scanner.send(number)

    scanner.settle()

    assert version(scanner) == "1"
    assert scanner.imaging_study()["numberOfInstances"] == 7


def test_each_burst_is_one_more_version(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1, 2)
    scanner.settle()

    scanner.send(3, 4)
    scanner.send(1, 2, series=2)
    scanner.settle()

    assert version(scanner) == "2"
    assert scanner.imaging_study()["numberOfSeries"] == 2


def test_a_study_waits_while_its_images_are_coming(scanner: Scanner) -> None:
    scanner.send()
    item = Item(0, "dicom", scanner.study, {"study": scanner.study}, clock.now(), 1)

    with pytest.raises(Later):
        studies.react(scanner.in_step, item, timedelta(minutes=5))

    assert scanner.all_of("ImagingStudy") == []


def test_what_was_done_is_not_done_twice(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1, 2)

    for _ in range(3):
        scanner.in_step.keep(scanner.study)

    assert version(scanner) == "1"
    assert len(scanner.all_of("ImagingStudy")) == 1


def test_a_worker_that_is_killed_before_it_told_the_record_leaves_no_double(
    scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    jane = scanner.patient()
    scanner.send(1, 2)

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(Instances, "assign", killed)
        with pytest.raises(SystemExit):
            scanner.settle()
    scanner.settle()

    assert version(scanner) == "1"
    assert scanner.is_of(jane)
    assert scanner.record.changed(scanner.study) is None


def test_two_workers_at_once_make_one_imaging_study(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1, 2)
    begun = threading.Barrier(4)
    failed: list[BaseException] = []

    def work() -> None:
        begun.wait()
        try:
            scanner.in_step.keep(scanner.study)
        except Exception as error:
            failed.append(error)
        finally:
            scanner.engine.context.store.database.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    scanner.in_step.keep(scanner.study)

    assert len(scanner.all_of("ImagingStudy")) == 1
    assert {type(error).__name__ for error in failed} <= {"Outdated"}


def test_what_others_wrote_stays(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1)
    scanner.settle()
    scanner.update({**scanner.imaging_study(), "note": [{"text": "Compare with 2019"}]})

    scanner.send(2)
    scanner.settle()

    assert scanner.imaging_study()["note"] == [{"text": "Compare with 2019"}]


def test_a_study_that_was_withdrawn_by_hand_stays_withdrawn(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1)
    scanner.settle()
    scanner.update({**scanner.imaging_study(), "status": "entered-in-error"})

    scanner.send(2)
    scanner.settle()

    assert scanner.imaging_study()["status"] == "entered-in-error"


def test_the_device_is_on_record(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1)
    scanner.settle()

    target = f"ImagingStudy/{scanner.imaging_study()['id']}"
    [found] = looked_up(scanner.engine, "Provenance", ("target", target))

    assert_valid(found)
    assert found["agent"][0]["who"]["identifier"]["value"] == "CT1"
    assert found["entity"][0]["what"]["identifier"]["value"] == f"urn:oid:{scanner.study}"


def test_the_endpoint_says_that_a_token_is_needed(scanner: Scanner) -> None:
    scanner.send(1)
    scanner.settle()

    [found] = looked_up(scanner.engine, "Endpoint", ("_id", "dicom-web"))

    assert_valid(found)
    assert found["connectionType"]["code"] == "dicom-wado-rs"
    assert found["extension"][0]["valueBoolean"] is True


def test_a_study_that_is_deleted_is_cancelled_and_comes_back_with_new_images(
    scanner: Scanner,
) -> None:
    scanner.patient()
    scanner.send(1, 2)
    scanner.settle()
    id_ = scanner.imaging_study()["id"]

    scanner.record.delete(scanner.study)
    gone = {"study": scanner.study, "imagingStudy": id_}
    studies.react(
        scanner.in_step, Item(0, "dicom", scanner.study, gone, clock.now(), 1), timedelta(0)
    )

    found = scanner.imaging_study()
    assert_valid(found)
    assert (found["status"], found["numberOfInstances"]) == ("cancelled", 0)
    assert "series" not in found
    assert "endpoint" not in found
    scanner.send(1)
    scanner.settle()
    assert scanner.imaging_study()["status"] == "available"
    assert scanner.imaging_study()["id"] == id_


def test_one_instance_that_is_deleted_is_no_longer_told(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1, 2)
    scanner.settle()

    scanner.record.delete(scanner.study, f"{scanner.study}.1", f"{scanner.study}.1.1")
    scanner.settle()

    assert scanner.imaging_study()["numberOfInstances"] == 1


def test_what_nobody_has_taken_on_is_stored_by_the_clock(
    scanner: Scanner, database: Database
) -> None:
    # Other tests leave studies behind, whose files are gone.
    database.write("DELETE FROM dicom.change")
    jane = scanner.patient()
    scanner.send(1)

    assert keep_left(scanner.in_step, 0.0) >= 1

    assert scanner.is_of(jane)


def test_the_record_knows_the_imaging_study(scanner: Scanner, record: Instances) -> None:
    scanner.patient()
    scanner.send(1)

    id_ = scanner.in_step.keep(scanner.study)

    row = record.study(scanner.study)
    assert row is not None
    assert row.imaging_study == id_ == scanner.imaging_study()["id"]


class Undone(Exception):
    """What a test did to the database doesn't stay."""


def test_while_there_are_no_studies_nothing_that_is_written_concerns_them(
    scanner: Scanner, database: Database
) -> None:
    change = Change(1, "Patient", 1, 1, "C", clock.now())
    scanner.send(1)

    found = []
    with suppress(Undone), database.transaction() as connection:
        found.append(chosen(connection, [change]))
        connection.execute("DELETE FROM dicom.study")
        found.append(chosen(connection, [change]))
        raise Undone

    assert [len(items) for items in found] == [1, 0]


def test_what_was_done_by_whom_and_where_comes_from_the_images(scanner: Scanner) -> None:
    scanner.patient()
    procedure, region = Dataset(), Dataset()
    procedure.CodeValue, procedure.CodingSchemeDesignator = "24627-2", "LN"
    procedure.CodeMeaning = "CT Chest"
    region.CodeValue, region.CodingSchemeDesignator = "51185008", "SCT"
    region.CodeMeaning = "Chest"

    scanner.send(
        1,
        ProcedureCodeSequence=[procedure],
        AnatomicRegionSequence=[region],
        OperatorsName="Okafor^Chidi",
        NameOfPhysiciansReadingStudy="Curie^Marie",
        ImageLaterality="R",
    )
    scanner.settle()

    found = scanner.imaging_study()
    [series] = found["series"]
    assert found["procedureCode"][0]["coding"][0]["code"] == "24627-2"
    assert found["interpreter"] == [{"display": "Marie Curie"}]
    assert series["bodySite"]["code"] == "51185008"
    assert series["laterality"]["code"] == "24028007"
    assert series["performer"][0]["actor"] == {"display": "Chidi Okafor"}
