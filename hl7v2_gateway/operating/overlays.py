"""The overlays of a site: each is a Library with its name, whose content is the JSON.

A Library is versioned as every resource; a message notes with which version it was converted.
https://hl7.org/fhir/R4/library.html
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Unavailable
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from hl7v2_gateway.mapping.overlays import Overlay, overlay_of, shipped
from hl7v2_gateway.mapping.trying import problems_of
from hl7v2_gateway.partners import Sender

KIND: Final = "https://fhirserver.example/CodeSystem/hl7v2-overlay"
FRESH_SECONDS: Final = 5.0


class Overlays:
    """What overlays say by now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[float, Overlay]] = {}

    def of(self, sender: Sender) -> Sequence[Overlay]:
        """The overlays of a sender, in order.

        Raises Unavailable for one that is missing or can't be used: its messages wait until
        somebody has put that right.
        """
        return [self.named(name) for name in sender.overlays]

    def named(self, name: str) -> Overlay:
        """An overlay: the site's, else the one that comes with the server."""
        now = time.monotonic()
        known = self._known.get(name)
        if known is not None and now - known[0] < FRESH_SECONDS:
            return known[1]
        library = stored(self._engine, name)
        if library is None:
            found = shipped(name)
            if found is None:
                raise Unavailable(f"there is no overlay {name}, which the sender names")
        else:
            found = _read(name, library)
        self._known[name] = (now, found)
        return found


def stored(engine: Engine, name: str) -> Resource | None:
    """The active Library with this name, or url."""
    parameter = "url" if ":" in name else "name:exact"
    found = looked_up(engine, "Library", (parameter, name), ("status", "active"))
    return found[-1] if found else None


def all_stored(engine: Engine) -> list[Resource]:
    """Every Library that is an overlay, by its name."""
    found = looked_up(engine, "Library", ("type", f"{KIND}|inbound"))
    return sorted(found, key=lambda library: str(library.get("name", "")))


def library_of(name: str, content: Mapping[str, Any], id_: str) -> Resource:
    """The Library that an overlay is kept as."""
    data = base64.b64encode(json.dump(dict(content))).decode()
    found: Resource = {
        "resourceType": "Library",
        "id": id_,
        "name": name,
        "status": "active",
        "type": {"coding": [{"system": KIND, "code": "inbound"}]},
        "content": [{"contentType": "application/json", "data": data}],
    }
    if isinstance(content.get("about"), str):
        found["description"] = content["about"]
    return found


def content_of(library: Resource) -> Mapping[str, Any]:
    """What the overlay in a Library says. Raises ValueError."""
    for content in library.get("content", ()):
        if content.get("data"):
            try:
                return json.parse_object(base64.b64decode(content["data"], validate=True))
            except (binascii.Error, FhirError) as error:
                raise ValueError("its content is no JSON object") from error
    raise ValueError("it has no content")


def _read(name: str, library: Resource) -> Overlay:
    try:
        found = overlay_of(name, content_of(library), str(library["meta"]["versionId"]))
        problems = problems_of(found)
    except ValueError as error:
        problems = [str(error)]
    if problems:
        raise Unavailable(f"the overlay {name} can't be used: {problems[0]}")
    return found
