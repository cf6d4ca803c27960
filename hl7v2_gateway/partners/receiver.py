"""A system that HL7 v2 messages are sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource
from fhirserver.partners import Members, chosen, fingerprints, zone
from hl7v2_gateway.partners.members import members
from hl7v2_gateway.partners.sender import PROCESSING

VERSIONS: Final = frozenset(
    ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1",
     "2.8.2"]
)  # fmt: skip
STANDARD_DELIMITERS: Final = "|^~\\&"
MODES: Final = frozenset(["original", "enhanced"])
AFTER_REJECTION: Final = frozenset(["skip", "stop"])
FEWEST_DELIMITERS: Final = 5
MOST_DELIMITERS: Final = 6


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where it listens, what it wants, and how that is written.

    `events` are such as `ADT^A08`, or `ADT` for all of these; empty is everything. `code_maps` give
    a ConceptMap for a system of codes. `sender` is the id of the same system as a sender, which
    isn't told what came from it. `after_rejection`: whether a message that it rejects for good is
    left out (`skip`), or holds up what is behind it until an operator decides (`stop`).
    `clearances` are security labels that it may see, such as R or HIV.
    """

    id: str
    name: str
    host: str
    port: int
    is_tls: bool = False
    certificate: str | None = None
    application: str = ""
    facility: str = ""
    sending_application: str = "FHIRSERVER"
    sending_facility: str = ""
    version: str = "2.5.1"
    delimiters: str = STANDARD_DELIMITERS
    charset: str = "UNICODE UTF-8"
    time_zone: str | None = None
    processing: str = "P"
    events: frozenset[str] = frozenset()
    code_maps: Mapping[str, str] = field(default_factory=dict, hash=False)
    overlays: tuple[str, ...] = ()
    acknowledgement: str = "original"
    timeout_seconds: float = 30.0
    sender: str | None = None
    after_rejection: str = "skip"
    clearances: frozenset[str] = frozenset()

    def wants(self, event: str) -> bool:
        """Whether it is to be told of an event.

        >>> Receiver("1", "LIS", "lis", 2575, events=frozenset(["ADT"])).wants("ADT^A08")
        True
        """
        return not self.events or not self.events.isdisjoint((event, event.partition("^")[0]))


def receiver_of(endpoint: Resource) -> Receiver | None:
    """The receiver that an Endpoint is; None for one that is none, or not active.

    Raises errors.Invalid for one that says what can't be used.
    """
    found = members(endpoint, "receiver")
    if found is None or endpoint.get("status") not in {"active", "test"}:
        return None
    host, port, is_tls = _place(endpoint.get("address", ""))
    return Receiver(
        id=endpoint["id"],
        name=endpoint.get("name") or endpoint["id"],
        host=host,
        port=port,
        is_tls=is_tls,
        certificate=next(iter(fingerprints(found)), None),
        application=found.text("application"),
        facility=found.text("facility"),
        sending_application=found.text("sending-application", "FHIRSERVER"),
        sending_facility=found.text("sending-facility"),
        version=chosen(found.text("version", "2.5.1"), VERSIONS, "version"),
        delimiters=_delimiters(found),
        charset=found.text("charset", "UNICODE UTF-8"),
        time_zone=zone(found),
        processing=chosen(found.text("processing-id", "P"), PROCESSING, "processing-id"),
        events=frozenset(found.texts("event")),
        code_maps=found.pairs("code-map", "system", "map"),
        overlays=found.texts("overlay"),
        acknowledgement=chosen(found.text("acknowledgement", "original"), MODES, "acknowledgement"),
        timeout_seconds=float(found.text("timeout-seconds", "30")),
        sender=_sender(found),
        after_rejection=chosen(
            found.text("after-rejection", "skip"), AFTER_REJECTION, "after-rejection"
        ),
        clearances=frozenset(found.texts("clearance")),
    )


def _place(address: str) -> tuple[str, int, bool]:
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        host = port = None
    if host is None or port is None or url.scheme not in {"mllp", "mllps"}:
        raise Invalid("address is not mllp://HOST:PORT or mllps://HOST:PORT")
    return host, port, url.scheme == "mllps"


def _delimiters(found: Members) -> str:
    written = found.text("delimiters", STANDARD_DELIMITERS)
    is_usable = len(set(written)) == len(written) and all(
        c.isascii() and c.isprintable() and not c.isalnum() and c != " " for c in written
    )
    if not FEWEST_DELIMITERS <= len(written) <= MOST_DELIMITERS or not is_usable:
        raise Invalid("delimiters are not five or six different signs, such as |^~\\&")
    return written


def _sender(found: Members) -> str | None:
    references = found.all("sender")
    if not references or not isinstance(references[0], dict):
        return None
    return str(references[0].get("reference", "")).rpartition("/")[2] or None
