"""Questions to an engine, and answers without what differs from one asking to the next.

New ids are counted, the clock stands still, and times of the database that are later than the world
are made alike, as are the tokens of page links; all else stays byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from fhirserver import clock, ids
from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.pairs import segments_in
from fhirserver.interactions.routing import route

Pairs = tuple[tuple[str, str], ...]
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    """A request without its sender. `kind` tells the generator's ways apart."""

    method: str
    path: str
    query: Pairs = ()
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    patch_format: Any = None
    kind: str = ""

    @property
    def is_reading(self) -> bool:
        """Whether nothing can be other than before, once it is answered."""
        return self.method == "GET" or self.path.endswith("_search")


@dataclass(frozen=True)
class Answer:
    """What came back, comparable."""

    status: int
    content: str
    about: tuple[Any, ...] = ()


def ask(engine: Engine, principal: Principal, question: Question, number: int) -> Answer:
    """Put a question; `number` is where new ids begin."""
    counter = iter(range(1_000_000))

    def new() -> str:
        return f"00000000-0000-4000-8000-{number:06d}{next(counter):06d}"

    with patch.object(ids, "new", new), patch.object(clock, "now", lambda: NOW):
        try:
            answer = engine.handle(_request(engine, principal, question))
        except FhirError as error:
            told = "\n".join(f"{i.severity} {i.code} {i.expression} {i.text}" for i in error.issues)
            return Answer(error.status, told, tuple(sorted(error.headers.items())))
    about = (
        answer.version,
        answer.updated.isoformat() if answer.updated else None,
        answer.location,
        answer.is_outcome,
        tuple(sorted(answer.headers.items())),
    )
    return Answer(answer.status, _text(answer), about)


def _request(engine: Engine, principal: Principal, question: Question) -> FhirRequest:
    found = route(question.method, segments_in(question.path), engine.context.definitions)
    headers = question.headers
    return FhirRequest(
        found.interaction,
        principal,
        type=found.type,
        id=found.id,
        version=found.version,
        operation=found.operation,
        is_post=question.method == "POST",
        query=tuple((k, unquote(v) if k == "_page" else v) for k, v in question.query),
        body=question.body,
        patch_format=question.patch_format,
        if_match=headers.get("If-Match"),
        if_none_match=headers.get("If-None-Match"),
        if_none_exist=headers.get("If-None-Exist"),
        prefer_return="representation"
        if headers.get("Prefer", "respond-async") != "respond-async"
        else None,
        lenient=headers.get("Prefer") == "lenient",
        is_async=headers.get("Prefer") == "respond-async",
    )


def _text(answer: FhirResponse) -> str:
    """The body as JSON; a table, as a text in it."""
    if answer.stream is None:
        return (answer.content or b"").decode()
    return json.dumps({"resourceType": "Binary", "data": b"".join(answer.stream).decode()})


_TOKEN = re.compile(r"gAAAA[A-Za-z0-9_=%\-]+")
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|\+00:00)")


def alike(answer: Answer, end: str) -> Answer:
    """The answer with the times after `end`, and the tokens, of every other."""

    def time(match: re.Match[str]) -> str:
        return "LATER" if _digits(match[0]) > _digits(end) else match[0]

    text = _INSTANT.sub(time, _TOKEN.sub("TOKEN", answer.content))
    about = tuple(_INSTANT.sub(time, a) if isinstance(a, str) else a for a in answer.about)
    return Answer(answer.status, text, about)


def _digits(instant: str) -> str:
    whole, _, part = instant.replace("+00:00", "").rstrip("Z").partition(".")
    return f"{whole}.{part[:3]:0<3}"
