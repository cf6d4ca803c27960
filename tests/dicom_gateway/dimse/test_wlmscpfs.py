"""dcmtk's worklist, entered as orders and appointments, is answered as wlmscpfs answers it.

The items become FHIR resources; findscu then asks both with the queries of dcmtk. What has no place
in FHIR (contrast agent, pre-medication) isn't compared.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom import Dataset, dcmread

from conformance.loopback import unused_port
from tests.answers import done
from tests.dicom_gateway import orders
from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.peers import OURS
from tests.dicom_gateway.orders import DCM, V2_0203, reference
from tests.peers.dcmtk import needs, serving

DATA = Path("/work/shared/data/dicom/dcmtk_worklist")
SITE = "urn:test:dcmtk-worklist"
TOP = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber",
       "StudyInstanceUID", "RequestingPhysician", "RequestedProcedureDescription",
       "MedicalAlerts", "Allergies")  # fmt: skip
STEP = ("Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime", "ScheduledPerformingPhysicianName",
        "ScheduledProcedureStepDescription", "ScheduledStationName",
        "ScheduledProcedureStepLocation")  # fmt: skip

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="the examples of dcmtk aren't here"),
    needs("wlmscpfs", "findscu"),
]


@pytest.fixture(scope="module")
def wlmscpfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("worklist")
    shutil.copytree(DATA / "wlistdb" / "OFFIS", folder / "OFFIS")
    (folder / "OFFIS" / "lockfile").touch()
    port = unused_port()
    with serving("wlmscpfs", "-dfp", str(folder), str(port), port=port):
        yield port


def a_name(name: Any) -> dict[str, Any]:
    family, *given = str(name).split("^")
    return {"family": family, **({"given": given} if given else {})}


def enter_item(client: FlaskClient, item: Dataset) -> None:
    """The inverse of the mapping."""

    def store(resource: orders.Resource) -> orders.Resource:
        return dict(done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201))

    step = item.ScheduledProcedureStepSequence[0]
    date = str(item.PatientBirthDate)
    patient = store(
        {
            "resourceType": "Patient",
            "identifier": [{"system": SITE, "value": item.PatientID}],
            "name": [a_name(item.PatientName)],
            "birthDate": f"{date[:4]}-{date[4:6]}-{date[6:]}",
            "gender": {"M": "male", "F": "female", "O": "other"}[item.PatientSex],
        }
    )
    active = {"text": "active", "coding": [{"system": ACTIVE, "code": "active"}]}
    if item.MedicalAlerts:
        flag = {"resourceType": "Flag", "status": "active", "subject": reference(patient)}
        store({**flag, "code": {"text": item.MedicalAlerts}})
    if item.Allergies:
        allergy = {"resourceType": "AllergyIntolerance", "patient": reference(patient)}
        store({**allergy, "clinicalStatus": active, "code": {"text": item.Allergies}})
    requester = store({"resourceType": "Practitioner", "name": [a_name(item.RequestingPhysician)]})
    doctor = step.ScheduledPerformingPhysicianName
    performer = store({"resourceType": "Practitioner", "name": [a_name(doctor)]})
    order = store(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "identifier": [
                {
                    "type": {"coding": [{"system": V2_0203, "code": "ACSN"}]},
                    "value": item.AccessionNumber,
                },
                {"system": "urn:dicom:uid", "value": f"urn:oid:{item.StudyInstanceUID}"},
            ],
            "code": {"text": item.RequestedProcedureDescription},
            "orderDetail": [{"coding": [{"system": DCM, "code": step.Modality}]}],
            "subject": reference(patient),
            "requester": reference(requester),
        }
    )
    place = store({"resourceType": "Location", "name": step.ScheduledProcedureStepLocation})
    titles = step.ScheduledStationAETitle
    titles = [titles] if isinstance(titles, str) else list(titles)
    device = orders.a_station(titles[0], step.Modality)
    device["identifier"] = [
        {"system": device["identifier"][0]["system"], "value": title} for title in titles
    ]
    device["deviceName"] = [{"name": step.ScheduledStationName, "type": "other"}]
    day, hour = step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime
    begins = f"{day[:4]}-{day[4:6]}-{day[6:]}T{hour[:2]}:{hour[2:4]}:{hour[4:6]}Z"
    ends = f"{begins[:17]}59Z"
    actors = (store(device), place, performer)
    appointment = orders.an_appointment(order, patient, *actors, start=begins, end=ends)
    store({**appointment, "description": step.ScheduledProcedureStepDescription})


ACTIVE = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def told(item: Dataset) -> tuple[str, ...]:
    """What an answer says, by what FHIR has a place for; what it doesn't say is empty."""
    step = next(iter(item.get("ScheduledProcedureStepSequence") or []), Dataset())
    return tuple([str(item.get(k) or "") for k in TOP] + [str(step.get(k) or "") for k in STEP])


def test_the_queries_of_dcmtk_have_the_answers_of_wlmscpfs(
    client: FlaskClient,
    listening: Listening,
    enter: Callable[..., str],
    run: Callable[..., Any],
    wlmscpfs: int,
    tmp_path: Path,
) -> None:
    for path in sorted((DATA / "wlistdb" / "OFFIS").glob("*.wl")):
        enter_item(client, dcmread(path, force=True))
    title = enter(may=["worklist"], patient_system=SITE, time_zone="UTC")

    def answers(port: int, called: str, number: int) -> list[tuple[str, ...]]:
        folder = tmp_path / f"{called}{number}"
        folder.mkdir()
        query = DATA / "wlistqry" / f"wlistqry{number}.dcm"
        command = ["findscu", "-W", "-X", "-od", folder, "-aet", title, "-aec", called]
        asked = run(*command, "127.0.0.1", port, query)
        assert asked.returncode == 0, asked.stderr
        found = map(dcmread, folder.iterdir())
        # What other tests have ordered is no part of the example.
        return sorted(told(i) for i in found if str(i.PatientName) in COMPOSERS)

    for number in range(13):
        theirs = answers(wlmscpfs, "OFFIS", number)
        assert answers(listening.port, OURS, number) == theirs, f"wlistqry{number}"


COMPOSERS = frozenset(
    {"VIVALDI^ANTONIO", "HAYDN^FRANZ^JOSEPH", "BEETHOVEN^LUDWIG^VAN", "MOZART^WOLFGANG^AMADEUS"}
)
