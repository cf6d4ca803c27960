"""An acknowledgement that is filled in says what one that is composed says."""

from __future__ import annotations

import re

import pytest

from hl7v2_gateway.acknowledging import ACCEPTED, acknowledge
from hl7v2_gateway.acknowledging.ack import _kind, reply
from hl7v2_gateway.er7 import parse

HEADERS = [
    "MSH|^~\\&|ADT1^1.2.3^ISO|WEST|FHIR|HOSP|20260301101500||ADT^A01|{}|P|2.5.1",
    "MSH|^~\\&|ADT1|WEST|FHIR|HOSP|20260301101500|s|ADT^A01^ADT_A01|{}|P|2.8|7||AL|NE||UNICODE UTF-8",
    "MSH|^~\\&|Ä|WEST|FHIR|HOSP|||ADT^A01|{}|T^A|2.1||||||8859/1",
    "MSH#*~\\&#ADT1#WEST*1#FHIR##20260301##ORU*R01#{}#D#2.3",
    "MSH|^~\\&|ourTime0ourTime|WEST|||||ADT^A01|{}|P|2.4",
]
CONTROLS = ["A1", "17", "a-b_c", "A^B", "A\\T\\B", "Ö", "9" * 199, "1.2", "ourControl0ourControl"]


def without_own(answer: bytes) -> list[bytes]:
    """An answer without its time and control id."""
    header, *others = answer.split(b"\r")
    fields = header.split(header[3:4])
    assert re.fullmatch(rb"[0-9]{14}\+0000", fields[6])
    assert re.fullmatch(rb"[0-9a-f-]{20,36}", fields[9])
    fields[6] = fields[9] = b""
    return [*fields, *others]


@pytest.mark.parametrize("header", HEADERS)
def test_a_filled_acknowledgement_says_what_a_composed_one_says(header: str) -> None:
    for control in [*CONTROLS, *CONTROLS]:
        encoding = "utf-8" if "UTF-8" in header else "latin-1"
        message = parse(f"{header.format(control)}\rEVN|A01\r".encode(encoding))
        for mode in ("original", "accept", "application"):
            composed = reply(message, ACCEPTED, mode, _kind(message))

            answer = acknowledge(message, ACCEPTED, mode)
            assert without_own(answer) == without_own(composed)


def test_every_acknowledgement_has_a_control_id_of_its_own() -> None:
    message = parse(f"{HEADERS[0].format('A1')}\r".encode())

    answers = {acknowledge(message, ACCEPTED).split(b"|")[9] for _ in range(50)}
    assert len(answers) == 50
