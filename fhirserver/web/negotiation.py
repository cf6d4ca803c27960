"""Which format the client sends and wants, and what it prefers. Pure.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, cast

from werkzeug.http import parse_accept_header, parse_options_header

from fhirserver.errors import NotAcceptable, UnsupportedMedia
from fhirserver.interactions.messages import PatchFormat, Return

FHIR_JSON: Final = "application/fhir+json"
FHIR_XML: Final = "application/fhir+xml"

Format = Literal["json", "xml"]

_JSON: Final = frozenset({FHIR_JSON, "application/json", "text/json", "application/json+fhir"})
_FHIR_XML: Final = frozenset({FHIR_XML, "application/xml+fhir"})
_PLAIN_XML: Final = frozenset({"application/xml", "text/xml"})
_FORMATS: Final[dict[str, Format]] = (
    dict.fromkeys(_JSON, "json") | dict.fromkeys(_FHIR_XML | _PLAIN_XML, "xml")  # type: ignore[assignment]
)
_NAMED: Final[dict[str, Format]] = {"json": "json", "xml": "xml", **_FORMATS}
_ANYTHING: Final = frozenset({"*/*", "application/*"})
_PATCH: Final[dict[str, PatchFormat]] = {
    "application/json-patch+json": "json-patch",
    "application/merge-patch+json": "merge-patch",
    "application/xml-patch+xml": "xml-patch",
    FHIR_JSON: "fhirpath-patch",
    FHIR_XML: "fhirpath-patch",
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the Prefer header asks for."""

    returned: Return | None = None
    lenient: bool = False
    is_async: bool = False


@lru_cache(maxsize=256)
def _media_type(text: str) -> tuple[str, Mapping[str, str]]:
    """The name in lower case, and its parameters. https://www.rfc-editor.org/rfc/rfc9110#media.type"""
    name, options = parse_options_header(text)
    return name.lower(), options


@lru_cache(maxsize=256)
def wanted(accept: str | None, format_parameter: str | None) -> Format:
    """The format of the answer; `_format` overrides Accept.

    Raises NotAcceptable when neither JSON nor XML of R4 will do.
    """
    if format_parameter is not None:
        # In a URL the plus sign of a MIME type arrives as a space.
        name = format_parameter.replace(" ", "+").partition(";")[0].lower()
        if name not in _NAMED:
            raise NotAcceptable("this server writes JSON and XML: use _format=json or _format=xml")
        return _NAMED[name]
    if not accept or accept == "*/*":
        return "json"
    kinds = [
        (*_media_type(kind), quality) for kind, quality in parse_accept_header(accept) if quality
    ]
    # A browser asks for pages first and for XML of any kind next: it isn't FHIR that it means.
    is_browser = any(name == "text/html" for name, _, _ in kinds)
    for name, options, _ in sorted(kinds, key=lambda kind: -kind[2]):
        if not _is_r4(options) or (is_browser and name in _PLAIN_XML):
            continue
        if name in _FORMATS or name in _ANYTHING:
            return _FORMATS.get(name, "json")
    raise NotAcceptable(f"this server writes {FHIR_JSON} and {FHIR_XML} for FHIR 4.0")


def preferred(accept: str | None, offered: Sequence[str]) -> str:
    """What a client likes best of the media types that an operation offers; else the first."""
    kinds = [(_media_type(kind)[0], q) for kind, q in parse_accept_header(accept or "") if q > 0]
    for name, _ in sorted(kinds, key=lambda kind: -kind[1]):
        if name in offered:
            return name
        if name in _ANYTHING:
            break
    return offered[0]


def named(format_parameter: str, formats: Mapping[str, str]) -> str:
    """The media type that `_format` names, of those that an operation has short names for."""
    name = format_parameter.replace(" ", "+").partition(";")[0].lower()
    if name in formats.values():
        return name
    if name not in formats:
        raise NotAcceptable(f"_format is one of {', '.join(formats)}")
    return formats[name]


def is_one_of(content_type: str | None, names: Sequence[str]) -> bool:
    """Whether a body has one of these media types."""
    return bool(content_type) and _media_type(content_type or "")[0] in names


def wanted_for_errors(accept: str | None, format_parameter: str | None) -> Format:
    """The same where nothing may go wrong any more: JSON, when the wish can't be met."""
    try:
        return wanted(accept, format_parameter)
    except NotAcceptable:
        return "json"


def _is_r4(options: Mapping[str, str]) -> bool:
    """https://hl7.org/fhir/R4/http.html#version-parameter"""
    versions = [v for k, v in options.items() if k.lower() == "fhirversion"]
    return all(v in {"4.0", "4.0.1"} for v in versions)


def names_fhir(accept: str | None) -> bool:
    """Whether the Accept header names a format of FHIR, as opposed to, say, a PDF or anything."""
    kinds = parse_accept_header(accept or "")
    names = [_media_type(kind)[0] for kind, quality in kinds if quality > 0]
    return any(n in _JSON or n in _FHIR_XML for n in names)


def is_fhir(content_type: str | None) -> bool:
    """Whether a body of this type is read as a resource, even where a file could be meant."""
    name = _media_type(content_type or FHIR_JSON)[0]
    return name in _JSON or name in _FHIR_XML


def sent(content_type: str | None) -> Format:
    """The format of the body; raises UnsupportedMedia unless it is JSON or XML in UTF-8."""
    if not content_type:
        return "json"
    name, options = _media_type(content_type)
    if name not in _FORMATS:
        raise UnsupportedMedia(f"the body must be {FHIR_JSON} or {FHIR_XML}")
    if options.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMedia("the body must be in UTF-8")
    if not _is_r4(options):
        raise UnsupportedMedia("the body must be of FHIR 4.0")
    return _FORMATS[name]


def patch_format(content_type: str | None) -> PatchFormat:
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
    lenient, is_async = False, False
    for part in header.replace(";", ",").split(","):
        name, _, value = part.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "return" and value in {"minimal", "representation", "OperationOutcome"}:
            returned = cast("Return", value)
        elif name == "handling":
            lenient = value == "lenient"
        elif name == "respond-async":
            is_async = True
    return Preferences(returned, lenient, is_async)
