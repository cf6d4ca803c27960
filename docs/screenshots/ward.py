"""What goes on between people: a question about a patient, who waits, who is kept out."""

from __future__ import annotations

from datetime import timedelta

from docs.screenshots.hospital import MRN, Hospital, Resource
from fhirserver import clock, ids

CATEGORY = "http://terminology.hl7.org/CodeSystem/communication-category"
MESSAGE = "https://fhirserver.example/message"
THREAD = "https://fhirserver.example/message-thread"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
TOPIC = "Potassium 6.8"


def prepare(hospital: Hospital) -> None:
    """All of it."""
    _talk(hospital)
    _arrive(hospital)
    _wait_for_a_time(hospital)
    _keep_out(hospital)
    _order(hospital)


def patient_of(hospital: Hospital, *users: str) -> str:
    """The id of an inpatient whom all of these treat, the one with the most results."""
    query = "Encounter?status=in-progress&class=IMP&_sort=date&_count=100"
    theirs = [
        [one["subject"]["reference"].split("/")[1] for one in hospital.found(query, user)]
        for user in users
    ]
    shared = [one for one in theirs[0] if all(one in others for others in theirs[1:])]
    count = "Observation?category=laboratory&_summary=count&patient="
    with hospital.client() as client:
        return max(shared, key=lambda one: int(client.send("GET", f"{count}{one}").json["total"]))


def _talk(hospital: Hospital) -> None:
    """A nurse asks the doctor, who answers; and the laboratory tells all of an analyser."""
    doctor, nurse = hospital.account("doctor"), hospital.account("nurse")
    patient = {"reference": f"Patient/{hospital.known['patient']}"}
    query = f"Observation?patient={hospital.known['patient']}&code=http://loinc.org%7C2823-3"
    result = hospital.found(f"{query}&_sort=-date&_count=1")[0]
    thread = ids.new()
    first = _message(thread, nurse, doctor, 12)
    first |= {"subject": patient, "priority": "urgent"}
    first["payload"] = [
        {"contentString": "Potassium is high. Shall I hold back the tablets of this evening?"},
        {"contentReference": {"reference": f"Observation/{result['id']}"}},
    ]
    first["about"] = [{"reference": f"Observation/{result['id']}"}]
    asked = hospital.made(first)
    answer = _message(thread, doctor, nurse, 9) | {
        "subject": patient,
        "inResponseTo": [{"reference": f"Communication/{asked['id']}"}],
        "payload": [{"contentString": "Yes, all of them. ECG now, please; I am on my way."}],
    }
    hospital.made(answer)
    done = _message(thread, nurse, doctor, 4) | {
        "subject": patient,
        "payload": [
            {"contentString": "ECG is written: sinus rhythm, no tall T waves. It lies on the desk."}
        ],
    }
    hospital.made(done)
    everybody = _message(
        ids.new(), hospital.account("labtech"), doctor, 90, "Coagulation analyser is being serviced"
    )
    everybody["category"] = [{"coding": [{"system": CATEGORY, "code": "notification"}]}]
    everybody["recipient"] = [doctor, nurse, hospital.account("pharmacist")]
    everybody["payload"] = [
        {"contentString": "Urgent samples go to the county hospital until tomorrow noon."}
    ]
    hospital.made(everybody)
    hospital.known["thread"] = thread


def _message(
    thread: str, sender: Resource, to: Resource, minutes_ago: int, topic: str = TOPIC
) -> Resource:
    return {
        "resourceType": "Communication",
        "identifier": [
            {"system": THREAD, "value": thread},
            {"system": MESSAGE, "value": ids.new()},
        ],
        "status": "in-progress",
        "category": [{"coding": [{"system": CATEGORY, "code": "instruction"}]}],
        "priority": "routine",
        "topic": {"text": topic},
        "sent": (clock.now() - timedelta(minutes=minutes_ago)).isoformat(),
        "sender": sender,
        "recipient": [to],
    }


def _arrive(hospital: Hospital) -> None:
    """Two who are in nobody's care: the record of one is opened in an emergency."""
    for key, number, family, given, born in (
        ("emergency", "MRN900017", "Whitfield", "Aaron", "1958-03-21"),
        ("closed", "MRN900018", "Okafor", "Daniel", "1990-11-02"),
    ):
        usual = {"use": "usual", "type": {"coding": [{"code": "MR"}]}}
        hospital.known[key] = hospital.made(
            {
                "resourceType": "Patient",
                "active": True,
                "identifier": [usual | {"system": MRN, "value": number}],
                "name": [{"use": "official", "family": family, "given": [given]}],
                "gender": "male",
                "birthDate": born,
            }
        )["id"]


def _wait_for_a_time(hospital: Hospital) -> None:
    """Two wait for an earlier appointment."""
    today = clock.now()
    patients = hospital.found("Patient?_count=20&gender=female&identifier=" + f"{MRN}%7C")
    alive = [one for one in patients if "deceasedDateTime" not in one]
    for patient, priority, reason in zip(
        alive, (1, 5), ("Chest pain on exertion", "Diabetes review"), strict=False
    ):
        name = patient["name"][0]
        actor = {
            "reference": f"Patient/{patient['id']}",
            "display": f"{name['family'].upper()}, {name['given'][0]}",
        }
        hospital.made(
            {
                "resourceType": "Appointment",
                "status": "waitlist",
                "created": today.isoformat(),
                "priority": priority,
                "minutesDuration": 30,
                "requestedPeriod": [
                    {
                        "start": today.isoformat(),
                        "end": (today + timedelta(days=14)).isoformat(),
                    }
                ],
                "reasonCode": [{"text": reason}],
                "participant": [
                    {"actor": actor, "required": "required", "status": "accepted"},
                    {
                        "actor": hospital.account("doctor"),
                        "required": "required",
                        "status": "needs-action",
                    },
                ],
            }
        )


def _order(hospital: Hospital) -> None:
    """Two examinations that have no appointment yet."""
    patient = {"reference": f"Patient/{hospital.known['patient']}"}
    for name, priority in (("MRI of the left knee", "routine"), ("CT of the chest", "urgent")):
        imaging = {"system": "http://snomed.info/sct", "code": "363679005", "display": "Imaging"}
        hospital.made(
            {
                "resourceType": "ServiceRequest",
                "status": "active",
                "intent": "order",
                "category": [{"coding": [imaging]}],
                "priority": priority,
                "code": {"text": name},
                "subject": patient,
                "requester": hospital.account("doctor"),
                "authoredOn": clock.now().isoformat(),
            }
        )


def _keep_out(hospital: Hospital) -> None:
    """The patient of the portal sees the doctor, and keeps the nurse out of the documents."""
    own = hospital.asked("apps/me.json", "patient")["fhirUser"]
    hospital.known["own"] = own.rpartition("/")[2]
    patient = {"reference": f"Patient/{hospital.known['own']}"}
    hospital.made(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"system": ACT, "code": "AMB", "display": "ambulatory"},
            "subject": patient,
            "participant": [{"individual": hospital.account("doctor")}],
            "period": {"start": (clock.now() - timedelta(hours=2)).isoformat()},
        }
    )
    nurse = hospital.account("nurse")
    types = "http://hl7.org/fhir/resource-types"
    hospital.made(
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                        "code": "patient-privacy",
                    }
                ]
            },
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": patient,
            "dateTime": clock.now().isoformat(),
            "performer": [patient],
            "policyRule": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/consentpolicycodes",
                        "code": "hipaa-restrictions",
                    }
                ]
            },
            "provision": {
                "type": "deny",
                "actor": [
                    {
                        "role": {
                            "coding": [
                                {
                                    "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                                    "code": "IRCP",
                                }
                            ]
                        },
                        "reference": nurse,
                    }
                ],
                "class": [
                    {"system": types, "code": code} for code in ("DocumentReference", "Composition")
                ],
            },
        },
        "patient",
    )
    with hospital.client("doctor") as client:
        for query in ("Observation?category=laboratory&", "AllergyIntolerance?"):
            client.send("GET", f"{query}patient={hospital.known['own']}")
