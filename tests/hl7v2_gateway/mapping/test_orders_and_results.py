"""Results, orders, vaccinations, appointments, documents, pharmacy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hl7v2_gateway.partners.sender import Sender
from tests.hl7v2_gateway.mapping.converting import converted, only

PID = "PID|1||123^^^HOSP^MR||Lovelace^Ada||19801210|F"
ORC = "ORC|RE|P1^HIS|F1^LAB"
OBR = "OBR|1|P1^HIS|F1^LAB|2345-7^Glucose^LN|||20240301101500|||||||||||||||20240301120000|||F"


def test_a_result_is_a_report_of_observations_of_the_patient() -> None:
    obx = "OBX|1|NM|2345-7^Glucose^LN|1|5.40|mmol/L^^UCUM|3.9-5.8|H|||F|||20240301101500"
    conversion = converted("ORU^R01^ORU_R01", PID, ORC, OBR, obx)

    report, observation = only(conversion, "DiagnosticReport"), only(conversion, "Observation")
    urls = {u.full_url: u.type for u in conversion.upserts}
    assert report["status"] == observation["status"] == "final"
    assert [urls[r["reference"]] for r in report["result"]] == ["Observation"]
    assert urls[observation["subject"]["reference"]] == "Patient"
    assert observation["valueQuantity"]["value"] == Decimal("5.40")
    assert observation["valueQuantity"]["code"] == "mmol/L"
    assert observation["referenceRange"] == [{"text": "3.9-5.8"}]
    assert observation["interpretation"][0]["coding"][0]["code"] == "H"


@pytest.mark.parametrize(
    ("section", "kind"), [("CH", "laboratory"), ("LAB", "laboratory"), ("RAD", "imaging")]
)
def test_an_observation_is_of_the_kind_of_its_section(section: str, kind: str) -> None:
    obr = f"OBR|1|P1^HIS|F1^LAB|2345-7^Glucose^LN|||20240301101500|||||||||||||||||{section}|F"
    conversion = converted("ORU^R01", PID, ORC, obr, "OBX|1|NM|2345-7^Glucose^LN|1|5.4|||||F|F")

    (category,) = only(conversion, "Observation")["category"]
    assert category["coding"][0]["code"] == kind


@pytest.mark.parametrize(
    ("section", "obx", "kinds"),
    [
        ("", "6690-2^Leukocytes^LN|1|14.2||3.9-10.2||||F", ["laboratory"]),
        ("", "6690-2^Leukocytes^LN|1|14.2|||H|||F", ["laboratory"]),
        ("", "8867-4^Pulse^LN|1|80||50-90||||F", ["vital-signs"]),
        ("NRS", "8867-4^Pulse^LN|1|80|||||F|F", ["vital-signs"]),
        ("NRS", "38208-5^Pain^LN|1|3||0-3||||F", []),
        ("", "38208-5^Pain^LN|1|3|||||F|F", []),
    ],
)
def test_without_a_section_the_code_and_the_judgement_say_the_kind(
    section: str, obx: str, kinds: list[str]
) -> None:
    obr = f"OBR|1|P1^HIS|F1^LAB|2345-7^Panel^LN|||20240301101500|||||||||||||||||{section}|F"
    observation = only(converted("ORU^R01", PID, ORC, obr, f"OBX|1|NM|{obx}"), "Observation")

    found = [c["coding"][0]["code"] for c in observation.get("category", ())]
    assert found == kinds


def test_a_correction_finds_what_it_corrects() -> None:
    first = converted("ORU^R01", PID, ORC, OBR, "OBX|1|NM|2345-7^Glucose^LN|1|5.4|||||F" + "|F")
    second = converted("ORU^R01", PID, ORC, OBR, "OBX|1|NM|2345-7^Glucose^LN|1|6.4||||||C")

    (one,) = [u for u in first.upserts if u.type == "Observation"]
    (two,) = [u for u in second.upserts if u.type == "Observation"]
    assert one.full_url == two.full_url
    assert two.resource["status"] == "corrected"


def test_a_number_that_is_none_is_kept_as_text_and_one_with_a_sign_as_a_comparator() -> None:
    text = converted("ORU^R01", PID, OBR, "OBX|1|NM|2345-7^G^LN||neg|mg/dL||||F|F")
    below = converted("ORU^R01", PID, OBR, "OBX|1|NM|2345-7^G^LN||<0.5|mg/dL^^UCUM")

    assert only(text, "Observation")["valueString"] == "neg"
    quantity = only(below, "Observation")["valueQuantity"]
    assert (quantity["comparator"], quantity["value"]) == ("<", Decimal("0.5"))


def test_lines_of_text_are_one_value() -> None:
    conversion = converted("ORU^R01", PID, OBR, "OBX|1|TX|X^Report^L||first~second~third||||||F")

    assert only(conversion, "Observation")["valueString"] == "first\nsecond\nthird"


def test_a_group_without_its_first_segments_is_still_a_group() -> None:
    two = OBR.replace("OBR|1|P1^HIS|F1^LAB", "OBR|2|P2^HIS|F2^LAB").replace("2345-7", "718-7")
    obx = "OBX|1|ST|{}^x^LN||{}||||||F"
    conversion = converted(
        "ORU^R01",
        PID,
        OBR,
        obx.format("1-8", "a"),
        two,
        obx.format("2-6", "b"),
        obx.format("3-4", "c"),
    )

    one, other = conversion.by_type("DiagnosticReport")
    assert (len(one["result"]), len(other["result"])) == (1, 2)


def test_an_order_that_is_cancelled_is_revoked() -> None:
    obr = "OBR|1|P1^HIS||2345-7^Glucose^LN"
    new = converted("ORM^O01", PID, "ORC|NW|P1^HIS|||||||20240301", obr)
    cancelled = converted("ORM^O01", PID, "ORC|CA|P1^HIS", obr)

    assert only(new, "ServiceRequest")["status"] == "active"
    assert only(cancelled, "ServiceRequest")["status"] == "revoked"
    (one,) = [u for u in new.upserts if u.type == "ServiceRequest"]
    (two,) = [u for u in cancelled.upserts if u.type == "ServiceRequest"]
    assert one.search == two.search == "identifier=urn:id:HIS%7CP1"


def test_a_vaccination_has_its_vaccine_lot_and_who_gave_it() -> None:
    rxa = (
        "RXA|0|1|20240301||08^HepB^CVX|0.5|mL^^UCUM||00^New^NIP001|7^Who^Nurse"
        "|||||L123|20251231|MSD^Merck^MVX|||CP|A"
    )
    conversion = converted("VXU^V04", PID, "ORC|RE||65930^IIS", rxa, "RXR|IM^Intramuscular^HL70162")

    shot = only(conversion, "Immunization")
    assert shot["vaccineCode"]["coding"][0] == {
        "system": "http://hl7.org/fhir/sid/cvx", "code": "08", "display": "HepB",
    }  # fmt: skip
    assert (shot["lotNumber"], shot["status"], shot["primarySource"]) == ("L123", "completed", True)
    assert shot["occurrenceDateTime"] == "2024-03-01"


def test_an_appointment_is_booked_moved_and_cancelled() -> None:
    sch = "SCH|A1^HIS|B1^RIS|||||||15|MIN|^^15^202403021000^202403021015"
    ail = "AIL|1||W1^2^3"
    booked = converted("SIU^S12", sch, PID, "RGS|1", "AIP|1||7^Who^Doctor", ail)
    cancelled = converted("SIU^S15", sch, PID)

    appointment = only(booked, "Appointment")
    assert appointment["status"] == "booked"
    assert appointment["start"] == "2024-03-02T10:00:00+01:00"
    assert appointment["end"] == "2024-03-02T10:15:00+01:00"
    types = {u.full_url: u.type for u in booked.upserts}
    actors = {types[p["actor"]["reference"]] for p in appointment["participant"] if "actor" in p}
    assert actors == {"Patient", "Practitioner", "Location"}
    assert only(cancelled, "Appointment")["status"] == "cancelled"


def test_a_document_has_its_content() -> None:
    txa = "TXA|1|DS^Discharge^L|TX||20240301||20240301120000||7^Who^Doctor|||D1^HIS|||||AU||AV"
    conversion = converted("MDM^T02", PID, txa, "OBX|1|ED|X^Doc^L||^AP^PDF^Base64^SGVsbG8=")

    document = only(conversion, "DocumentReference")
    attachment = document["content"][0]["attachment"]
    assert (attachment["contentType"], attachment["data"]) == ("application/pdf", "SGVsbG8=")
    assert (document["docStatus"], document["status"]) == ("final", "current")
    assert document["masterIdentifier"]["value"] == "D1"


def test_a_prescription_a_dispense_and_an_administration() -> None:
    orc = "ORC|NW|P9^HIS||||||||||7^Who^Doctor"
    rxe = "RXE|^^^20240301|Drug^Aspirin^L|100||mg^^UCUM|TAB^Tablet^L"
    order = converted("RDE^O11", PID, orc, rxe, "RXR|PO^Oral^HL70162")
    dispense = converted("RDS^O13", PID, orc, rxe, "RXD|1|Drug^Aspirin^L|202403011200|10|TAB")
    given = converted("RAS^O17", PID, orc, "RXA|0|1|202403011200||Drug^Aspirin^L|100|mg^^UCUM")

    request = only(order, "MedicationRequest")
    assert request["status"] == "active"
    dose = request["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert (dose["value"], dose["code"]) == (100, "mg")
    assert only(dispense, "MedicationDispense")["quantity"]["value"] == 10
    assert only(given, "MedicationAdministration")["status"] == "completed"


def test_a_z_segment_is_mapped_by_a_senders_overlay_and_listed_without_one() -> None:
    conversion = converted("ADT^A08", PID, "ZPI|1|Dr Pet")

    assert {"ZPI-1", "ZPI-2"} <= {u.position for u in conversion.unmapped}

    sender = Sender(id="his", name="HIS", overlays=("ihe-pam",))
    pv1 = "PV1|1|I" + "|" * 17 + "V1^^^HOSP^VN"
    zbe = "ZBE|M1^HIS|20240301120000||INSERT|N"
    mapped = converted("ADT^A02", PID, pv1, zbe, "OBX|1|ST|a^b^L||c", sender=sender)

    extensions = {
        e["url"].rpartition("hl7v2-")[2]: e for e in only(mapped, "Encounter")["extension"]
    }
    assert extensions["movement-start"]["valueDateTime"] == "2024-03-01T12:00:00+01:00"
    assert extensions["movement-action"]["valueString"] == "INSERT"
    assert not [u for u in mapped.unmapped if u.position.startswith("ZBE")]


def test_a_second_order_is_no_prior_result_of_the_first() -> None:
    obx = "OBX|1|ST|8661-1^Complaint^LN||cough||||||F"
    orders = [
        line
        for n in "12"
        for line in (f"ORC|NW|P{n}^HIS", f"OBR|{n}|P{n}^HIS||24{n}-7^Test^LN", obx)
    ]
    conversion = converted("OML^O21^OML_O21", PID, *orders)

    numbers = [r["identifier"][0]["value"] for r in conversion.by_type("ServiceRequest")]
    assert numbers == ["P1", "P2"]
    assert [len(r["supportingInfo"]) for r in conversion.by_type("ServiceRequest")] == [1, 1]


@pytest.mark.parametrize(
    "event", ["ORM^O01", "OML^O21", "ORU^R01", "RDE^O11", "OMI^O23", "SIU^S12"]
)
@pytest.mark.parametrize("late", ["PD1|||Practice", "NK1|1|Byron^Anne|MTH", "AL1|1|DA|^Dust"])
def test_a_segment_that_comes_late_makes_no_second_patient(event: str, late: str) -> None:
    pv1 = "PV1|1|I" + "|" * 17 + "V1^^^HOSP^VN"
    conversion = converted(event, PID, pv1, late, "ORC|NW|P1^H", "OBR|1|P1^H||1-8^x^LN")

    assert only(conversion, "Patient")["identifier"][0]["value"] == "123"
    assert len(conversion.by_type("Encounter")) == 1
