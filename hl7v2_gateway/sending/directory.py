"""The receivers that are known here, and what each wants: as Endpoints say it by now."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Invalid
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from hl7v2_gateway.outbound.wishes import Code, Target, Wishes
from hl7v2_gateway.partners import Receiver, Sender, receiver_of, sender_of

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 5.0


class Directory:
    """Who is sent to. What is changed holds after some seconds, or at once after `forget`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._read = float("-inf")
        self._receivers: tuple[Receiver, ...] = ()
        self._senders: Mapping[str, Sender] = {}
        self._wishes: dict[str, Wishes] = {}

    def receivers(self) -> tuple[Receiver, ...]:
        """All that are active."""
        self._refresh()
        return self._receivers

    def named(self, id_: str) -> Receiver | None:
        """The receiver with this id."""
        return next((r for r in self.receivers() if r.id == id_), None)

    def wishes(self, receiver: Receiver) -> Wishes:
        """How it wants its messages. Raises Invalid where what it names can't be used."""
        self._refresh()
        known = self._wishes.get(receiver.id)
        if known is None:
            known = self._made(receiver)
            self._wishes[receiver.id] = known
        return known

    def forget(self) -> None:
        """Look again before the next answer."""
        self._read = float("-inf")

    def _refresh(self) -> None:
        if time.monotonic() - self._read <= FRESH_SECONDS:
            return
        with self._lock:
            try:
                endpoints = looked_up(self._engine, "Endpoint", ("connection-type", "hl7v2-mllp"))
            except FhirError:
                if not self._receivers:
                    raise
                # As they were is better than nobody.
                return
            self._receivers = tuple(r for e in endpoints if (r := _receiver(e)) is not None)
            self._senders = {s.id: s for e in endpoints if (s := _sender(e)) is not None}
            self._wishes = {}
            self._read = time.monotonic()

    def _made(self, receiver: Receiver) -> Wishes:
        sender = self._senders.get(receiver.sender or "")
        authorities = {} if sender is None else sender.authorities
        return Wishes(
            application=receiver.application,
            facility=receiver.facility,
            sending_application=receiver.sending_application,
            sending_facility=receiver.sending_facility,
            version=receiver.version,
            delimiters=receiver.delimiters,
            charset=receiver.charset,
            time_zone=None if receiver.time_zone is None else ZoneInfo(receiver.time_zone),
            processing=receiver.processing,
            acknowledgement=receiver.acknowledgement,
            authorities={system: name for name, system in authorities.items() if name},
            codes=self._codes(receiver.code_maps),
            overlays=[self._overlay(name) for name in receiver.overlays],
        )

    def _codes(self, maps: Mapping[str, str]) -> dict[Code, Target]:
        found: dict[Code, Target] = {}
        for system, url in maps.items():
            concept_map = self._one("ConceptMap", url)
            for group in concept_map.get("group", ()):
                if group.get("source", system) != system:
                    continue
                for element in group.get("element", ()):
                    target = next(iter(element.get("target", ())), None)
                    if target is not None and target.get("code") and element.get("code"):
                        found[system, element["code"]] = Target(
                            target["code"], target.get("display"), _name(group.get("target"))
                        )
        return found

    def _overlay(self, name: str) -> Mapping[str, Any]:
        """An overlay is a Library with this name or url, whose content is the JSON."""
        library = self._one("Library", name)
        for content in library.get("content", ()):
            if content.get("data"):
                return json.parse_object(base64.b64decode(content["data"]))
        raise Invalid(f"the overlay {name} has no content")

    def _one(self, resource_type: str, name: str) -> Resource:
        parameter = "url" if ":" in name else "name:exact"
        found = looked_up(self._engine, resource_type, (parameter, name), ("status", "active"))
        if not found:
            raise Invalid(f"there is no active {resource_type} {name}, which a receiver names")
        return found[-1]


def _name(system: str | None) -> str | None:
    """What the receiver calls its code system: what its uri ends with."""
    return None if system is None else system.rstrip("/").rpartition("/")[2].rpartition(":")[2]


def _receiver(endpoint: Resource) -> Receiver | None:
    try:
        return receiver_of(endpoint)
    except Invalid as error:
        extra = {"endpoint": endpoint["id"], "reason": str(error)}
        log.warning("hl7v2_receiver_unusable", extra=extra)
        return None


def _sender(endpoint: Resource) -> Sender | None:
    try:
        return sender_of(endpoint)
    except Invalid:
        return None
