"""Limits of a value: the least and the greatest, lengths, patterns, decimal places, attachments.

A profile and a question of a Questionnaire say them, with elements or with HL7's extensions.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.minValue_x_
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import re2

from fhirserver import clock
from fhirserver.errors import Invalid
from fhirserver.fhirpath import temporal, values
from fhirserver.validation.node import Node

_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/"
_DATES: Final = frozenset({"date", "dateTime", "instant"})
_CALENDAR: Final[Mapping[str, str]] = {
    "a": "year",
    "mo": "month",
    "wk": "week",
    "d": "day",
    "h": "hour",
    "min": "minute",
    "s": "second",
}
# Patterns are written by others: they may not take long, nor much room.
_LONGEST_PATTERN: Final = 1_000
_MOST_MEMORY: Final = 1 << 20


def compare(type_: str, value: Any, limit: Any) -> int | None:
    """-1, 0 or 1 for below, at or above; None if it can't be told.

    Quantities are converted into one unit, dates into one time zone.
    """
    if isinstance(value, bool):
        return None
    try:
        return values.compare((type_, value, None), (type_, limit, None))
    except (ArithmeticError, AttributeError, Invalid, KeyError, TypeError, ValueError):
        # What isn't a value of its type is told by the structure's rules.
        return None


def is_below(node: Node, least: Any) -> bool:
    """Whether a value is below its minValue[x]; a Duration counts back from now."""
    return compare(node.type, node.value, _from_now(node.type, least, -1)) == -1


def is_above(node: Node, most: Any) -> bool:
    """Whether a value is above its maxValue[x]; a Duration counts on from now."""
    return compare(node.type, node.value, _from_now(node.type, most, 1)) == 1


def _from_now(type_: str, limit: Any, sign: int) -> Any:
    if type_ not in _DATES or not isinstance(limit, dict):
        return limit
    unit, amount = _CALENDAR.get(limit.get("code", "")), limit.get("value")
    now = temporal.date(clock.now().isoformat(timespec="seconds"))
    if unit is None or now is None or not isinstance(amount, int | Decimal):
        return None
    found = temporal.add(now, Decimal(amount) * sign, unit)
    # A date is compared with the day.
    return str(found)[:10] if type_ == "date" else str(found)


def said_by(extensions: Sequence[Any]) -> dict[str, list[Any]]:
    """The values of HL7's own extensions by the last part of their addresses."""
    found: dict[str, list[Any]] = {}
    for extension in extensions:
        url = extension.get("url", "") if isinstance(extension, dict) else ""
        if isinstance(url, str) and url.startswith(_EXTENSION):
            value = next((v for k, v in extension.items() if k.startswith("value")), None)
            found.setdefault(url.removeprefix(_EXTENSION), []).append(value)
    return found


def broken(said: Mapping[str, Sequence[Any]], node: Node) -> Iterator[tuple[str, str]]:
    """The limits that extensions say and that a value breaks, as issue code and text."""
    value = node.value
    for least in said.get("minValue", ()):
        if is_below(node, least):
            yield "value", f"must not be below {least}"
    for most in said.get("maxValue", ()):
        if is_above(node, most):
            yield "value", f"must not be above {most}"
    if isinstance(value, str):
        for length in said.get("minLength", ()):
            if isinstance(length, int) and len(value) < length:
                yield "value", f"must have at least {length} characters"
        for pattern in said.get("regex", ()):
            if isinstance(pattern, str) and _matches(pattern, value) is False:
                yield "value", f"must match {pattern[:100]}"
    for places in said.get("maxDecimalPlaces", ()):
        if isinstance(places, int) and _places(value) > places:
            yield "value", f"must have at most {places} digits after the point"
    if node.type == "Attachment":
        yield from _broken_by_attachment(said, value)


def _matches(pattern: str, text: str) -> bool | None:
    """Whether a whole text matches; None for a pattern that can't be used."""
    regex = _regex(pattern)
    return None if regex is None else regex.fullmatch(text) is not None


@lru_cache(maxsize=256)
def _regex(pattern: str) -> Any:
    if len(pattern) > _LONGEST_PATTERN:
        return None
    options = re2.Options()
    options.max_mem = _MOST_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        # Look-around and back references, which take no bounded time.
        return None


def _places(value: Any) -> int:
    if not isinstance(value, Decimal):
        return 0
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _broken_by_attachment(
    said: Mapping[str, Sequence[Any]], value: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    allowed = [t for t in said.get("mimeType", ()) if isinstance(t, str)]
    given = str(value.get("contentType", "")).partition(";")[0].strip()
    if allowed and given and given not in allowed:
        yield "value", f"must be of type {' or '.join(allowed)}"
    data = value.get("data")
    size = value.get("size", len(data) * 3 // 4 if isinstance(data, str) else None)
    for most in said.get("maxSize", ()):
        is_number = isinstance(size, int) and isinstance(most, int | Decimal)
        if is_number and size > Decimal(most) * 1_000_000:
            yield "too-long", f"must not be larger than {most} MB"
