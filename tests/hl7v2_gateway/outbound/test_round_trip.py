"""What messages say comes back when what they were converted to leaves again."""

from __future__ import annotations

import pytest

from conformance.hl7v2.leaves import leaves
from conformance.hl7v2.round_trip import sent_again
from hl7v2_gateway.er7 import parse

PID = (
    "PID|1||4711^^^HOSP&1.2.36.1&ISO^MR||Smith^Anna^Maria^Jr^Dr^^L||19700517|F|||1 High St^^Ulm^BW"
    "^89073^DE^H||^PRN^PH^^^^^^^^^0731 1|^WPN^PH^^^^^^^^^0731 2||M^Married^HL70002"
)
MESSAGES = {
    "ADT": [
        "MSH|^~\\&|A|B|C|D|20260101120000+0000||ADT^A01^ADT_A01|1|P|2.5.1",
        "EVN|A01|20260101120000+0000",
        PID,
        "PV1|1|I|3W^R1^B2|||2E^R9^B1|99^House^Gregory^^^^^^HOSP||||||||||||"
        "V1^^^HOSP&1.2.36.2&ISO^VN|||||||||||||||||||||||||20260101100000+0000",
    ],
    "ORU": [
        "MSH|^~\\&|A|B|C|D|20260101120000+0000||ORU^R01^ORU_R01|1|P|2.5.1",
        PID,
        "ORC|RE|O1^EHR|R1^LAB||||||20260101090000+0000|||99^House^Gregory^^^^^^HOSP",
        "OBR|1|O1^EHR|R1^LAB|24323-8^Panel^LN|||20260101100000+0000|||||||||"
        "99^House^Gregory^^^^^^HOSP||||||20260101110000+0000|||F",
        "OBX|1|NM|2345-7^Glucose^LN||6.3|mmol/L^mmol/L^UCUM|3-6|H^High^HL70078|||F"
        "|||20260101100000+0000",
        "OBX|2|CWE|600-7^Culture^LN||112283007^E. coli^SCT||||||F|||20260101100000+0000",
        "SPM|1|^S1||122555007^Venous blood^SCT|||||||||||||20260101100000+0000",
    ],
    "SIU": [
        "MSH|^~\\&|A|B|C|D|20260101120000+0000||SIU^S12^SIU_S12|1|P|2.5.1",
        "SCH|A1^EHR|A2^CAL||||||CHECKUP^Check-up^HL70277|30|MIN|^^M30^20260201090000+0000"
        "^20260201093000+0000",
        PID,
        "RGS|1|A",
        "AIS|1|A|KNEE^Knee clinic^L|20260201090000+0000|||30|MIN",
        "AIP|1|A|99^House^Gregory^^^^^^HOSP",
    ],
    "VXU": [
        "MSH|^~\\&|A|B|C|D|20260101120000+0000||VXU^V04^VXU_V04|1|P|2.5.1",
        PID,
        "ORC|RE||I1^CLINIC",
        "RXA|0|1|20260101|20260101|208^COVID-19^CVX|0.3|mL^mL^UCUM||||||||L1|20270301||||CP|A",
        "RXR|IM^Intramuscular^HL70162|LA^Left arm^HL70163",
    ],
}


@pytest.mark.parametrize("family", MESSAGES)
def test_nearly_all_values_of_a_message_survive_the_way(family: str) -> None:
    message = parse("\r".join(MESSAGES[family]).encode())

    again = sent_again(message)

    assert again is not None
    before = leaves(message)
    lost = before - leaves(again)
    assert 1 - lost.total() / before.total() >= 0.9, sorted(lost)
