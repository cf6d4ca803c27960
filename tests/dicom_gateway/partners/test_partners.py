"""Endpoints that are DICOM peers."""

from __future__ import annotations

import pytest

from dicom_gateway.partners import Call, Directory, identified, open_peer, peer_of
from fhirserver.errors import Invalid
from tests.dicom_gateway.dimse.peers import an_endpoint


def an_entry(title="CT1", id_="1", **members):
    return {**an_endpoint(title, **members), "id": id_}


def test_an_endpoint_tells_all_of_a_peer() -> None:
    peer = peer_of(
        an_entry(may=["store", "find"], sees="sent", port=104, tls=True, address="10.0.0.0/8",
                 time_zone="Europe/Berlin", patient_system="urn:oid:1.2.3", clearance="R")
    )  # fmt: skip

    assert peer is not None
    assert (peer.ae_title, peer.host, peer.port, peer.is_tls) == ("CT1", "127.0.0.1", 104, True)
    assert peer.may == {"store", "find"}
    assert (peer.sees, peer.time_zone, peer.patient_system) == (
        "sent", "Europe/Berlin", "urn:oid:1.2.3",
    )  # fmt: skip
    assert peer.subject == "dicom:1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "A" * 17},
        {"title": "A\\B"},
        {"may": ["everything"]},
        {"sees": "much"},
        {"certificate": "abc"},
        {"address": "here"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_what_cannot_be_used_is_said(wrong) -> None:
    with pytest.raises(Invalid):
        peer_of(an_entry(**wrong))


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "off"},
        {"connectionType": {"code": "dicom-wado-rs"}},
        {"extension": []},
        {"resourceType": "Device"},
    ],
)
def test_others_are_no_peers(changed) -> None:
    assert peer_of({**an_entry(), **changed}) is None


def test_who_shows_a_certificate_wins_over_who_is_known_by_its_title_only() -> None:
    plain = peer_of(an_entry(id_="1"))
    bound = peer_of(an_entry(id_="2", certificate="ab" * 32))
    assert plain is not None
    assert bound is not None

    assert identified([plain, bound], Call("CT1", "10.0.0.1", "ab" * 32)) == bound
    assert identified([plain, bound], Call("CT1", "10.0.0.1")) == plain
    assert identified([bound], Call("CT1", "10.0.0.1")) is None
    assert identified([plain], Call("ct1", "10.0.0.1")) is None


def test_titles_of_strangers_never_get_the_same_id() -> None:
    titles = ["CT 1", "CT-1", "CT_1", "CT\xe4"]

    assert len({open_peer(Call(t)).id for t in titles}) == len(titles)


def test_an_unusable_entry_does_not_keep_out_the_others() -> None:
    entries = [an_entry("A", "1", sees="much"), an_entry("B", "2")]

    directory = Directory(lambda kind: entries)

    assert [p.ae_title for p in directory.known()] == ["B"]
    assert directory.named("2") is not None
    assert directory.titled("B") is None
