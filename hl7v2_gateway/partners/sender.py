"""A system that sends HL7 v2 messages here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource
from fhirserver.partners import chosen, fingerprints, networks, zone
from hl7v2_gateway.partners.members import members

# Table 0103, processing id.
PROCESSING: Final = frozenset("PTD")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, how it is known, and how its messages are read.

    `id` is what everything is kept under: it doesn't change when the system is given another
    `name`. `certificates` are SHA-256 fingerprints, `clients` OAuth clients: it has to show one of
    them, if there are any. `addresses` are networks; none stands for any. `authorities` give the
    system for the first or second component of CX-4, and for "" that of identifiers without an
    assigning authority. `snapshots` are segments of which a message has all that there are,
    `overlays` names of overlays over the mapping tables, the last wins.
    `clearances` are security labels that it may see when it asks, such as R or HIV.
    """

    id: str
    name: str
    application: str = ""
    facility: str = ""
    certificates: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()
    time_zone: str | None = None
    charset: str | None = None
    processing: frozenset[str] = frozenset("P")
    authorities: Mapping[str, str] = field(default_factory=dict, hash=False)
    snapshots: frozenset[str] = frozenset()
    overlays: tuple[str, ...] = ()
    clearances: frozenset[str] = frozenset()

    @property
    def is_bound(self) -> bool:
        """Whether it is known by more than what its messages say of themselves."""
        return bool(self.certificates or self.clients or self.addresses)

    @property
    def subject(self) -> str:
        """Who it is as a principal, and in the record."""
        return f"hl7v2:{self.id}"


def sender_of(endpoint: Resource) -> Sender | None:
    """The sender that an Endpoint is; None for one that is no sender, or no longer active.

    Raises errors.Invalid for one that says what can't be used.
    """
    found = members(endpoint, "sender")
    if found is None or endpoint.get("status") not in {"active", "test"}:
        return None
    processing = frozenset(found.texts("processing-id")) or frozenset("P")
    for one in processing:
        chosen(one, PROCESSING, "processing-id")
    application, certificates = found.text("application"), fingerprints(found)
    clients = frozenset(found.texts("client"))
    if not (application or certificates or clients):
        raise Invalid("a sender needs an application, a certificate or a client to be known by")
    return Sender(
        id=endpoint["id"],
        name=endpoint.get("name") or endpoint["id"],
        application=application,
        facility=found.text("facility"),
        certificates=certificates,
        clients=clients,
        addresses=networks(found),
        time_zone=zone(found),
        charset=found.text("charset") or None,
        processing=processing,
        authorities=found.pairs("authority", "name", "system"),
        snapshots=frozenset(found.texts("snapshot")),
        overlays=found.texts("overlay"),
        clearances=frozenset(found.texts("clearance")),
    )
