"""Definitions that come with the server: read by id, and found by what names them.

They aren't stored: a search by anything else is about what is stored, and so is every count of it.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from fhirserver.errors import MethodNotAllowed
from fhirserver.interactions.context import Context
from fhirserver.interactions.operation import OURS
from fhirserver.model import json
from fhirserver.model.canonicals import TYPES
from fhirserver.model.heads import Head, heads, read
from fhirserver.search.escaping import split, unescape
from fhirserver.search.folding import fold
from fhirserver.search.query import Query
from fhirserver.search.results import RESULTS
from fhirserver.storage.conformance import with_urls
from fhirserver.storage.current import present

_TYPES: Final = frozenset(TYPES)
_SINGLE_OUT: Final = frozenset(
    ["_id", "url", "system", "name", "name:exact", "name:contains", "code", "base"]
)

_Match = Callable[[Head, str], bool]
_MATCHES: Final[Mapping[str, _Match]] = {
    "_id": lambda head, value: head.id == value,
    "url": lambda head, value: head.url == value,
    "name": lambda head, value: fold(head.name).startswith(fold(value)),
    "name:exact": lambda head, value: head.name == value,
    "name:contains": lambda head, value: fold(value) in fold(head.name),
    "version": lambda head, value: head.version == value.removeprefix("|"),
    "status": lambda head, value: head.status == value.rpartition("|")[2],
    # Only a CodeSystem has this search parameter.
    "system": lambda head, value: head.url == value,
    "code": lambda head, value: head.code == value.rpartition("|")[2],
    "base": lambda head, value: value.rpartition("|")[2] in (head.base or ()),
}
# Of other types these ask for something else: `code` for a code of a code system.
_ONLY_OF: Final = {
    "code": frozenset(["OperationDefinition", "SearchParameter"]),
    "base": frozenset(["SearchParameter"]),
}


def supplied(ctx: Context, resource_type: str, id_: str) -> bytes | None:
    """The JSON of a shipped definition; None when there is none with this id."""
    if not is_supplied(resource_type, id_):
        return None
    return content(ctx, resource_type, heads(resource_type)[id_])


def is_supplied(resource_type: str, id_: str) -> bool:
    """Whether a definition with this id comes with the server."""
    return resource_type in _TYPES and id_ in heads(resource_type)


def refuse_supplied(resource_type: str, id_: str | None) -> None:
    """Raise MethodNotAllowed for a change to a definition that comes with the server."""
    if id_ is not None and is_supplied(resource_type, id_):
        raise MethodNotAllowed(
            f"{resource_type}/{id_} comes with the server and can't be changed; "
            "PUT one of your own to stand for it",
            headers={"Allow": "GET, HEAD, PUT"},
        )


def content(ctx: Context, resource_type: str, head: Head) -> bytes:
    """A definition as it is sent: one of our operations has an address at this server."""
    resource = read(resource_type, head)
    if resource_type == "OperationDefinition":
        resource = {**resource, "url": address(ctx, head.url)}
    return json.dump(resource)


def address(ctx: Context, definition: str) -> str:
    """The canonical address of an operation's definition, as clients are told: ours lead here."""
    if not definition.startswith(f"{OURS}/"):
        return definition
    return f"{ctx.settings.fhir_base}/OperationDefinition/{definition.rpartition('/')[2]}"


def tag(text: bytes) -> str:
    """The ETag of a shipped definition, which has no version number."""
    return f'W/"{sha256(text).hexdigest()[:32]}"'


def matches(ctx: Context, query: Query) -> Sequence[Head]:
    """The shipped definitions that a search of one type finds, beside what is stored.

    Those that a stored one stands for, by its id or its address and version, are left out.
    """
    resource_type = query.types[0] if len(query.types) == 1 else ""
    if resource_type not in _TYPES:
        return ()
    asked = [(k, v) for k, v in query.used if k.partition(":")[0] not in RESULTS]
    if not any(k in _SINGLE_OUT for k, _ in asked):
        return ()
    if any(k not in _MATCHES or resource_type not in _ONLY_OF.get(k, _TYPES) for k, _ in asked):
        return ()
    found = [h for h in heads(resource_type).values() if all(_holds(ctx, h, *a) for a in asked)]
    if not found:
        return ()
    database = ctx.store.database
    ids = present(ctx.store, resource_type, [h.id for h in found])
    urls = {(s.url, s.version) for s in with_urls(database, resource_type, [h.url for h in found])}
    return [h for h in found if h.id not in ids and (h.url, h.version) not in urls]


def _holds(ctx: Context, head: Head, key: str, value: str) -> bool:
    values = [unescape(v) for v in split(value, ",")]
    if key == "url" and address(ctx, head.url) in values:
        return True
    return any(_MATCHES[key](head, v) for v in values)
