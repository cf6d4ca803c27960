"""Messages over a real connection, to a receiver that behaves as told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fhirserver.egress import Egress
from hl7v2_gateway.partners import Receiver
from hl7v2_gateway.sending.client import Client, Identity, NotAnswered
from tests.peers.hl7_receiver import ack, hl7_receiver

LOCAL = Egress(allow_loopback=True)


def message(control: str) -> bytes:
    return f"MSH|^~\\&|A|B|C|D|20261129||ADT^A08|{control}|P|2.5.1\r".encode()


Make = Callable[..., Client]


@pytest.fixture
def client() -> Iterator[Make]:
    made: list[Client] = []

    def make(port: int, *, seconds: float = 20.0, egress: Egress = LOCAL) -> Client:
        receiver = Receiver("lab", "Lab", "127.0.0.1", port, timeout_seconds=seconds)
        made.append(Client(receiver, egress, Identity()))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_message_is_acknowledged_and_the_connection_kept(client: Make) -> None:
    with hl7_receiver() as peer:
        one = client(peer.port)

        for control in ("1", "2", "3"):
            answer, raw = one.send(message(control), control)
            assert (answer.code, answer.control) == ("AA", control)
            assert f"MSA|AA|{control}".encode() in raw

        assert peer.controls == ["1", "2", "3"]
        assert peer.connections == 1


def test_an_acknowledgement_of_another_message_does_not_count(client: Make) -> None:
    with hl7_receiver() as peer:
        peer.answer = lambda control: [ack("AR", "0"), "no HL7 at all", ack("AA", control)]

        answer, _ = client(peer.port).send(message("1"), "1")

    assert answer.code == "AA"


def test_one_that_comes_too_late_is_never_taken_for_the_next(client: Make) -> None:
    with hl7_receiver() as peer:
        peer.answer = lambda control: [] if control == "1" else [ack("AR", "1"), ack("AA", control)]
        one = client(peer.port, seconds=0.5)

        with pytest.raises(NotAnswered, match="in time"):
            one.send(message("1"), "1")
        answer, _ = client(peer.port).send(message("2"), "2")

        assert answer.code == "AA"
        with pytest.raises(NotAnswered):
            one.send(message("1"), "1")
        # Each attempt had a connection of its own.
        assert peer.connections == 3


def test_what_arrived_between_two_messages_closes_the_connection(client: Make) -> None:
    with hl7_receiver() as peer:
        peer.answer = lambda control: [ack("AA", control), ack("AA", "late")]
        one = client(peer.port)
        one.send(message("1"), "1")

        # Whether the second answer is there by now or comes with the next one, it isn't taken.
        answer, _ = one.send(message("2"), "2")

    assert answer.control == "2"


def test_a_receiver_that_hangs_up_has_not_taken_the_message(client: Make) -> None:
    with hl7_receiver() as peer:
        peer.answer = lambda control: [None]

        with pytest.raises(NotAnswered):
            client(peer.port).send(message("1"), "1")


def test_a_connection_that_was_closed_meanwhile_is_opened_again(client: Make) -> None:
    with hl7_receiver() as peer:
        peer.answer = lambda control: [ack("AA", control), None]
        one = client(peer.port)

        controls = []
        for control in ("1", "2"):
            for _ in range(5):
                try:
                    controls.append(one.send(message(control), control)[0].control)
                    break
                except NotAnswered:
                    continue

    assert controls == ["1", "2"]


def test_nobody_is_called_whom_the_operator_has_not_allowed(client: Make) -> None:
    with hl7_receiver() as peer:
        with pytest.raises(NotAnswered, match="may not be called"):
            client(peer.port, egress=Egress()).send(message("1"), "1")

        assert peer.connections == 0
