"""The text of a primitive's `value` attribute as the JSON value, and back.

https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import NotUnderstood
from fhirserver.model import json

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text == "true"


def _number(text: str) -> int | Decimal:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("must be a number")
    try:
        number: int | Decimal = json.number(text)
    except NotUnderstood as error:
        raise ValueError("is a number that is too large, too small or too long") from error
    return number


def _text(text: str) -> str:
    return text


_SPECIAL: Final[dict[str, Callable[[str], Any]]] = {
    "boolean": _boolean,
    "decimal": _number,
    "integer": _number,
    "positiveInt": _number,
    "unsignedInt": _number,
}


class _Convert(dict[str, Callable[[str], Any]]):
    """What reads the values of each primitive type: most are the text itself."""

    def __missing__(self, name: str) -> Callable[[str], Any]:
        return _text


CONVERT: Final = _Convert(_SPECIAL)


def text(value: Any) -> str | None:
    """The attribute's text for a JSON value; None where the value isn't a primitive."""
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int or type(value) is Decimal:
        return str(value)
    return None
