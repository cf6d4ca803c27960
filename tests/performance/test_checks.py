"""Checks: a wrong fast answer is an error, a right one isn't."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.performance.checks import (
    another_page,
    created,
    location,
    next_page,
    resource,
    searchset,
)
from conformance.performance.client import Response
from conformance.performance.searches import Search

OBSERVATION = {
    "resourceType": "Observation",
    "id": "o1",
    "subject": {"reference": "Patient/p1"},
    "at": 5,
}


def answer(*resources: dict[str, Any], status: int = 200, **more: Any) -> Response:
    entries = [{"resource": r, "search": {"mode": "match"}} for r in resources]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries} | more
    return Response(status, b"HTTP/1.1 200 OK\r\n\r\n", json.dumps(bundle).encode())


RIGHT = Search("Observation", (), holds=lambda r: r["id"] != "wrong", finds=("Observation/o1",))


@pytest.mark.parametrize(
    ("search", "response", "problem"),
    [
        (RIGHT, answer(OBSERVATION), None),
        (RIGHT, answer(OBSERVATION, status=503), "status 503"),
        (RIGHT, Response(200, b"", json.dumps(OBSERVATION).encode()), "not a Bundle"),
        (RIGHT, answer(), "nothing found"),
        (RIGHT, answer(OBSERVATION | {"id": "o2"}), "expected id missing"),
        (RIGHT, answer(OBSERVATION, OBSERVATION | {"id": "wrong"}), "match that doesn't match"),
        (
            RIGHT,
            answer(OBSERVATION, {"resourceType": "Patient", "id": "p1"}),
            "match of another type",
        ),
        (RIGHT, answer(*[OBSERVATION] * 21), "more than _count"),
        (RIGHT, answer(OBSERVATION, type="history"), "not a searchset"),
        (Search("Observation", (), hits=False), answer(), None),
        (Search("Observation", (), hits=False), answer(OBSERVATION), "found what isn't there"),
        (Search("Observation", (), hits=None), answer(), None),
        (
            Search("Observation", (), brings=("Patient/o1",)),
            answer(OBSERVATION),
            "expected id missing",
        ),
        (Search("Observation", (), total_at_least=3), answer(total=3), None),
        (Search("Observation", (), total_at_least=3), answer(total=2), "total too small"),
        (Search("Observation", (), total_at_least=0), answer(), "no total"),
        (Search("Observation", (), hits=False, total_at_least=0), answer(total=0), None),
        (
            Search("Observation", (), hits=False, total_at_least=0),
            answer(total=1),
            "found what isn't there",
        ),
        (Search("Observation", (), pages=2), answer(OBSERVATION), "no next page"),
        (
            Search("Observation", (), order=lambda r: r["at"]),
            answer(OBSERVATION, OBSERVATION | {"at": 4}),
            None,
        ),
        (
            Search("Observation", (), order=lambda r: r["at"]),
            answer(OBSERVATION, OBSERVATION | {"at": 6}),
            "wrong order",
        ),
    ],
)
def test_searchset(search: Search, response: Response, problem: str | None) -> None:
    assert searchset(search)(response) == problem


def test_only_samples_are_read_in_full() -> None:
    check = searchset(RIGHT, deep_every=2)
    wrong = answer(OBSERVATION, OBSERVATION | {"id": "wrong"})

    assert [check(wrong) for _ in range(3)] == [
        "match that doesn't match",
        None,
        "match that doesn't match",
    ]


def test_next_page_is_another_one() -> None:
    pages = [
        Response(
            200,
            b"",
            json.dumps(
                {
                    "resourceType": "Bundle",
                    "type": "searchset",
                    "entry": [{"fullUrl": f"urn:{n}", "resource": OBSERVATION}],
                }
            ).encode(),
        )
        for n in range(2)
    ]
    check = another_page(Search("Observation", (), pages=2), pages[0])

    assert check(pages[1]) is None
    assert check(pages[0]) == "the same page again"


def test_read_needs_the_type_the_id_and_the_version() -> None:
    body = b'{"resourceType":"Patient","id":"p1","identifier":[{"value":"run-2"}]}'
    check = resource("Patient", "p1", marker="run-2")

    assert check(Response(200, b"", body)) is None
    assert (
        check(Response(200, b"", body.replace(b"run-2", b"run-1"))) == "another resource or version"
    )
    assert check(Response(200, b"", body.replace(b"p1", b"p2"))) == "another resource or version"
    assert check(Response(304, b"", b"")) == "status 304"


@pytest.mark.parametrize(
    "line",
    [
        "Location: http://h:1/fhir/Claim/c-1/_history/1",
        "location: Claim/c-1",
        "Content-Location: /Claim/c-1/_history/2",
    ],
)
def test_created_needs_a_location(line: str) -> None:
    response = Response(201, f"HTTP/1.1 201 Created\r\n{line}\r\n\r\n".encode(), b"")

    assert location(response) == ("Claim", "c-1")
    assert created("Claim")(response) is None
    assert created("Patient")(response) == "no Location"


def test_next_page_in_either_order_and_escaped() -> None:
    first = rb'{"link":[{"relation":"self","url":"http:\/\/h\/a"},{"relation":"next","url":"http:\/\/h\/b?x=1\u0026y=2"}]}'
    second = b'{"link": [{"url": "http://h/c", "relation": "next"}]}'

    assert next_page(Response(200, b"", first)) == "http://h/b?x=1&y=2"
    assert next_page(Response(200, b"", second)) == "http://h/c"
    assert next_page(Response(200, b"", b'{"link":[]}')) is None
