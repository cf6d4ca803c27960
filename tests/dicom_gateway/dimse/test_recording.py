"""Associations are on record, at a cost that doesn't grow with the instances."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom import Dataset
from pydicom.uid import generate_uid

from conformance.faults.server import wait_until
from dicom_gateway.dimse.recording import Arrivals, Refusals
from dicom_gateway.partners import Peer
from fhirserver.audit.event import Event
from fhirserver.errors import Unavailable
from fhirserver.instances import Facts
from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.filed import file_study
from tests.dicom_gateway.dimse.peers import CT, an_ae_title, an_instance, associate

DCM = "http://dicom.nema.org/resources/ontology/DCM"


def events(client: FlaskClient, query: str) -> list[dict[str, Any]]:
    page = client.get(f"/fhir/AuditEvent?{query}&_count=200").json
    return [e["resource"] for e in page.get("entry", ())]


def of_study(client: FlaskClient, code: str, study: str) -> list[dict[str, Any]]:
    return events(client, f"type={DCM}|{code}&entity:identifier=urn:dicom:uid|urn:oid:{study}")


def test_a_study_that_comes_is_two_events_however_many_instances_it_has(
    listening: Listening, sender: str, client: FlaskClient
) -> None:
    study = generate_uid()
    association = associate(listening.port, sender)
    for _ in range(5):
        assert association.send_c_store(an_instance(study=study)).Status == 0
    association.release()

    wait_until(lambda: bool(of_study(client, "110104", study)), 60, "it is on record")
    [begun], [done] = (of_study(client, code, study) for code in ("110102", "110104"))
    assert begun["action"] == done["action"] == "C"
    assert done["outcome"] == "0"
    [entity] = [e for e in done["entity"] if "detail" in e]
    assert {"type": "NumberOfInstances", "valueString": "5"} in entity["detail"]
    assert {"type": "SOPClass", "valueString": CT} in entity["detail"]
    source = done["agent"][0]
    assert source["type"]["coding"][0]["code"] == "110153"
    assert source["who"]["identifier"]["value"].startswith("dicom:")
    assert source["network"]["address"] == "127.0.0.1"


def test_instances_that_are_refused_show(
    listening: Listening, sender: str, client: FlaskClient
) -> None:
    good, bad = an_instance(), an_instance()
    del bad.SeriesInstanceUID
    association = associate(listening.port, sender)
    assert association.send_c_store(good).Status == 0
    assert association.send_c_store(bad).Status != 0
    association.release()

    study = good.StudyInstanceUID
    wait_until(lambda: bool(of_study(client, "110104", study)), 60, "it is on record")
    [done] = of_study(client, "110104", study)
    assert (done["outcome"], done["outcomeDesc"]) == ("4", "1 instances refused")


def test_an_association_that_breaks_off_is_on_record(
    listening: Listening, sender: str, client: FlaskClient
) -> None:
    instance = an_instance()
    association = associate(listening.port, sender)
    assert association.send_c_store(instance).Status == 0
    association.abort()

    study = instance.StudyInstanceUID
    wait_until(lambda: bool(of_study(client, "110104", study)), 60, "it is on record")


def test_unknown_callers_raise_a_security_alert(listening: Listening, client: FlaskClient) -> None:
    title = an_ae_title()
    association = associate(listening.port, title)
    assert association.is_rejected

    def found() -> list[dict[str, Any]]:
        return [
            e
            for e in events(client, f"type={DCM}|110113&subtype={DCM}|110126&outcome=4")
            if title in json.dumps(e)
        ]

    wait_until(lambda: bool(found()), 60, "it is on record")
    [alert] = found()
    assert alert["outcomeDesc"] == "the calling AE title isn't known there"
    assert alert["agent"][0]["who"]["identifier"]["value"] == f"AE {title}"


def test_worklist_queries_are_on_record(
    listening: Listening, enter: Any, client: FlaskClient
) -> None:
    title = enter(may=["worklist"])
    association = associate(listening.port, title, "1.2.840.10008.5.1.4.31")
    query = Dataset()
    query.PatientID = f"nobody-{title}"
    query.ScheduledProcedureStepSequence = [Dataset()]
    list(association.send_c_find(query, "1.2.840.10008.5.1.4.31"))
    association.release()

    def found() -> bool:
        import base64

        return any(
            title.encode() in base64.b64decode(part.get("query", ""))
            for e in events(client, f"type={DCM}|110112&_sort=-date")
            for part in e.get("entity", ())
        )

    wait_until(found, 60, "it is on record, with its query")


def test_what_a_move_sends_is_told_with_its_destination(
    listening: Listening, enter: Any, client: FlaskClient
) -> None:
    filed = file_study(client, listening.instances)
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    nobody = enter(port=port)
    title = enter(may=["move"], sees="all")
    association = associate(listening.port, title, "1.2.840.10008.5.1.4.1.2.2.2")
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", filed.study
    list(association.send_c_move(query, nobody, "1.2.840.10008.5.1.4.1.2.2.2"))
    association.release()

    def told() -> list[dict[str, Any]]:
        return [
            e
            for e in events(client, f"type={DCM}|110104&outcome=4")
            if "not sent" in e.get("outcomeDesc", "") and "dicom-move" in json.dumps(e["subtype"])
        ]

    wait_until(lambda: bool(told()), 60, "it is on record that nothing was sent")
    wait_until(lambda: bool(of_study(client, "110102", filed.study)), 60, "and that it began")


class Listed:
    """A recorder that keeps a list, or can't keep anything."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.events: list[Event] = []
        self.is_broken = is_broken

    def add(self, event: Event) -> None:
        if self.is_broken:
            raise Unavailable
        self.events.append(event)


def facts_of(study: str) -> Facts:
    return Facts(study, "1.2", "1.2.3", CT, "1.2.840.10008.1.2.1", {})


def arrivals(recorder: Listed, listening: Listening) -> Arrivals:
    peer = Peer("ct-1", "CT", "CT1")
    return Arrivals(recorder, listening.instances, peer, "10.0.0.1")  # type: ignore[arg-type]


def test_an_association_of_many_studies_tells_of_all(listening: Listening) -> None:
    recorder = Listed()
    studies = [f"1.2.3.{n}" for n in range(120)]
    coming = arrivals(recorder, listening)

    for study in studies:
        for _ in range(3):
            coming.stored(facts_of(study))
    coming.end()

    done = [e for e in recorder.events if e.subtype == "dicom-transfer"]
    assert [s.uid for e in done for s in e.studies] == studies
    assert {s.instances for e in done for s in e.studies} == {3}
    assert len(recorder.events) == len(studies) + len(done)
    assert max(len(e.studies) for e in done) <= 50


def test_what_cannot_be_recorded_is_not_answered_with_success(
    listening: Listening, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Event) -> None:
        raise Unavailable

    monkeypatch.setattr(listening.gateway.recorder, "add", broken)
    association = associate(listening.port, sender)
    status = association.send_c_store(an_instance())
    association.release()

    assert status.Status == 0xA700


def test_the_same_refusal_is_told_once_a_minute() -> None:
    recorder = Listed()
    refusals = Refusals(recorder)  # type: ignore[arg-type]

    for _ in range(100):
        refusals.tell("10.0.0.1", "unknown", "X\x00<Ä>")
    refusals.tell("10.0.0.2", "unknown")

    assert [e.caller.client for e in recorder.events] == ["AE X?<?>", None]
