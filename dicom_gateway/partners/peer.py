"""A system that sends instances here, asks for them, or is sent them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from dicom_gateway.partners.members import ae_title, members
from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource
from fhirserver.partners import Members, chosen, fingerprints, networks, zone

CONNECTION_TYPE: Final = "dicom-dimse"
"""The code of `Endpoint.connectionType`; that of the standard's list knows DICOMweb only."""

MAY: Final = frozenset(["store", "commit", "find", "move", "get", "worklist", "mpps"])
SEES: Final = frozenset(["none", "sent", "all"])
SCHEMES: Final = frozenset(["dicom", "dicoms"])


@dataclass(frozen=True, slots=True)
class Peer:
    """How it is known, what it may, and how it is reached.

    `id` is that of its Endpoint. `addresses` are networks that it calls from (none is any),
    `certificates` SHA-256 fingerprints, of which it has to show one if there are any. `may` is a
    part of MAY; everybody who is known may C-ECHO. `sees`: of what is kept here `none`, what it
    `sent`, or `all`. `patient_system` is the system of its PatientIDs without an issuer, `issuers`
    give that of an issuer of patient ids, `accession_system` that of its accession numbers.
    `host` and `port` are where it listens; None for who only calls.
    """

    id: str
    name: str
    ae_title: str
    addresses: tuple[str, ...] = ()
    certificates: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    sees: str = "none"
    patient_system: str | None = None
    issuers: Mapping[str, str] = field(default_factory=dict, hash=False)
    accession_system: str | None = None
    time_zone: str | None = None
    charset: str | None = None
    clearances: frozenset[str] = frozenset()
    host: str | None = None
    port: int | None = None
    is_tls: bool = False

    @property
    def subject(self) -> str:
        """Who it is as a principal, and in the record."""
        return f"dicom:{self.id}"

    @property
    def is_bound(self) -> bool:
        """Whether it is known by more than its AE title."""
        return bool(self.certificates or self.addresses)


def peer_of(endpoint: Resource) -> Peer | None:
    """The peer that an Endpoint is; None for one that is none, or not active.

    Raises errors.Invalid for one that says what can't be used.
    """
    if endpoint.get("resourceType") != "Endpoint":
        return None
    if endpoint.get("connectionType", {}).get("code") != CONNECTION_TYPE:
        return None
    found = members(endpoint)
    if found is None or endpoint.get("status") not in {"active", "test"}:
        return None
    host, port, is_tls = _place(endpoint.get("address", ""))
    return Peer(
        id=endpoint["id"],
        name=endpoint.get("name") or endpoint["id"],
        ae_title=ae_title(found.text("ae-title")),
        addresses=networks(found),
        certificates=fingerprints(found),
        may=_may(found),
        sees=chosen(found.text("sees", "none"), SEES, "sees"),
        patient_system=found.text("patient-system") or None,
        issuers=found.pairs("issuer", "name", "system"),
        accession_system=found.text("accession-system") or None,
        time_zone=zone(found),
        charset=found.text("charset") or None,
        clearances=frozenset(found.texts("clearance")),
        host=host,
        port=port,
        is_tls=is_tls,
    )


def _may(found: Members) -> frozenset[str]:
    return frozenset(chosen(one, MAY, "may") for one in found.texts("may"))


def _place(address: str) -> tuple[str | None, int | None, bool]:
    """Host, port and whether by TLS; without a host it is only a caller."""
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError as error:
        raise Invalid("address is not dicom://HOST:PORT or dicoms://HOST:PORT") from error
    if url.scheme not in SCHEMES or (host is None) != (port is None):
        raise Invalid("address is not dicom://HOST:PORT or dicoms://HOST:PORT")
    return host, port, url.scheme == "dicoms"
