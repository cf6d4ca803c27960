"""What an acknowledgement says."""

from __future__ import annotations

import pytest

from hl7v2_gateway.sending.answers import answer_in
from tests.peers.hl7_receiver import ack


@pytest.mark.parametrize(
    ("code", "error", "verdict"),
    [
        ("AA", "", "accepted"),
        ("CA", "", "accepted"),
        ("AE", "", "again"),
        ("CE", "", "again"),
        ("AE", "207", "again"),
        ("AR", "206", "again"),
        ("AE", "101", "rejected"),
        ("AE", "204", "rejected"),
        ("AR", "", "rejected"),
        ("CR", "200", "rejected"),
        ("XX", "", "rejected"),
    ],
)
def test_the_code_and_the_error_decide(code: str, error: str, verdict: str) -> None:
    segments = [f"ERR||PID^1^3|{error}^text^HL70357|E"] if error else []

    answer = answer_in(ack(code, "C1", *segments).encode())

    assert answer is not None
    assert (answer.control, answer.verdict) == ("C1", verdict)


def test_errors_of_older_versions_are_understood() -> None:
    answer = answer_in(ack("AE", "C1", "ERR|PID^1^3^103&Table value not found&HL70357").encode())

    assert answer is not None
    assert answer.error == "103"


@pytest.mark.parametrize("raw", [b"", b"nothing", b"MSH|^~\\&|A|B|C|D|||ACK|1|P|2.5\r"])
def test_what_is_no_acknowledgement_is_none(raw: bytes) -> None:
    assert answer_in(raw) is None
