"""C-FIND by dcmtk's findscu and pynetdicom: levels, keys, refusals, what callers see."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom import DataElement, Dataset, config
from pynetdicom import AE, build_context
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind as PATIENT_ROOT,
)
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind as STUDY_ROOT,
)

from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.filed import Filed, file_study, keep
from tests.dicom_gateway.dimse.peers import OURS, an_instance

Enter = Callable[..., str]
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


@contextmanager
def associated(
    listening: Listening, title: str, root: str = STUDY_ROOT, agreed: bytes = b""
) -> Iterator[Association]:
    ae = AE(ae_title=title)
    more = []
    if agreed:
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = root
        item.service_class_application_information = agreed
        more.append(item)
    association = ae.associate(
        "127.0.0.1", listening.port, [build_context(root)], ae_title=OURS, ext_neg=more
    )
    assert association.is_established
    try:
        yield association
    finally:
        association.release()
        ae.shutdown()


def keys(level: str, **values: Any) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = level
    for keyword, value in values.items():
        setattr(query, keyword, value)
    return query


def ask(
    listening: Listening, title: str, query: Dataset, root: str = STUDY_ROOT, agreed: bytes = b""
) -> tuple[int, list[Dataset]]:
    with associated(listening, title, root, agreed) as association:
        answers = list(association.send_c_find(query, root))
    return int(answers[-1][0].Status), [i for s, i in answers[:-1] if i is not None]


@pytest.fixture
def reader(enter: Enter) -> str:
    return enter(may=["find"], sees="all")


@pytest.fixture
def filed(client: FlaskClient, listening: Listening) -> Filed:
    """A study of two series with three instances, and its ImagingStudy."""
    return file_study(client, listening.instances)


def test_a_study_is_found_by_each_kind_of_key(
    listening: Listening, reader: str, filed: Filed
) -> None:
    wanted = {
        "PatientID": filed.patient_id,
        "PatientName": "müller*",
        "StudyDate": "20261101-20261130",
        "StudyTime": "",
        "ModalitiesInStudy": "",
        "NumberOfStudyRelatedInstances": "",
        "NumberOfStudyRelatedSeries": "",
        "StudyInstanceUID": "",
        "StudyDescription": "Thorax*",
        "InstanceAvailability": "",
    }

    status, (found,) = ask(listening, reader, keys("STUDY", **wanted))

    assert status == 0x0000
    assert found.StudyInstanceUID == filed.study
    assert str(found.PatientName) == "Müller^Zoë"
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert sorted(found.ModalitiesInStudy) == ["CT", "MR"]
    assert (found.NumberOfStudyRelatedSeries, found.NumberOfStudyRelatedInstances) == (2, 3)
    assert (found.QueryRetrieveLevel, found.RetrieveAETitle) == ("STUDY", OURS)
    assert found.InstanceAvailability == "ONLINE"


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({"PatientName": "Muller^Zoe"}, 1),
        ({"PatientName": "Muller"}, 0),
        ({"StudyDescription": "thorax"}, 0),
        ({"StudyDate": "20261130-"}, 0),
        ({"ModalitiesInStudy": "MR"}, 1),
        ({"ModalitiesInStudy": "US"}, 0),
        ({"AccessionNumber": "A?"}, 1),
        ({"PatientSex": "M"}, 0),
    ],
)
def test_keys_narrow_what_is_found(
    listening: Listening, reader: str, filed: Filed, values: dict[str, str], count: int
) -> None:
    query = keys("STUDY", PatientID=filed.patient_id, **values)

    status, found = ask(listening, reader, query)

    assert (status, len(found)) == (0x0000, count)


def test_patients_series_and_instances_are_found_below_what_is_named(
    listening: Listening, reader: str, filed: Filed
) -> None:
    patient = keys("PATIENT", PatientID=filed.patient_id, NumberOfPatientRelatedInstances="")
    _, (one,) = ask(listening, reader, patient, PATIENT_ROOT)
    assert one.NumberOfPatientRelatedInstances == 3

    below = {"StudyInstanceUID": filed.study, "SeriesInstanceUID": ""}
    _, series = ask(listening, reader, keys("SERIES", **below, Modality="CT"))
    assert [s.Modality for s in series] == ["CT"]

    below["SeriesInstanceUID"] = series[0].SeriesInstanceUID
    _, images = ask(listening, reader, keys("IMAGE", **below, SOPInstanceUID="", InstanceNumber=""))
    assert [i.InstanceNumber for i in images] == [1, 2]
    uids = [i.SOPInstanceUID for i in images]
    _, both = ask(listening, reader, keys("IMAGE", **below, SOPInstanceUID=uids))
    assert len(both) == 2


def test_a_level_without_the_keys_above_it_is_refused_unless_relational_is_agreed(
    listening: Listening, reader: str, filed: Filed
) -> None:
    query = keys("SERIES", SeriesInstanceUID="", PatientID=filed.patient_id)

    assert ask(listening, reader, query) == (0xA900, [])
    assert ask(listening, reader, keys("PATIENT", PatientID="*")) == (0xA900, [])
    status, found = ask(listening, reader, query, agreed=b"\x01")
    assert (status, len(found)) == (0x0000, 2)


def test_fuzzy_names_match_where_they_are_agreed(
    listening: Listening, reader: str, filed: Filed
) -> None:
    query = keys("STUDY", PatientID=filed.patient_id, PatientName="zoe mul", StudyInstanceUID="")

    assert ask(listening, reader, query) == (0x0000, [])
    _, (found,) = ask(listening, reader, query, agreed=b"\x00\x00\x01")
    assert found.StudyInstanceUID == filed.study


def test_a_key_that_cannot_be_read_is_said_so(
    listening: Listening, reader: str, filed: Filed
) -> None:
    query = keys("STUDY")
    query.add(DataElement("StudyTime", "TM", "noonish", validation_mode=config.IGNORE))

    status, found = ask(listening, reader, query)

    assert (status, found) == (0xC001, [])


def test_callers_see_what_their_entries_let_them(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    query = keys("STUDY", PatientID=filed.patient_id, StudyInstanceUID="")
    nobody, sender = enter(may=["find"], sees="none"), enter(may=["find"], sees="sent")

    assert ask(listening, nobody, query) == (0x0000, [])
    assert ask(listening, sender, query) == (0x0000, [])


def test_a_study_whose_imaging_study_is_gone_is_hidden(
    client: FlaskClient, listening: Listening, reader: str, filed: Filed
) -> None:
    query = keys("STUDY", PatientID=filed.patient_id, StudyInstanceUID="")
    assert len(ask(listening, reader, query)[1]) == 1

    client.delete(f"/fhir/ImagingStudy/{filed.imaging_study}")

    assert ask(listening, reader, query) == (0x0000, [])


def test_a_query_can_be_cancelled(listening: Listening, reader: str, filed: Filed) -> None:
    with associated(listening, reader) as association:
        query = keys("STUDY", StudyInstanceUID="")
        answers = association.send_c_find(query, STUDY_ROOT, msg_id=7)
        association.send_c_cancel(7, query_model=STUDY_ROOT)
        status = [s.Status for s, _ in answers][-1]

    assert status in {0x0000, 0xFE00}


def test_findscu_of_dcmtk_finds_a_study(
    listening: Listening, reader: str, filed: Filed, run: Callable[..., Any]
) -> None:
    query = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"PatientID={filed.patient_id}"]
    command = ["findscu", "-v", "-aet", reader, "-aec", OURS, *query, "-k", "StudyInstanceUID"]
    asked = run(*command, "127.0.0.1", listening.port)

    assert asked.returncode == 0
    assert filed.study in asked.stdout + asked.stderr


def test_a_study_that_policies_hide_from_a_peer_is_as_if_it_were_not_there(
    client: FlaskClient, listening: Listening, enter: Enter, filed: Filed
) -> None:
    plain = enter(may=["find"], sees="all")
    cleared = enter(may=["find"], sees="all", clearance="R")
    query = keys("STUDY", PatientID=filed.patient_id, StudyInstanceUID="")
    url = f"/fhir/ImagingStudy/{filed.imaging_study}"
    stored = client.get(url).json
    labelled = {**stored, "meta": {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}}

    assert client.put(url, json=labelled).status_code == 200

    assert ask(listening, plain, query) == (0x0000, [])
    assert len(ask(listening, cleared, query)[1]) == 1


def test_who_sees_what_it_sent_finds_its_own_studies_only(
    client: FlaskClient, listening: Listening, enter: Enter, filed: Filed
) -> None:
    title = enter(may=["find"], sees="sent")
    page = client.get("/fhir/Endpoint?connection-type=dicom-dimse&_sort=-_lastUpdated").json
    endpoint = page["entry"][0]["resource"]["id"]
    own = an_instance(study=f"2.25.{uuid.uuid4().int}", PatientID=filed.patient_id)
    keep(listening.instances, [own], sender=endpoint)

    _, found = ask(listening, title, keys("STUDY", PatientID=filed.patient_id, StudyInstanceUID=""))

    assert [f.StudyInstanceUID for f in found] == [own.StudyInstanceUID]


def test_termscu_ends_nothing(
    listening: Listening, reader: str, filed: Filed, run: Callable[..., Any]
) -> None:
    run("termscu", "-aet", reader, "-aec", OURS, "127.0.0.1", listening.port)

    query = keys("STUDY", PatientID=filed.patient_id, StudyInstanceUID="")
    assert len(ask(listening, reader, query)[1]) == 1
