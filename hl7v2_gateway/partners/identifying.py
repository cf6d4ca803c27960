"""Which of the known senders a message is from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fhirserver.partners import is_within
from hl7v2_gateway.partners.sender import PROCESSING, Sender


@dataclass(frozen=True, slots=True)
class Call:
    """Who says to be calling: MSH-3 and MSH-4 as they stand, and what the connection shows.

    `certificate` is the SHA-256 fingerprint of the certificate that was shown and checked, `client`
    the OAuth client whose token was.
    """

    application: str
    facility: str
    address: str | None = None
    certificate: str | None = None
    client: str | None = None


def identified(senders: Sequence[Sender], call: Call) -> Sender | None:
    """The sender who calls, or None.

    What the connection shows decides first: a sender with certificates or clients must show one of
    them, and must come from its addresses. Of those who remain the one wins that says more of MSH-3
    and MSH-4.

    >>> adt = Sender("1", "ADT", "ADT", "WEST")
    >>> identified([adt], Call("ADT^1.2.3^ISO", "WEST")) == adt
    True
    >>> identified([adt], Call("ADT", "EAST")) is None
    True
    """
    found = [s for s in senders if _is_shown(s, call) and _is_named(s, call)]
    return max(found, key=_weight, default=None)


def open_sender(call: Call) -> Sender:
    """A sender that nobody has entered, where the site lets all in: known by what it says.

    >>> open_sender(Call("LAB", "WEST")).id
    'open-LAB-WEST'
    """
    said = f"{call.application}|{call.facility}"
    words = [re.sub(r"[^A-Za-z0-9.]", "", w.partition("^")[0]) for w in said.split("|")]
    name = "-".join(("open", *(w for w in words if w)))
    if name.removeprefix("open-") != said.replace("|", "-").strip("-") or len(name) > 60:
        # What the name leaves out must not make two systems one.
        name = f"{name[:40]}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
    return Sender(
        name, name, call.application.partition("^")[0], call.facility, processing=PROCESSING
    )


def _is_shown(sender: Sender, call: Call) -> bool:
    is_bound = bool(sender.certificates or sender.clients)
    if is_bound and not (call.certificate in sender.certificates or call.client in sender.clients):
        return False
    return not sender.addresses or is_within(call.address, sender.addresses)


def _is_named(sender: Sender, call: Call) -> bool:
    return _says(sender.application, call.application) and _says(sender.facility, call.facility)


def _says(wanted: str, field: str) -> bool:
    return not wanted or wanted in {field, field.partition("^")[0]}


def _weight(sender: Sender) -> tuple[bool, bool, bool, bool]:
    is_bound = bool(sender.certificates or sender.clients)
    return is_bound, bool(sender.application), bool(sender.facility), bool(sender.addresses)
