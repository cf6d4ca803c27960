"""Associations: who is let in, how many, and what ends them."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from conformance.faults.server import wait_until
from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse import pdus
from dicom_gateway.dimse.command import FIELD
from tests.dicom_gateway.dimse.conftest import Listen, Listening
from tests.dicom_gateway.dimse.peers import (
    CT,
    a_proposal,
    an_ae_title,
    an_instance,
    associate,
    raw_association,
    received,
)

EXPLICIT = "1.2.840.10008.1.2.1"
ECHO = "1.2.840.10008.1.1"
ABORTED = pdus.ABORT


def ending(connection: socket.socket) -> int | None:
    """The type of the PDU that ends an association; None when the connection is just closed."""
    try:
        head = connection.recv(1)
    except ConnectionResetError:
        return None
    return head[0] if head else None


def an_echo(number: int = 1) -> bytes:
    command = {"AffectedSOPClassUID": ECHO, "CommandField": FIELD["C-ECHO"], "MessageID": number}
    return commands.encoded({**command, "CommandDataSetType": commands.NO_DATASET})


def test_a_stranger_may_send_where_the_site_lets_all_in(listen: Listen) -> None:
    listening = listen(dicom_unknown_peers="accept")
    instance = an_instance()

    association = associate(listening.port, "STRANGER")
    status = association.send_c_store(instance).Status
    association.release()

    kept = listening.instances.instance(instance.SOPInstanceUID)
    assert status == 0x0000
    assert kept is not None
    assert kept.sender == "open-STRANGER"


def test_a_peer_is_bound_to_its_address(listening: Listening, enter: Callable[..., str]) -> None:
    elsewhere = enter(may=["store"], address="192.0.2.0/24")
    here = enter(may=["store"], address=["192.0.2.0/24", "127.0.0.0/8"])

    assert associate(listening.port, elsewhere).is_rejected
    association = associate(listening.port, here)
    assert association.is_established
    association.release()


def test_a_peer_that_is_entered_is_known_at_once(
    listening: Listening, enter: Callable[..., str]
) -> None:
    title = an_ae_title()
    assert associate(listening.port, title).is_rejected
    enter(title, may=["store"])

    association = associate(listening.port, title)
    assert association.is_established
    association.release()


def test_more_associations_than_the_limit_are_rejected_for_now(listen: Listen, sender: str) -> None:
    listening = listen(dicom_max_associations=2)
    first, second = (associate(listening.port, sender) for _ in range(2))

    third = associate(listening.port, sender)
    assert third.is_rejected
    answer = third.acceptor.primitive
    assert (answer.result, answer.result_source, answer.diagnostic) == (2, 3, 2)

    first.release()
    wait_until(lambda: _is_let_in(listening, sender), 30, "there is room again")
    second.release()


def test_one_peer_does_not_take_all_places(
    listen: Listen, enter: Callable[..., str], sender: str
) -> None:
    listening = listen(dicom_max_associations_per_peer=1)
    association = associate(listening.port, sender)

    assert associate(listening.port, sender).is_rejected
    assert _is_let_in(listening, enter(may=["store"]))
    association.release()


def _is_let_in(listening: Listening, title: str) -> bool:
    association = associate(listening.port, title)
    if association.is_established:
        association.release()
        return True
    return False


def test_addresses_that_are_not_allowed_are_not_listened_to(listen: Listen, sender: str) -> None:
    listening = listen(dicom_allowed="192.0.2.0/24")

    with socket.create_connection(("127.0.0.1", listening.port), 30) as connection:
        assert ending(connection) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        pdus.HEAD.pack(pdus.P_DATA, 4) + bytes(4),
        pdus.HEAD.pack(pdus.ASSOCIATE_RQ, 0xFFFFFFFF),
        pdus.HEAD.pack(pdus.ASSOCIATE_RQ, 68) + bytes(68),
        pdus.HEAD.pack(pdus.ASSOCIATE_RQ, 200) + b"\xff" * 200,
    ],
)
def test_what_is_no_proposal_is_aborted(listening: Listening, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", listening.port), 30) as connection:
        connection.sendall(raw)

        assert ending(connection) in {ABORTED, pdus.ASSOCIATE_RJ}


@pytest.mark.parametrize(
    "raw",
    [
        pdus.HEAD.pack(0x99, 4) + bytes(4),
        pdus.HEAD.pack(pdus.P_DATA, pdus.LARGEST + 1),
        pdus.HEAD.pack(pdus.P_DATA, 0xFFFFFFFF),
        pdus.HEAD.pack(pdus.P_DATA, 10) + struct.pack(">IBB", 500, 1, 3) + bytes(4),
        pdus.HEAD.pack(pdus.P_DATA, 10) + struct.pack(">IBB", 0, 1, 3) + bytes(4),
        pdus.HEAD.pack(pdus.P_DATA, 3) + bytes(3),
        pdus.command(99, an_echo(), 16_384),
        pdus.command(1, b"\x08\0\0\0\xff\xff\xff\xff", 16_384),
        b"".join(pdus.dataset(1, [b"no command"], 16_384)),
        pdus.HEAD.pack(pdus.RELEASE_RQ, 900) + bytes(4),
        a_proposal("AGAIN", ((ECHO, [EXPLICIT]),)),
    ],
)
def test_what_is_against_the_protocol_aborts_the_association_alone(
    listening: Listening, sender: str, raw: bytes
) -> None:
    other = associate(listening.port, sender, ECHO)
    with raw_association(listening.port, sender, (ECHO,)) as connection:
        connection.sendall(raw)

        assert ending(connection) == ABORTED
    assert other.send_c_echo().Status == 0x0000
    other.release()


def test_an_operation_that_a_context_does_not_have_is_unrecognized(
    listening: Listening, sender: str
) -> None:
    command = {"AffectedSOPClassUID": ECHO, "CommandField": FIELD["C-FIND"], "MessageID": 5}
    raw = commands.encoded({**command, "CommandDataSetType": commands.NO_DATASET})

    with raw_association(listening.port, sender, (ECHO,)) as connection:
        connection.sendall(pdus.command(1, raw, 16_384))
        _, length = pdus.HEAD.unpack(received(connection, 6))
        answer = commands.decoded(received(connection, length)[6:])

    assert answer["Status"] == 0x0211
    assert answer["MessageIDBeingRespondedTo"] == 5


def test_who_says_nothing_is_let_go_by_the_artim_timer(listen: Listen) -> None:
    listening = listen(dicom_artim_seconds=0.2)

    with socket.create_connection(("127.0.0.1", listening.port), 30) as connection:
        assert ending(connection) == ABORTED


def test_a_pdu_that_never_gets_whole_ends_the_association(listen: Listen, sender: str) -> None:
    listening = listen(dicom_network_seconds=0.3)

    with raw_association(listening.port, sender, (CT,)) as connection:
        connection.sendall(pdus.HEAD.pack(pdus.P_DATA, 1_000) + bytes(10))

        assert ending(connection) == ABORTED


def test_an_association_that_idles_too_long_is_aborted(listen: Listen, sender: str) -> None:
    listening = listen(dicom_idle_seconds=0.3)

    with raw_association(listening.port, sender, (CT,)) as connection:
        assert ending(connection) == ABORTED


def test_a_listener_that_stops_aborts_who_idles(listening: Listening, sender: str) -> None:
    with raw_association(listening.port, sender, (CT,)) as connection:
        listening.listener.server.stop()

        assert ending(connection) == ABORTED


def test_a_release_is_answered(listening: Listening, sender: str) -> None:
    with raw_association(listening.port, sender, (ECHO,)) as connection:
        connection.sendall(pdus.RELEASE)

        assert received(connection, len(pdus.RELEASED)) == pdus.RELEASED


def test_two_hundred_idle_associations_cost_nothing(listen: Listen, sender: str) -> None:
    """Less than 2 % of a core, for all threads of the listener together."""
    listening = listen(dicom_max_associations_per_peer=300)
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(raw_association(listening.port, sender, (ECHO,)))
        wait_until(lambda: _threads() > 200, 60, "all have begun")
        before, begun = _spent(), time.monotonic()
        time.sleep(3)
        used, elapsed = _spent() - before, time.monotonic() - begun

    assert used < 0.02 * elapsed


def _listening_threads() -> set[int | None]:
    return {t.native_id for t in threading.enumerate() if t.name.startswith("dicom-")}


def _threads() -> int:
    return len(_listening_threads())


def _spent() -> float:
    """Seconds of processor time of the listener's threads."""
    ours = _listening_threads()
    return sum(t.user_time + t.system_time for t in psutil.Process().threads() if t.id in ours)
