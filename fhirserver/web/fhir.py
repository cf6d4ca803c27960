"""The FHIR REST API over HTTP: an HTTP request becomes a FhirRequest, the answer goes back.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Request, Response
from werkzeug.http import parse_date

from fhirserver.access.principal import Principal
from fhirserver.audit.event import Origin
from fhirserver.blobs import Blobs
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, MethodNotAllowed, NotUnderstood, UnsupportedMedia
from fhirserver.interactions.messages import FhirRequest, PatchFormat, Source
from fhirserver.interactions.operation import Wire, called, operation_names
from fhirserver.interactions.pairs import pairs_in, segments_in
from fhirserver.interactions.routing import Route, route
from fhirserver.web import binary, negotiation
from fhirserver.web.authentication import Authenticator
from fhirserver.web.bodies import read_body, read_patch, read_resource, read_source
from fhirserver.web.files import file_response
from fhirserver.web.origin import origin
from fhirserver.web.protection.limits import Limits
from fhirserver.web.responses import http_response

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_FORM = "application/x-www-form-urlencoded"
# What they answer with has a format of its own, whatever is accepted.
_NO_FHIR = frozenset(["bulk-status", "bulk-file"])
_ANYBODY = Principal("anonymous", ())

Pairs = list[tuple[str, str]]


def api(
    engine: Engine, authenticator: Authenticator, limits: Limits, blobs: Blobs
) -> Callable[[Request], Response]:
    """What answers the requests below `/fhir`."""
    settings = engine.context.settings

    def serve(request: Request) -> Response:
        if request.method not in METHODS:
            return _without_method(request)
        with engine.context.store.database.within(settings.request_timeout_seconds):
            return answered(request)

    def answered(request: Request) -> Response:
        path = _segments(request)
        found = route(request.method, path, engine.context.definitions)
        # The environment itself: a request wraps each of its headers anew, at ten times the cost.
        environ = request.environ
        environ["fhirserver.interaction"] = _label(found)
        environ["fhirserver.type"] = found.type
        public = found.interaction == "capabilities"
        came = origin(request)
        try:
            principal = (
                _ANYBODY if public else authenticator.principal(environ.get("HTTP_AUTHORIZATION"))
            )
        except FhirError as error:
            engine.refused(_unread(found, _ANYBODY, came), error)
            raise
        if not public:
            limits.admit(principal, found, request)
        pairs = _pairs(request, found, settings.max_body_bytes)
        pretty = _taken(pairs, "_pretty") == "true"
        wanted_format = _taken(pairs, "_format")
        made = called(found.type, found.operation) if found.operation else None
        wire = None if made is None else made.wire
        accept: str | None = environ.get("HTTP_ACCEPT")
        raw = binary.is_wanted_raw(found, accept, wanted_format)
        wanted: negotiation.Format = (
            "json"
            if raw or wire is not None or found.interaction in _NO_FHIR
            else negotiation.wanted(accept, wanted_format)
        )
        try:
            asked = _fhir_request(request, found, principal, pairs, engine, wire, came)
            if wire is not None and wire.formats and wanted_format is not None:
                asked = replace(
                    asked, media_type=negotiation.named(wanted_format, dict(wire.formats))
                )
        except FhirError as error:
            engine.refused(_unread(found, principal, came), error)
            raise
        answer = engine.handle(asked)
        if answer.file is not None:
            return file_response(answer, blobs.read(answer.file), request.method)
        if raw and answer.content is not None and not answer.is_outcome:
            return binary.raw_response(answer)
        return http_response(answer, request, settings.fhir_base, pretty=pretty, written=wanted)

    return serve


def _without_method(request: Request) -> Response:
    """OPTIONS says which methods there are; any other is none of them."""
    allowed = {"Allow": ", ".join(sorted((*METHODS, "OPTIONS")))}
    if request.method == "OPTIONS":
        return Response(headers=allowed)
    raise MethodNotAllowed(headers=allowed)


def _unread(found: Route, principal: Principal, origin: Origin) -> FhirRequest:
    """A request of which no more is known than its address."""
    return FhirRequest(
        found.interaction,
        principal,
        type=found.type,
        id=found.id,
        operation=found.operation,
        origin=origin,
    )


def _label(found: Route) -> str:
    """What logs and metrics call it: an operation by its name, if there is one of that name."""
    names = operation_names() if found.operation else ()
    return f"${found.operation}" if found.operation in names else found.interaction


def _segments(http: Request) -> list[str]:
    """The path below the base, split before unescaping where the HTTP server lets us see that.

    Granian hands over the decoded path only: there `%2F` in an id is a slash, and not found.
    """
    raw: str = http.environ.get("RAW_URI") or http.environ.get("REQUEST_URI") or ""
    if raw.startswith("/"):
        return segments_in(raw.partition("?")[0].removeprefix("/fhir"))
    below = http.path.removeprefix("/fhir").strip("/")
    return below.split("/") if below else []


def _pairs(http: Request, found: Route, limit: int) -> Pairs:
    """The parameters of the address and, for a search by POST, of the form."""
    pairs = pairs_in(_utf8(http.query_string, "the address"))
    if http.method == "POST" and found.interaction.startswith("search-"):
        if http.mimetype and http.mimetype != _FORM:
            raise UnsupportedMedia(f"a search by POST takes {_FORM}")
        pairs += pairs_in(_utf8(read_body(http, limit), "the form"))
    return pairs


def _utf8(text: bytes, where: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"{where} is not UTF-8") from error


def _taken(pairs: Pairs, name: str) -> str | None:
    """The last value of a parameter, which is removed."""
    found = None
    for pair in [p for p in pairs if p[0] == name]:
        found = pair[1]
        pairs.remove(pair)
    return found


def _fhir_request(
    http: Request,
    found: Route,
    principal: Principal,
    pairs: Pairs,
    engine: Engine,
    wire: Wire | None,
    origin: Origin,
) -> FhirRequest:
    headers = http.environ
    prefers = negotiation.preferences(headers.get("HTTP_PREFER"))
    body = None
    source: Source | None = None
    patch_format: PatchFormat | None = None
    settings = engine.context.settings
    if http.method in {"POST", "PUT", "PATCH"} and not found.interaction.startswith("search-"):
        content_type = headers.get("CONTENT_TYPE")
        if found.interaction == "patch":
            body, patch_format = read_patch(http, found.type, settings)
        elif binary.is_sent_raw(found, content_type):
            body = binary.resource(
                read_body(http, settings.max_body_bytes),
                content_type or "application/octet-stream",
                headers.get("HTTP_X_SECURITY_CONTEXT"),
                found.id,
            )
        elif found.operation is not None:
            body, source = read_source(http, settings, () if wire is None else wire.text_types)
        else:
            body = read_resource(http, settings)
    since = headers.get("HTTP_IF_MODIFIED_SINCE")
    return FhirRequest(
        interaction=found.interaction,
        principal=principal,
        origin=origin,
        type=found.type,
        id=found.id,
        version=found.version,
        operation=found.operation,
        is_post=http.method == "POST",
        query=tuple(pairs),
        body=body,
        source=source,
        patch_format=patch_format,
        if_match=headers.get("HTTP_IF_MATCH"),
        if_none_match=headers.get("HTTP_IF_NONE_MATCH"),
        if_none_exist=_criteria(headers.get("HTTP_IF_NONE_EXIST")),
        if_modified_since=parse_date(since) if since else None,
        prefer_return=prefers.returned,
        lenient=prefers.lenient,
        is_async=prefers.is_async,
        language=headers.get("HTTP_ACCEPT_LANGUAGE"),
        media_type=(
            None
            if wire is None
            else negotiation.preferred(headers.get("HTTP_ACCEPT"), wire.media_types)
        ),
    )


def _criteria(header: str | None) -> str | None:
    """If-None-Exist as text: WSGI hands over the bytes of a header as Latin-1."""
    return None if header is None else _utf8(header.encode("latin-1"), "If-None-Exist")
