"""What counts as a right answer; the names of these problems are the report's error kinds.

Every answer is checked by looking at its bytes. One in `DEEP_EVERY` is parsed and checked in full.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import msgspec

from conformance.performance.client import Response
from conformance.performance.searches import UNORDERED, Search

Resource = dict[str, Any]
Check = Callable[[Response], str | None]

DEEP_EVERY: Final = 40
PAGE: Final = 20

_BUNDLE: Final = re.compile(rb'"resourceType"\s*:\s*"Bundle"')
_TOTAL: Final = re.compile(rb'"total"\s*:\s*(\d+)')
_NEXT: Final = re.compile(
    rb'"relation"\s*:\s*"next"\s*,\s*"url"\s*:\s*"([^"]+)"|"url"\s*:\s*"([^"]+)"\s*,\s*"relation"\s*:\s*"next"'
)
_FULL_URL: Final = re.compile(rb'"fullUrl"\s*:\s*"[^"]+"')
_LOCATION: Final = re.compile(
    rb"\r\n(?i:(?:content-)?location):[ \t]*(?:\S*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/\S*)?[ \t]*\r"
)


def status(*expected: int) -> Check:
    """The status is one of these, and nothing else matters."""

    def check(response: Response) -> str | None:
        return None if response.status in expected else f"status {response.status}"

    return check


def resource(kind: str, logical_id: str, *, marker: str = "") -> Check:
    """200 and this resource; `marker` is text of the version that must be there."""
    needles = [f'"{text}"'.encode() for text in (kind, logical_id, marker) if text]

    def check(response: Response) -> str | None:
        if response.status != 200:
            return f"status {response.status}"
        if all(needle in response.body for needle in needles):
            return None
        return "another resource or version"

    return check


def location(response: Response) -> tuple[str, str] | None:
    """Type and id of what was created, from the Location header.

    https://hl7.org/fhir/R4/http.html#create
    """
    found = _LOCATION.search(response.head)
    return (found[1].decode(), found[2].decode()) if found else None


def created(kind: str) -> Check:
    """201 with the Location of a resource of this type."""

    def check(response: Response) -> str | None:
        if response.status != 201:
            return f"status {response.status}"
        where = location(response)
        return None if where and where[0] == kind else "no Location"

    return check


def next_page(response: Response) -> str | None:
    """The URL of the next page of a searchset, None on the last one."""
    found = _NEXT.search(response.body)
    if not found:
        return None
    text = (found[1] or found[2]).decode()
    url: str = msgspec.json.decode(f'"{text}"')
    return url


def searchset(search: Search, *, deep_every: int = DEEP_EVERY) -> Check:
    """The answer to this search: a Bundle with what must be in it and, in samples, nothing else.

    `deep_every` 0 leaves the samples out.
    """
    kind = re.compile(rb'"resourceType"\s*:\s*"%s"' % search.kind.encode())
    needles = [f'"{item.rpartition("/")[2]}"'.encode() for item in (*search.finds, *search.brings)]
    answered = 0

    def check(response: Response) -> str | None:
        nonlocal answered
        if response.status != 200:
            return f"status {response.status}"
        body = response.body
        if not _BUNDLE.search(body, 0, 4096) and not _BUNDLE.search(body):
            return "not a Bundle"
        if search.total_at_least is not None:
            return _wrong_total(search, body)
        if search.hits is not None and bool(kind.search(body)) != search.hits:
            return "nothing found" if search.hits else "found what isn't there"
        if not all(needle in body for needle in needles):
            return "expected id missing"
        if search.pages > 1 and next_page(response) is None:
            return "no next page"
        answered += 1
        in_full = deep_every and (answered - 1) % deep_every == 0
        return wrong_in(search, body) if in_full else None

    return check


def _wrong_total(search: Search, body: bytes) -> str | None:
    total = _TOTAL.search(body)
    if not total:
        return "no total"
    if search.hits is False:
        return None if int(total[1]) == 0 else "found what isn't there"
    return None if int(total[1]) >= (search.total_at_least or 0) else "total too small"


def another_page(search: Search, earlier: Response) -> Check:
    """The page after an earlier one: as right as that, and not the same again."""
    right, first = searchset(replace(search, pages=1)), _FULL_URL.search(earlier.body)

    def check(response: Response) -> str | None:
        if problem := right(response):
            return problem
        again = _FULL_URL.search(response.body)
        return "the same page again" if first and again and first[0] == again[0] else None

    return check


def wrong_in(search: Search, body: bytes) -> str | None:
    """What is wrong in a searchset, after reading all of it."""
    try:
        bundle = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return "not JSON"
    if bundle.get("type") != "searchset":
        return "not a searchset"
    by_mode: dict[str, list[Resource]] = {"match": [], "include": [], "outcome": []}
    for entry in bundle.get("entry", ()):
        mode = entry.get("search", {}).get("mode", "match")
        by_mode.setdefault(mode, []).append(entry.get("resource", {}))
    matches = by_mode["match"]
    if any(match.get("resourceType") != search.kind for match in matches):
        return "match of another type"
    if len(matches) > PAGE:
        return "more than _count"
    if not all(search.holds(match) for match in matches):
        return "match that doesn't match"
    if missing(search.finds, matches) or missing(search.brings, by_mode["include"]):
        return "expected id missing"
    return None if search.order is UNORDERED or in_order(search, matches) else "wrong order"


def missing(expected: Sequence[str], resources: Sequence[Resource]) -> set[str]:
    """Which of the expected `Type/id` aren't among the resources."""
    return set(expected) - {f"{r.get('resourceType')}/{r.get('id')}" for r in resources}


def in_order(search: Search, matches: Sequence[Resource]) -> bool:
    """Whether the matches fall, by the search's order; matches without a value may lie anywhere."""
    keys = [key for match in matches if (key := search.order(match)) is not None]
    return all(earlier >= later for earlier, later in pairwise(keys))
