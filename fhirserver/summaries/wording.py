"""Values of resources as people read them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any, Final

from fhirserver.model.resource import Resource

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_UNITS: Final = {
    "s": "second", "min": "minute", "h": "hour",
    "d": "day", "wk": "week", "mo": "month", "a": "year",
}  # fmt: skip


def concept(value: Resource | None) -> str:
    """A CodeableConcept or Coding: its text, else a display, else a code."""
    if not value:
        return ""
    codings = value.get("coding", [value] if "code" in value else ())
    names = [c["display"] for c in codings if c and c.get("display")]
    codes = [c["code"] for c in codings if c and c.get("code")]
    return str(value.get("text") or next(iter(names or codes), ""))


def concepts(values: Iterable[Resource | None]) -> str:
    """Several of them, each once."""
    return ", ".join(dict.fromkeys(filter(None, map(concept, values))))


def when(resource: Resource, name: str) -> str:
    """An element of several types that says when: a time, a period, an age, words.

    >>> when({"onsetDateTime": "2024-05-01T09:30:00+02:00"}, "onset")
    '2024-05-01 09:30'
    """
    if text := resource.get(f"{name}DateTime") or resource.get(name):
        return moment(text) if isinstance(text, str) else period(text)
    if text := resource.get(f"{name}Date") or resource.get(f"{name}Instant"):
        return moment(text)
    if value := resource.get(f"{name}Period"):
        return period(value)
    if value := resource.get(f"{name}Age"):
        return f"at the age of {quantity(value)}"
    if value := resource.get(f"{name}Range"):
        return between(value)
    return str(resource.get(f"{name}String") or "")


def told_in(zone: tzinfo, value: Any) -> Any:
    """A resource with each of its instants as clocks of this zone show it; dates stay as they are.

    >>> from datetime import UTC
    >>> told_in(UTC, {"issued": "2024-05-01T00:30:00+02:00", "birthDate": "1970-01-01"})
    {'issued': '2024-04-30T22:30:00+00:00', 'birthDate': '1970-01-01'}
    """
    if isinstance(value, dict):
        return {name: told_in(zone, one) for name, one in value.items()}
    if isinstance(value, list):
        return [told_in(zone, one) for one in value]
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(zone).isoformat()
        except (ValueError, OverflowError):
            # A leap second, or the last day of the calendar.
            return value
    return value


def moment(text: str) -> str:
    """A date, or a time to the minute; the reader is told of which zone the times are."""
    return f"{text[:10]} {text[11:16]}" if len(text) > 10 else text


def day(text: str) -> str:
    """Only the date."""
    return text[:10]


def period(value: Resource) -> str:
    start, end = (moment(value.get(k) or "") for k in ("start", "end"))
    if start and end:
        # Within a day the date is said once.
        end = end[11:] if end[:10] == start[:10] and len(end) > 10 else end
        return start if start.endswith(end) else f"{start} to {end}"
    return f"since {start}" if start else f"until {end}" if end else ""


def quantity(value: Resource | None) -> str:
    """A number with its unit, its digits as they were written."""
    if not value or value.get("value") is None:
        return ""
    unit = value.get("unit") or value.get("code") or ""
    between_ = "" if unit == "%" else " "
    return f"{value.get('comparator', '')}{value['value']}{between_ if unit else ''}{unit}"


def between(value: Resource) -> str:
    """A Range, also that of normal values."""
    low, high = quantity(value.get("low")), quantity(value.get("high"))
    if low and high:
        unit = (value["low"].get("unit") or "") == (value["high"].get("unit") or "")
        return f"{value['low']['value']} to {high}" if unit else f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}" if high else ""


def observed(resource: Resource) -> str:
    """The value of an Observation or a component of one, or why there is none."""
    for key, value in resource.items():
        if key.startswith("value") and value is not None:
            return _value(key, value)
    return concept(resource.get("dataAbsentReason"))


def _value(key: str, value: Any) -> str:
    match key.removeprefix("value"):
        case "Quantity":
            return quantity(value)
        case "CodeableConcept":
            return concept(value)
        case "Range":
            return between(value)
        case "Ratio":
            return f"{quantity(value.get('numerator'))} : {quantity(value.get('denominator'))}"
        case "Boolean":
            return "yes" if value else "no"
        case "Period":
            return period(value)
        case "DateTime" | "Time":
            return moment(value)
        case "SampledData":
            return "a curve"
        case _:
            return str(value)


def dosage(value: Resource) -> str:
    """A Dosage: its words, else what its parts say."""
    said = value.get("text") or value.get("patientInstruction")
    if said:
        return str(said)
    parts = [_dose(value), concept(value.get("route")), _timing(value.get("timing") or {})]
    if value.get("asNeededBoolean"):
        parts.append("as needed")
    elif value.get("asNeededCodeableConcept"):
        parts.append(f"as needed for {concept(value['asNeededCodeableConcept'])}")
    return ", ".join(filter(None, parts))


def _dose(value: Resource) -> str:
    for given in value.get("doseAndRate", ()):
        if "doseQuantity" in given:
            return quantity(given["doseQuantity"])
        if "doseRange" in given:
            return between(given["doseRange"])
        if "rateQuantity" in given:
            return quantity(given["rateQuantity"])
    return ""


def _timing(timing: Resource) -> str:
    repeat = timing.get("repeat") or {}
    if "period" not in repeat:
        return concept(timing.get("code"))
    times = repeat.get("frequency", 1)
    unit = _UNITS.get(repeat.get("periodUnit", ""), repeat.get("periodUnit", ""))
    length = repeat["period"]
    every = f"per {unit}" if str(length) == "1" else f"every {length} {unit}s"
    return f"{times} times {every}" if times != 1 else f"once {every}"


def name(patient: Resource) -> str:
    """The name that a Patient is known by.

    >>> name({"name": [{"use": "official", "family": "Chalmers", "given": ["Ada"]}]})
    'Chalmers, Ada'
    """
    order = {"official": 0, "usual": 1, None: 2}
    names = sorted(
        (n for n in patient.get("name", ()) if n.get("use") not in {"old", "maiden"}),
        key=lambda n: order.get(n.get("use"), 3),
    )
    if not names:
        return ""
    first = names[0]
    given = " ".join(filter(None, first.get("given", ())))
    return ", ".join(filter(None, [first.get("family"), given])) or str(first.get("text") or "")
