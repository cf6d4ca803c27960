"""MSH: who sends what to whom.

HL7 v2.8.2, 2.14.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from fhirserver.fhirpath import Typed
from hl7v2_gateway.outbound.datatypes.times import point
from hl7v2_gateway.outbound.filling import filled
from hl7v2_gateway.outbound.segments import Part, Repetition, Segment, repetition
from hl7v2_gateway.outbound.writing import Writing

TABLE: Final = "MSH"
"""The name under which overlays have rules for it."""
_STRUCTURE_SINCE: Final = (2, 3, 1)


def header(
    event: str, structure: str, writing: Writing, control_id: str, time: datetime
) -> Segment:
    """The first segment, without its delimiters."""
    wishes = writing.wishes
    kind, _, trigger = event.partition("^")
    written = point(
        time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        wishes.time_zone,
    )
    has_structure = wishes.number >= _STRUCTURE_SINCE
    enhanced = wishes.acknowledgement == "enhanced"
    parts: Mapping[int, Part | Repetition] = {
        3: _hd(wishes.sending_application),
        4: _hd(wishes.sending_facility),
        5: _hd(wishes.application),
        6: _hd(wishes.facility),
        7: written,
        9: repetition(kind, trigger, structure if has_structure else None),
        10: control_id,
        11: wishes.processing,
        12: wishes.version,
        15: "AL" if enhanced else None,
        16: "NE" if enhanced else None,
        18: wishes.charset or None,
    }
    fields: dict[int, tuple[Repetition, ...]] = {}
    for number, part in parts.items():
        whole = part if isinstance(part, tuple) else repetition(part)
        if whole:
            fields[number] = (whole,)
    focus = writing.names["focus"]
    node: Typed = (focus["resourceType"], focus, None)
    changed = filled("MSH", TABLE, node, writing, {})
    return Segment("MSH", {**fields, **({} if changed is None else changed.fields)})


def _hd(text: str) -> Repetition:
    """A name that may be followed by a universal id and its type: `LAB^1.2.3^ISO`."""
    return repetition(*text.split("^"))
