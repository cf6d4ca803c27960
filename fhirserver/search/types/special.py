"""Special parameters that lie in the content: `near`, a position and a distance from it.

`near=48.2|16.37|2|km`; without a distance it is 5 km, without a unit the distance is in km.
https://hl7.org/fhir/R4/location.html#search
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fhirserver.errors import NotSupported
from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split
from fhirserver.search.hashing import number
from fhirserver.search.index import IndexValues, PositionRow
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Condition, HasRow, Near, Or
from fhirserver.search.site import Site

METRES: Final = {
    "km": 1000.0, "m": 1.0, "cm": 0.01, "[mi_us]": 1609.347, "[mi_i]": 1609.344,
    "[ft_i]": 0.3048, "[yd_i]": 0.9144, "[nmi_i]": 1852.0, "mi": 1609.344,
}  # fmt: skip
DEFAULT_KILOMETRES: Final = 5.0
_FORM: Final = f"LATITUDE|LONGITUDE|DISTANCE|UNIT, with a unit of {', '.join(METRES)}"


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value is indexed: an object with latitude and longitude."""
    param = number(parameter.code)

    def add(value: Any, out: IndexValues) -> None:
        latitude, longitude = value.get("latitude"), value.get("longitude")
        if latitude is not None and longitude is not None:
            out.positions.append(PositionRow(param, float(latitude), float(longitude)))

    return add if datatype == "BackboneElement" and parameter.code == "near" else None


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    if parameter.code != "near":
        raise NotSupported(f"{parameter.code} is a special parameter that this server doesn't know")
    found = [_near(parameter.code, v) for v in values]
    return found[0] if len(found) == 1 else Or(tuple(found))


def _near(code: str, value: str) -> Near:
    parts = split(value, "|")
    if not 2 <= len(parts) <= 4:
        raise bad_value(code, value, _FORM)
    try:
        latitude, longitude = float(parts[0]), float(parts[1])
        distance = float(parts[2]) if len(parts) > 2 and parts[2] else DEFAULT_KILOMETRES
    except ValueError as error:
        raise bad_value(code, value, _FORM) from error
    metres = METRES.get(parts[3] if len(parts) > 3 and parts[3] else "km")
    if metres is None or not (
        abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= distance < 1e9
    ):
        raise bad_value(code, value, _FORM)
    return Near(number(code), latitude, longitude, distance * metres)


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return HasRow("position", number(parameter.code))


kinds.register("special")(Kind(index, condition, present))
