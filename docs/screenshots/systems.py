"""What other systems have sent, and what didn't go well with it."""

from __future__ import annotations

from datetime import UTC, timedelta

from conformance.faults.server import wait_until
from docs.screenshots.hospital import MRN, PATIENCE_SECONDS, Hospital, Resource, number_of
from fhirserver import clock, ids
from fhirserver.embedded.roles import listens
from tests.hl7v2_gateway.v2 import a_message, a_sender, member
from tests.peers.hl7_receiver import ack, hl7_receiver
from tests.peers.mllp_client import MllpClient
from tests.peers.subscriber import subscriber

OURS = "https://fhirserver.example/StructureDefinition/"
LABORATORY, COUNTY, WARD = "Laboratory", "County ambulance", "Kitchen"


def prepare(hospital: Hospital) -> None:
    """All of it; the laboratory first, as its result is what the ward speaks of."""
    listening = listens("127.0.0.1", hospital.server.mllp_port)
    wait_until(listening, PATIENCE_SECONDS, "the listener is there")
    _receive(hospital)
    _send(hospital)
    _subscribe(hospital)
    _work(hospital)


def _receive(hospital: Hospital) -> None:
    """A critical result, an unknown code, a refused message, and one that is held up."""
    _enter(hospital, LABORATORY, "LAB", {})
    _enter(hospital, COUNTY, "AMB", {"overlay": "county"})
    known = hospital.known
    patient = hospital.found(f"Patient?_id={known['patient']}")[0]
    with MllpClient(hospital.server.mllp_port) as peer:

        def send(message: bytes) -> str:
            return str(peer.send(message).value("MSA-1"))

        for value, flag, minutes in (("4.6", "N", 500), ("6.8", "HH", 14)):
            assert send(_result(patient, value, flag, minutes)) == "AA"
        unknown = a_message(application="LAB", patient="MRN900031")
        assert send(unknown.replace(b"|19700101|F", b"|19700101|Q")) == "AA"
        assert send(a_message("ADT^A77", application="LAB", patient="MRN900032")) == "AR"
        assert send(a_message(application="AMB", patient="MRN900033")) == "AA"

    def heads() -> list[Resource]:
        return list(hospital.asked("hl7v2/messages?_count=200", "integrator")["messages"])

    def is_done() -> bool:
        ours = [one for one in heads() if one.get("event", "").startswith("ORU")]
        return len(ours) > 1 and all(one["state"] == "done" for one in ours)

    wait_until(is_done, PATIENCE_SECONDS, "the results are converted")
    for one in sorted(heads(), key=lambda one: one["id"]):
        key = "message" if one.get("event", "").startswith("ORU") else f"message-{one['state']}"
        known[key] = str(one["id"])


def _enter(hospital: Hospital, name: str, application: str, more: dict[str, str]) -> None:
    """A system that may send, and whose record numbers are the hospital's."""
    authority = {
        "url": "authority",
        "extension": [member("name", "WEST"), member("system", MRN, "Uri")],
    }
    members = [member("application", application), *(member(k, v) for k, v in more.items())]
    sender = {**a_sender("x", *members, authority), "name": name}
    del sender["id"]
    hospital.made(sender)


def _result(patient: Resource, value: str, flag: str, minutes_ago: int) -> bytes:
    """A potassium as ORU^R01: HL7 v2.5.1, 7.3.1."""
    at = (
        (clock.now() - timedelta(minutes=minutes_ago)).astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    )
    name = patient["name"][0]
    sex = {"male": "M", "female": "F"}.get(patient["gender"], "O")
    order = ids.new()[-8:]
    return (
        f"MSH|^~\\&|LAB|WEST|FHIR|HOSP|{at}||ORU^R01^ORU_R01|{order}|P|2.5.1\r"
        f"PID|1||{number_of(patient)}^^^WEST^MR||{name['family']}^{name['given'][0]}||"
        f"{patient['birthDate'].replace('-', '')}|{sex}\r"
        f"OBR|1||{order}^LAB|24320-4^Basic metabolic panel^LN|||{at}"
        f"|||||||||||||||{at}||LAB|F\r"
        "OBX|1|NM|2823-3^Potassium [Moles/volume] in Serum or Plasma^LN||"
        f"{value}|mmol/L^^UCUM|3.5-5.1|{flag}|||F|||{at}\r"
    ).encode()


def _send(hospital: Hospital) -> None:
    """A system that is told of new patients, and rejects one."""
    with hl7_receiver() as peer:
        peer.answer = lambda control: [ack("AR", control, "ERR|||102^Data type error^HL70357|E")]
        members = (
            member("application", "KITCHEN"),
            member("event", "ADT^A28"),
            member("after-rejection", "stop", "Code"),
        )
        receiver = {
            **a_sender("x"),
            "name": WARD,
            "address": f"mllp://127.0.0.1:{peer.port}",
            "extension": [{"url": f"{OURS}hl7v2-receiver", "extension": list(members)}],
        }
        del receiver["id"]
        hospital.made(receiver)
        hospital.made({"resourceType": "Patient", "name": [{"family": "Ruiz", "given": ["Elena"]}]})

        def stopped() -> list[Resource]:
            sent = hospital.asked("hl7v2/sent?_count=50", "integrator")["messages"]
            return [one for one in sent if one["state"] == "stopped"]

        wait_until(stopped, PATIENCE_SECONDS, "it has rejected the message")
        hospital.known["sent"] = str(stopped()[0]["id"])


def _subscribe(hospital: Hospital) -> None:
    """One subscriber that is told, and one that doesn't answer as it should."""
    with subscriber() as peer:
        peer.answer = lambda arrived: 500 if "registry" in arrived.path else 200
        wanted = [
            hospital.made(
                {
                    "resourceType": "Subscription",
                    "status": "requested",
                    "reason": reason,
                    "criteria": criteria,
                    "channel": {"type": "rest-hook", "endpoint": f"{peer.address}/{path}"},
                }
            )["id"]
            for reason, criteria, path in (
                ("Results for the family doctors", "Observation?category=laboratory", "practices"),
                (
                    "Vaccinations for the county's registry",
                    "Immunization?status=completed",
                    "registry",
                ),
            )
        ]

        def states() -> set[str]:
            found = hospital.found(f"Subscription?_id={','.join(wanted)}")
            return {one["status"] for one in found}

        wait_until(lambda: states() == {"active"}, PATIENCE_SECONDS, "they are active")
        patient = {"reference": f"Patient/{hospital.known['patient']}"}
        hospital.made(
            {
                "resourceType": "Immunization",
                "status": "completed",
                "vaccineCode": {"text": "Influenza, inactivated"},
                "patient": patient,
                "occurrenceDateTime": clock.now().isoformat(),
            }
        )
        wait_until(lambda: "error" in states(), PATIENCE_SECONDS, "one has failed")


def _work(hospital: Hospital) -> None:
    """An index that is made anew, and an export."""
    with hospital.client() as client:
        assert client.send("POST", "Basic/$reindex").status == 202
        asked = client.send("GET", "$export?_type=Location", Prefer="respond-async")
        assert asked.status == 202, asked.says
