"""FHIRPath text to tokens.

http://hl7.org/fhirpath/N1/#tokens
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from fhirserver.errors import Invalid

Kind = Literal[
    "number", "long", "string", "date", "dateTime", "time", "word", "quoted", "symbol", "special",
    "end",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is without quotes, escapes and the @ of a date; `at` counts characters from 0."""

    kind: Kind
    text: str
    at: int


_DATE = r"\d{4}(?:-\d{2}(?:-\d{2})?)?"
_TIME = r"\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_ZONE = r"(?:Z|[+-]\d{2}:\d{2})"

_TOKEN: Final = re.compile(
    rf"""
    (?P<space>     [ \t\r\n]+ | //[^\r\n]* | /\*(?s:.*?)\*/ )
  | (?P<unclosed>  /\* )
  | (?P<dateTime>  @{_DATE}T(?:{_TIME}{_ZONE}?)? )
  | (?P<date>      @{_DATE} )
  | (?P<time>      @T{_TIME} )
  | (?P<long>      \d+L\b )
  | (?P<number>    \d+(?:\.\d+)? )
  | (?P<string>    '(?:[^'\\]|\\.)*' )
  | (?P<quoted>    `(?:[^`\\]|\\.)*` )
  | (?P<special>   \$[a-z]+ )
  | (?P<word>      [A-Za-z_][A-Za-z0-9_]* )
  | (?P<symbol>    <= | >= | != | !~ | [-+*/&|<>=~.,()\[\]{{}}%] )
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_HALF: Final = re.compile("[\ud800-\udfff]")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_QUOTED: Final = frozenset({"string", "quoted"})
_NUMERIC: Final = frozenset({"number", "long"})
LONGEST_NUMBER: Final = 40
_DATED: Final = frozenset({"date", "dateTime", "time"})


def tokens(expression: str) -> Iterator[Token]:
    """The tokens of an expression, closed by an `end`; raises Invalid where none begins.

    >>> [t.text for t in tokens("name.given[0] // first")]
    ['name', '.', 'given', '[', '0', ']', '']
    """
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise Invalid(f"FHIRPath: unexpected character at {at}")
        kind, text = match.lastgroup, match.group()
        if kind == "unclosed":
            raise Invalid(f"FHIRPath: a comment without an end at {at}")
        if kind in _NUMERIC and len(text) > LONGEST_NUMBER:
            raise Invalid(f"FHIRPath: a number of more than {LONGEST_NUMBER} digits at {at}")
        if kind in _QUOTED:
            yield Token(kind, unescaped(text[1:-1], at), at)  # type: ignore[arg-type]
        elif kind in _DATED:
            yield Token(kind, text.lstrip("@T"), at)  # type: ignore[arg-type]
        elif kind != "space":
            yield Token(kind, text, at)  # type: ignore[arg-type]
        at = match.end()
    yield Token("end", "", at)


def unescaped(text: str, at: int) -> str:
    """A text with its escapes resolved; two halves of a character (UTF-16) become one.

    >>> unescaped(r"\\uD83D\\uDE00 it\\'s", 0)
    "😀 it's"
    """
    text = _ESCAPE.sub(_unescape, text)
    if not _HALF.search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise Invalid(f"FHIRPath: half a character in the text at {at}") from error


def _unescape(match: re.Match[str]) -> str:
    code, character = match.groups()
    return chr(int(code, 16)) if code else _ESCAPED.get(character, character)
