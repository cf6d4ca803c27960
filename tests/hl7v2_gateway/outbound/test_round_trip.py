"""What messages say comes back when what they were converted to leaves again."""

from __future__ import annotations

import pytest

from conformance.hl7v2.leaves import leaves
from conformance.hl7v2.round_trip import FAMILIES, SHARED, Places, scores, sent_again
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


def _message(*segments: str, version: str = "2.5.1") -> bytes:
    head = f"MSH|^~\\&|A|B|C|D|20260101120000+0000||ADT^A01^ADT_A01|1|P|{version}"
    return "\r".join([head, "EVN|A01|20260101120000+0000", *segments]).encode()


@pytest.mark.parametrize(
    "segments",
    [
        ["PID|1||1^^^H||A^B" + "|" * 9 + "7777^^CP|||||||M9^4^M11^HOSP&1.2.3&ISO^AND", "PV1|1|I"],
        ["PID|1||1^^^H||A^B|D^Mary|19700517|A", "PV1|1|I"],
        ["PID|1||1^^^H||A^B|||||||||||||||||H^Hispanic^HL70189^^^^2.5.1", "PV1|1|I"],
        ["PID|1||1^^^H||A^B", "PV1|1|I|A^1^2|||E^3^4|||||T^5^6" + "|" * 31 + "P^7^8|L^9^9"],
        ["PID|1||1^^^H||A^B", "PV1|1|I", "PV2|R^1^2||||||||||||12^Ref^Erring^^^^MD"],
        ["PID|1||1^^^H||A^B", "ROL|9|AD|PP^Primary^HL70443|12^Smith^John^^^^MD", "PV1|1|I"],
        ["PID|1||1^^^H||A^B", "PV1|1|I", "ROL|9|AD|CP^Cons^HL70443|12^Smith^John^^^^MD"],
        ["PID|1||1^^^H||A^B", "PV1|1|I", "DB1|1|PT|D1^H^1.2.3^ISO|Y|20260101"],
        ["PID|1||1^^^H||A^B", "PV1|1|I", "GT1|1|G1^^^H|Pay^Er||1 St^^Ulm|||||P/F^x^L"],
        ["PID|1||1^^^H||A^B", "PV1|1|I", "ACC|20260101|M^Car^L|Street"],
        ["PID|1||1^^^H||A^B", "PV1|1|I", "OBX|1|NM|8302-2^Height^LN||180|cm^cm^UCUM|||||F"],
        [
            "PID|1||1^^^H||A^B",
            "PV1|1|I",
            "IN1|1|P^Plan^L|C1^^^INS|Insurance|||||||||||||Sub^Scriber",
            "IN2|E1^^^H|123",
        ],
        [
            "PID|1||1^^^H||A^B",
            "NK1|1|Kin^Next|SPO^SPOUSE|1 St^^Ulm|^^PH^^^^^^^^^1|^^CP^^^^^^^^^2"
            + "|" * 24
            + "Con^Tact|^^PH^^^^^^^^^3",
            "PV1|1|I",
        ],
    ],
    ids=lambda s: str(s[-1])[:3] + str(len(s[-1])),
)
def test_what_FHIR_has_no_element_for_survives(segments: list[str]) -> None:
    message = parse(_message(*segments))

    again = sent_again(message)

    assert again is not None
    assert sorted(leaves(message) - leaves(again)) == []


def test_a_code_that_is_one_of_a_list_needs_no_note() -> None:
    segments = ["PID|1||1^^^H||A^B", "PV1|1|I", "AL1|1|AA^Animal^HL70127|CAT^Cats^L"]

    again = sent_again(parse(_message(*segments)))

    assert again is not None
    assert again.value("AL1-3") == "CAT"


def test_a_field_of_a_later_version_has_no_place() -> None:
    assert Places("ADT_A01", "2.8.2").has(("PID", 40, 1))
    assert not Places("ADT_A01", "2.5.1").has(("PID", 40, 1))
    assert not Places("ORM_O01", "2.5.1").has(("SPM", 2, 1))


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus of messages is not here")
def test_each_family_of_the_corpus_keeps_nearly_all_its_values() -> None:
    found = scores(SHARED / "messages")

    assert {f: s.recall >= 0.95 for f, s in found.items()} == dict.fromkeys(FAMILIES, True)
