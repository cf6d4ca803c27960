"""hl7apy reads the same messages: fields and groups are the same, but for differences that are explained.

hl7apy groups by the message's version, we by one structure for all: its groups have to be a part of ours.
"""

from __future__ import annotations

import warnings

import pytest

from hl7v2_gateway import er7
from hl7v2_gateway.grammar import grouped, structure
from hl7v2_gateway.grammar.syntax import Node

parser = pytest.importorskip(
    "hl7apy.parser", reason="hl7apy, a dependency of development, isn't here"
)

MESSAGES = {
    ("ORU^R01^ORU_R01", "2.5.1"): (
        "PID|1||7^^^A&1.2&ISO^MR~8^^^B||Doe^J\\T\\J^^^Dr||19700101|F|||1 High St^^Town^^9\n"
        "PV1|1|I|W^1^1\nORC|RE|1|2\nOBR|1|1|2|X^Y^L|||202601010101\nNTE|1||a \\F\\ b\n"
        "OBX|1|NM|a^b^LN||5.1|mg/dl^^UCUM|1-9|H|||F\nNTE|1||note\nOBX|2|TX|c^d^LN||text|||N|||F\n"
        "OBR|2|1|3|Z^Y^L\nOBX|1|NM|e^f^LN||1|||||F\nSPM|1|^4||BLD^Blood"
    ),
    (
        "ORU^R01^ORU_R01",
        "2.4",
    ): "PID|||7||Doe\nPV1||I\nOBR|1||2|X\nOBX|1|ST|a||b|||||F\nOBX|2|ST|a||c|||||F",
    ("ADT^A01^ADT_A01", "2.5"): (
        "EVN||20260101\nPID|1||7||Doe^J\nPD1|||X^^1\nROL|1|AD|PP|1^A\nNK1|1|Roe^B|SPO\nPV1|1|I|W^1\n"
        "PV2|||X^Y\nOBX|1|NM|a^b||1|||||F\nAL1|1|DA|X^Y\nDG1|1||I10\nPR1|1||X||20260101\n"
        "IN1|1|P|C|Company\nIN2|1\nIN1|2|Q|D|Other"
    ),
    ("ADT^A40^ADT_A39", "2.5.1"): "EVN|A40|20260101\nPID|1||7\nMRG|9^^^A\nPID|2||8\nMRG|10",
    ("VXU^V04^VXU_V04", "2.5.1"): (
        "PID|1||7||Doe\nNK1|1|Roe|MTH\nORC|RE||1\nRXA|0|1|20260101||141^Flu^CVX|0.5|mL\nRXR|IM\n"
        "OBX|1|CE|64994-7^E^LN||V01|||||F\nNTE|1||ok\nORC|RE||2\nRXA|0|1|20260101||08^HepB^CVX|1|mL"
    ),
    ("SIU^S12^SIU_S12", "2.5"): (
        "SCH|1|2||||X^Y\nPID|1||7\nPV1|1|O\nRGS|1|A\nAIS|1|A|S^T\nNTE|1||x\nAIG|1|A|G\nAIL|1|A|L^1\nAIP|1|A|3^D"
    ),
    (
        "MDM^T02^MDM_T02",
        "2.6",
    ): "EVN||20260101\nPID|1||7\nPV1|1|I\nTXA|1|DS|TX|||||||||4\nOBX|1|TX|a||b|||||F",
    (
        "ORM^O01",
        "2.3.1",
    ): "PID|||7\nPV1||I\nORC|NW|1\nOBR|1|1||X\nNTE|1||a\nOBX|1|ST|a||b|||||F\nORC|NW|2\nOBR|2|2||Y",
    (
        "OML^O21^OML_O21",
        "2.5.1",
    ): "PID|||7\nORC|NW|1\nOBR|1|1||X\nOBX|1|ST|a||b|||||F\nSPM|1|||BLD\nORC|NW|2\nOBR|2|2||Y",
    (
        "RDE^O11^RDE_O11",
        "2.5",
    ): "PID|||7\nORC|NW|1\nRXE|^^^20260101|D^E|1||mg\nTQ1|1\nRXR|PO\nORC|NW|2\nRXE|^^^20260101|F^G|1||mg\nTQ1|1\nRXR|PO",
}


PRIOR = ("ORDER", "OBSERVATION_REQUEST", "PRIOR_RESULT", "ORDER_PRIOR")
EXPLAINED = {
    # The standard lets an earlier result begin without its patient. hl7apy takes every second order for
    # one; we take it for an order.
    ("OML^O21^OML_O21", "2.5.1"): {
        (PRIOR, "ORC"): ("ORDER",),
        (PRIOR, "OBR"): ("ORDER", "OBSERVATION_REQUEST"),
    },
    # The timing that follows RXE is the one of what was encoded; hl7apy takes the first that there is.
    ("RDE^O11^RDE_O11", "2.5"): {(("ORDER", "TIMING"), "TQ1"): ("ORDER", "TIMING_ENCODED")},
}
"""Where hl7apy puts a segment, and where it belongs."""


def groups_of(node: Node) -> set[str]:
    found = set()
    for child in node.children:
        if child.is_group:
            found |= {child.name} | groups_of(child)
    return found


def theirs(element, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    found = []
    for child in element.children:
        if child.classname == "Group":
            found += theirs(child, (*path, child.name.split("_", 2)[2]))
        else:
            found.append((path, child.name))
    return found


@pytest.mark.parametrize(("type_", "version"), list(MESSAGES))
def test_groups_are_those_of_a_second_parser(type_: str, version: str) -> None:
    body = MESSAGES[type_, version]
    raw = f"MSH|^~\\&|A|B|C|D|20260101||{type_}|1|P|{version}\n{body}\n".replace("\n", "\r")
    root = grouped(er7.parse(raw.encode()))
    known = groups_of(structure(root.name, version))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = parser.parse_message(raw, find_groups=True, validation_level=2)

    explained = EXPLAINED.get((type_, version), {})
    assert [
        (tuple(name for name in placed.path.split(".")[1:-1] if name in known), placed.name)
        for _, placed in root.walk()
    ] == [(explained.get((path, name), path), name) for path, name in theirs(other, ())]
    assert not root.problems


@pytest.mark.parametrize(("type_", "version"), list(MESSAGES))
def test_fields_are_those_of_a_second_parser(type_: str, version: str) -> None:
    body = MESSAGES[type_, version]
    raw = f"MSH|^~\\&|A|B|C|D|20260101||{type_}|1|P|{version}\n{body}\n".replace("\n", "\r")
    ours = er7.parse(raw.encode())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = parser.parse_message(raw, find_groups=False, validation_level=2)

    for mine, its in zip(ours.segments, other.children, strict=True):
        for field in mine.fields[2:] if mine.name == "MSH" else mine.fields:
            repetitions = [f.to_er7() for f in getattr(its, f"{mine.name}_{field.number}".lower())]
            assert [r.raw for r in field.repetitions] == [r for r in repetitions if r or field.raw]
