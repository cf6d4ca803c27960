"""JSON as FHIR needs it: decimals keep their digits, and what can't be stored is refused.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from fhirserver.errors import NotUnderstood
from fhirserver.model.resource import Resource

MAX_DEPTH: Final = 64
# Every IEEE 754 double fits, and 1e6000000 doesn't become six million digits in a database.
MAX_EXPONENT: Final = 400
MAX_DIGITS: Final = 1000


def parse(body: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text, numbers with a point or an exponent as Decimal.

    Raises NotUnderstood, with the position where it is known, for what is not JSON, is nested
    deeper than `max_depth`, has one key twice in an object, a NUL or a number beyond reason.

    >>> parse(b'{"value": 1.10}')
    {'value': Decimal('1.10')}
    """
    # RFC 8259, section 8.1: a receiver may ignore a byte order mark.
    body = body.removeprefix(BOM_UTF8)
    try:
        value = _decoder.decode(body)
    except UnicodeDecodeError as error:
        raise NotUnderstood("the body is not UTF-8") from error
    except RecursionError as error:
        raise NotUnderstood(_too_deep(max_depth)) from error
    except msgspec.DecodeError as error:
        raise NotUnderstood(f"the body is not JSON: {error}") from error
    levels, keys = _shape(value)
    if levels > max_depth:
        raise NotUnderstood(_too_deep(max_depth))
    # Cheap and nearly always decisive; a string with such a text in it means a closer look.
    if keys != body.count(b'":') + _spaced_keys(body) or _has_odd_colons(body):
        _refuse_duplicate_keys(body)
    if b"\\u0000" in body and any("\0" in text for text in _texts(value)):
        raise NotUnderstood("the body has a NUL character (\\u0000), which FHIR doesn't allow")
    return value


def parse_object(body: bytes, *, max_depth: int = MAX_DEPTH) -> Resource:
    """The same, where only a JSON object will do."""
    value = parse(body, max_depth=max_depth)
    if type(value) is not dict:
        raise NotUnderstood("the body must be a JSON object")
    return value


def kept(text: str | bytes) -> Any:
    """The value of JSON that this server has written: `parse` has looked at it when it came.

    >>> kept('{"value": 1.10}')
    {'value': Decimal('1.10')}
    """
    return _decoder.decode(text)


def dump(value: Any, *, pretty: bool = False) -> bytes:
    """The JSON text of a value, in UTF-8; `pretty` is indented by two spaces.

    >>> dump({"value": Decimal("1.10")})
    b'{"value":1.10}'
    """
    text = _encoder.encode(value)
    return msgspec.json.format(text, indent=2) if pretty else text


def number(text: str) -> Any:
    """The number that a JSON text says; raises NotUnderstood for one beyond reason.

    >>> number("1.10")
    Decimal('1.10')
    """
    return _decoder.decode(text)


def depth(value: Any) -> int:
    """How deep a value is nested: 1 for an object of strings, 0 for a string."""
    return _shape(value)[0]


def dump_sorted(value: Any) -> bytes:
    """The JSON text with the keys of every object in order: equal content gives equal text."""
    return _sorted_encoder.encode(value)


def raw(text: str | bytes) -> msgspec.Raw:
    """JSON text that `dump` puts into what surrounds it as it is."""
    return msgspec.Raw(text.encode() if isinstance(text, str) else text)


def _decimal(text: str) -> Decimal:
    if len(text) <= MAX_DIGITS:
        try:
            value = Decimal(text)
        except InvalidOperation:
            pass  # The exponent has more digits than Decimal takes.
        else:
            if -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
                return value
    raise NotUnderstood("the body has a number that is too large, too small or too long")


_decoder: Final = msgspec.json.Decoder(float_hook=_decimal)
_encoder: Final = msgspec.json.Encoder(decimal_format="number")
_sorted_encoder: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def _too_deep(max_depth: int) -> str:
    return f"the body is nested deeper than {max_depth} levels"


def _shape(value: Any) -> tuple[int, int]:
    """How deep a value is nested, and how many keys its objects have in all."""
    levels = keys = 0
    level = [value] if type(value) in _CONTAINERS else []
    while level:
        levels += 1
        below: list[Any] = []
        for container in level:
            if type(container) is dict:
                keys += len(container)
                members = container.values()
            else:
                members = container
            for member in members:
                if type(member) is dict or type(member) is list:
                    below.append(member)  # noqa: PERF401 - a generator here doubles parsing
        level = below
    return levels, keys


def _spaced_keys(body: bytes) -> int:
    # Hardly anybody writes so, and looking for two bytes takes longer than for one space.
    return body.count(b'" :') if b" :" in body else 0


def _has_odd_colons(body: bytes) -> bool:
    """Whether a colon follows its key in a way that isn't counted: a second key could hide."""
    # One byte is found in no time: lines of NDJSON have no such white space at all.
    return (
        (b"\n" in body and b"\n:" in body)
        or (b"\r" in body and b"\r:" in body)
        or (b"\t" in body and b"\t:" in body)
        or b"  :" in body
    )


_CONTAINERS: Final = frozenset({dict, list})


def _refuse_duplicate_keys(body: bytes) -> None:
    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise NotUnderstood("the body has an object with the same key twice")

    json.loads(body, object_pairs_hook=once, parse_int=str, parse_float=str)


def _texts(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        item = left.pop()
        if type(item) is str:
            yield item
        elif type(item) is dict:
            left += item.keys()
            left += item.values()
        elif type(item) is list:
            left += item
