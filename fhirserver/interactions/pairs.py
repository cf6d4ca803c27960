"""The parameters of a query text: `name=ada&birthdate=ge1980` as pairs. Pure.

One reading for the address, the form of a search by POST, If-None-Exist and Bundle entries, so
that all refuse the same: what can't be decoded would otherwise be searched for as something else.
https://url.spec.whatwg.org/#application/x-www-form-urlencoded
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, unquote

from fhirserver.errors import Invalid, NotUnderstood

MOST: Final = 1000

_BAD_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def pairs_in(text: str) -> list[tuple[str, str]]:
    """The names and values in their order, decoded; empty values stay.

    Raises NotUnderstood for text that can't be decoded, Invalid for NUL or too many parameters.

    >>> pairs_in("name=Ada%20B&active=")
    [('name', 'Ada B'), ('active', '')]
    """
    if not text:
        return []
    if _BAD_ESCAPE.search(text):
        raise NotUnderstood("the parameters have a % without two hexadecimal digits: it is %25")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except UnicodeDecodeError as error:
        raise NotUnderstood("the parameters are not UTF-8") from error
    except ValueError as error:
        raise Invalid(f"there are more than {MOST} parameters") from error
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise Invalid("a parameter has a NUL character")
    return pairs


def segments_in(path: str) -> list[str]:
    """The segments of a path, split before they are decoded: `%2F` in an id is not a slash.

    >>> segments_in("/Patient/a%2Fb/")
    ['Patient', 'a/b']
    """
    path = path.strip("/")
    if _BAD_ESCAPE.search(path):
        raise NotUnderstood("the address has a % without two hexadecimal digits")
    try:
        return [unquote(part, errors="strict") for part in path.split("/")] if path else []
    except UnicodeDecodeError as error:
        raise NotUnderstood("the address is not UTF-8") from error
