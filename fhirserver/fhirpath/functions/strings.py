"""Strings: indexOf, substring, matches, replace, split, encode ...

http://hl7.org/fhirpath/N1/#string-manipulation
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from functools import lru_cache
from typing import Final

from fhirserver.errors import Invalid, TooCostly
from fhirserver.fhirpath.compiled import Shape
from fhirserver.fhirpath.env import LONGEST_STRING
from fhirserver.fhirpath.function import Call, function
from fhirserver.fhirpath.nodes import Nodes, typed

_JSON_ESCAPE: Final = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})')


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
def to_chars(text: str) -> Nodes:
    return [typed(character) for character in text]


@function("trim")
def trim(text: str) -> str:
    return text.strip()


@function("replace")
def replace(text: str, pattern: str, substitution: str) -> str:
    _check_growth(text, text.count(pattern), substitution)
    return text.replace(pattern, substitution)


def _check_growth(text: str, times: int, substitution: str) -> None:
    """Refuse a replacement before it fills the memory."""
    if len(text) + times * len(substitution) > LONGEST_STRING:
        raise TooCostly(f"FHIRPath: a string of more than {LONGEST_STRING} characters")


@function("matches")
def matches(text: str, pattern: str) -> bool:
    """Anywhere in the text, as HL7's tests have it."""
    return _regex(pattern).search(text) is not None


@function("matchesFull")
def matches_full(text: str, pattern: str) -> bool:
    return _regex(pattern).fullmatch(text) is not None


@function("replaceMatches")
def replace_matches(text: str, pattern: str, substitution: str) -> str:
    if not pattern:
        return text
    # FHIRPath names groups as $1 or ${name}; Python as \1 or \g<name>.
    template = re.sub(r"\$(\d+)|\$\{(\w+)\}", r"\\g<\1\2>", substitution.replace("\\", "\\\\"))
    regex = _regex(pattern)
    _check_growth(text, sum(1 for _ in regex.finditer(text)), substitution)
    try:
        return regex.sub(template, text)
    except re.error as error:
        raise Invalid("FHIRPath: not a substitution") from error


@lru_cache(maxsize=512)
def _regex(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error as error:
        raise Invalid("FHIRPath: not a regular expression") from error


@function("split", _texts)
def split(text: str, separator: str) -> Nodes:
    return [typed(part) for part in (text.split(separator) if separator else text)]


@function("join")
def join(items: Nodes, separator: str | None = None) -> str | None:
    if any(not isinstance(item[1], str) for item in items):
        raise Invalid("FHIRPath: join() of what isn't a string")
    if sum(len(item[1]) for item in items) > LONGEST_STRING:
        raise TooCostly(f"FHIRPath: a string of more than {LONGEST_STRING} characters")
    return (separator or "").join(item[1] for item in items) if items else None


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
            return _JSON_ESCAPE.sub(lambda match: str(json.loads(f'"{match[0]}"')), text)
    return None
