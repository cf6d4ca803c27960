"""Values out of resources, and whether a resource has a value: small readings of R4 elements."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Resource = dict[str, Any]
Interval = tuple[datetime, datetime]

# A date without a zone is a day in the server's zone, which the driver doesn't know.
ZONE_DOUBT: Final = timedelta(hours=26)


def folded(text: str) -> str:
    """Text as string search compares it: no case, no accents.

    https://hl7.org/fhir/R4/search.html#string
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def patient_of(resource: Resource) -> str:
    """`Patient/id` of the resource's subject, without what a server may put before it."""
    holder = resource.get("subject") or resource.get("patient") or {}
    return "/".join(holder.get("reference", "").split("/")[-2:])


def codings(resource: Resource, element: str) -> list[tuple[str, str]]:
    """System and code of every coding of a CodeableConcept or list of them."""
    value = resource.get(element, ())
    concepts = [value] if isinstance(value, dict) else value
    return [
        (coding.get("system", ""), coding.get("code", ""))
        for concept in concepts
        for coding in concept.get("coding", [concept])
    ]


def has_coding(element: str, system: str, code: str) -> Callable[[Resource], bool]:
    """A test for `system|code`; an empty system means any."""
    return lambda r: any(c == code and system in {"", s} for s, c in codings(r, element))


def name_parts(patient: Resource) -> Iterator[str]:
    """Every string of a patient's names."""
    for name in patient.get("name", ()):
        yield from (name[k] for k in ("family", "text") if k in name)
        for k in ("given", "prefix", "suffix"):
            yield from name.get(k, ())


def address_parts(patient: Resource) -> Iterator[str]:
    """Every string of a patient's addresses."""
    for address in patient.get("address", ()):
        yield from address.get("line", ())
        yield from (v for v in address.values() if isinstance(v, str))


def starts(parts: Callable[[Resource], Iterator[str]], prefix: str) -> Callable[[Resource], bool]:
    """A test for a string, or a word in it, that begins so."""
    wanted = folded(prefix)
    return lambda r: any((" " + folded(part)).find(" " + wanted) >= 0 for part in parts(r))


def interval(text: str) -> Interval:
    """First and last instant of a date or dateTime, the zone UTC where there is none.

    >>> interval("2011-07")[1].isoformat()
    '2011-07-31T23:59:59.999999+00:00'
    """
    year, month, day = (int(part) for part in f"{text[:10]}-1-1".split("-")[:3])
    if len(text) > 10:
        start = datetime.fromisoformat(text)
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        return start, start + timedelta(milliseconds=0 if "." in text else 999)
    start = datetime(year, month, day, tzinfo=UTC)
    if len(text) == 10:
        end = start + timedelta(days=1)
    elif len(text) == 7:
        end = start.replace(year=year + month // 12, month=month % 12 + 1)
    else:
        end = start.replace(year=year + 1)
    return start, end - timedelta(microseconds=1)


def effective(observation: Resource) -> Interval | None:
    """When an Observation was true, if it says so as a dateTime or Period."""
    if text := observation.get("effectiveDateTime"):
        return interval(text)
    period = observation.get("effectivePeriod", {})
    if period.get("start") and period.get("end"):
        return interval(period["start"])[0], interval(period["end"])[1]
    return None


def quantity(observation: Resource) -> Resource | None:
    """A measured value with a UCUM unit."""
    value: Resource = observation.get("valueQuantity") or {}
    usable = "value" in value and value.get("code") and value.get("system")
    return value if usable else None
