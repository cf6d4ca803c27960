"""What a request wants changed, before it is known what that means for the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from fhirserver import ids
from fhirserver.audit.trail import Trail
from fhirserver.errors import FhirError, Invalid, Issue
from fhirserver.interactions.messages import FhirRequest, FhirResponse, PatchFormat, versions_in
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource

Action = Literal["create", "update", "patch", "delete"]
Writer = Literal["person", "system"]


# Structs, because a frozen dataclass of so many fields takes twenty times as long to make, and an
# import or a message makes several for each resource.
class Intent(Struct, frozen=True):
    """One change that is wanted.

    `criteria` is the query of a conditional change ("identifier=a|1"), None for one by id.
    `full_url` is the entry's fullUrl in a transaction, which other entries may refer to. `place`
    locates it in a Bundle, for outcomes. `issues` is what was found that doesn't forbid it, if
    somebody wants to know.
    """

    action: Action
    type: str
    id: str | None = None
    criteria: str | None = None
    resource: Resource | None = None
    patch: Any = None
    patch_format: PatchFormat | None = None
    if_match: tuple[str, ...] | None = None
    must_be_new: bool = False
    full_url: str | None = None
    place: str = ""
    wants_issues: bool = False
    issues: tuple[Issue, ...] = ()
    may_be_unusable: bool = False
    """A definition that can't be used is stored all the same: it came in a package."""
    may_link: bool = True
    """False: it is known to have no conditional references, and is no part of a Bundle."""
    writer: Writer | None = None
    """Who asks for it; None for the server's own work and for what is loaded."""
    combine: Callable[[Resource, Resource], Resource] | None = None
    """What an update makes of the given resource and the stored one; see messages.Hand."""
    source: str = ""
    """The client, or what else asks, by its name; empty where there is no writer."""
    is_unchecked: bool = False
    """Whether the resource is still to be held to its definition, once it is to be written."""
    wants_content: bool = True
    """False: nobody will look at the content in the outcome, as where thousands are stored."""
    trail: Trail | None = None
    """The record that it goes on, where it isn't that of the thread."""
    is_mention: bool = False
    """Whether it most likely changes nothing; see messages.Hand."""


class Done(Struct, frozen=True):
    """What became of an intent. `content` is the JSON text of the version; None for a deletion.

    `status` is 201 for a version of a new resource; 200 for another version, or for no change at
    all; 204 for a deletion. `is_change` tells whether a version was written.
    """

    status: Literal[200, 201, 204]
    type: str
    id: str | None
    version: int | None = None
    updated: datetime | None = None
    content: str | None = None
    is_change: bool = False
    issues: tuple[Issue, ...] = ()


I = TypeVar("I", bound="Intent | Done")  # noqa: E741
R = TypeVar("R")


def changed(intent: Intent, **parts: Any) -> Intent:
    """The same with other parts.

    >>> changed(Intent("update", "Patient"), id="a") == Intent("update", "Patient", "a")
    True
    """
    return replace(intent, **parts)


def identified(intent: Intent) -> Intent:
    """A create gets its id here, so that others can refer to it."""
    return changed(intent, id=ids.new()) if intent.id is None else intent


def at(item: I, act: Callable[[I], R]) -> R:
    """Do something with an intent; an error says where in the Bundle it is."""
    try:
        return act(item)
    except FhirError as error:
        place = item.place if isinstance(item, Intent) else ""
        if not place:
            raise
        raise error.inside(place) from error


def writer_of(request: FhirRequest) -> Writer:
    """Whether a person asks for a change, or a system for itself."""
    return "system" if request.principal.is_system else "person"


def source_of(request: FhirRequest) -> str:
    """The name of the client that asks for a change, or of the server's part that does."""
    return request.principal.client or request.principal.subject


def allowed_versions(request: FhirRequest) -> tuple[str, ...] | None:
    """The versions that If-Match names, or `*` for any; None when there is no If-Match.

    https://www.rfc-editor.org/rfc/rfc9110#name-if-match
    """
    if request.if_match is None:
        return None
    versions = versions_in(request.if_match)
    if versions is None:
        raise Invalid('If-Match must name a version, such as W/"3"')
    return tuple(versions)


def response(done: Done, request: FhirRequest, *, location: bool = True) -> FhirResponse:
    """The answer to a change, with as much content as `Prefer: return=` asks for.

    https://hl7.org/fhir/R4/http.html#ops
    """
    where = f"{done.type}/{done.id}/_history/{done.version}" if done.version else None
    content: bytes | None = None
    is_outcome = False
    if request.prefer_return in {None, "representation"}:
        content = done.content.encode() if done.content is not None else None
    elif request.prefer_return == "OperationOutcome":
        content = _success(_SUCCESS[done.status], done.issues)
        is_outcome = True
    status = 200 if content is not None and done.status == 204 else done.status
    return FhirResponse(
        status,
        content,
        version=done.version,
        updated=done.updated,
        location=where if location and done.status != 204 else None,
        is_outcome=is_outcome,
    )


def _success(text: str, issues: tuple[Issue, ...]) -> bytes:
    return json.dump(outcome([*issues, Issue("information", "informational", text)]))


_SUCCESS = {
    200: "The resource is up to date.",
    201: "The resource was created.",
    204: "The resource is deleted.",
}
