"""The messages that go out, held against messages that were checked by hand."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hl7v2_gateway.er7 import parse
from hl7v2_gateway.outbound.assembling import Unsendable
from hl7v2_gateway.outbound.wishes import Target, Wishes
from tests.hl7v2_gateway.outbound.hospital import (
    APPOINTMENT,
    CHARGE,
    DOCUMENT,
    MRN,
    ORDER,
    OTHER,
    PATIENT,
    PRESCRIPTION,
    RECEIVER,
    REPORT,
    VACCINATION,
    VISIT,
    Memory,
    sent,
)

PID = (
    "PID|1||4711^^^HOSP&1.2.36.1&ISO^MR||Müller^Anna^Maria^^Dr^^L||19700517|F|||"
    "Hauptstr. 1^^Ulm^^89073^DE^H||0731 1^PRN^PH^^^^^^^^^0731 1|0731 2^WPN^PH^^^^^^^^^0731 2||"
    "M^^HL70002"
)
DOCTOR = "99^House^Gregory^^^^^^&1.2.36.3&ISO"
PV1 = (
    f"PV1|1|I|3W^R1^B2||||{DOCTOR}||||||||||||V1^^^&1.2.36.2&ISO^VN"
    + "|" * 25
    + ("20261129100000+0100")
)


def head(event: str, structure: str) -> str:
    return (
        f"MSH|^~\\&|FHIRSERVER||LIS|WEST|20261129120000+0000||{event}^{structure}|M1|P|2.5.1"
        "||||||UNICODE UTF-8"
    )


def evn(code: str) -> str:
    return f"EVN|{code}|20261129120000+0000"


NK1 = "NK1|1|Müller^Ida|MTH^^HL70063"
AL1 = "AL1|1|DA^^HL70127|^Penicillin^^^^^^^Penicillin|SV^^HL70128|Hives"
DG1 = "DG1|1||J18.9^Pneumonia^I10^^^^^^pneumonia|pneumonia||A"
MOVED = {**VISIT, "location": [{"status": "active", "location": {"reference": "Location/ward"}}]}
UNMERGED = {name: value for name, value in OTHER.items() if name != "link"}
TIMES = "20261201090000+0100|||30|MIN||Booked^^HL70278"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            {**VISIT, "status": "planned"},
            VISIT,
            [head("ADT^A01", "ADT_A01"), evn("A01"), PID, NK1, PV1, AL1, DG1],
        ),
        (
            VISIT,
            MOVED,
            [
                head("ADT^A02", "ADT_A02"),
                evn("A02"),
                PID,
                PV1.replace("3W^R1^B2|||", "3W|||3W^R1^B2"),
            ],
        ),
        (
            VISIT,
            {**VISIT, "status": "finished", "period": {**VISIT["period"], "end": "2026-11-30"}},
            [head("ADT^A03", "ADT_A03"), evn("A03"), PID, NK1, f"{PV1}|20261130", AL1, DG1],
        ),
        (
            VISIT,
            {**VISIT, "status": "cancelled"},
            [head("ADT^A11", "ADT_A09"), evn("A11"), PID, PV1, DG1],
        ),
        (
            {**VISIT, "status": "finished"},
            VISIT,
            [head("ADT^A13", "ADT_A01"), evn("A13"), PID, NK1, PV1, AL1, DG1],
        ),
        (
            None,
            PATIENT,
            [head("ADT^A28", "ADT_A05"), evn("A28"), PID, NK1, "PV1|1|N", AL1],
        ),
        (
            UNMERGED,
            OTHER,
            [
                head("ADT^A40", "ADT_A39"),
                evn("A40"),
                PID,
                "MRG|815^^^HOSP&1.2.36.1&ISO||||||Muller",
            ],
        ),
        (
            None,
            ORDER,
            [
                head("OML^O21", "OML_O21"),
                PID,
                PV1,
                f"ORC|NW|O1^^1.2.36.4^ISO|||IP||||20261129110000+0100|||{DOCTOR}",
                "TQ1|1||||||||S^^HL70485",
                f"OBR|1|O1^^1.2.36.4^ISO||2345-7^Glucose^LN|S|||||||||||{DOCTOR}"
                "|||||||||||||||^thirst^^^^^^^thirst",
            ],
        ),
        (
            None,
            REPORT,
            [
                head("ORU^R01", "ORU_R01"),
                PID,
                NK1,
                PV1,
                "ORC|RE|O1^^1.2.36.4^ISO|R1^^1.2.36.5^ISO||CM||||20261129110000+0100|||" + DOCTOR,
                "OBR|1|O1^^1.2.36.4^ISO|R1^^1.2.36.5^ISO|2345-7^Glucose^LN|S||20261129113000+0100"
                f"|||||||||{DOCTOR}||||||20261129114500+0000|||F||||||^thirst^^^^^^^thirst",
                "OBX|1|NM|2345-7^Glucose^LN||6.3|mmol/L^mmol/L^UCUM|3-6|H^^HL70078|||F"
                "|||20261129113000+0100",
                "NTE|1|L|fasting",
                "OBX|2|NM|8480-6^^LN|2|120|mm[Hg]|||||C",
                "OBX|3|NM|8462-4^^LN|2|80|mm[Hg]|||||C",
                "OBX|4|TX|55110-1^Conclusions [Interpretation] Document^LN||high||||||F",
                "SPM|1|^S1||122555007^^SCT|||||||||||||20261129113000+0100",
            ],
        ),
        (
            None,
            APPOINTMENT,
            [
                head("SIU^S12", "SIU_S12"),
                "SCH|A1^^1.2.36.6^ISO|a^FHIRSERVER||||ROUTINE^^HL70276|||30|MIN|"
                f"^^M30^20261201090000+0100^20261201093000+0100|||||{DOCTOR}"
                "|||||||||Booked^^HL70278",
                PID,
                "RGS|1|A",
                f"AIS|1|A|^Check-up^^^^^^^Check-up|{TIMES}",
                f"AIL|1|A|3W|||{TIMES}",
                f"AIP|1|A|{DOCTOR}|||{TIMES}",
            ],
        ),
        (
            None,
            DOCUMENT,
            [
                head("MDM^T02", "MDM_T02"),
                evn("T02"),
                PID,
                PV1,
                "TXA|1|18842-5^Discharge summary^LN|AP|20261129114500+0000|"
                f"{DOCTOR}|20261129114500+0000|||{DOCTOR}|||D1^^1.2.36.7^ISO|||||AU||AV",
                "OBX|1|ED|18842-5^Discharge summary^LN||FHIRSERVER^AP^PDF^Base64^JVBERi0=||||||F",
            ],
        ),
        (
            None,
            VACCINATION,
            [
                head("VXU^V04", "VXU_V04"),
                PID,
                NK1,
                "ORC|RE||I1",
                "RXA|0|1|20261129|20261129|208^COVID-19^CVX|0.3|mL^^UCUM||||||||L1|20270301|"
                "^Pfizer^^^^^^^Pfizer|||CP|A",
                "RXR|IM^^HL70162",
            ],
        ),
        (
            None,
            PRESCRIPTION,
            [
                head("RDE^O11", "RDE_O11"),
                PID,
                f"ORC|NW|m^FHIRSERVER|||IP||||20261129|||{DOCTOR}",
                "RXE||197884^Lisinopril 10 MG^RXNORM|10||mg^mg^UCUM||"
                f"^one in the morning^^^^^^^one in the morning|||30|tablet|2|{DOCTOR}||m",
                "TQ1|1|10^mg&mg&UCUM|Q1D||||||||one in the morning",
                "RXR|26643006^Oral^SCT",
            ],
        ),
        (
            None,
            CHARGE,
            [
                head("DFT^P03", "DFT_P03"),
                evn("P03"),
                PID,
                PV1,
                "FT1|1|C1||20261129|20261129120000+0000|CG|99213^^C4|||1|80&EUR|||||3W^R1^B2"
                "|||||||||99213^^C4",
            ],
        ),
    ],
    ids=lambda v: v[0].split("|")[8] if isinstance(v, list) else "",
)
def test_a_change_leaves_as_this_message(before: Any, after: Any, expected: list[str]) -> None:
    assert sent(before, after) == expected


def test_an_imaging_order_has_what_the_modality_needs() -> None:
    imaging = {**ORDER, "category": [{"coding": [{"code": "363679005"}]}]}

    *_, ipc = sent(None, imaging)

    assert ipc == "IPC|O1^^1.2.36.4^ISO|O1^^1.2.36.4^ISO||O1^^1.2.36.4^ISO||2345-7^Glucose^LN"


@pytest.mark.parametrize(
    ("version", "event"),
    [("2.3", "ORM^O01"), ("2.3.1", "ORM^O01^ORM_O01"), ("2.4", "OML^O21^OML_O21")],
)
def test_an_old_receiver_gets_its_orders_as_orm(version: str, event: str) -> None:
    lines = sent(None, ORDER, Wishes(version=version))

    assert lines[0].split("|")[8] == event
    assert not any(line.startswith(("TQ1", "SPM")) for line in lines)
    assert parse("\r".join(lines).encode()).value("OBR-27.6") == "S"


def test_a_newer_receiver_gets_no_withdrawn_fields() -> None:
    lines = sent(None, VISIT, Wishes(version="2.8"))

    assert lines[1] == "EVN||20261129120000+0000"
    assert parse("\r".join(lines).encode()).value("PID-13.1") is None
    assert parse("\r".join(lines).encode()).value("PID-13.12") == "0731 1"


def test_a_receiver_has_its_own_delimiters_charset_and_clock() -> None:
    wishes = Wishes(delimiters="|$~!&", charset="8859/1", time_zone=ZoneInfo("Asia/Tokyo"))
    report = {**REPORT, "conclusion": "cost $5!"}

    lines = sent(None, report, wishes)

    assert lines[0].startswith("MSH|$~!&|FHIRSERVER||||20261129210000+0900||ORU$R01$ORU_R01|")
    assert "Müller$Anna$Maria$$Dr$$L" in lines[1]
    message = parse("\r".join(lines).encode("latin-1"))
    assert message.all("OBX")[3].field(5).repetitions[0].component(1).text == "cost $5!"


def test_a_receivers_own_codes_come_first() -> None:
    glucose = ("http://loinc.org", "2345-7")
    wishes = Wishes(codes={glucose: Target("GLU", "Glucose", "LAB")})

    lines = sent(None, REPORT, wishes)

    assert "|GLU^Glucose^LAB^2345-7^Glucose^LN|" in lines[5]


def test_an_overlay_changes_fields_for_one_receiver() -> None:
    overlay = {
        "segments": {
            "PID[Patient]": [
                {"field": "PID-5", "from": None},
                {"field": "PID-8", "as": "IS", "value": "X"},
            ],
            "ZPI[Patient]": [{"field": "ZPI-1", "as": "ST", "from": "gender"}],
            "MSH": [{"field": "MSH-19", "as": "CWE", "value": "de"}],
        },
        "messages": [
            {
                "events": ["ADT^A28"],
                "structure": "ADT_A05",
                "content": [{"segment": "PID"}, {"segment": "ZPI"}],
            }
        ],
    }

    lines = sent(None, PATIENT, Wishes(overlays=[overlay]))

    assert lines[0].endswith("|UNICODE UTF-8|de")
    assert lines[1].startswith("PID|1||4711^^^&https://hospital.example/mrn&URI^MR||||19700517|X|")
    assert lines[2] == "ZPI|female"


def test_what_the_receiver_may_not_see_is_not_in_the_message() -> None:
    hidden = Memory(
        resources=[r for r in Memory().resources if r["id"] not in {"c", "d"}], found={}
    )

    lines = sent(None, VISIT, RECEIVER, hidden)

    assert not any("House" in line or "J18" in line or line.startswith("AL1") for line in lines)


def test_no_message_goes_out_about_a_patient_who_is_hidden() -> None:
    hidden = Memory(resources=[r for r in Memory().resources if r["id"] != "p"])

    with pytest.raises(Unsendable):
        sent(None, VISIT, RECEIVER, hidden)


def test_what_a_text_holds_cannot_forge_segments() -> None:
    report = {**REPORT, "conclusion": "a\rPID|1||evil\nOBX|9|b^c&d~e"}

    lines = sent(None, report)

    assert [line[:3] for line in lines].count("PID") == 1
    message = parse("\r".join(lines).encode())
    found = message.all("OBX")[3].field(5).repetitions[0].component(1).text
    assert "evil" in found
    assert "b^c&d~e" in found


def test_a_patient_without_identifier_is_known_by_the_id_here() -> None:
    patient = {**PATIENT, "identifier": []}

    assert sent(None, patient)[2].startswith("PID|1||p^FHIRSERVER||")


def test_a_withdrawn_report_says_so() -> None:
    lines = sent(REPORT, {**REPORT, "status": "entered-in-error"})

    assert parse("\r".join(lines).encode()).value("OBR-25") == "X"


def test_identifiers_of_an_unmapped_system_keep_it() -> None:
    lines = sent(None, PATIENT, Wishes())

    assert f"4711^^^&{MRN}&URI^MR" in lines[2]
