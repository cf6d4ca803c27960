"""Strings: indexOf, substring, replace, split, encode ...; patterns have a file of their own.

http://hl7.org/fhirpath/N1/#string-manipulation
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from typing import Final

from fhirserver.errors import Invalid, TooCostly
from fhirserver.fhirpath.compiled import Shape
from fhirserver.fhirpath.env import LONGEST_STRING, Scope
from fhirserver.fhirpath.function import Call, function
from fhirserver.fhirpath.nodes import Nodes, typed

_JSON_ESCAPES: Final = re.compile(r'(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))+')


def _texts(_call: Call) -> Shape:
    return Shape(frozenset({"System.String"}))


@function("indexOf")
def index_of(text: str, part: str) -> int:
    return text.find(part)


@function("lastIndexOf")
def last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


@function("substring")
def substring(text: str, start: int, length: int | None = None) -> str | None:
    if not 0 <= start < len(text):
        return None
    return text[start:] if length is None else text[start : start + max(length, 0)]


@function("startsWith")
def starts_with(text: str, prefix: str) -> bool:
    return text.startswith(prefix)


@function("endsWith")
def ends_with(text: str, suffix: str) -> bool:
    return text.endswith(suffix)


@function("contains")
def contains(text: str, part: str) -> bool:
    return part in text


@function("upper")
def upper(text: str) -> str:
    return text.upper()


@function("lower")
def lower(text: str) -> str:
    return text.lower()


@function("length")
def length(text: str) -> int:
    return len(text)


@function("toChars", _texts)
def to_chars(text: str, *, scope: Scope) -> Nodes:
    scope.spend(len(text))
    return [typed(character) for character in text]


@function("trim")
def trim(text: str) -> str:
    return text.strip()


@function("replace")
def replace(text: str, pattern: str, substitution: str) -> str:
    # Refused before it fills the memory.
    if len(text) + text.count(pattern) * len(substitution) > LONGEST_STRING:
        raise _too_long()
    return text.replace(pattern, substitution)


def _too_long() -> TooCostly:
    return TooCostly(f"FHIRPath: a string of more than {LONGEST_STRING} characters")


@function("split", _texts)
def split(text: str, separator: str, *, scope: Scope) -> Nodes:
    scope.spend(text.count(separator))
    return [typed(part) for part in (text.split(separator) if separator else text)]


@function("join")
def join(items: Nodes, separator: str | None = None, *, scope: Scope) -> str | None:
    if any(not isinstance(item[1], str) for item in items):
        raise Invalid("FHIRPath: join() of what isn't a string")
    between = len(separator or "") * len(items)
    if between + sum(len(item[1]) for item in items) > LONGEST_STRING:
        raise _too_long()
    return (separator or "").join(item[1] for item in items) if items else scope.env.joined_nothing


@function("encode")
def encode(text: str, scheme: str) -> str | None:
    data = text.encode()
    match scheme:
        case "hex":
            return data.hex()
        case "base64":
            return base64.b64encode(data).decode()
        case "urlbase64":
            return base64.urlsafe_b64encode(data).decode()
    return None


@function("decode")
def decode(text: str, scheme: str) -> str | None:
    try:
        match scheme:
            case "hex":
                return bytes.fromhex(text).decode()
            case "base64":
                return base64.b64decode(text, validate=True).decode()
            case "urlbase64":
                return base64.urlsafe_b64decode(text).decode()
    except (ValueError, binascii.Error):
        raise Invalid(f"FHIRPath: not {scheme}") from None
    return None


@function("escape")
def escape(text: str, target: str) -> str | None:
    match target:
        case "html":
            return html.escape(text)
        case "json":
            return json.dumps(text, ensure_ascii=False)[1:-1]
    return None


@function("unescape")
def unescape(text: str, target: str) -> str | None:
    match target:
        case "html":
            return html.unescape(text)
        case "json":
            # Escapes side by side in one piece, as two may be the halves of one character.
            plain = _JSON_ESCAPES.sub(lambda match: str(json.loads(f'"{match[0]}"')), text)
            return plain.encode(errors="replace").decode()
    return None
