"""Regular expressions: matches, matchesFull, replaceMatches.

http://hl7.org/fhirpath/N1/#matchesregex--string--boolean

They run on RE2, whose time is at most the length of the text times the size of the pattern:
who writes an expression may be anybody. RE2 has neither look-around nor back references. None of
R4's own expressions uses them; a pattern that does is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import re2

from fhirserver.errors import Invalid, TooCostly
from fhirserver.fhirpath.env import LONGEST_STRING, Scope
from fhirserver.fhirpath.function import function

LONGEST_PATTERN: Final = 4_000
MEMORY_BYTES: Final = 2_000_000
"""What one pattern may take, its automaton included; a text is read more slowly beyond it."""
WORK_OF_A_STEP: Final = 65_536
MOST_WORK: Final = 100_000_000
"""Characters of a text times instructions of a pattern; a second or two at worst."""

_GROUP: Final = re.compile(r"\$(\d{1,3})|\$\{(\w{1,64})\}")


@function("matches")
def matches(text: str, pattern: str) -> bool:
    """Anywhere in the text, as HL7's tests have it."""
    regex, text = _ready(pattern, text)
    return bool(regex.search(text))


@function("matchesFull")
def matches_full(text: str, pattern: str) -> bool:
    regex, text = _ready(pattern, text)
    return bool(regex.fullmatch(text))


@function("replaceMatches")
def replace_matches(text: str, pattern: str, substitution: str, *, scope: Scope) -> str:
    if not pattern:
        return text
    regex, text = _ready(pattern, text)
    size: int = regex.programsize
    pieces = _pieces(substitution, regex)
    parts: list[str] = []
    length, end = len(text), 0
    for match in regex.finditer(text):
        # Each match may have to look at all the rest.
        scope.spend(len(pieces) + size * (len(text) - end) // WORK_OF_A_STEP)
        spans = [p if isinstance(p, str) else match.span(p) for p in pieces]
        length += sum(len(s) if isinstance(s, str) else s[1] - s[0] for s in spans)
        # Before it fills the memory, as a group may be put in a thousand times.
        if length > LONGEST_STRING:
            raise TooCostly(f"FHIRPath: a string of more than {LONGEST_STRING} characters")
        parts.append(text[end : match.start()])
        parts += (s if isinstance(s, str) else text[s[0] : s[1]] for s in spans)
        end = match.end()
    return "".join([*parts, text[end:]])


def _pieces(substitution: str, regex: Any) -> list[str | int]:
    """What is put in: texts, and groups by number; FHIRPath writes them $1 or ${name}."""
    found: list[str | int] = []
    end = 0
    for match in _GROUP.finditer(substitution):
        found.append(substitution[end : match.start()])
        number = int(match[1]) if match[1] else regex.groupindex.get(match[2], -1)
        if not 0 <= number <= regex.groups:
            raise Invalid("FHIRPath: the substitution names a group that the pattern hasn't")
        found.append(number)
        end = match.end()
    return [*found, substitution[end:]]


def _ready(pattern: str, text: str) -> tuple[Any, str]:
    """The compiled pattern, and the text as RE2 can read it."""
    regex = _regex(pattern)
    if len(text) * regex.programsize > MOST_WORK:
        raise TooCostly("FHIRPath: the pattern is too large for so long a text")
    # RE2 reads UTF-8, which has no halves of characters.
    return regex, text if text.isascii() else text.encode(errors="replace").decode()


@lru_cache(maxsize=128)
def _regex(pattern: str) -> Any:
    if len(pattern) > LONGEST_PATTERN:
        raise TooCostly(f"FHIRPath: a pattern of more than {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.max_mem = MEMORY_BYTES
    options.log_errors = False
    options.dot_nl = True
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise Invalid(
            "FHIRPath: not a regular expression that can be used here: look-around and back "
            "references can't be, nor what is repeated more than 1000 times"
        ) from error
