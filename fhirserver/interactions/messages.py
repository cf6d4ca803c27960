"""What goes through the one door: a FHIR request in, a FHIR response out, without their wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from fhirserver.access.principal import Principal
from fhirserver.audit.event import Origin
from fhirserver.errors import Issue
from fhirserver.model.resource import Resource

Return = Literal["minimal", "representation", "OperationOutcome"]
PatchFormat = Literal["json-patch", "merge-patch", "xml-patch", "fhirpath-patch"]


NOWHERE: Final = Origin()


@dataclass(frozen=True, slots=True)
class Source:
    """A body as it was sent; `issues` are what couldn't be understood of it and was left out."""

    text: bytes
    written: Literal["json", "xml"]
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Hand:
    """What a part of the server has a hand in while a transaction Bundle of its own is carried out.

    `combine(full_url, given, stored)` is what an entry that updates makes of the version that is
    there, with the references that it was given; it is called while that is locked. `also` is done
    after the writing in the same database transaction: if it raises, nothing is kept. Either may be
    called again when somebody else was faster.

    `mentions` are the fullUrls of entries that most likely change nothing, such as the doctor whom
    a message names: they are looked at first, and locked only where something is to be changed.
    """

    combine: Callable[[str, Resource, Resource], Resource] | None = None
    also: Callable[[], None] | None = None
    mentions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FhirRequest:
    """One interaction asked for.

    `interaction` is the name it is registered under; `query` the decoded parameters; `body` the
    parsed JSON (a resource or a patch). `place` locates the request in a Bundle, for outcomes.
    https://hl7.org/fhir/R4/http.html
    """

    interaction: str
    principal: Principal
    type: str | None = None
    id: str | None = None
    version: str | None = None
    operation: str | None = None
    """The name of an operation, without the dollar sign."""
    is_post: bool = False
    """Whether an operation was called by POST, as those must be that change something."""
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    patch_format: PatchFormat | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    if_none_exist: str | None = None
    if_modified_since: datetime | None = None
    prefer_return: Return | None = None
    lenient: bool = False
    is_async: bool = False
    """Whether the client will come back for the answer: Prefer: respond-async."""
    language: str | None = None
    """The languages of the reader, as in Accept-Language."""
    place: str = ""
    source: Source | None = None
    """The text of the body, where an operation may want to tell lines and columns."""
    media_type: str | None = None
    """What the client wants of the media types that an operation offers; None is the first."""
    origin: Origin = NOWHERE
    """Where it came from, for the record."""
    is_checked: bool = False
    """Whether the body is known to keep to its definition: entries of a checked Bundle."""
    hand: Hand | None = None
    """Of the server's own parts, for a transaction Bundle; nothing that comes from outside."""

    @property
    def resource(self) -> Resource:
        """The body, where the interaction has made sure that it is an object."""
        resource: Resource = self.body
        return resource

    def first(self, name: str) -> str | None:
        """The first query parameter of that name."""
        return next((value for key, value in self.query if key == name), None)


@dataclass(frozen=True, slots=True)
class FhirResponse:
    """The answer. `content` is JSON ready to be sent, None when there is no body.

    `location` and `content_location` are relative to the FHIR base. `outcome` says that the
    content is an OperationOutcome rather than what was asked for, `media_type` that it is JSON of
    another kind than FHIR's.
    """

    status: int
    content: bytes | None = None
    version: int | None = None
    updated: datetime | None = None
    location: str | None = None
    is_outcome: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str | None = None
    stream: Iterable[bytes] | None = None
    """Instead of `content`: what is made while it is sent, in pieces, as it may be of any size."""
    file: UUID | None = None
    """Instead of `content`: the object of fhirserver.blobs whose bytes are the body."""
    is_lasting: bool = False
    """Whether the same content is sent again and again, so that it may be zipped once."""


def etag(version: int) -> str:
    """The weak ETag of a version.

    >>> etag(3)
    'W/"3"'
    """
    return f'W/"{version}"'


_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"|([A-Za-z0-9\-.]{1,64}|\*)')


def versions_in(header: str) -> Sequence[str] | None:
    """The version ids in an If-Match or If-None-Match header; None when it isn't one.

    The quotes may be missing, as many clients forget them.

    >>> versions_in('W/"3", "4"')
    ['3', '4']
    """
    tags = [_TAG.fullmatch(part.strip()) for part in header.split(",")]
    return None if None in tags else [t[1] or t[2] or "" for t in tags if t]
