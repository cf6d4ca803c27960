"""PL: where somebody is: ward, room, bed, and what they lie in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer

# Where a Location stands in PL, by its physicalType; what has none is a point of care.
_PLACE: Final[Mapping[str, int]] = {
    "wa": 1, "area": 1, "ro": 2, "bd": 3, "si": 4, "bu": 7, "wi": 7, "lvl": 8, "co": 2,
}  # fmt: skip
_DEEPEST: Final = 8
_DESCRIPTION: Final = 9


@writer("PL", "Location")
def pl(value: Any, writing: Writing) -> Repetition | None:
    """A place and those it is in."""
    found: dict[int, str] = {}
    one: Any = value
    for _ in range(_DEEPEST):
        place = _place(one)
        name = _name(one)
        if name and place not in found:
            found[place] = name
        above = one.get("partOf")
        if not above:
            break
        one = next(
            (v for k, v, _ in writing.found("resolve()", "Reference", above) if k == "Location"),
            None,
        )
        if one is None:
            break
    parts = [found.get(n) for n in range(1, _DEEPEST + 1)]
    return repetition(*parts, value.get("description"))


@writer("PL", "Reference")
def pl_of_reference(value: Any, writing: Writing) -> Repetition | None:
    """The place that is referred to, or what it is called."""
    if value.get("reference"):
        found = writing.found("resolve()", "Reference", value)
        for kind, one, _ in found:
            if kind == "Location":
                return pl(one, writing)
    return repetition(value["display"]) if value.get("display") else None


def _place(location: Mapping[str, Any]) -> int:
    codings = location.get("physicalType", {}).get("coding", ())
    return next((_PLACE[c["code"]] for c in codings if c.get("code") in _PLACE), 1)


def _name(location: Mapping[str, Any]) -> str | None:
    values = [i["value"] for i in location.get("identifier", ()) if i.get("value")]
    return values[0] if values else location.get("name")
