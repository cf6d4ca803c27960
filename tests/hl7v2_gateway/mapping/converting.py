"""Messages and their conversion, as tests write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hl7v2_gateway.er7 import parse
from hl7v2_gateway.mapping.conversion import Conversion
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.partners.sender import Sender

MSH = "MSH|^~\\&|HIS|WARD|FHIR|HERE|20240301120000+0100||{type}|C1|P|2.5.1"
CORPUS = Path(__file__).parents[4] / "shared/data/hl7v2/messages"


def converted(event: str, *segments: str, sender: Sender | None = None, **more: Any) -> Conversion:
    """The conversion of a message with these segments."""
    lines = [MSH.format(type=event), *segments]
    raw = "\r".join(lines).encode()
    return convert(parse(raw), sender or Sender(id="his", name="HIS"), message_id="m1", **more)


def only(conversion: Conversion, resource_type: str) -> dict[str, Any]:
    """The one resource of a type."""
    (found,) = conversion.by_type(resource_type)
    return found
