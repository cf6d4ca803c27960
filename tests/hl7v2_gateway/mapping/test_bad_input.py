"""Whatever stands in the fields, a conversion ends, and what it makes is valid."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fhirserver.validation import check
from hl7v2_gateway.er7 import Malformed, parse
from hl7v2_gateway.mapping.conversion import Unsupported
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.partners.sender import Sender
from tests.hl7v2_gateway.mapping.converting import MSH

SEGMENTS = (
    "EVN|A01|20240301120000|||7^Who^Doctor",
    "PID|1||123^^^HOSP^MR~9^^^SSA^SS||Lovelace^Ada||19801210|F||2106-3|1 St^^London||^PRN^PH",
    "PV1|1|I|W1^2^3|||W0|7^Who^Doctor||||||||||||V77^^^HOSP^VN",
    "NK1|1|Byron^Anne|MTH^Mother^HL70063|1 St|555",
    "AL1|1|DA|^Penicillin|SV|rash~itch|20200101",
    "DG1|1||I10^Hypertension^I10|||A",
    "ORC|NW|P1^HIS|F1^LAB||CM||1^Q6H^D3^20240301^^S",
    "OBR|1|P1^HIS|F1^LAB|2345-7^Glucose^LN|||20240301|20240302||||||||7^Who",
    "OBX|1|NM|2345-7^Glucose^LN|1|5.4|mmol/L^^UCUM|3-5|H|||F|||20240301",
    "OBX|2|CWE|600-7^Culture^LN|1|112283007^E. coli^SCT||||||F",
    "SPM|1|P2&HIS^F2&LAB||BLD^Blood^HL70487|||||||||||||20240301",
    "RXA|0|1|20240301|20240301|08^HepB^CVX|0.5|mL^^UCUM|||7^Who|||||L1|20250101|MSD^^MVX|||CP|A",
    "RXE|1^Q6H|D^Drug^L|1|2|mg|TAB||||10|TAB|3",
    "SCH|A1^HIS|B1^RIS|||||||15|MIN|^^15^202403021000^202403021015",
    "TXA|1|DS|TX||20240301||20240301|||||D1^HIS|||||AU||AV",
    "IN1|1|P^Plan|I1|Insurer|||||||||20240101|20230101",
    "FT1|1|T1||20240301||CG|C^Charge^L|||2|5&USD",
)
FIELD = st.sampled_from(
    ("", '""', "^^^", "~", "&&", "20249999", "-1", "0", "1e5", "99999999999999999999", "00000000")
) | st.text(alphabet='AZ09^&~\\ ."<-', max_size=12)
EVENTS = ("ADT^A01", "ADT^A40", "ORU^R01", "ORM^O01", "OML^O21", "VXU^V04", "SIU^S12", "MDM^T02",
          "RDE^O11", "RDS^O13", "RAS^O17", "DFT^P03", "BAR^P01", "REF^I12")  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    lines = [MSH.format(type=draw(st.sampled_from(EVENTS)))]
    for segment in draw(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=9)):
        fields = segment.split("|")
        for _ in range(draw(st.integers(0, 3))):
            fields[draw(st.integers(1, len(fields) - 1))] = draw(FIELD)
        lines.append("|".join(fields))
    return "\r".join(lines).encode()


def test_a_code_of_blanks_is_none() -> None:
    raw = (
        b"MSH|^~\\&|HIS|WARD|FHIR|HERE|20240301120000+0100||ORU^R01|C1|P|2.5.1\r"
        b"PID|1||1^^^HERE^MR\rORC| |P1^HIS|F1^LAB||CM\r"
    )
    conversion = convert(parse(raw), Sender(id="x", name="x"), message_id="m")

    [order] = conversion.by_type("ServiceRequest")
    assert list(check(order)) == []


def test_who_is_left_out_takes_no_part_in_an_appointment() -> None:
    raw = (
        b"MSH|^~\\&|HIS|WARD|FHIR|HERE|20240301120000+0100||SIU^S12|C1|P|2.5.1\r"
        b"PV1|1|I|W1^2^3\rSCH|A1^HIS|B1^RIS|||||||15|MIN|^^15^202403021000^202403021015\r"
    )
    conversion = convert(parse(raw), Sender(id="x", name="x"), message_id="m")

    [appointment] = conversion.by_type("Appointment")
    assert list(check(appointment)) == []


@settings(max_examples=40, deadline=None)
@given(messages())
def test_any_message_converts_to_valid_resources(raw: bytes) -> None:
    try:
        conversion = convert(parse(raw), Sender(id="x", name="x"), message_id="m")
    except (Malformed, Unsupported):
        return

    wrong = [
        (u.type, issue.expression, issue.text)
        for u in conversion.upserts
        for issue in check(u.resource)
    ]
    assert wrong == []
