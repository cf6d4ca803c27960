"""What is said again is made of memory, and is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hl7v2_gateway.er7 import parse
from hl7v2_gateway.mapping import memory
from hl7v2_gateway.mapping.conversion import Conversion
from hl7v2_gateway.mapping.convert import _zone, convert
from hl7v2_gateway.mapping.seeing import seen
from hl7v2_gateway.outbound.restoring import restoring
from hl7v2_gateway.partners.sender import Sender

SENDER = Sender("memory", "A laboratory", time_zone="Europe/Berlin")
MESSAGE = (
    "MSH|^~\\&|LAB|HOSP|FHIR|HOSP|20260301101500||ORU^R01^ORU_R01|1|P|2.5.1\r"
    "PID|1||4711^^^HOSP^MR~99^^^ELSE^PI||Doe^Jane^N^^^^L||19700101|F|||1 Main St^^Town^ST^12345^USA"
    "||+1 555 0100^PRN^PH||de^German^ISO639|X\r"
    "PV1|1|I|W1^R1^B1^HOSP||||1234^Smith^Ann^^^Dr^MD||||||||||||V1^^^HOSP^VN\r"
    "ORC|RE|A1^LAB|F1^LAB\r"
    "OBR|1|A1^LAB|F1^LAB|24323-8^Panel^LN^P^Our panel^L|||20260301090000||||||||"
    "1234^Smith^Ann^^^Dr||||||20260301101000||CH|F\r"
    "OBX|1|CWE|2001-1^Analyte^LN||1^one^L||||||F|||20260301090000\r"
    "OBX|2|NM|2002-2^Other^LN||4.50|mg/dL^mg/dL^UCUM|1-100|ZZ|||F|||20260301090000\r"
)


def made(text: str = MESSAGE, sender: Sender = SENDER, **more: Any) -> Conversion:
    return convert(parse(text.encode()), sender, restore=restoring("2.5.1"), **more)


def forgotten() -> None:
    memory._memory.cache_clear()


def test_what_is_said_again_becomes_the_same() -> None:
    forgotten()
    first = made()

    assert made() == first
    assert made() == first


def test_what_is_done_to_one_result_changes_no_other() -> None:
    forgotten()
    first, second, third = made(), made(), made()
    before = repr(third.bundle)
    for conversion in (first, second):
        for upsert in conversion.upserts:
            _spoil(upsert.resource)

    assert repr(third.bundle) == before
    assert repr(made().bundle) == before


def test_a_code_that_nobody_knows_is_told_of_each_message() -> None:
    forgotten()
    first = made()

    assert first.unknown_codes
    assert made().unknown_codes == first.unknown_codes


def test_an_answer_holds_for_what_was_said_before_it() -> None:
    forgotten()
    asked = made().unknown_codes[0]
    answers = {(asked.vocabulary, asked.code): ("H", "http://answer.example", "High")}

    answered = made(answers=answers)

    assert asked not in answered.unknown_codes
    assert "http://answer.example" in repr(answered.bundle)
    assert asked in made().unknown_codes


def test_each_sender_has_authorities_and_a_zone_of_its_own() -> None:
    forgotten()
    made()

    other = made(sender=replace(SENDER, authorities={"HOSP": "urn:oid:1.2.3"}))

    assert "urn:oid:1.2.3" in repr(other.bundle)
    assert "urn:oid:1.2.3" not in repr(made().bundle)


def test_no_long_text_stays_in_memory() -> None:
    forgotten()
    name = "x" * (memory.LONGEST + 1)
    made(MESSAGE.replace("Doe^Jane", f"{name}^Jane"))
    made(MESSAGE.replace("24323-8^Panel", f"24323-8^{name}"))

    known = _memory()
    assert known.values
    assert not any(name in repr(text) for _, text in known.values)


def test_memory_ends() -> None:
    known = memory.Memory()
    rule: Any = object()
    for number in range(memory.MOST + 10):
        known.keep(rule, ((str(number),),), {"value": number})

    assert len(known.values) <= memory.MOST
    assert known.find(rule, ((str(memory.MOST + 9),),)) == {"value": memory.MOST + 9}


def _memory() -> memory.Memory:
    zone = _zone(seen(parse(MESSAGE.encode()).segments[0]), SENDER)
    return memory.memory(zone, SENDER.authorities, {}, restoring("2.5.1"))


def _spoil(value: Any) -> None:
    """Change everything in a resource."""
    for part in list(value.values() if isinstance(value, dict) else value):
        if isinstance(part, dict | list):
            _spoil(part)
    if isinstance(value, dict):
        value["spoilt"] = True
    else:
        value.append("spoilt")
