"""Which format the client sends and wants, and what it prefers. Pure.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from werkzeug.http import parse_accept_header, parse_options_header

from fhirserver.errors import NotAcceptable, UnsupportedMedia
from fhirserver.interactions.messages import Return

FHIR_JSON: Final = "application/fhir+json"
_JSON: Final = frozenset({FHIR_JSON, "application/json", "text/json", "application/json+fhir"})
_XML: Final = frozenset({"application/fhir+xml", "application/xml+fhir"})
_FORMAT: Final = _JSON | {"json"}
_PATCH: Final[dict[str, Literal["json-patch", "merge-patch"]]] = {
    "application/json-patch+json": "json-patch",
    "application/merge-patch+json": "merge-patch",
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the Prefer header asks for."""

    returned: Return | None = None
    lenient: bool = False


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    """The name in lower case, and its parameters. https://www.rfc-editor.org/rfc/rfc9110#media.type"""
    name, options = parse_options_header(text)
    return name.lower(), options


def check_wanted(accept: str | None, format_parameter: str | None) -> None:
    """Raise NotAcceptable unless FHIR JSON of R4 will do; `_format` overrides Accept."""
    if format_parameter is not None:
        # In a URL the plus sign of a MIME type arrives as a space.
        if format_parameter.replace(" ", "+").partition(";")[0].lower() not in _FORMAT:
            raise NotAcceptable("this server writes JSON: use _format=json")
        return
    if not accept or accept == "*/*":
        return
    for kind, quality in parse_accept_header(accept):
        if quality > 0 and _fits(kind):
            return
    raise NotAcceptable(f"this server writes {FHIR_JSON} for FHIR 4.0")


def _fits(kind: str) -> bool:
    name, options = _media_type(kind)
    return _is_r4(options) and (name in _JSON or name in {"*/*", "application/*"})


def _is_r4(options: Mapping[str, str]) -> bool:
    """https://hl7.org/fhir/R4/http.html#version-parameter"""
    versions = [v for k, v in options.items() if k.lower() == "fhirversion"]
    return all(v in {"4.0", "4.0.1"} for v in versions)


def names_fhir(accept: str | None) -> bool:
    """Whether the Accept header names a format of FHIR, as opposed to, say, a PDF or anything."""
    kinds = parse_accept_header(accept or "")
    names = [_media_type(kind)[0] for kind, quality in kinds if quality > 0]
    return any(n in _JSON or n in _XML for n in names)


def is_json(content_type: str | None) -> bool:
    """Whether a body of this type is read as FHIR JSON."""
    return not content_type or _media_type(content_type)[0] in _JSON


def check_sent(content_type: str | None) -> None:
    """Raise UnsupportedMedia unless the body is JSON in UTF-8."""
    if not content_type:
        return
    name, options = _media_type(content_type)
    if name not in _JSON:
        raise UnsupportedMedia(f"the body must be {FHIR_JSON}")
    if options.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMedia("the body must be in UTF-8")
    if not _is_r4(options):
        raise UnsupportedMedia("the body must be of FHIR 4.0")


def patch_format(content_type: str | None) -> Literal["json-patch", "merge-patch"]:
    """How a PATCH body is meant; plain JSON is a merge patch, as real clients use it."""
    name = _media_type(content_type or "")[0]
    if name in _PATCH:
        return _PATCH[name]
    if name in {"application/json", ""}:
        return "merge-patch"
    # https://www.rfc-editor.org/rfc/rfc5789#section-2.2
    raise UnsupportedMedia(
        f"a patch must be {' or '.join(_PATCH)}", headers={"Accept-Patch": ", ".join(_PATCH)}
    )


def preferences(header: str | None) -> Preferences:
    """The Prefer header, for instance `return=minimal, handling=lenient`.

    Preferences that nobody here knows are passed over, as RFC 7240 demands.
    https://hl7.org/fhir/R4/http.html#ops, https://hl7.org/fhir/R4/search.html#lenient
    """
    if not header:
        return Preferences()
    returned: Return | None = None
    lenient = False
    for part in header.replace(";", ",").split(","):
        name, _, value = part.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "return" and value in {"minimal", "representation", "OperationOutcome"}:
            returned = cast("Return", value)
        elif name == "handling":
            lenient = value == "lenient"
    return Preferences(returned, lenient)
