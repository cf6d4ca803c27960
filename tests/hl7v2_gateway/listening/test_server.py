"""Messages that come by MLLP are kept before they are acknowledged, whatever else comes."""

from __future__ import annotations

import hashlib
import ssl
import time
from pathlib import Path

import pytest

from fhirserver import ids
from fhirserver.keys.tls import Listener
from fhirserver.messages import Messages
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.er7 import parse
from hl7v2_gateway.framing import framed
from hl7v2_gateway.listening import Limits
from tests.hl7v2_gateway.conftest import Listen
from tests.hl7v2_gateway.v2 import a_message, a_sender, member
from tests.peers.authority import Authority


def kept(database: Database, control: str) -> list[str]:
    rows = database.read("SELECT state FROM hl7v2.message WHERE control = %s", (control,))
    return [row[0] for row in rows]


def test_a_message_is_kept_when_its_acknowledgement_comes(
    listen: Listen, database: Database
) -> None:
    control = ids.new()[-20:]
    with listen().connect() as client:
        ack = client.send(a_message(control=control))

    assert (ack.value("MSA-1"), ack.value("MSA-2")) == ("AA", control)
    assert kept(database, control) == ["waiting"]


def test_messages_that_come_at_once_are_answered_in_their_order(listen: Listen) -> None:
    controls = [ids.new()[-20:] for _ in range(100)]
    with listen().connect() as client:
        client.write(b"".join(framed(a_message(control=c)) for c in controls))
        answers = [parse(client.receive()).value("MSA-2") for _ in controls]

    assert answers == controls


def test_the_same_message_again_gets_the_same_acknowledgement(
    listen: Listen, database: Database
) -> None:
    control = ids.new()[-20:]
    message = a_message(control=control)
    listener = listen()
    with listener.connect() as client:
        first = client.send(message)
    with listener.connect() as client:
        second = client.send(message)

    assert first.raw == second.raw
    assert len(kept(database, control)) == 1


def test_another_message_under_the_same_control_id_is_rejected(
    listen: Listen, database: Database
) -> None:
    control = ids.new()[-20:]
    with listen().connect() as client:
        client.send(a_message(control=control))
        ack = client.send(a_message(control=control, patient="4712"))

    assert (ack.value("MSA-1"), ack.value("ERR-3")) == ("AR", "205")
    assert sorted(kept(database, control)) == ["refused", "waiting"]


@pytest.mark.parametrize("like", ["{}^1", "{0}" + "9" * 250 + "1", "{}&1"])
def test_control_ids_that_differ_anywhere_are_two_messages(listen: Listen, like: str) -> None:
    one = like.format(ids.new()[-20:])
    with listen().connect() as client:
        answers = [client.send(a_message(control=c)) for c in (one, one[:-1] + "2")]

    assert [a.value("MSA-1") for a in answers] == ["AA", "AA"]


def test_a_sender_that_waits_for_the_application_alone_is_told_that_nothing_will_come(
    listen: Listen,
) -> None:
    with listen().connect() as client:
        ack = client.send(a_message(acknowledge="NE|AL", version="9.9"))

    assert (ack.value("MSA-1"), ack.value("ERR-3")) == ("AR", "203")


def test_a_message_without_a_control_id_is_taken_once(listen: Listen) -> None:
    patient = ids.new()
    message = a_message(control="", patient=patient)
    with listen().connect() as client:
        first, second = client.send(message), client.send(message)

    assert first.value("MSA-1") == "AA"
    assert first.raw == second.raw


def test_what_is_no_message_is_answered_and_the_connection_goes_on(listen: Listen) -> None:
    with listen().connect() as client:
        client.write(b"\x00\xffjunk" + framed(b"\x00\x01 no message at all"))
        nak = parse(client.receive())
        ack = client.send(a_message())

    assert nak.value("MSA-1") == "AR"
    assert ack.value("MSA-1") == "AA"


def test_a_message_that_is_too_long_is_rejected_and_the_connection_goes_on(listen: Listen) -> None:
    control = ids.new()[-20:]
    long = a_message(control=control, more="OBX|1|ED|" + "A" * 100_000 + "\r")
    with listen(limits=Limits(message_bytes=50_000)).connect() as client:
        nak, ack = client.send(long), client.send(a_message())

    assert (nak.value("MSA-1"), nak.value("MSA-2")) == ("AR", control)
    assert ack.value("MSA-1") == "AA"


def test_a_large_document_is_kept_as_it_came(
    listen: Listen, messages: Messages, database: Database
) -> None:
    control = ids.new()[-20:]
    message = a_message(control=control, more="OBX|1|ED|" + "A" * 20_000_000 + "\r")
    with listen().connect() as client:
        ack = client.send(message)

    assert ack.value("MSA-1") == "AA"
    rows = database.read("SELECT id FROM hl7v2.message WHERE control = %s", (control,))
    found = messages.find(rows[0][0])
    assert found is not None
    assert found.raw == message


def test_a_sender_that_is_not_known_is_rejected(listen: Listen, database: Database) -> None:
    control = ids.new()[-20:]
    with listen([a_sender("lab", member("application", "LAB"))]).connect() as client:
        ack = client.send(a_message(control=control))

    assert ack.value("MSA-1") == "AR"
    assert kept(database, control) == ["refused"]


def test_a_test_message_does_not_get_in_where_only_production_is_taken(listen: Listen) -> None:
    with listen([a_sender(ids.new(), member("application", "ADT1"))]).connect() as client:
        test, production = client.send(a_message(processing="T")), client.send(a_message())

    assert (test.value("MSA-1"), test.value("ERR-3")) == ("AR", "202")
    assert production.value("MSA-1") == "AA"


@pytest.mark.parametrize(
    ("asked", "code"), [("AL|NE", "CA"), ("SU|AL", "CA"), ("ER|AL", None), ("NE|NE", None)]
)
def test_enhanced_mode_acknowledges_under_the_condition_that_was_asked_for(
    listen: Listen, asked: str, code: str | None
) -> None:
    control = ids.new()[-20:]
    with listen().connect() as client:
        client.write(framed(a_message(control=control, acknowledge=asked)) + framed(a_message()))
        first = parse(client.receive())

    if code is None:
        assert (first.value("MSA-1"), first.value("MSA-2") == control) == ("AA", False)
    else:
        assert (first.value("MSA-1"), first.value("MSA-2")) == (code, control)


def test_the_application_acknowledgement_follows_as_a_message_of_its_own(
    listen: Listen, messages: Messages, database: Database
) -> None:
    control = ids.new()[-20:]
    with listen().connect() as client:
        client.send(a_message(control=control, acknowledge="AL|AL", application=control))
        rows = database.read("SELECT id FROM hl7v2.message WHERE control = %s", (control,))
        messages.end(rows[0][0], "done", answer=b"MSH|^~\\&|FHIR\rMSA|AA|" + control.encode())
        answer = parse(client.receive())

    assert (answer.value("MSA-1"), answer.value("MSA-2")) == ("AA", control)


def test_an_acknowledgement_is_not_acknowledged(listen: Listen) -> None:
    with listen().connect() as client:
        client.write(framed(b"MSH|^~\\&|A|B|C|D|2026||ACK|1|P|2.5\rMSA|AA|7\r"))
        ack = client.send(a_message())

    assert ack.value("MSA-1") == "AA"
    assert ack.value("MSA-2") != "1"


def test_a_message_that_stops_in_its_middle_is_given_up(listen: Listen) -> None:
    with listen(limits=Limits(message_seconds=0.2)).connect() as client:
        client.write(b"\x0bMSH|^~\\&|A")

        assert client.is_cut_off()


def test_a_connection_without_messages_stays(listen: Listen) -> None:
    with listen(limits=Limits(message_seconds=0.1)).connect() as client:
        client.send(a_message())
        time.sleep(0.5)
        ack = client.send(a_message())

    assert ack.value("MSA-1") == "AA"


def test_an_address_that_is_not_allowed_is_cut_off(listen: Listen) -> None:
    with listen(limits=Limits(allowed=("10.0.0.0/8",))).connect() as client:
        assert client.is_cut_off()


def test_there_are_only_so_many_connections_from_one_address(listen: Listen) -> None:
    listener = listen(limits=Limits(per_address=1))
    with listener.connect() as client:
        client.send(a_message())
        with listener.connect() as other:
            assert other.is_cut_off()
        ack = client.send(a_message())

    assert ack.value("MSA-1") == "AA"


def test_what_came_before_the_listener_stopped_is_answered(listen: Listen) -> None:
    listener = listen()
    with listener.connect() as client:
        client.send(a_message())
        listener.stop()

        assert client.is_cut_off()


def tls_of(authority: Authority, show: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.path)
    if show is not None:
        context.load_cert_chain(show, show.with_suffix(".key"))
    return context


def fingerprint(certificate: Path) -> str:
    return hashlib.sha256(
        ssl.PEM_cert_to_DER_cert(
            certificate.read_text().split("-----END")[0] + "-----END CERTIFICATE-----\n"
        )
    ).hexdigest()


def test_a_sender_is_known_by_its_certificate(listen: Listen, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, lab, other = (
        authority.sign("server"),
        authority.sign("lab", is_client=True),
        authority.sign("other", is_client=True),
    )
    tls = Listener(
        Settings(),
        certificate=server,
        key=server.with_suffix(".key"),
        client_ca=authority.path,
    )
    listener = listen(
        [
            a_sender(
                ids.new(), member("application", "ADT1"), member("certificate", fingerprint(lab))
            )
        ],
        context=lambda: tls.context,
    )
    with listener.connect(tls=tls_of(authority, lab)) as client:
        own = client.send(a_message())
    with listener.connect(tls=tls_of(authority, other)) as client:
        foreign = client.send(a_message())

    assert (own.value("MSA-1"), foreign.value("MSA-1")) == ("AA", "AR")


def test_nobody_connects_without_a_certificate_where_one_is_wanted(
    listen: Listen, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    server = authority.sign("server")
    tls = Listener(
        Settings(), certificate=server, key=server.with_suffix(".key"), client_ca=authority.path
    )
    listener = listen(context=lambda: tls.context)

    with listener.connect(tls=tls_of(authority)) as client:
        assert client.is_cut_off()


def test_a_renewed_certificate_is_shown_while_others_stay_connected(
    listen: Listen, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    server = authority.sign("server")
    tls = Listener(Settings(), certificate=server, key=server.with_suffix(".key"))
    listener = listen(context=lambda: tls.context)
    with listener.connect(tls=tls_of(authority)) as before:
        before.send(a_message())
        authority.sign("server")
        with listener.connect(tls=tls_of(authority)) as after:
            after.send(a_message())

            assert isinstance(before.socket, ssl.SSLSocket)
            assert isinstance(after.socket, ssl.SSLSocket)
            assert before.socket.getpeercert() != after.socket.getpeercert()
        assert before.send(a_message()).value("MSA-1") == "AA"
