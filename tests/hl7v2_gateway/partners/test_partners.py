"""Senders and receivers, as their Endpoints say it."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver.errors import Invalid
from fhirserver.model import conformance
from hl7v2_gateway.partners import Call, Sender, identified, open_sender, receiver_of, sender_of
from hl7v2_gateway.partners.identifying import is_within

OURS = "https://fhirserver.example/StructureDefinition/"
PRINT = "ab" * 32


def an_endpoint(kind: str, *members: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An Endpoint with one of our extensions."""
    return {
        "resourceType": "Endpoint",
        "id": "lab",
        "status": "active",
        "name": "Laboratory",
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "hl7v2-mllp",
        },
        "payloadType": [{"text": "HL7 v2"}],
        "address": "mllp://127.0.0.1:2575",
        "extension": [{"url": f"{OURS}hl7v2-{kind}", "extension": list(members)}],
        **more,
    }


def member(name: str, value: Any, kind: str = "String") -> dict[str, Any]:
    """A member of it."""
    return {"url": name, f"value{kind}": value}


def test_a_sender_says_how_it_is_known_and_how_its_messages_are_read() -> None:
    authority = {
        "url": "authority",
        "extension": [
            member("name", "WEST"),
            member("system", "https://west.example/mrn", "Uri"),
        ],
    }
    nameless = {"url": "authority", "extension": [member("system", "urn:x", "Uri")]}
    endpoint = an_endpoint(
        "sender",
        member("application", "LAB"),
        member("facility", "WEST"),
        member("certificate", ":".join(["AB"] * 32)),
        member("address", "10.1.0.0/16"),
        member("time-zone", "Europe/Berlin", "Code"),
        member("charset", "8859/1", "Code"),
        member("processing-id", "P", "Code"),
        member("processing-id", "T", "Code"),
        authority,
        nameless,
        member("snapshot", "AL1", "Code"),
        member("overlay", "lab-2026"),
    )

    assert sender_of(endpoint) == Sender(
        id="lab",
        name="Laboratory",
        application="LAB",
        facility="WEST",
        certificates=frozenset([PRINT]),
        addresses=("10.1.0.0/16",),
        time_zone="Europe/Berlin",
        charset="8859/1",
        processing=frozenset("PT"),
        authorities={"WEST": "https://west.example/mrn", "": "urn:x"},
        snapshots=frozenset(["AL1"]),
        overlays=("lab-2026",),
    )
    assert receiver_of(endpoint) is None


def test_a_sender_that_is_off_is_none() -> None:
    endpoint = an_endpoint("sender", member("application", "LAB"), status="off")

    assert sender_of(endpoint) is None


@pytest.mark.parametrize(
    "wrong",
    [
        member("certificate", "12:34"),
        member("address", "10.1.0.0/99"),
        member("time-zone", "Europe/Nowhere", "Code"),
        member("processing-id", "X", "Code"),
    ],
    ids=lambda m: m["url"],
)
def test_what_cannot_be_used_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        sender_of(an_endpoint("sender", member("application", "LAB"), wrong))


def test_a_sender_without_a_mark_is_refused() -> None:
    with pytest.raises(Invalid, match="to be known by"):
        sender_of(an_endpoint("sender", member("facility", "WEST")))


def test_a_receiver_says_where_it_listens_and_what_it_wants() -> None:
    code_map = {
        "url": "code-map",
        "extension": [
            member("system", "http://loinc.org", "Uri"),
            member("map", "https://west.example/ConceptMap/tests", "Canonical"),
        ],
    }
    receiver = receiver_of(
        an_endpoint(
            "receiver",
            member("event", "ADT", "Code"),
            member("event", "ORU^R01", "Code"),
            member("version", "2.3", "Code"),
            member("delimiters", "|^~\\&#"),
            member("timeout-seconds", 5, "PositiveInt"),
            member("sender", {"reference": "Endpoint/lab"}, "Reference"),
            code_map,
            address="mllps://lis.west.example:6661",
        )
    )

    assert receiver is not None
    assert (receiver.host, receiver.port, receiver.is_tls) == ("lis.west.example", 6661, True)
    assert (receiver.version, receiver.delimiters) == ("2.3", "|^~\\&#")
    assert receiver.sender == "lab"
    assert receiver.timeout_seconds == 5
    assert receiver.code_maps == {"http://loinc.org": "https://west.example/ConceptMap/tests"}
    assert [receiver.wants(e) for e in ("ADT^A08", "ORU^R01", "SIU^S12")] == [True, True, False]


@pytest.mark.parametrize("address", ["http://lis:80", "mllp://lis", "mllp://lis:99999", ""])
def test_a_receiver_without_a_usable_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid, match="mllp://HOST:PORT"):
        receiver_of(an_endpoint("receiver", address=address))


@pytest.mark.parametrize("delimiters", ["|^~", "|^~\\^", "|^~\\A", "|^~\\&#!"])
def test_delimiters_that_would_be_misread_are_refused(delimiters: str) -> None:
    with pytest.raises(Invalid, match="delimiters"):
        receiver_of(an_endpoint("receiver", member("delimiters", delimiters)))


def test_a_certificate_binds_a_sender() -> None:
    lab = Sender("lab", "Lab", "LAB", certificates=frozenset([PRINT]))

    assert identified([lab], Call("LAB", "", certificate=PRINT)) == lab
    assert identified([lab], Call("LAB", "", certificate="cd" * 32)) is None
    assert identified([lab], Call("LAB", "")) is None


def test_the_application_must_be_the_one_that_the_certificate_is_bound_to() -> None:
    lab = Sender("lab", "Lab", "LAB", certificates=frozenset([PRINT]))

    assert identified([lab], Call("ADT", "", certificate=PRINT)) is None


def test_a_sender_comes_from_its_addresses() -> None:
    lab = Sender("lab", "Lab", "LAB", addresses=("10.1.0.0/16", "::1"))

    assert identified([lab], Call("LAB", "", address="10.1.2.3")) == lab
    assert identified([lab], Call("LAB", "", address="10.2.2.3")) is None
    assert identified([lab], Call("LAB", "")) is None
    assert is_within("::1", lab.addresses)


def test_the_one_that_says_more_wins() -> None:
    anywhere = Sender("a", "A", "LAB")
    west = Sender("b", "B", "LAB", "WEST")

    assert identified([anywhere, west], Call("LAB", "WEST")) == west
    assert identified([anywhere, west], Call("LAB", "EAST")) == anywhere


def test_open_senders_with_different_names_are_different() -> None:
    names = {
        open_sender(Call(*said)).id
        for said in [("A", "B"), ("A-B", ""), ("A^1", "B"), ("A ", "B"), ("", ""), ("A" * 99, "")]
    }

    assert len(names) == 6
    assert max(map(len, names)) <= 64


def test_the_profiles_of_partners_are_known() -> None:
    shipped = conformance.shipped()

    for name in ("hl7v2-partner", "hl7v2-sender", "hl7v2-receiver"):
        assert shipped.find("StructureDefinition", f"{OURS}{name}") is not None
