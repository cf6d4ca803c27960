"""Which acknowledgements are owed, and what they say in each version."""

from __future__ import annotations

import pytest

from hl7v2_gateway.acknowledging import ACCEPTED, Outcome, acknowledge, is_owed, modes, refuse
from hl7v2_gateway.er7 import Malformed, Place, Problem, parse

MISSING = Problem("101", Place("PID", 1, 3, 2, 4, 1), "is empty; it must identify the patient", "E")
LOCKED = Problem("206", Place("PID", 1), "is locked; send again", "E")
ODD = Problem("103", Place("PV1", 1, 2), "isn't known", "W")


def message(version="2.5.1", accept="", application="", event="ADT^A01^ADT_A01", rest=""):
    raw = (
        f"MSH|^~\\&|HIS^1.2^ISO|WARD|EHR|GHH|20260101||{event}|CTL7|P^T|{version}|||{accept}|{application}"
        f"||UNICODE UTF-8\r{rest}"
    )
    return parse(raw.encode())


@pytest.mark.parametrize(
    ("accept", "application", "verdict", "owed"),
    [
        ("", "", "accepted", ["original"]),
        ("", "", "rejected", ["original"]),
        ("AL", "AL", "accepted", ["accept", "application"]),
        ("AL", "NE", "accepted", ["accept"]),
        ("NE", "AL", "error", ["application"]),
        ("NE", "NE", "rejected", []),
        ("ER", "ER", "accepted", []),
        ("ER", "ER", "error", ["accept", "application"]),
        ("ER", "SU", "rejected", ["accept"]),
        ("SU", "ER", "accepted", ["accept"]),
        ("AL", "", "accepted", ["accept"]),
        ("", "AL", "accepted", ["application"]),
        ("al", "ne", "accepted", ["accept"]),
        ("??", "", "accepted", ["accept"]),
    ],
)
def test_conditions_decide_what_is_owed(accept, application, verdict, owed) -> None:
    asked = message(accept=accept, application=application)

    assert [m for m in ("original", "accept", "application") if is_owed(asked, m, verdict)] == owed


@pytest.mark.parametrize(
    ("event", "accept", "possible"),
    [
        ("ACK^A01^ACK", "", ()),
        ("ACK", "AL", ()),
        ("RSP^K22^RSP_K21", "", ()),
        ("RSP^K22^RSP_K21", "AL", ("accept",)),
        ("ORL^O22^ORL_O22", "", ()),
    ],
)
def test_answers_are_not_answered(event: str, accept: str, possible: tuple[str, ...]) -> None:
    assert modes(message(accept=accept, event=event, rest="MSA|AA|1\r")) == possible


@pytest.mark.parametrize(
    ("mode", "codes"),
    [
        ("original", ["AA", "AE", "AR"]),
        ("accept", ["CA", "CE", "CR"]),
        ("application", ["AA", "AE", "AR"]),
    ],
)
def test_codes_follow_mode_and_verdict(mode, codes) -> None:
    outcomes = [ACCEPTED, Outcome.of(MISSING, ODD), Outcome.of(MISSING, LOCKED)]

    assert [parse(acknowledge(message(), o, mode)).value("MSA-1") for o in outcomes] == codes


def test_warnings_alone_accept() -> None:
    assert Outcome.of(ODD).verdict == "accepted"


def test_the_header_goes_back_to_the_sender() -> None:
    ack = parse(acknowledge(message(), ACCEPTED))

    assert [ack.segments[0].field(n).raw for n in (3, 4, 5, 6)] == [
        "EHR",
        "GHH",
        "HIS^1.2^ISO",
        "WARD",
    ]
    assert ack.segments[0].field(9).raw == "ACK^A01^ACK"
    assert [ack.segments[0].field(n).raw for n in (11, 12, 15, 16, 18)] == [
        "P^T", "2.5.1", "", "", "UNICODE UTF-8",
    ]  # fmt: skip
    assert ack.value("MSA-2") == "CTL7"
    assert ack.header.control_id not in {"", "CTL7"}
    assert ack.header.sent.endswith("+0000")
    assert ack.problems == ()
    assert ack.header.problems() == ()


def test_an_acknowledgement_of_enhanced_mode_asks_for_none_itself() -> None:
    ack = parse(acknowledge(message(accept="AL"), ACCEPTED, "accept"))

    assert (ack.value("MSH-15"), ack.value("MSH-16")) == ("NE", "NE")


@pytest.mark.parametrize(
    ("version", "type_", "longest"),
    [
        ("2.1", "ACK", 20),
        ("2.2", "ACK^A01", 20),
        ("2.3", "ACK^A01", 20),
        ("2.3.1", "ACK^A01^ACK", 20),
        ("2.6", "ACK^A01^ACK", 20),
        ("2.7", "ACK^A01^ACK", 36),
        ("2.x", "ACK^A01^ACK", 20),
        ("", "ACK^A01^ACK", 20),
    ],
)
def test_the_type_and_the_id_follow_the_version(version: str, type_: str, longest: int) -> None:
    ack = parse(acknowledge(message(version), ACCEPTED))

    assert ack.segments[0].field(9).raw == type_
    assert len(ack.header.control_id) == longest
    assert ack.header.version == version


def test_a_message_without_event_gets_a_plain_acknowledgement() -> None:
    assert parse(acknowledge(message(event="ADT"), ACCEPTED)).segments[0].field(9).raw == "ACK"


def test_from_2_5_each_finding_has_its_place_in_an_err() -> None:
    ack = parse(acknowledge(message(), Outcome.of(MISSING, ODD)))

    assert [[e.field(n).raw for n in (1, 2, 3, 4, 8)] for e in ack.all("ERR")] == [
        ["", "PID^1^3^2^4^1", "101^Required field missing^HL70357", "E", MISSING.text],
        ["", "PV1^1^2", "103^Table value not found^HL70357", "W", ODD.text],
    ]
    assert ack.value("MSA-3") is None


def test_before_2_5_findings_are_in_msa_and_one_err() -> None:
    ack = parse(acknowledge(message("2.3"), Outcome.of(MISSING, ODD, LOCKED)))

    assert ack.value("MSA-3") == "PID-3(2).4.1: is empty; it must identify the patient"
    assert ack.first("MSA").field(6).raw == "101^Required field missing^HL70357"
    assert [e.field(1).raw for e in ack.all("ERR")] == [
        "PID^1^3^101&Required field missing&HL70357~PID^1^^206&Application record locked&HL70357"
    ]


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"MSH|^~\\&#|A", b"MSH|^~\\&#|"),
        (b"MSH$%~\\&$A", b"MSH$%~\\&$"),
        (b"MSH|^~|A", b"MSH|^~\\&|"),
        (b"MSH|~\\&|A", b"MSH|~\\&^|"),
        (b"MSH^~|\\&^A", b"MSH^~|\\&^"),
        (b"MSH||A", b"MSH|^~\\&|"),
    ],
)
def test_delimiters_are_the_senders(start: bytes, again: bytes) -> None:
    raw = acknowledge(parse(start), Outcome.of(MISSING))

    assert raw.startswith(again)
    assert parse(raw).first("ERR").value(3) == "101"


def test_the_senders_letters_come_back_in_the_senders_set() -> None:
    raw = "MSH|^~\\&|Müller||||||ADT^A01|1|P|2.5||||||8859/1".encode("iso8859-1")

    assert "|||Müller|" in acknowledge(parse(raw), ACCEPTED).decode("iso8859-1")


@pytest.mark.parametrize(
    ("raw", "control_id", "version"),
    [
        (b"", "", "2.5.1"),
        (b"garbage", "", "2.5.1"),
        (b"MSH|blah|A|B|C|D|||ADT^A01|77|P|2.3", "77", "2.3"),
        (b"MSH-10-Message\rPID", "", "2.5.1"),
        (b"MSH#id#A\xff\r" * 1000, "", "2.5.1"),
        (b"\x00" * 100, "", "2.5.1"),
    ],
)
def test_what_is_no_message_is_refused_all_the_same(raw, control_id, version) -> None:
    with pytest.raises(Malformed) as refused:
        parse(raw)

    ack = parse(refuse(raw, refused.value))

    assert ack.value("MSA-1") == "AR"
    assert (ack.value("MSA-2") or "") == control_id
    assert ack.header.version == version
    assert (ack.first("ERR") is None) == (version == "")


@pytest.mark.parametrize("control", ["A^1", "A~1&2", "A\\T\\1", "A"])
def test_the_control_id_is_repeated_as_it_was_sent(control) -> None:
    raw = f"MSH|^~\\&|HIS|WARD|||20260101||ADT^A01|{control}|P|2.5.1\r"
    ack = acknowledge(parse(raw.encode()), ACCEPTED)

    assert f"MSA|AA|{control}\r".encode() in ack
