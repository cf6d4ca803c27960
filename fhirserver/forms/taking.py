"""Values as elements of a resource: an answer as what the element takes.

https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from fhirserver.model.definitions import Property
from fhirserver.model.resource import Resource

_Make = Callable[[Any, Resource], Any]
"""From a value, and the unit that the question names, to the element's value; None: doesn't fit."""

_TEXTS: Final = ("string", "markdown", "code", "uri", "url", "canonical", "id", "oid", "uuid")
_INTEGERS: Final = ("integer", "positiveInt", "unsignedInt")
_QUANTITIES: Final = ("Quantity", "Age", "Count", "Distance", "Duration")
_LEAST: Final[Mapping[str, int]] = {"positiveInt": 1, "unsignedInt": 0}


def taken(
    properties: Sequence[Property], kind: str, value: Any, unit: Resource
) -> tuple[str, Any] | None:
    """The JSON name and value with which an element takes a value of a type; None: it doesn't.

    `properties` are those of a choice of types, or the only one.
    """
    by_type = {p.type_code: p for p in properties}
    plain = _plain(kind)
    prefers_unit = unit and plain in {"integer", "decimal"} and "Quantity" in by_type
    wanted = [plain, *(w for w, _ in _WAYS.get(plain, ()))]
    for type_code in wanted[1:] if prefers_unit else wanted:
        if type_code in by_type:
            made = converted(type_code, kind, value, unit)
            if made is not None:
                return by_type[type_code].name, made
    return None


def converted(type_code: str, kind: str, value: Any, unit: Resource) -> Any:
    """A value of one type as one of another, None when it isn't one."""
    kind = _plain(kind)
    if kind == type_code:
        return value
    for wanted, make in _WAYS.get(kind, ()):
        if wanted == type_code:
            made = make(value, unit)
            if made is not None and _is_in_range(wanted, made):
                return made
    return None


def _plain(kind: str) -> str:
    """The name of a type as FHIR has it: FHIRPath's `System.String` is `string`."""
    if kind.startswith("System."):
        name = kind.removeprefix("System.")
        return name if name == "Quantity" else name[:1].lower() + name[1:]
    if kind in _TEXTS and kind != "string":
        return "uri" if kind in {"url", "canonical", "oid", "uuid", "uri"} else "string"
    return "integer" if kind in _INTEGERS else kind


def _is_in_range(wanted: str, made: Any) -> bool:
    return not (isinstance(made, int) and wanted in _LEAST and made < _LEAST[wanted])


def _same(value: Any, unit: Resource) -> Any:
    return value


def _as_quantity(value: Any, unit: Resource) -> Resource:
    return {"value": value, **unit}


def _day(value: Any, unit: Resource) -> Any:
    return value[:10]


def _moment(value: Any, unit: Resource) -> Any:
    """A dateTime as an instant, which must have a time and a zone."""
    return value if "T" in value else None


def _code(value: Any, unit: Resource) -> Any:
    return value.get("code")


def _first_code(value: Any, unit: Resource) -> Any:
    codings = value.get("coding", ())
    return codings[0].get("code") if len(codings) == 1 else None


def _only_coding(value: Any, unit: Resource) -> Any:
    codings = value.get("coding", ())
    return codings[0] if len(codings) == 1 else None


def _ways(names: Sequence[str], make: _Make = _same) -> tuple[tuple[str, _Make], ...]:
    return tuple((name, make) for name in names)


_WAYS: Final[Mapping[str, tuple[tuple[str, _Make], ...]]] = {
    "boolean": _ways(["boolean"]),
    "integer": (
        *_ways(_QUANTITIES[:1], lambda v, u: _as_quantity(v, u) if u else None),
        *_ways([*_INTEGERS, "decimal"]),
        *_ways(_QUANTITIES, _as_quantity),
    ),
    "decimal": (
        *_ways(_QUANTITIES[:1], lambda v, u: _as_quantity(v, u) if u else None),
        *_ways(["decimal"]),
        *_ways(_QUANTITIES, _as_quantity),
        *_ways(_INTEGERS, lambda v, _u: int(v) if v == int(v) else None),
    ),
    "date": _ways(["date", "dateTime"]),
    "dateTime": (
        *_ways(["dateTime"]),
        *_ways(["instant"], _moment),
        *_ways(["date"], _day),
    ),
    "instant": (*_ways(["dateTime"]), *_ways(["date"], _day)),
    "time": _ways(["time"]),
    "string": (
        *_ways(_TEXTS),
        *_ways(["CodeableConcept", "Annotation"], lambda v, _u: {"text": v}),
        *_ways(["Reference"], lambda v, _u: {"reference": v} if "/" in v or ":" in v else None),
    ),
    "uri": (
        *_ways(["uri", "url", "canonical", "oid", "uuid", "string"]),
        *_ways(["Reference"], lambda v, _u: {"reference": v}),
    ),
    "Coding": (
        *_ways(["CodeableConcept"], lambda v, _u: {"coding": [v]}),
        *_ways(["code"], _code),
        *_ways(["string"], lambda v, _u: v.get("display")),
    ),
    "CodeableConcept": (*_ways(["Coding"], _only_coding), *_ways(["code"], _first_code)),
    "Quantity": (
        *_ways(_QUANTITIES),
        *_ways(["decimal"], lambda v, _u: v.get("value")),
        *_ways(_INTEGERS, lambda v, _u: int(v["value"]) if _is_whole(v.get("value")) else None),
    ),
    "Reference": (),
    "Attachment": (),
}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | Decimal) and value == int(value)
