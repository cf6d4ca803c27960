"""What a bulk import is asked for: files of NDJSON, and where they lie.

https://github.com/smart-on-fhir/bulk-import
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from fhirserver.errors import Forbidden, Invalid, NotSupported
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.bulk_jobs import may_all
from fhirserver.interactions.operating.exports import NDJSON
from fhirserver.interactions.operation import Call, Parameter
from fhirserver.search.scope import near, short

MOST_INPUTS: Final = 1_000
_FORMATS: Final = frozenset({NDJSON, "application/ndjson", "ndjson"})
_BINARY: Final = re.compile(r"Binary/([A-Za-z0-9\-.]{1,64})")

PARAMETERS: Final = (
    Parameter("inputFormat", "code"),
    Parameter("inputSource", "uri"),
    Parameter("storageDetail", parts=(Parameter("type", "code"),)),
    Parameter(
        "input",
        min=1,
        max=None,
        parts=(Parameter("type", "code"), Parameter("url", "uri", min=1)),
    ),
)


def understood(ctx: Context, call: Call) -> Mapping[str, Any]:
    """The import that a call asks for, as JSON; raises Invalid, NotSupported or Forbidden."""
    given = (call.inputs.text("inputFormat") or NDJSON).partition(";")[0].strip().lower()
    if given not in _FORMATS:
        raise NotSupported(
            f"inputFormat must be {NDJSON}", expression=call.inputs.place("inputFormat")
        )
    inputs = call.inputs.all("input")
    if len(inputs) > MOST_INPUTS:
        raise Invalid(f"up to {MOST_INPUTS} files are imported at once")
    made: list[dict[str, Any]] = []
    for number, one in enumerate(inputs):
        resource_type, url = one.text("type"), one.text("url") or ""
        place = call.inputs.place("input", number)
        _check_type(ctx, call, resource_type, place)
        _check_url(ctx, url, place)
        made.append({"type": resource_type, "url": url})
    if not any(may_all(call.principal, "u", [t]) for t in ctx.definitions.resource_types):
        raise _not_allowed("*")
    return {"inputs": made}


def binary_id(url: str, base: str) -> str | None:
    """The id of the Binary here that an address names."""
    found = _BINARY.fullmatch(url.removeprefix(f"{base}/"))
    return None if found is None else found[1]


def is_listed(url: str, listed: str) -> bool:
    """Whether an address begins as one of the listed ones, up to the end of a step.

    >>> is_listed("https://a.example/x/1", "https://a.example/x")
    True
    >>> is_listed("https://a.example.evil/x", "https://a.example")
    False
    """
    if ".." in url or "\\" in url or "%2e" in url.lower():
        return False
    return any(url.startswith(f"{start.rstrip('/')}/") for start in listed.split())


def hosts_of(listed: str) -> Sequence[str]:
    """The hosts of the listed beginnings: inside the hospital's network or not."""
    return [host for start in listed.split() if (host := urlsplit(start).hostname)]


def _check_type(ctx: Context, call: Call, resource_type: str | None, place: str | None) -> None:
    if resource_type is None:
        return
    known = ctx.definitions.resource_types
    if resource_type not in known:
        raise Invalid(
            f"input.type: {short(resource_type)!r} is not a resource type"
            f"{near(resource_type, known)}",
            expression=place,
        )
    if not may_all(call.principal, "u", [resource_type]):
        raise _not_allowed(resource_type)


def _check_url(ctx: Context, url: str, place: str | None) -> None:
    if binary_id(url, ctx.settings.fhir_base) is not None:
        return
    if not is_listed(url, ctx.settings.bulk_import_sources):
        raise Invalid(
            "input.url must be a Binary of this server, or begin with an address that "
            "FHIRSERVER_BULK_IMPORT_SOURCES lists",
            expression=place,
        )


def _not_allowed(resource_type: str) -> Forbidden:
    return Forbidden(
        "imports are for systems that may update the type: it needs a scope such as "
        f"system/{resource_type}.cu, and an access policy that allows it"
    )
