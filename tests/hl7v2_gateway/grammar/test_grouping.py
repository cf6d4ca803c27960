"""Segments find their groups: in messages that are right, and in those that senders send."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hl7v2_gateway import er7
from hl7v2_gateway.grammar import Group, grouped


def tree(type_: str, *names: str, version: str = "2.5.1") -> Group:
    lines = [f"MSH|^~\\&|||||||{type_}|1|P|{version}", *(f"{name}|" for name in names)]
    return grouped(er7.parse("\r".join(lines).encode()))


def outline(group: Group) -> str:
    """The tree as text: groups in parentheses, stray segments with a star."""
    return " ".join(
        f"({child.name} {outline(child)})"
        if isinstance(child, Group)
        else child.name + "*" * child.is_stray
        for child in group.children
    )


def test_results_are_grouped_by_patient_order_and_observation() -> None:
    root = tree(
        "ORU^R01", *"PID PV1 ORC OBR NTE OBX NTE OBX ORC OBR OBX SPM OBX PID OBR OBX".split()
    )

    assert outline(root) == (
        "MSH"
        " (PATIENT_RESULT (PATIENT PID (VISIT PV1))"
        " (ORDER_OBSERVATION (COMMON_ORDER ORC) OBR NTE (OBSERVATION OBX NTE) (OBSERVATION OBX))"
        " (ORDER_OBSERVATION (COMMON_ORDER ORC) OBR (OBSERVATION OBX)"
        " (SPECIMEN SPM (SPECIMEN_OBSERVATION OBX))))"
        " (PATIENT_RESULT (PATIENT PID) (ORDER_OBSERVATION OBR (OBSERVATION OBX)))"
    )
    assert root.problems == ()


@pytest.mark.parametrize("version", ["2.1", "2.3", "2.3.1", "2.5.1", "2.8.2", "2.9", "nonsense"])
def test_paths_are_the_same_in_every_version(version: str) -> None:
    root = tree("ORU^R01", "PID", "OBR", "OBX", version=version)

    assert [placed.path for _, placed in root.walk()] == [
        "ORU_R01.MSH",
        "ORU_R01.PATIENT_RESULT.PATIENT.PID",
        "ORU_R01.PATIENT_RESULT.ORDER_OBSERVATION.OBR",
        "ORU_R01.PATIENT_RESULT.ORDER_OBSERVATION.OBSERVATION.OBX",
    ]


def test_groups_know_their_number_and_their_parent() -> None:
    root = tree("ORU^R01", *"PID OBR OBX OBX OBR OBX".split())

    orders = root.below("ORU_R01.PATIENT_RESULT.ORDER_OBSERVATION")

    assert [order.number for order in orders] == [1, 2]
    assert [group.number for group in orders[0].groups("OBSERVATION")] == [1, 2]
    assert orders[1].parent is root.groups("PATIENT_RESULT")[0]
    assert orders[1].first("OBR").sequence == 2


@pytest.mark.parametrize(
    ("type_", "names", "expected"),
    [
        (
            "ADT^A08",
            "EVN PID PD1 ROL PRT NK1 NK1 PV1 PV2 ROL OBX PRT AL1 DG1 PR1 ROL PRT PR1 GT1 IN1 IN2 RF1 IN1",
            "MSH EVN PID PD1 ROL PRT (NEXT_OF_KIN NK1) (NEXT_OF_KIN NK1) PV1 PV2 ROL (OBSERVATION OBX PRT)"
            " AL1 DG1 (PROCEDURE PR1 ROL PRT) (PROCEDURE PR1) GT1 (INSURANCE IN1 IN2 (REFERRAL RF1))"
            " (INSURANCE IN1)",
        ),
        (
            "ADT^A40^ADT_A39",
            "EVN PID PD1 MRG PV1 PID MRG",
            "MSH EVN (PATIENT PID PD1 MRG PV1) (PATIENT PID MRG)",
        ),
        ("ADT^A17", "EVN PID PV1 PID PV1", "MSH EVN PID PV1 PID PV1"),
        (
            "VXU^V04^VXU_V04",
            "PID NK1 ORC RXA RXR OBX NTE OBX ORC RXA",
            "MSH PID NK1 (ORDER ORC RXA RXR (OBSERVATION OBX NTE) (OBSERVATION OBX)) (ORDER ORC RXA)",
        ),
        (
            "ORM^O01",
            "PID PV1 IN1 ORC OBR NTE DG1 OBX ORC RXO",
            "MSH (PATIENT PID (PATIENT_VISIT PV1) (INSURANCE IN1))"
            " (ORDER ORC (ORDER_DETAIL (CHOICE OBR) NTE DG1 (OBSERVATION OBX)))"
            " (ORDER ORC (ORDER_DETAIL (CHOICE RXO)))",
        ),
        (
            "OML^O21",
            "PID ORC OBR OBX ORC OBR SPM SAC PID ORC OBR OBX",
            "MSH (PATIENT PID) (ORDER ORC (OBSERVATION_REQUEST OBR (OBSERVATION OBX)))"
            " (ORDER ORC (OBSERVATION_REQUEST OBR (SPECIMEN SPM (CONTAINER SAC))"
            " (PRIOR_RESULT (PATIENT_PRIOR PID) (ORDER_PRIOR ORC OBR (OBSERVATION_PRIOR OBX)))))",
        ),
        (
            "SIU^S12",
            "SCH NTE PID PV1 RGS AIS NTE AIG AIL AIP RGS AIS",
            "MSH SCH NTE (PATIENT PID PV1)"
            " (RESOURCES RGS (SERVICE AIS NTE) (GENERAL_RESOURCE AIG) (LOCATION_RESOURCE AIL)"
            " (PERSONNEL_RESOURCE AIP)) (RESOURCES RGS (SERVICE AIS))",
        ),
        (
            "MDM^T02",
            "EVN PID PV1 ORC OBR TXA OBX OBX",
            "MSH EVN PID PV1 (COMMON_ORDER ORC OBR) TXA (OBSERVATION OBX) (OBSERVATION OBX)",
        ),
        (
            "RDE^O11",
            "PID ORC RXO RXR RXE TQ1 RXR RXC OBX ORC RXE RXR",
            "MSH (PATIENT PID) (ORDER ORC (ORDER_DETAIL RXO RXR) RXE (TIMING_ENCODED TQ1) RXR RXC"
            " (OBSERVATION OBX)) (ORDER ORC RXE RXR)",
        ),
        ("ACK", "MSA ERR", "MSH MSA ERR"),
    ],
)
def test_messages_that_are_right_are_grouped_as_the_standard_says(type_, names, expected) -> None:
    root = tree(type_, *names.split())

    assert outline(root) == expected
    assert [p.text for p in root.problems] == []


@pytest.mark.parametrize(
    ("type_", "names", "expected", "told"),
    [
        # A Z segment stays where it was.
        (
            "ORU^R01",
            "PID ZPI OBR OBX ZOB OBX",
            "MSH (PATIENT_RESULT (PATIENT PID ZPI*)"
            " (ORDER_OBSERVATION OBR (OBSERVATION OBX ZOB*) (OBSERVATION OBX)))",
            ["ZPI", "ZOB"],
        ),
        # A note of an order that comes before its OBR isn't one of the patient.
        (
            "ORU^R01",
            "PID ORC NTE OBR OBX",
            "MSH (PATIENT_RESULT (PATIENT PID)"
            " (ORDER_OBSERVATION (COMMON_ORDER ORC NTE*) OBR (OBSERVATION OBX)))",
            ["NTE"],
        ),
        # Nobody sent an OBR: the observation is the order's all the same.
        (
            "OML^O21",
            "PID ORC OBX",
            "MSH (PATIENT PID) (ORDER ORC (OBSERVATION_REQUEST (OBSERVATION OBX)))",
            ["OBX"],
        ),
        # A second OBR without ORC is another order.
        (
            "OML^O21",
            "PID ORC OBR OBX OBR OBX",
            "MSH (PATIENT PID) (ORDER ORC (OBSERVATION_REQUEST OBR (OBSERVATION OBX)))"
            " (ORDER (OBSERVATION_REQUEST OBR (OBSERVATION OBX)))",
            ["OBR(2)"],
        ),
        # So is a second vaccination.
        (
            "VXU^V04",
            "PID RXA RXR RXA",
            "MSH PID (ORDER RXA RXR) (ORDER RXA)",
            ["RXA", "RXA(2)"],
        ),
        # Out of order, but there is only one place for it.
        (
            "ADT^A01",
            "EVN PID PV1 NK1 DG1 AL1 GT1",
            "MSH EVN PID PV1 (NEXT_OF_KIN NK1) DG1 AL1 GT1",
            ["NK1", "AL1"],
        ),
        # A segment of another kind of message.
        ("ADT^A01", "EVN PID OBR PV1", "MSH EVN PID OBR* PV1", ["OBR"]),
        # Only one PV1 is allowed, two came: both are there.
        ("ADT^A01", "EVN PID PV1 PV1", "MSH EVN PID PV1 PV1", ["PV1(2)"]),
        # An optional group stays closed if what makes it one is nowhere (TXA of ORDER_DOCUMENT).
        (
            "ORU^R01",
            "PID ORC OBX",
            "MSH (PATIENT_RESULT (PATIENT PID) (ORDER_OBSERVATION (COMMON_ORDER ORC) (OBSERVATION OBX)))",
            ["OBX"],
        ),
    ],
)
def test_what_senders_do_wrong_is_placed_where_it_belongs_and_told(type_, names, expected, told):
    root = tree(type_, *names.split())

    assert outline(root) == expected
    assert [p.place.path for p in root.problems] == told


def test_a_message_of_unknown_type_is_one_group() -> None:
    root = tree("ZZZ^Z01", "PID", "ZXY")

    assert outline(root) == "MSH PID ZXY"
    assert [(p.code, p.place.path) for p in root.problems] == [("200", "MSH-9")]


def test_segments_that_a_group_has_twice_say_what_they_follow() -> None:
    root = tree("ADT^A01", *"EVN PID ROL PV1 ROL".split())

    paths = [placed.path for _, placed in root.walk() if placed.name == "ROL"]
    assert paths == ["ADT_A01:follow:PID.ROL", "ADT_A01:follow:PV1.ROL"]


NAMES = st.sampled_from(
    "PID PD1 NK1 PV1 PV2 ORC OBR OBX NTE SPM SAC TQ1 ROL PRT DG1 IN1 IN2 RXA RXR MRG ZZZ FT1 CTD MSH EVN".split()
)
TYPES = st.sampled_from(
    ["ORU^R01", "OML^O21", "ADT^A01", "VXU^V04", "ORM^O01", "ADT^A39", "RDE^O11", "X"]
)


@given(TYPES, st.lists(NAMES, max_size=25))
def test_whatever_the_order_every_segment_is_in_the_tree_once(type_: str, names: list[str]) -> None:
    root = tree(type_, *names)

    placed = [placed.segment.index for _, placed in root.walk()]
    assert sorted(placed) == list(range(len(names) + 1))
    assert outline(root) == outline(tree(type_, *names))


def test_a_long_message_takes_linear_time() -> None:
    def seconds(n: int) -> float:
        start = time.thread_time()
        tree("ORU^R01", "PID", *(["OBR", "OBX", "ZZZ", "AL1", "NTE"] * n))
        return time.thread_time() - start

    few = min(seconds(300) for _ in range(3))

    assert min(seconds(3_000) for _ in range(2)) < max(few * 40, 0.5)
