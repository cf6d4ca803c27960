"""Which interaction an address and a method mean. Pure; used by the web and by Bundle entries.

https://hl7.org/fhir/R4/http.html#summary
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.errors import Invalid, MethodNotAllowed, NotFound
from fhirserver.model.definitions import Definitions

ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Route:
    """An interaction and what it is about; see FhirRequest."""

    interaction: str
    type: str | None = None
    id: str | None = None
    version: str | None = None
    operation: str | None = None


_SYSTEM: Final = {"GET": "search-system", "POST": "bundle"}
_TYPE: Final = {
    "GET": "search-type",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_OPERATION: Final = {"GET": "operation", "POST": "operation"}
_JOB: Final = {"GET": "bulk-status", "DELETE": "bulk-cancel"}
_INSTANCE: Final = {"GET": "read", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def route(method: str, path: Sequence[str], definitions: Definitions) -> Route:
    """The interaction for a method and the path below the FHIR base, split at slashes.

    HEAD is routed as GET. Raises NotFound for an address that doesn't exist, MethodNotAllowed for
    a method that it doesn't take, Invalid for an id that can't be one.
    """
    method = "GET" if method == "HEAD" else method
    match list(path):
        case []:
            return Route(_allowed(method, _SYSTEM))
        case ["metadata"]:
            return Route(_allowed(method, {"GET": "capabilities"}))
        case ["_history"]:
            return Route(_allowed(method, {"GET": "history-system"}))
        case ["_search"]:
            return Route(_allowed(method, {"POST": "search-system"}))
        case [name] if name.startswith("$"):
            return Route(_allowed(method, _OPERATION), operation=name[1:])
        case ["bulk", job]:
            return Route(_allowed(method, _JOB), id=job)
        case ["bulk", job, file]:
            return Route(_allowed(method, {"GET": "bulk-file"}), id=job, version=file)
        case [name, *rest]:
            if not definitions.is_resource(name):
                raise NotFound(f"there is no resource type {name[:64]!r} in FHIR R4")
            return _below_type(method, name, rest, definitions)
    raise NotFound


def _below_type(method: str, name: str, rest: Sequence[str], definitions: Definitions) -> Route:
    match rest:
        case []:
            return Route(_allowed(method, _TYPE), name)
        case ["_search"]:
            return Route(_allowed(method, {"POST": "search-type"}), name)
        case ["_history"]:
            return Route(_allowed(method, {"GET": "history-type"}), name)
        case [called] if called.startswith("$"):
            return Route(_allowed(method, _OPERATION), name, operation=called[1:])
        case [identifier, called] if called.startswith("$"):
            return Route(_allowed(method, _OPERATION), name, _id(identifier), operation=called[1:])
        case [identifier]:
            return Route(_allowed(method, _INSTANCE), name, _id(identifier))
        case [identifier, "_history"]:
            return Route(_allowed(method, {"GET": "history-instance"}), name, _id(identifier))
        case [identifier, "_history", version]:
            return Route(_allowed(method, {"GET": "vread"}), name, _id(identifier), version)
        case [identifier, searched] | [identifier, searched, "_search"]:
            is_post = len(rest) == 3
            compartments = definitions.compartments.get(name, {})
            if searched not in compartments and not (searched == "*" and compartments):
                raise NotFound(f"there is no address {name}/[id]/{searched[:64]}")
            allowed = {"POST" if is_post else "GET": "search-compartment"}
            return Route(_allowed(method, allowed), name, _id(identifier), searched)
        case _:
            raise NotFound("there is no such address")


def _allowed(method: str, interactions: dict[str, str]) -> str:
    if method not in interactions:
        allow = sorted({*interactions, *(["HEAD"] if "GET" in interactions else [])})
        raise MethodNotAllowed(
            f"this address takes {', '.join(allow)}", headers={"Allow": ", ".join(allow)}
        )
    return interactions[method]


def _id(text: str) -> str:
    if not is_id(text):
        raise Invalid("an id has 1 to 64 characters: A-Z, a-z, 0-9, '-' and '.'")
    return text


def is_id(text: str) -> bool:
    """Whether a resource can have this id; `.` and `..` could not be reached by an address.

    https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
    """
    return ID.fullmatch(text) is not None and text not in {".", ".."}
