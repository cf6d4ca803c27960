"""The condition language of the v2-to-FHIR tables: parsed into plain lists, compiled into closures.

    >>> parse("IF PID-25 NOT VALUED")
    ['not', ['valued', 'PID-25']]
    >>> parse('IF OBX-2 IN ("NA", "NM") AND OBX-5 LST.COUNT GREATER THAN 1')
    ['and', ['in', 'OBX-2', ['NA', 'NM']], ['count', 'OBX-5', '>', 1]]
    >>> parse("IF PID-33 AND PID-34 VALUED")
    ['and', ['valued', 'PID-33'], ['valued', 'PID-34']]

A reference is `PID-25`, `PID-11.9`, `PID` (the segment) or `.3` (a component of this repetition;
the tables write `CWE.3`). `.0` is the field of the row itself.

https://hl7.org/fhir/uv/v2mappings/mapping_guidelines.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from hl7v2_gateway.mapping.views import Repetition, View

Condition = list[Any]
Around = Mapping[str, View]
Test = Callable[[View, Repetition, Around], bool]

_TOKEN: Final = re.compile(
    r'\s*(?:(?P<text>"[^"]*"|\'[^\']*\'|“[^”]*”)|(?P<op><=|>=|=|<|>|\(|\)|,)|(?P<word>[A-Za-z0-9_.\-]+))'
)
_REFERENCE: Final = re.compile(r"([A-Z][A-Z0-9]{1,2})(?:[-.](\d+))?(?:\.(\d+))?")
_TYPES: Final = frozenset(
    [
        "CE",
        "CF",
        "CNE",
        "CNN",
        "CQ",
        "CWE",
        "CX",
        "DLD",
        "DLN",
        "DR",
        "DTM",
        "ED",
        "EI",
        "EIP",
        "FC",
        "FN",
        "HD",
        "ID",
        "IS",
        "MSG",
        "NDL",
        "NM",
        "PL",
        "RP",
        "SAD",
        "SN",
        "SPS",
        "ST",
        "TQ",
        "TS",
        "XAD",
        "XCN",
        "XON",
        "XPN",
        "XTN",
    ]
)
_WORDS: Final = frozenset(
    [
        "IF",
        "AND",
        "OR",
        "NOT",
        "IS",
        "IN",
        "EQUALS",
        "EQUAL",
        "VALUED",
        "VALUE",
        "EMPTY",
        "LENGTH",
        "COUNT",
        "LST.COUNT",
        "GREATER",
        "LESS",
        "THAN",
        "DOES",
        "EXIST",
    ]
)


class Unreadable(ValueError):
    """A condition that the language doesn't allow; it needs a line in the overlay."""


def parse(text: str) -> Condition:
    """The condition as nested lists."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise Unreadable(text)
            kind = str(found.lastgroup)
            word = found.group(kind)
            self.tokens.append((kind, word[1:-1] if kind == "text" else word))
            at = found.end()
        self.at = 0
        self.subject = ".0"

    def whole(self) -> Condition:
        result = self.either()
        if self.at < len(self.tokens):
            raise Unreadable(self.text)
        return result

    def peek(self) -> str:
        if self.at >= len(self.tokens):
            return ""
        kind, word = self.tokens[self.at]
        return "" if kind == "text" else word.upper() if word.upper() in _WORDS else word

    def take(self, *words: str) -> bool:
        if self.peek() in words and self.peek():
            self.at += 1
            return True
        return False

    def either(self) -> Condition:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return _joined("or", parts)

    def both(self) -> Condition:
        parts = [self.single()]
        while self.take("AND"):
            parts.append(self.single())
        return _joined("and", parts)

    def single(self) -> Condition:
        while self.take("IF"):
            pass
        if self.take("("):
            inside = self.either()
            # A parenthesis that is never closed ends with the condition.
            if not self.take(")") and self.at < len(self.tokens):
                raise Unreadable(self.text)
            return inside
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "word" and word.upper() not in _WORDS:
            self.subject = reference(word, self.text)
            self.at += 1
            if self.peek() in ("AND", "OR"):
                return self.shared(self.subject)
        return self.predicate(self.subject)

    def shared(self, first: str) -> Condition:
        """`A AND B VALUED`: what is said of B is said of A."""
        joint = "and" if self.take("AND") else "or"
        self.take("OR")
        rest = self.single()
        return _joined(joint, [_about(rest, first), rest])

    def predicate(self, of: str) -> Condition:
        negated = False
        while word := self.peek():
            if word in ("IS", "DOES"):
                self.at += 1
            elif word == "NOT":
                negated, self.at = not negated, self.at + 1
            else:
                break
        result = self.claim(of)
        if negated:
            result = ["not", result]
        if self.peek() == "NOT" and result[0] == "valued":
            return ["and", result, self.predicate(of)]
        return result

    def claim(self, of: str) -> Condition:
        if self.take("VALUED", "VALUE", "EXIST"):
            return ["valued", of]
        if self.take("EMPTY"):
            return ["not", ["valued", of]]
        if self.take("IN"):
            return ["in", of, self.words()]
        if self.take("LST.COUNT", "COUNT"):
            return ["count", of, *self.comparison()]
        if self.take("LENGTH"):
            return ["length", of, *self.comparison()]
        self.take("EQUALS", "EQUAL", "=")
        if self.at < len(self.tokens):
            kind, word = self.tokens[self.at]
            if kind == "text":
                self.at += 1
                return ["in", of, [word]]
            if kind == "word" and _REFERENCE.fullmatch(word):
                self.at += 1
                return ["same", of, reference(word, self.text)]
        raise Unreadable(self.text)

    def words(self) -> list[str]:
        found = []
        if not self.take("("):
            raise Unreadable(self.text)
        while not self.take(")"):
            if self.at >= len(self.tokens):
                raise Unreadable(self.text)
            kind, word = self.tokens[self.at]
            self.at += 1
            if kind == "text":
                found.append(word)
            elif word != ",":
                raise Unreadable(self.text)
        return found

    def comparison(self) -> list[Any]:
        sign = ""
        if self.take("GREATER"):
            sign = ">"
        elif self.take("LESS"):
            sign = "<"
        self.take("THAN")
        self.take("OR")
        if self.take("EQUALS", "EQUAL", "="):
            sign += "="
        for symbol in ("<=", ">=", "<", ">"):
            if self.take(symbol):
                sign = symbol
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind != "word" or not word.isdigit() or not sign:
            raise Unreadable(self.text)
        self.at += 1
        return [sign, int(word)]


def reference(word: str, whole: str = "") -> str:
    """A reference in one spelling: `ORC.1` is `ORC-1`, `CWE.3` is `.3`."""
    found = _REFERENCE.fullmatch(word)
    if found is None:
        raise Unreadable(whole or word)
    name, number, component = found.groups()
    if name in _TYPES:
        return f".{number or 0}"
    if number is None:
        return str(name)
    return f"{name}-{number}" + (f".{component}" if component else "")


def _joined(word: str, parts: list[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    flat: Condition = []
    for part in parts:
        flat.extend(part[1:] if part[0] == word else [part])
    return [word, *flat]


def _about(condition: Condition, subject: str) -> Condition:
    """The same claim about another subject: that of the first claim in it."""
    if condition[0] in ("and", "or"):
        return _about(condition[1], subject)
    if condition[0] == "not":
        return ["not", _about(condition[1], subject)]
    return [condition[0], subject, *condition[2:]]


_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def compiled(condition: Condition, segment: str, field: int) -> Test:
    """The condition as a closure, for a row about a field of a segment."""
    word, *rest = condition
    if word in ("and", "or"):
        tests = [compiled(part, segment, field) for part in rest]
        return _all_of(tests) if word == "and" else _any_of(tests)
    if word == "not":
        inner = compiled(rest[0], segment, field)
        return lambda s, r, near: not inner(s, r, near)
    if word == "count":
        count, compare, number = _counter(rest[0], segment), _COMPARE[rest[1]], rest[2]
        return lambda s, _r, near: compare(count(s, near), number)
    value = _value(rest[0], segment, field)
    if word == "valued":
        return lambda s, r, near: bool(value(s, r, near))
    if word == "in":
        words = frozenset(rest[1])
        return lambda s, r, near: value(s, r, near) in words
    if word == "same":
        other = _value(rest[1], segment, field)
        return lambda s, r, near: value(s, r, near) == other(s, r, near)
    if word == "length":
        compare, number = _COMPARE[rest[1]], rest[2]
        return lambda s, r, near: compare(len(value(s, r, near)), number)
    raise Unreadable(str(condition))


def _all_of(tests: list[Test]) -> Test:
    # A generator takes longer than most of what it asks.
    def both(s: View, r: Repetition, near: Around) -> bool:
        for test in tests:  # noqa: SIM110
            if not test(s, r, near):
                return False
        return True

    return both


def _any_of(tests: list[Test]) -> Test:
    def either(s: View, r: Repetition, near: Around) -> bool:
        for test in tests:  # noqa: SIM110
            if test(s, r, near):
                return True
        return False

    return either


def _value(ref: str, segment: str, field: int) -> Callable[[View, Repetition, Around], str]:
    if ref.startswith("."):
        at = int(ref[1:])
        return lambda _s, r, _near: r.text(at)
    name, _, place = ref.partition("-")
    if not place:
        return lambda _s, _r, near: "valued" if name in near else ""
    number, _, component = place.partition(".")
    part, n = int(component or 0), int(number)
    if name == segment and n == field:
        return lambda _s, r, _near: r.said(part)
    if name == segment:
        return lambda s, _r, _near: s.text(n, part)
    return lambda _s, _r, near: near[name].text(n, part) if name in near else ""


def _counter(ref: str, segment: str) -> Callable[[View, Around], int]:
    name, _, place = ref.partition("-")
    number = int(place.partition(".")[0])
    if name == segment:
        return lambda s, _near: len(s.field(number))
    return lambda _s, near: len(near[name].field(number)) if name in near else 0
