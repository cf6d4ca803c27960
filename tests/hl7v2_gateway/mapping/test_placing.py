"""What senders leave out or order their way makes neither more resources than were meant nor fewer."""

from __future__ import annotations

from collections import Counter

import pytest

from hl7v2_gateway.er7 import parse
from hl7v2_gateway.mapping.conversion import Conversion
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.partners import Call, open_sender

OBX = "OBX|1|NM|a^b^LN||5|||||F"


def converted(type_: str, *segments: str) -> Conversion:
    lines = [f"MSH|^~\\&|LAB|WEST|||20260101||{type_}|1|P|2.5.1", "PID|1||7||Doe", *segments]
    return convert(
        parse("\r".join(lines).encode()), open_sender(Call("LAB", "WEST")), message_id="1"
    )


def kinds(conversion: Conversion) -> Counter[str]:
    entries = conversion.bundle["entry"]
    return Counter(e["resource"]["resourceType"] for e in entries if "resource" in e)


@pytest.mark.parametrize("orc", [["ORC|NW|2"], []], ids=["with its ORC", "without"])
def test_a_second_order_is_another_one(orc: list[str]) -> None:
    found = kinds(
        converted(
            "OML^O21^OML_O21",
            *["ORC|NW|1", "OBR|1|1||X^Y^L", OBX, *orc, "OBR|2|2||Z^Y^L", OBX.replace("|a^", "|c^")],
        )
    )

    assert (found["ServiceRequest"], found["Observation"]) == (2, 2)


def test_a_second_vaccination_without_its_order_is_another_one() -> None:
    found = kinds(
        converted("VXU^V04^VXU_V04", "RXA|0|1|20260101||08^H^CVX|1", "RXA|0|1|20260101||9^F^CVX|1")
    )

    assert found["Immunization"] == 2


def test_a_note_before_the_request_makes_no_report_of_its_own() -> None:
    conversion = converted("ORU^R01^ORU_R01", "ORC|RE|1", "NTE|1||early", "OBR|1|1|2|X^Y^L", OBX)

    found = kinds(conversion)
    assert (found["DiagnosticReport"], found["ServiceRequest"], found["Observation"]) == (1, 1, 1)
    kept = "early" in str(conversion.bundle)
    assert kept or any("NTE" in str(place) for place in conversion.unmapped)
