"""HL7's short form of a GraphDefinition, as its tests use it: `Patient{link:Organization{...}}`.

graph   = type [ "(" profile ")" ] [ "{" link { "," link } "}" ]
link    = path details ":" target { ";" target }
        | "search" type "?" parameters details [ "{" ... "}" ]
details = [ "cardinality" min ".." max ] [ "'" description "'" ]
target  = graph { ("where" | "require") ("matching" | "identical" | "different" |
          "custom") compartment [ "=" expression ] }
"""

from __future__ import annotations

import re
from typing import Any, Final

Resource = dict[str, Any]

_TOKEN: Final = re.compile(
    r"\s*('[^']*'|\d+\.\.(?:\d+|\*)|\S+\?\S+|[{}:;,]|\([^)]*\)|=(?=\s)|[^\s{}:;,()']+)"
)
_USE: Final = {"where": "condition", "require": "requirement"}


def definition(name: str, text: str) -> Resource:
    """The GraphDefinition that a text means."""
    tokens = _Tokens(text)
    start, profile = tokens.take(), tokens.group()
    made: Resource = {
        "resourceType": "GraphDefinition",
        "id": name,
        "name": name.replace("-", ""),
        "status": "active",
        "start": start,
    }
    if profile:
        made["profile"] = profile
    links = _links(tokens)
    return made | ({"link": links} if links else {})


class _Tokens:
    def __init__(self, text: str) -> None:
        self._left = _TOKEN.findall(text)[::-1]

    @property
    def next(self) -> str:
        return self._left[-1] if self._left else ""

    def take(self, *expected: str) -> str:
        token = self._left.pop()
        assert not expected or token in expected, (token, expected)
        return token

    def skip(self, token: str) -> bool:
        if self.next != token:
            return False
        self._left.pop()
        return True

    def group(self) -> str | None:
        """What is in parentheses."""
        return self.take()[1:-1] if self.next.startswith("(") else None

    def path(self) -> str:
        """A FHIRPath expression: parentheses and quotes belong to it, up to a colon."""
        parts = []
        while self.next not in {":", "cardinality", ",", "}", ""} and not (
            parts and self.next.startswith("'")
        ):
            parts.append(self.take())
        return "".join(parts)


def _links(tokens: _Tokens) -> list[Resource]:
    links: list[Resource] = []
    if not tokens.skip("{"):
        return links
    while True:
        links.append(_search(tokens) if tokens.skip("search") else _link(tokens))
        if tokens.take(",", "}") == "}":
            return links


def _search(tokens: _Tokens) -> Resource:
    type_, _, parameters = tokens.take().partition("?")
    details = _details(tokens)
    target = {"type": type_, "params": parameters} | _inside(tokens)
    return details | {"target": [target]}


def _link(tokens: _Tokens) -> Resource:
    made: Resource = {"path": tokens.path()} | _details(tokens)
    tokens.take(":")
    targets = [_target(tokens)]
    while tokens.skip(";"):
        targets.append(_target(tokens))
    return made | {"target": targets}


def _details(tokens: _Tokens) -> Resource:
    made: Resource = {}
    if tokens.skip("cardinality"):
        least, most = tokens.take().split("..")
        made |= {"min": int(least), "max": most}
    if tokens.next.startswith("'"):
        made["description"] = tokens.take()[1:-1]
    return made


def _target(tokens: _Tokens) -> Resource:
    made: Resource = {"type": tokens.take()}
    profile = tokens.group()
    if profile:
        made["profile"] = profile
    made |= _inside(tokens)
    rules = []
    while tokens.next in _USE:
        rule = {"use": _USE[tokens.take()], "rule": tokens.take(), "code": tokens.take()}
        if tokens.skip("="):
            rule["expression"] = tokens.take()
        rules.append(rule)
    return made | ({"compartment": rules} if rules else {})


def _inside(tokens: _Tokens) -> Resource:
    links = _links(tokens)
    return {"link": links} if links else {}
